"""A rate limit as a bucket: time fills it evenly, each request takes one out. Pure: the clock comes from the caller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

BURST = 0.1
"""How much of a minute's requests may go at once after a rest."""
A_LITTLE = timedelta(milliseconds=1)
"""Added to every wait, so that rounding never has anybody come back too early."""
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Bucket:
    """So many requests were left at a time. Fewer than none are left where some were lent."""

    per_minute: int
    tokens: float = 0.0
    filled_at: datetime | None = None

    @property
    def most(self) -> float:
        """What it holds at most, and holds before it was ever used."""
        return max(1.0, self.per_minute * BURST)

    @property
    def interval(self) -> timedelta:
        """How long it takes until there is one more."""
        return timedelta(minutes=1) / self.per_minute

    def level(self, now: datetime) -> float:
        """What is left now."""
        if self.filled_at is None:
            return self.most
        # The clocks of two workers differ a little; time that runs backward fills nothing and takes nothing.
        passed = max(now - self.filled_at, timedelta(0))
        return min(self.most, self.tokens + passed / self.interval)

    def next_at(self, now: datetime) -> datetime:
        """When the next request may go: now, or once there is a whole one."""
        missing = 1 - self.level(now)
        return now if missing <= 0 else now + self.interval * missing + A_LITTLE

    def less_one(self, now: datetime) -> Bucket:
        """The same after a request. Its ``filled_at`` is never twice the same, and so tells one writer from another."""
        filled_at = now if self.filled_at is None else max(now, self.filled_at + TICK)
        return replace(self, tokens=self.level(now) - 1, filled_at=filled_at)
