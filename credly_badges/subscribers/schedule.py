"""When a subscriber is tried again. Pure: the clock and chance come from the caller."""

from __future__ import annotations

from datetime import datetime, timedelta

PATIENCE = timedelta(days=3)
"""For how long a message is tried."""
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_HOLD = timedelta(minutes=30)
"""For how long at most everything for a subscriber waits because something failed there."""


def wait_before(attempt: int, spread: float, *, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """The pause before ``attempt`` (1 is the first retry), between half its ceiling and its ceiling.

    ``spread`` in [0, 1) keeps apart what failed together.
    """
    ceiling = min(FIRST_WAIT * (1 << min(max(attempt, 1) - 1, 16)), longest)
    return ceiling * (0.5 + spread / 2)


def wait_as_told(seconds: float, spread: float) -> timedelta:
    """The pause that a receiver asked for by Retry-After, within bounds: neither a moment nor a day."""
    told = timedelta(seconds=min(max(seconds, FIRST_WAIT.total_seconds() / 2), LONGEST_WAIT.total_seconds()))
    return min(told + FIRST_WAIT * 0.1 * spread, LONGEST_WAIT)


def again_at(now: datetime, wait: timedelta, give_up_at: datetime) -> datetime | None:
    """When a message that failed now is tried again: once more at the very end at the latest. None: never."""
    return None if now >= give_up_at else min(now + wait, give_up_at)


def hold_until(now: datetime, failures: int, spread: float) -> datetime:
    """Until when everything for a subscriber waits after so many failures in a row: one that hangs costs little."""
    return now + wait_before(failures, spread, longest=LONGEST_HOLD)
