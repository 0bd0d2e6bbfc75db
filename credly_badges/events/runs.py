"""Beginning a reading of history, holding it so that one process at a time works on it, and going on where it was."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import waking
from ..models import BadgeTemplate, HistoryRun

log = logging.getLogger(__name__)

Kind = HistoryRun.Kind
State = HistoryRun.State
OnChunk = Callable[[HistoryRun], None]
"""Is told after each portion how far the run is."""

LEASE = timedelta(minutes=2)
"""How long nothing is heard of a run before others take its process for dead."""
SLICE = timedelta(seconds=20)
"""How long one task works before it has another one go on, so that others have their turn."""
KEPT = 10
"""How many runs of each kind are kept of a badge."""


class Busy(Exception):
    """Another process works on this at this moment."""

    @property
    def sentence(self) -> str:
        """What to do about it."""
        return _(
            "This is being worked on at this moment. Wait until it is done, or stop it. If its process died, it is "
            "free again after %(minutes)d minutes."
        ) % {"minutes": LEASE // timedelta(minutes=1)}

    def __str__(self) -> str:
        return self.sentence


class CannotRun(Exception):
    """The badge is in no state for it, or its requirements cannot be read; ``sentence`` says what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Lost(Exception):
    """The run was stopped, or another process has taken it over, because nothing was heard of this one for long."""


def begin(
    kind: Kind,
    template: BadgeTemplate,
    by: AbstractBaseUser | None = None,
    *,
    wake: bool = True,
    cursor: int = 0,
    counts: dict[str, Any] | None = None,
) -> HistoryRun:
    """Begin a run, and have a worker do it once that is committed. One that was left unfinished ends here.

    Raises Busy while one of its kind is being worked on for this badge.
    """
    try:
        with transaction.atomic():
            _end_what_was_left(kind, template)
            run = HistoryRun.objects.create(
                kind=kind,
                template=template,
                version=template.version,
                requested_by_id=getattr(by, "pk", None),
                cursor=cursor,
                counts=counts or {},
            )
    except IntegrityError:
        raise Busy from None  # Somebody else began one at the same moment.
    _prune(kind, template)
    if wake:
        transaction.on_commit(lambda: wake_for(run), robust=True)
    return run


def latest(template: BadgeTemplate, kind: Kind) -> HistoryRun | None:
    """The newest run of its kind for a badge, as it is now."""
    return HistoryRun.objects.filter(template=template, kind=kind).order_by("-pk").first()


def unfinished(template: BadgeTemplate, kind: Kind) -> HistoryRun | None:
    """The newest run of its kind for a badge, if it was left before its end."""
    newest = latest(template, kind)
    return None if newest is None or newest.state == State.DONE else newest


def stop(run: HistoryRun) -> bool:
    """Stop a run where it is; whether it ran. Whoever works on it notices when they next write."""
    running = HistoryRun.objects.filter(pk=run.pk, open=True)
    return bool(running.update(state=State.STOPPED, open=None, lease=None, leased_until=None))


def resume(run: HistoryRun, *, wake: bool = True) -> HistoryRun:
    """Have a run that was stopped go on where it was. Raises Busy while one of its kind is under way for its badge."""
    if run.state == State.DONE:
        raise CannotRun(_("This is done already. Begin a new one."))
    try:
        with transaction.atomic():
            HistoryRun.objects.filter(pk=run.pk).exclude(state=State.DONE).update(
                state=State.RUNNING, open=True, error=""
            )
    except IntegrityError:
        raise Busy from None
    run.refresh_from_db()
    if wake:
        transaction.on_commit(lambda: wake_for(run), robust=True)
    return run


def wake_for(run: HistoryRun) -> None:
    """Have a worker go on with a run."""
    from . import backfill, rehearsal, replay  # noqa: PLC0415 (they stand on this module)

    tasks: dict[str, Task[Any, Any]] = {
        Kind.REHEARSAL: rehearsal.rehearse,
        Kind.BACKFILL: backfill.backfill,
        Kind.REPLAY: replay.replay,
    }
    waking.send(tasks[run.kind], run.pk)


def wake_left(limit: int = 100) -> int:
    """Have workers go on with what nobody works on any more; how many runs that were."""
    left = list(HistoryRun.objects.filter(_free(), open=True).order_by("pk")[:limit])
    for run in left:
        wake_for(run)
    return len(left)


