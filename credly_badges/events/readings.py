"""How a value of an Open edX event becomes a JSON value that rules can read; ``None`` where it says nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from ..rules import shares

Reading = Callable[[Any], Any]

percent = shares.percent


def boolean(value: Any) -> bool | None:
    """True or false, and nothing else: an event that says neither says nothing."""
    return value if isinstance(value, bool) else None


def text(value: Any) -> str | None:
    """The text, or nothing where it is empty: openedx-events fills in an empty text for what it does not know."""
    return str(value) if value is not None and str(value) else None


def uuid(value: Any) -> str | None:
    """A UUID in its usual spelling, however it came; nothing where it is none."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        return None


def moment(value: Any) -> str | None:
    """A time as ISO 8601 in UTC; one without a zone is UTC already, as openedx-events asks of its senders."""
    if not isinstance(value, datetime):
        return None
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return aware.isoformat()


def points(score: Any) -> int | float | None:
    """What share of the possible points was earned, in percent; nothing where none were possible."""
    earned, possible = getattr(score, "points_earned", None), getattr(score, "points_possible", None)
    if number(earned) is None or not number(possible):
        return None
    return shares.percent_of(earned, possible)


def number(value: Any) -> int | float | None:
    """A number that is one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if Decimal(str(value)).is_finite() else None


def count(value: Any) -> int | None:
    """How many entries a list has."""
    return len(value) if isinstance(value, (list, tuple)) else None


def course_of(value: Any) -> CourseKey | None:
    """The course run that a value names: its key, or the key of something within it, as a key or as text."""
    for read in (CourseKey.from_string, _course_of_usage):
        try:
            return value if isinstance(value, CourseKey) else read(str(value or ""))
        except InvalidKeyError:
            continue
    return None


def course_key(value: Any) -> str | None:
    """The same as text."""
    found = course_of(value)
    return None if found is None else str(found)


def _course_of_usage(text: str) -> CourseKey:
    key = UsageKey.from_string(text).context_key
    if not isinstance(key, CourseKey):
        raise InvalidKeyError(CourseKey, text)  # Of a library, which is no course.
    return key
