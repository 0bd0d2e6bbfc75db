"""When to try again. Pure: the clock and chance come from the caller."""

from __future__ import annotations

from datetime import timedelta


def wait_before(attempt: int, spread: float, *, first: timedelta, longest: timedelta) -> timedelta:
    """The pause before ``attempt`` (1 is the first retry), between half its ceiling and its ceiling.

    ``spread`` in [0, 1) keeps workers apart that failed together.
    """
    ceiling = min(first * (1 << min(attempt - 1, 16)), longest)
    return ceiling * (0.5 + spread / 2)


def wait_as_told(retry_after: float | None, spread: float, *, first: timedelta, longest: timedelta) -> timedelta:
    """The pause after Credly asked to slow down: what it said, in seconds, or a first wait where it said nothing.

    Never longer than ``longest``: a date in a wrong century must not stop an organization for good.
    """
    if retry_after is None:
        return wait_before(1, spread, first=first, longest=longest)
    told = timedelta(seconds=min(max(retry_after, 0.0), longest.total_seconds()))
    # A little later than told, each worker a little differently, so that they don't all come back at once.
    return min(told + first * 0.1 * spread, longest)
