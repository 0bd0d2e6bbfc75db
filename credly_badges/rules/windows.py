"""When something has to happen to count: days of a calendar, days from the enrollment, before the course ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from .evaluate import OCCURRED_AT
from .language import Rule
from .operators import Operator

DAYS_SINCE_ENROLLMENT = "state.enrollment.days"
COURSE_HAS_ENDED = "state.course.has_ended"

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


def window_rules(
    *,
    opens_on: date | None = None,
    closes_on: date | None = None,
    time_zone: str = "",
    days_from_enrollment: int | None = None,
    before_course_end: bool = False,
) -> tuple[Rule, ...]:
    """The rules that a window adds to every requirement of its group.

    Both days count whole, in the time zone (empty: UTC). Raises ``ZoneInfoNotFoundError`` for a zone that is none.
    """
    rules = []
    if opens_on is not None or closes_on is not None:
        zone: tzinfo = ZoneInfo(time_zone) if time_zone else UTC
        first = _first_moment(opens_on, zone) if opens_on else _BEGINNING
        last = _last_moment(closes_on, zone) if closes_on else _END
        rules.append(Rule(OCCURRED_AT, Operator.BETWEEN, (first, last)))
    if days_from_enrollment is not None:
        rules.append(Rule(DAYS_SINCE_ENROLLMENT, Operator.LESS_OR_EQUAL, Decimal(days_from_enrollment)))
    if before_course_end:
        # A course without an end never ends, so what is not known is as good as "no" here; see state.py.
        rules.append(Rule(COURSE_HAS_ENDED, Operator.EQUAL, False))
    return tuple(rules)


def _first_moment(day: date, zone: tzinfo) -> datetime:
    try:
        return datetime.combine(day, time.min, zone).astimezone(UTC)
    except OverflowError:  # The first days of the calendar, which somebody meant for “ever since”.
        return _BEGINNING


def _last_moment(day: date, zone: tzinfo) -> datetime:
    # The next midnight of that zone: on the day on which clocks are changed, a day has 23 or 25 hours.
    try:
        return _first_moment(day + timedelta(days=1), zone) - timedelta(microseconds=1)
    except OverflowError:  # The last ones, for “ever after”.
        return _END
