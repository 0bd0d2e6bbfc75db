"""How often somebody may try a code: nobody is to find one by guessing."""

from __future__ import annotations

import hashlib
import time
from types import TracebackType

from django.core.cache import cache
from django.utils.translation import gettext as _

from .. import conf
from .redeeming import NotClaimable

MINUTE = 60


class TooManyAttempts(Exception):
    """Too many codes were tried; ``wait`` is in how many seconds the next one can be."""

    def __init__(self, wait: int) -> None:
        super().__init__(self.sentence)
        self.wait = wait

    @property
    def sentence(self) -> str:
        """What to tell whoever tried."""
        return _("Too many codes were tried in a short time. Wait a minute, then try again.")


class Attempt:
    """``with Attempt(…):`` around one try of a code. Raises TooManyAttempts where there were too many in this minute.

    A learner has so many tries. ``origin``, which is the address they come from or the system that asks for them, has
    as many that fail: a whole class behind one address can claim at the same moment, and nobody gets further with ten
    accounts than with one.
    """

    def __init__(self, *, learner_id: int, origin: str) -> None:
        self._learner = f"learner:{learner_id}"
        self._origin = "origin:" + hashlib.sha256(origin.encode()).hexdigest()[:20]

    def __enter__(self) -> None:
        most = conf.api_rates()["claim"]
        if _counted(self._learner) > most or _so_far(self._origin) >= most:
            raise TooManyAttempts(max(1, MINUTE - int(time.time()) % MINUTE))

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
    ) -> None:
        if isinstance(error, NotClaimable):
            _counted(self._origin)


def _counted(who: str) -> int:
    """Count one more; how many there were in this minute. Where the cache keeps nothing, none is one too many."""
    name = _name(who)
    cache.add(name, 0, timeout=2 * MINUTE)
    try:
        return cache.incr(name) or 0
    except ValueError:
        return 0


def _so_far(who: str) -> int:
    return int(cache.get(_name(who)) or 0)


def _name(who: str) -> str:
    return f"credly_badges:claim:{who}:{int(time.time()) // MINUTE}"