class Hold:
    """A run in the hands of this process, for as long as its lease is in the table."""

    def __init__(self, run: HistoryRun, lease: uuid.UUID) -> None:
        self.run = run
        self._mine = HistoryRun.objects.filter(pk=run.pk, lease=lease, open=True)

    @classmethod
    def take(cls, run: HistoryRun) -> Hold:
        """Take a run up. Raises Busy while another process works on it, and Lost if it is stopped or done."""
        lease = uuid.uuid4()
        open_one = HistoryRun.objects.filter(pk=run.pk, open=True)
        if not open_one.filter(_free()).update(lease=lease, leased_until=timezone.now() + LEASE):
            raise Busy if open_one.exists() else Lost
        return cls(HistoryRun.objects.select_related("template__organization").get(pk=run.pk), lease)

    def keep(self, **changes: Any) -> None:
        """Show that this process lives, and write ``changes`` of the run down. Raises Lost where it is not ours now."""
        changes = {"leased_until": timezone.now() + LEASE, **changes}
        if not self._mine.update(**changes):
            raise Lost
        for name, value in changes.items():
            setattr(self.run, name, value)

    def end(self, state: State, error: str = "") -> None:
        """Write down that the run is done, or why it stopped."""
        self.keep(state=state, open=None, error=error, finished_at=timezone.now(), lease=None, leased_until=None)

    def let_go(self) -> None:
        """Leave the run to whoever goes on."""
        self._mine.update(lease=None, leased_until=None)


def go_on(
    run: HistoryRun,
    work: Callable[[Hold], Iterator[None]],
    *,
    until: float | None = None,
    on_chunk: OnChunk | None = None,
) -> HistoryRun:
    """Work from where a run stands; the run as it is then.

    ``work`` yields after each portion that it has committed with the new cursor. Where its time (``until``, by
    ``time.monotonic()``) is over, the run stays ``running`` and goes on later. Raises Busy while another has it.
    """
    hold = Hold.take(run)
    try:
        if _worked_to_its_end(hold, work, until, on_chunk):
            hold.end(State.DONE)
    except Lost:
        log.info("Run %s was stopped, or taken over by another process.", run.pk)
    except SoftTimeLimitExceeded:
        raise  # The next one goes on from the last portion.
    except CannotRun as why:
        hold.end(State.STOPPED, why.sentence)
    except KeyboardInterrupt:
        hold.end(State.STOPPED)  # Whoever broke it off at a terminal meant to stop it.
        raise
    except Exception:
        hold.end(State.STOPPED, _("It failed in a way that nobody foresaw. The log of the LMS has more."))
        raise
    finally:
        hold.let_go()
    hold.run.refresh_from_db()
    return hold.run


def one_slice(run_id: int, proceed: Callable[..., HistoryRun]) -> None:
    """A worker's side: go on for a while, then have a worker do the next slice."""
    run = HistoryRun.objects.filter(pk=run_id, open=True).first()
    if run is None:
        return
    try:
        run = proceed(run, until=time.monotonic() + SLICE.total_seconds())
    except (Busy, Lost):
        return
    if run.open:
        wake_for(run)


def _worked_to_its_end(
    hold: Hold, work: Callable[[Hold], Iterator[None]], until: float | None, on_chunk: OnChunk | None
) -> bool:
    for _done in work(hold):
        if on_chunk is not None:
            on_chunk(hold.run)
        if until is not None and time.monotonic() >= until:
            return False
    return True


def _free() -> Q:
    return Q(leased_until=None) | Q(leased_until__lt=timezone.now())


def _of(kind: Kind, template: BadgeTemplate) -> QuerySet[HistoryRun]:
    return HistoryRun.objects.filter(template=template, kind=kind)


def _end_what_was_left(kind: Kind, template: BadgeTemplate) -> None:
    if _of(kind, template).filter(open=True, leased_until__gte=timezone.now()).exists():
        raise Busy
    _of(kind, template).filter(open=True).update(
        state=State.STOPPED, open=None, error=_("It was left unfinished, and another one was begun.")
    )


def _prune(kind: Kind, template: BadgeTemplate) -> None:
    kept = list(_of(kind, template).order_by("-pk").values_list("pk", flat=True)[:KEPT])
    _of(kind, template).exclude(pk__in=kept).delete()
