"""Dates as people type them and events carry them, and how two of them compare.

A date without a time means that whole day in UTC. Everything is compared as a span: a day runs from its first to its
last microsecond (the finest that is stored), a moment starts and ends at once. That one reading gives before, after,
equal and between their meaning, for days and moments mixed in any way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

_SHAPE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """A stretch of time with both ends included; both are aware and in UTC."""

    first: datetime
    last: datetime

    @classmethod
    def of(cls, when: date) -> Span:
        """The whole UTC day of a date, or the one moment of a date with a time.

        Raises ``OverflowError`` for a time that has no UTC equal (before year 1, after year 9999).
        """
        if isinstance(when, datetime):
            moment = as_utc(when)
            return cls(moment, moment)
        return cls(datetime.combine(when, time.min, UTC), datetime.combine(when, time.max, UTC))

    def is_before(self, other: Span) -> bool:
        """All of it comes before any of the other."""
        return self.last < other.first

    def is_after(self, other: Span) -> bool:
        """All of it comes after all of the other."""
        return self.first > other.last

    def is_in(self, other: Span) -> bool:
        """It lies wholly inside the other: a moment within its day, but no day within a moment."""
        return other.first <= self.first and self.last <= other.last

    def is_within_days(self, days: int, now: datetime) -> bool:
        """It lies in the last ``days`` times 24 hours before ``now``. Today counts; the future does not."""
        until = as_utc(now)
        try:
            since = until - timedelta(days=days)
        except OverflowError:
            since = datetime.min.replace(tzinfo=UTC)
        return self.first <= until and self.last >= since


def as_utc(when: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is taken as UTC. Raises ``OverflowError`` at the ends of time."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def parse_date(text: str) -> date | None:
    """A date, or an aware date with a time (UTC if it does not say), from ISO 8601 text; ``None`` for other text."""
    if not _SHAPE.fullmatch(text):
        return None
    try:
        if len(text) == len("2026-06-30"):
            return date.fromisoformat(text)
        when = datetime.fromisoformat(text.upper())
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        as_utc(when)
    except (ValueError, OverflowError):
        return None
    return when


def read_date(seen: Any) -> Span | None:
    """The span that an event's date stands for, or ``None`` if it is no date. Events carry dates as ISO 8601 text."""
    when = parse_date(seen.strip()) if isinstance(seen, str) else seen
    if not isinstance(when, date):
        return None
    try:
        return Span.of(when)
    except OverflowError:
        return None
