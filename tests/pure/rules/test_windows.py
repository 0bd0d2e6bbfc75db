"""When something has to happen to count, in the calendar of a place."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from credly_badges.rules.evaluate import evaluate
from credly_badges.rules.language import Condition
from credly_badges.rules.windows import window_rules

# Of these, some change their clocks at midnight: there the day begins at one o'clock, or twice.
ZONES = [
    *("", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Havana", "Africa/Cairo"),
    *("Asia/Beirut", "America/Asuncion", "Atlantic/Azores", "Australia/Lord_Howe"),
]


def counts(at, attributes=None, **window):
    verdict = evaluate(Condition(window_rules(**window)), attributes or {}, now=at, occurred_at=at)
    return verdict.holds


def test_no_window_asks_nothing():
    assert window_rules() == ()
    assert window_rules(time_zone="Europe/Berlin") == ()


@pytest.mark.parametrize(
    ("at", "answer"),
    [
        ("2026-03-28T22:59:59.999999", False),
        ("2026-03-28T23:00:00", True),
        ("2026-03-29T21:59:59.999999", True),
        ("2026-03-29T22:00:00", False),
    ],
)
def test_on_the_day_on_which_clocks_go_forward_a_day_has_23_hours(at, answer):
    day = date(2026, 3, 29)

    assert (
        counts(datetime.fromisoformat(at).replace(tzinfo=UTC), opens_on=day, closes_on=day, time_zone="Europe/Berlin")
        == answer
    )


@settings(max_examples=150, deadline=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.sampled_from(ZONES),
    st.integers(-2, 2),
    st.integers(0, 2),
)
@example(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), "Atlantic/Azores", 0, 0)
@example(datetime(2026, 4, 23, 22, 0, tzinfo=UTC), "Africa/Cairo", 0, 0)
@example(datetime(2026, 11, 1, 4, 30, tzinfo=UTC), "America/Havana", 0, 0)
def test_both_days_count_whole_by_the_calendar_of_the_zone(at, zone, opens, length):
    there = at.astimezone(ZoneInfo(zone or "UTC")).date()
    opens_on = there + timedelta(days=opens)
    closes_on = opens_on + timedelta(days=length)

    assert counts(at, opens_on=opens_on, closes_on=closes_on, time_zone=zone) == (opens_on <= there <= closes_on)
    assert counts(at, opens_on=opens_on, time_zone=zone) == (opens_on <= there)
    assert counts(at, closes_on=closes_on, time_zone=zone) == (there <= closes_on)


@pytest.mark.parametrize(("days", "answer"), [(0, True), (30, True), (31, False), (None, False)])
def test_days_from_the_enrollment(days, answer):
    facts = {} if days is None else {"state": {"enrollment": {"days": days}}}

    assert counts(datetime(2026, 5, 1, tzinfo=UTC), facts, days_from_enrollment=30) == answer


@pytest.mark.parametrize(("ended", "answer"), [(False, True), (True, False)])
def test_before_the_course_ends(ended, answer):
    facts = {"state": {"course": {"has_ended": ended}}}

    assert counts(datetime(2026, 5, 1, tzinfo=UTC), facts, before_course_end=True) == answer


def test_a_zone_that_is_none_is_refused():
    with pytest.raises(ZoneInfoNotFoundError):
        window_rules(opens_on=date(2026, 5, 1), time_zone="Europe/Atlantis")


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_and_the_last_day_of_all_are_days_as_well(day):
    at = datetime(2026, 5, 1, tzinfo=UTC)

    for zone in ZONES:
        assert counts(at, opens_on=day, time_zone=zone) == (day == date.min)
        assert counts(at, closes_on=day, time_zone=zone) == (day == date.max)
