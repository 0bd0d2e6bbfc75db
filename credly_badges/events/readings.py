"""How a value of an Open edX event becomes a JSON value that rules can read; ``None`` where it says nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

Reading = Callable[[Any], Any]

_HUNDREDTH = Decimal("0.01")


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


def percent(value: Any) -> int | float | None:
    """The LMS's share of one (``0.7``, on certificates the text ``"0.7"``) as percent, to two decimals (``70``).

    Reckoned in decimals: 100 times the float 0.57 is 56.99999999999999, and would miss a badge that asks for 57.
    A text that is no number, such as an old letter grade, says nothing.
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        share = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not share.is_finite():
        return None
    exact = (share * 100).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def points(score: Any) -> int | float | None:
    """What share of the possible points was earned, in percent; nothing where none were possible."""
    earned, possible = getattr(score, "points_earned", None), getattr(score, "points_possible", None)
    if number(earned) is None or not number(possible):
        return None
    return percent(Decimal(str(earned)) / Decimal(str(possible)))


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
