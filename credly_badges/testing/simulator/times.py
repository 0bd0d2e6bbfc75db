"""Times as Credly reads and writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

ZONE = re.compile(r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
FORMS = (
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d",
    "%a, %d %b %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%m/%d/%Y",
    "%m/%d/%y",
)


def read(value: Any, zone_minutes: int = 0) -> datetime | None:
    """A time in UTC from any form that clients are known to send, or None; a naive one is in the given zone."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = re.sub(r"(?<=\d)T(?=\d)", " ", re.sub(r"\s+", " ", value.strip()))
    zone = timezone(timedelta(minutes=zone_minutes))
    match = ZONE.search(text)
    if match and ":" in text[: match.start()]:
        zone = _zone(match.group(1))
        text = text[: match.start()]
    text = re.sub(r"(\.\d{6})\d+$", r"\1", text)
    for form in FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def write(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and ``Z``."""
    if moment is None:
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def write_date(moment: datetime | None) -> str | None:
    """The UTC date."""
    return None if moment is None else f"{moment:%Y-%m-%d}"


def _zone(text: str) -> timezone:
    if text[0] not in "+-":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
