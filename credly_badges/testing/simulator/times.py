"""Times as Credly reads and writes them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

ZONE = re.compile(r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
DURATION = re.compile(r"(\d{1,3}) ?(day|week|month|year)s?", re.IGNORECASE)
DAYS = {"day": 1, "week": 7}
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


def later(start: datetime, duration: str) -> datetime | None:
    """The time some ``days``, ``weeks``, ``months`` or ``years`` on, or None for what is no duration."""
    match = DURATION.fullmatch(duration.strip())
    if match is None:
        return None
    number, unit = int(match.group(1)), match.group(2).lower()
    if unit in DAYS:
        return start + timedelta(days=number * DAYS[unit])
    months = start.year * 12 + start.month - 1 + number * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


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
