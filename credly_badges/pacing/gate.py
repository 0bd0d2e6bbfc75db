"""What every request to Credly passes: let through, or held back until a time."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from ..credly.errors import CredlyError, Throttled, Unanswered, Unavailable
from ..credly.gate import Gate
from ..models import CredlyOrganization, Pace
from . import breaker
from .bucket import Bucket
from .state import PaceState, of, read

TRIES = 20
"""How often a worker reaches into the bucket before it leaves it to the others. Each time it failed, another took."""


@dataclass(frozen=True)
class Held:
    """No request may leave before ``until``; of several that wait, one more each ``interval``."""

    until: datetime
    sentence: str
    interval: timedelta = timedelta(0)


@dataclass(frozen=True)
class Admission:
    """A request may leave. ``probe`` is set where it is the one that finds out whether Credly is well again."""

    state: PaceState
    probe: datetime | None = None


def gate(organization: CredlyOrganization) -> Gate:
    """The gate of an organization, for its client. It may be kept: it goes by what is so when a request comes."""
    return _Gate(organization.pk)


def turn(organization: CredlyOrganization, now: datetime) -> Turn | Held:
    """Let one delivery through before it begins, or say when its turn may come.

    ``organization`` was just read, together with its pace. While the turn lasts its requests pass the gate.
    """
    admitted = _admit(of(organization, now), now)
    return admitted if isinstance(admitted, Held) else Turn(admitted)


class Turn:
    """A delivery that is under way: it was let through once, and is finished.

    What it asks beyond its first request is lent, and those that come after it wait the longer. A limit so low that it
    lets out one request at a time would else never let a delivery look first and then send.
    """

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self._requests = 0

    def __enter__(self) -> Self:
        self._before = _turn.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _turn.reset(self._before)
        if self._requests == 0:
            _give_back(self.admission)

    def one_more(self) -> Admission:
        """Let a request of this delivery through."""
        self._requests += 1
        if self._requests > 1 and self.admission.state.bucket is not None:
            _take(self.admission.state, timezone.now(), lend=True)
        return self.admission


_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)
_under_way: ContextVar[Admission | None] = ContextVar("under_way", default=None)


@dataclass(frozen=True)
class _Gate:
    """A client is shared by threads and a gate with it, so what is under way is kept by the thread."""

    organization_id: int

    def enter(self) -> None:
        turn = _turn.get()
        if turn is not None and turn.admission.state.organization_id == self.organization_id:
            _under_way.set(turn.one_more())
            return
        now = timezone.now()
        admitted = _admit(read(self.organization_id, now), now)
        if isinstance(admitted, Held):
            raise Throttled(admitted.sentence, ours=True, retry_after=(admitted.until - now).total_seconds())
        _under_way.set(admitted)

    def leave(self, error: CredlyError | None) -> None:
        admission = _under_way.get()
        if admission is None:
            raise RuntimeError("A request leaves the gate that did not enter it.")
        state = admission.state
        if isinstance(error, Unavailable | Unanswered) and not isinstance(error, Throttled):
            _after_this(partial(breaker.failed, state.organization_id, error, probe=admission.probe))
        elif not state.is_healthy:
            _after_this(partial(breaker.answered, state.organization_id))


def _admit(state: PaceState, now: datetime) -> Admission | Held:
    probe = None
    if state.open and state.probe_at is not None:
        if state.probe_at > now:
            return Held(state.probe_at, _("Credly kept failing, so it is left alone for a while."))
        if not connection.in_atomic_block:
            probe = breaker.claim(state.organization_id, now)
            if probe is None:  # Another worker was faster, or has heard from Credly by now.
                return _admit(read(state.organization_id, now), now)
    held = _take(state, now) if state.bucket else None
    if held is None:
        return Admission(state, probe)
    if probe is not None:
        breaker.give_back(state.organization_id, probe)
    return held


def _take(state: PaceState, now: datetime, *, lend: bool = False) -> Held | None:
    """Take a request out of the bucket, which is all workers'; Held where it is empty."""
    bucket = state.bucket
    for attempt in range(TRIES):
        if attempt:
            bucket = read(state.organization_id, now).bucket
        if bucket is None:
            return None  # The limit was lifted.
        next_at = bucket.next_at(now)
        if next_at > now and not lend:
            return _held(bucket, next_at)
        if connection.in_atomic_block:
            # The row would stay locked for all workers until the transaction ends, and Credly is asked within it.
            transaction.on_commit(partial(_take, state, now, lend=True), robust=True)
            return None
        if bucket.filled_at is None:
            Pace.objects.get_or_create(organization_id=state.organization_id)
        mine = Pace.objects.filter(organization_id=state.organization_id, filled_at=bucket.filled_at)
        rest = bucket.less_one(now)
        if mine.update(tokens=rest.tokens, filled_at=rest.filled_at):
            return None
    return None if lend or bucket is None else _held(bucket, now + bucket.interval)


def _held(bucket: Bucket, until: datetime) -> Held:
    sentence = _("No more than %(limit)d requests may go out in a minute.") % {"limit": bucket.per_minute}
    return Held(until, sentence, bucket.interval)


def _give_back(admission: Admission) -> None:
    """Nothing was sent: what was taken for it is there for others."""
    state = admission.state
    if admission.probe is not None:
        breaker.give_back(state.organization_id, admission.probe)
    if state.bucket is not None:
        Pace.objects.filter(organization_id=state.organization_id).update(tokens=F("tokens") + 1)


def _after_this(count: partial[None]) -> None:
    if connection.in_atomic_block:
        transaction.on_commit(count, robust=True)
    else:
        count()
