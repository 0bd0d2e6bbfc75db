"""When a subscriber is tried again: sooner first, later then, and never after three days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from credly_badges.subscribers import schedule

SPREADS = st.floats(0, 1, exclude_max=True)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@given(attempt=st.integers(1, 10_000), spread=SPREADS)
def test_a_wait_is_between_half_its_ceiling_and_its_ceiling(attempt, spread):
    wait = schedule.wait_before(attempt, spread)

    ceiling = min(schedule.FIRST_WAIT * 2 ** min(attempt - 1, 40), schedule.LONGEST_WAIT)
    assert ceiling / 2 <= wait <= ceiling


@given(attempt=st.integers(1, 100))
def test_the_next_wait_is_never_shorter(attempt):
    assert schedule.wait_before(attempt + 1, 0) >= schedule.wait_before(attempt, 0)


@given(spreads=st.lists(SPREADS, min_size=60, max_size=60))
def test_a_message_that_nobody_takes_is_tried_for_three_days_and_not_for_ever(spreads):
    now, give_up_at, tries = NOW, NOW + schedule.PATIENCE, 0
    while now is not None:
        tries += 1
        last = now
        now = schedule.again_at(last, schedule.wait_before(tries, spreads[tries]), give_up_at)

    assert last == give_up_at, "It is tried once more at the very end."
    assert 18 <= tries <= 40


@given(seconds=st.floats(-1e12, 1e12), spread=SPREADS)
def test_what_a_receiver_asks_for_is_kept_within_bounds(seconds, spread):
    wait = schedule.wait_as_told(seconds, spread)

    assert timedelta(seconds=5) <= wait <= schedule.LONGEST_WAIT
    if 5 <= seconds <= schedule.LONGEST_WAIT.total_seconds():
        assert wait >= timedelta(seconds=seconds)


@given(failures=st.integers(1, 10_000), spread=SPREADS)
def test_a_subscriber_that_fails_is_left_alone_for_half_an_hour_at_most(failures, spread):
    held = schedule.hold_until(NOW, failures, spread) - NOW

    assert timedelta(0) < held <= schedule.LONGEST_HOLD
