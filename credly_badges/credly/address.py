"""What may stand in an address that is asked at Credly: the host, ids, filters."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from . import quirks, reading


def checked_host(base_url: str) -> tuple[str, bool]:
    """Return the host (with its port), and whether it is this machine.

    Raises ValueError for an address to which an API key must not be sent.
    """
    parts = urlsplit(base_url)
    if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("Credly's address has to look like https://api.credly.com/v1, with nothing before or behind.")
    loopback = _is_loopback(parts.hostname)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ValueError(
            f"Credly's address at {parts.hostname} has to begin with https://, or the API key could be read."
        )
    return parts.netloc, loopback


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_id(value: UUID | str) -> UUID:
    """Return the id as a UUID; only one of these may enter a path. Raises ValueError for anything else."""
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise ValueError("An id at Credly is a UUID, like 11111111-0000-4000-8000-000000000001.") from None


def query(wanted: Mapping[str, str], *, sort: str, page: int) -> str:
    """Return the query of a list, percent-encoded: a bare ``+`` in an e-mail address would arrive as a space.

    Credly writes filters ``key::value`` and joins them with ``|`` (developer docs, "Badge templates").
    """
    found = "|".join(f"{key}::{value}" for key, value in wanted.items() if value)
    parameters = {"filter": found, "sort": sort, "page": str(page)}
    return urlencode({key: value for key, value in parameters.items() if value}, quote_via=quote, safe="")


def can_be_filtered(value: str) -> bool:
    """Tell whether a value can stand in a filter; nothing says how ``|`` or a quote would be escaped there."""
    return "|" not in value and '"' not in value


def checked_filter(value: str) -> str:
    """Return the value if it can stand in a filter, or raise ValueError."""
    if not can_be_filtered(value):
        raise ValueError(
            f"Credly cannot search for a text with | or a double quote in it; leave them out of {value!r}."
        )
    return value


def can_be_key(value: str) -> bool:
    """Tell whether a text can be an API key; it stands before a colon in a header."""
    return bool(value) and value.isascii() and value.isprintable() and " " not in value and ":" not in value


def can_be_told(value: str) -> bool:
    """Tell whether a text is a whole address that may be given away: https, unless it is on this machine."""
    if not value.isprintable() or " " in value or not reading.web_address({"url": value}, "url"):
        return False
    parts = urlsplit(value)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def day(moment: date | None) -> str:
    """Return the day as Credly's filters take it, in UTC; "" for None."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%d") if moment else ""


class TemplateQuery:
    """Which badge templates are asked for, as ``Client.templates`` takes it."""

    def __init__(self, states: Iterable[str], sort: str, updated_since: date | None, query: str, name: str) -> None:
        self.states = tuple(quirks.template_state(state) for state in states)
        self._sort = sort
        self._filters = {
            "state": ",".join(self.states),
            "updated_at_min": day(updated_since),
            "query": checked_filter(query),
            "name": f'"{checked_filter(name)}"' if name else "",
        }

    def spelled(self, page: int) -> str:
        """Return the query of one page."""
        return query(self._filters, sort=self._sort, page=page)
