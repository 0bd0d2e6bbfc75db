"""How many requests are taken: so many a minute of each key, each user, and each address without a log-in."""

from __future__ import annotations

from dataclasses import dataclass

from rest_framework.request import Request

from ... import conf, counting
from .authentication import caller_of, sends_key


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
        return counting.seconds_left()

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
    """Count a token, a key or a signature from an address that was wrong; tokens of the LMS apart from the others."""
    return count(f"{_guessed(request)}:{address_of(request)}", conf.api_rates()["anonymous"])


def guesses(request: Request) -> Turn:
    """How many more wrong ones are looked at from an address in this minute; it counts none."""
    limit = conf.api_rates()["anonymous"]
    counted = counting.so_far(f"api:{_guessed(request)}:{address_of(request)}")
    return Turn(limit, limit - counted - 1, counting.next_minute())


def _guessed(request: Request) -> str:
    return "guess" if sends_key(request) else "token"


def count(who: str, limit: int) -> Turn:
    """Count one request of somebody's. Where the cache keeps nothing, none is one too many."""
    return Turn(limit, limit - counting.count(f"api:{who}"), counting.next_minute())


def address_of(request: Request) -> str:
    """A short mark of the address that a request came from."""
    return "address:" + counting.mark_of(request.META.get("REMOTE_ADDR", ""))
