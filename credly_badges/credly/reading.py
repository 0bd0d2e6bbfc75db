"""Read single values out of Credly's JSON: strict where we rely on them, forgiving where we only show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

Data = Mapping[str, Any]


class Malformed(ValueError):
    """A part of Credly's answer is missing or is not what it has to be."""

    def __init__(self, key: str, expected: str) -> None:
        super().__init__(f"“{key}” is not {expected}.")
        self.key = key


def mapping(value: object, key: str) -> Data:
    """Return ``value`` if it is a JSON object."""
    if not isinstance(value, Mapping):
        raise Malformed(key, "an object")
    return value


def identity(data: Data, key: str) -> UUID:
    """Return the id that has to be there."""
    found = identity_or_none(data, key)
    if found is None:
        raise Malformed(key, "an id (UUID)")
    return found


def identity_or_none(data: Data, key: str) -> UUID | None:
    """Return the id, or None where Credly has none."""
    value = data.get(key)
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise Malformed(key, "an id (UUID)") from None


def text(data: Data, key: str) -> str:
    """Return the text that has to be there and may not be blank."""
    value = text_or_empty(data, key)
    if not value.strip():
        raise Malformed(key, "a text")
    return value


def text_or_empty(data: Data, key: str) -> str:
    """Return the text, or "" where Credly has none; a number is taken as its digits (earner ids were seen as both)."""
    value = data.get(key)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not _storable(value):
        raise Malformed(key, "a text")
    return value


def _storable(value: str) -> bool:
    # JSON can spell half a character (a lone surrogate) and NUL; no database takes them as text.
    return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def flag(data: Data, key: str, *, default: bool) -> bool:
    """Return the yes or no, ``default`` where Credly says neither."""
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Malformed(key, "true or false")
    return value


def moment(data: Data, key: str) -> datetime:
    """Return the time, in UTC, that has to be there."""
    found = moment_or_none(data, key)
    if found is None:
        raise Malformed(key, "a time")
    return found


def moment_or_none(data: Data, key: str) -> datetime | None:
    """Return the time in UTC, or None. Credly writes ISO 8601 with milliseconds and ``Z``."""
    value = data.get(key)
    if value is None:
        return None
    found = as_moment(value)
    if found is None:
        raise Malformed(key, "a time with its zone")
    return found


def as_moment(value: object) -> datetime | None:
    """Return the time that ``value`` spells, in UTC, or None if it spells none or names no zone."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def spelled(moment: datetime | None) -> str | None:
    """Return the time as Credly spells it in its answers."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.isoformat(timespec=precision).replace("+00:00", "Z")


def spelled_id(identity: UUID | None) -> str | None:
    """Return the id as Credly spells it."""
    return None if identity is None else str(identity)


def web_address(data: Data, key: str) -> str:
    """Return an http or https address, or "" for anything else: it will be rendered as a link."""
    value = data.get(key)
    if not isinstance(value, str) or not _storable(value):
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in {"http", "https"} and parts.netloc else ""


def objects(data: Data, key: str) -> Iterator[Data]:
    """Yield the objects of a list that is only shown; what is no object is passed over."""
    value = data.get(key)
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def image_url(data: Data) -> str:
    """Return the address of the picture, or ""."""
    # In older answers ``image.url`` was a relative path; ``image_url`` was right in all of them.
    image = data.get("image")
    return web_address(data, "image_url") or (web_address(image, "url") if isinstance(image, Mapping) else "")
