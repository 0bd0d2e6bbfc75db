"""How many requests are taken: so many a minute of each key, each user, and each address without a log-in."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from django.core.cache import cache
from rest_framework.request import Request

from ... import conf
from .authentication import caller_of

MINUTE = 60


@dataclass(frozen=True)
class Turn:
    """One request, counted: how many are taken in the minute, how many are left, and when the next minute begins."""

    limit: int
    left: int
    resets_at: int

    @property
    def is_one_too_many(self) -> bool:
        """Whether it has to come again."""
        return self.left < 0

    @property
    def wait(self) -> int:
        """Seconds until the next minute begins."""
        return max(1, self.resets_at - int(time.time()))

    def headers(self) -> dict[str, str]:
        """As CertDirectory tells it (its documentation, "Rate limits"): limit, what is left, seconds since 1970."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.left)),
            "X-RateLimit-Reset": str(self.resets_at),
        }


def turn(request: Request) -> Turn:
    """Count a request of its caller's."""
    caller, rates = caller_of(request), conf.api_rates()
    if caller.key is not None:
        return count(caller.name, caller.key.rate_limit or rates["key"])
    if caller.user is not None:
        return count(caller.name, rates["user"])
    if caller.is_known:
        return count(caller.name, rates["key"])
    return count(address_of(request), rates["anonymous"])


def guess(request: Request) -> Turn:
    """Count a log-in, a key or a signature from an address that was wrong."""
    return count(f"guess:{address_of(request)}", conf.api_rates()["anonymous"])


def guesses(request: Request) -> Turn:
    """How many more wrong ones are looked at from an address in this minute; it counts none."""
    now, limit = int(time.time()), conf.api_rates()["anonymous"]
    counted = cache.get(_name(f"guess:{address_of(request)}", now)) or 0
    return Turn(limit, limit - counted - 1, _next_minute(now))


def count(who: str, limit: int) -> Turn:
    """Count one request of somebody's. Where the cache keeps nothing, none is one too many."""
    now = int(time.time())
    name = _name(who, now)
    cache.add(name, 0, timeout=2 * MINUTE)
    try:
        counted = cache.incr(name) or 0
    except ValueError:
        counted = 0
    return Turn(limit, limit - counted, _next_minute(now))


def address_of(request: Request) -> str:
    """A short mark of the address that a request came from."""
    return "address:" + hashlib.sha256(request.META.get("REMOTE_ADDR", "").encode()).hexdigest()[:20]


def _name(who: str, now: int) -> str:
    return f"credly_badges:api:{who}:{now // MINUTE}"


def _next_minute(now: int) -> int:
    return (now // MINUTE + 1) * MINUTE
