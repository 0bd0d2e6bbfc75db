"""How often something was done in this minute, by whoever did it: counted in the cache, for all processes together."""

from __future__ import annotations

import hashlib
import time

from django.core.cache import cache

MINUTE = 60


def count(name: str) -> int:
    """Count one more; how many there were in this minute. Where the cache keeps nothing there was none."""
    name = _in_this_minute(name)
    cache.add(name, 0, timeout=2 * MINUTE)
    try:
        return cache.incr(name) or 0
    except ValueError:
        return 0


def so_far(name: str) -> int:
    """How many there were in this minute; it counts none."""
    return int(cache.get(_in_this_minute(name)) or 0)


def next_minute() -> int:
    """When counting begins anew, in seconds since 1970."""
    return (int(time.time()) // MINUTE + 1) * MINUTE


def seconds_left() -> int:
    """Until then."""
    return max(1, next_minute() - int(time.time()))


def mark_of(text: str) -> str:
    """A short mark of what came from outside: an address of a made-up length makes no key that memcached refuses."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _in_this_minute(name: str) -> str:
    return f"credly_badges:{name}:{int(time.time()) // MINUTE}"
