"""When a message is tried again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from credly_badges.issuing.retry import wait_as_told, wait_before

FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=6)
SPREAD = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 10_000), SPREAD)
def test_a_wait_never_exceeds_its_ceiling(attempt, spread):
    wait = wait_before(attempt, spread, first=FIRST, longest=LONGEST)

    assert timedelta(0) < wait <= LONGEST


@given(st.integers(1, 10_000))
def test_a_later_attempt_never_waits_for_a_shorter_time(attempt):
    assert wait_before(attempt, 0.5, first=FIRST, longest=LONGEST) <= wait_before(
        attempt + 1, 0.5, first=FIRST, longest=LONGEST
    )


def test_waits_double():
    waits = [wait_before(attempt, 0.0, first=FIRST, longest=LONGEST).total_seconds() for attempt in (1, 2, 3, 4)]

    assert waits == [15, 30, 60, 120]


@given(st.floats(0, 10**7), SPREAD)
def test_the_wait_that_credly_asks_for_is_kept_up_to_the_longest(retry_after, spread):
    wait = wait_as_told(retry_after, spread, first=FIRST, longest=LONGEST)

    assert min(timedelta(seconds=retry_after), LONGEST) <= wait <= LONGEST


@given(SPREAD)
def test_where_credly_names_no_time_the_first_wait_is_taken(spread):
    assert wait_as_told(None, spread, first=FIRST, longest=LONGEST) == wait_before(
        1, spread, first=FIRST, longest=LONGEST
    )
