"""How often somebody may try a code: nobody is to find one by guessing."""

from __future__ import annotations

from types import TracebackType

from django.utils.translation import gettext as _

from .. import conf, counting
from .making import CodeTaken
from .redeeming import NotClaimable


class TooManyAttempts(Exception):
    """Too many codes were tried; ``wait`` is in how many seconds the next one can be."""

    def __init__(self, wait: int) -> None:
        super().__init__(self.sentence)
        self.wait = wait

    @property
    def sentence(self) -> str:
        """What to tell whoever tried."""
        return _("Too many codes were tried in a short time. Wait a minute, then try again.")


class OwnSpelling:
    """``with OwnSpelling(…):`` around making a code that somebody has thought of. Raises TooManyAttempts.

    That there is one like it tells of a code that may be another organization's, so it is counted like a wrong try.
    """

    def __init__(self, code: str, *, by: str) -> None:
        self._code, self._by = code, f"claim:taken:{by}"

    def __enter__(self) -> None:
        if self._code and counting.so_far(self._by) >= conf.api_rates()["claim"]:
            raise TooManyAttempts(counting.seconds_left())

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
    ) -> None:
        if isinstance(error, CodeTaken):
            counting.count(self._by)


class Attempt:
    """``with Attempt(…):`` around one try of a code. Raises TooManyAttempts where there were too many in this minute.

    A learner has so many tries. ``origin``, which is the address they come from or the system that asks for them, has
    as many that fail: a whole class behind one address can claim at the same moment, and nobody gets further with ten
    accounts than with one.
    """

    def __init__(self, *, learner_id: int, origin: str) -> None:
        self._learner = f"claim:learner:{learner_id}"
        self._origin = f"claim:origin:{counting.mark_of(origin)}"

    def __enter__(self) -> None:
        most = conf.api_rates()["claim"]
        if counting.count(self._learner) > most or counting.so_far(self._origin) >= most:
            raise TooManyAttempts(counting.seconds_left())

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
    ) -> None:
        if isinstance(error, NotClaimable):
            counting.count(self._origin)
