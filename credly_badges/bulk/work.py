"""Carrying a list out, and taking it back: portion after portion, in workers that may die anywhere.

The rows of a portion and what came of them are written in one transaction with the sign that its worker lives. So a
row is issued once, whoever does it and how often it is begun.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .. import audit, awards, waking
from ..issuing import outbox
from ..models import ApiKey, BadgeAward, BadgeTemplate, BulkIssue, BulkRow
from . import together
from .preview import LONGEST_SAID, facts

log = logging.getLogger(__name__)

State = BulkIssue.State
RowState = BulkRow.State

WORKING = (State.RUNNING, State.UNDOING)

LEASE = timedelta(minutes=2)
"""How long nothing is heard of a list before others take its worker for dead."""
SLICE = timedelta(seconds=20)
"""How long one task works before it has another one go on, so that others have their turn."""
PORTION = 50
"""How many rows are written at once. Whoever wants to undo the list waits for as many."""
TRIES = 5
"""How often a portion is begun anew because others wrote about the same learners at that moment."""

UNFORESEEN = gettext_noop("This failed in a way that nobody foresaw. The log of the LMS has more.")


class NotNow(Exception):
    """The list is in no state for this; ``sentence`` says what to do, ``details`` has what programs may want."""

    def __init__(self, sentence: str, **details: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details


class Lost(Exception):
    """Another process has taken the list over, or somebody has turned it round."""


@transaction.atomic
def commit(bulk: BulkIssue, *, skip_wrong: bool = False, by: Any = None, key: ApiKey | None = None) -> BulkIssue:
    """Have a worker issue what is ready. Who commits a list is who issues its badges. Raises NotNow, NotGrantable."""
    bulk = _locked(bulk)
    if bulk.state != State.PREVIEW:
        raise NotNow(_("This list was committed before."))
    if refusal := awards.why_not_grantable(bulk.template):
        raise awards.NotGrantable(refusal)
    wrong = bulk.rows.filter(state=RowState.WRONG).count()
    if wrong and not skip_wrong:
        raise NotNow(
            _("Rows of this list are wrong. Send a better one, or commit it with “skipWrong” to leave them out."),
            wrong=wrong,
        )
    if not bulk.rows.filter(state=RowState.READY).exists():
        raise NotNow(_("No row of this list is ready, so there is nothing to issue."))
    before = facts(bulk)
    _turn(bulk, State.RUNNING, by, key)
    audit.record("list.committed", bulk, actor=by, because=bulk.reason, before=before, after=facts(bulk, key))
    return bulk


@transaction.atomic
def undo(bulk: BulkIssue, *, reason: str = "", by: Any = None, key: ApiKey | None = None) -> BulkIssue:
    """Have a worker take back what Credly cannot have heard of yet, and issue nothing more. Raises NotNow."""
    bulk = _locked(bulk)
    if bulk.state not in (State.RUNNING, State.DONE):
        raise NotNow(_("Only a list that is being carried out, or was, can be undone."))
    before = facts(bulk)
    _turn(bulk, State.UNDOING, by, key)
    audit.record("list.undone", bulk, actor=by, because=reason, before=before, after=facts(bulk, key))
    return bulk


def wake_left(limit: int = 100) -> int:
    """Have workers go on with lists that nobody works on any more; how many that were."""
    left = list(
        BulkIssue.objects.filter(_free(), state__in=WORKING).order_by("pk").values_list("pk", flat=True)[:limit]
    )
    for bulk_id in left:
        waking.send(carry_out, bulk_id)
    return len(left)


@shared_task(name="credly_badges.bulk.carry_out", ignore_result=True, soft_time_limit=540, time_limit=570)
def carry_out(bulk_id: int) -> None:
    """Work on a list for a while, and have a worker go on."""
    bulk = BulkIssue.objects.filter(pk=bulk_id, state__in=WORKING).first()
    if bulk is not None and not go_on(bulk, until=time.monotonic() + SLICE.total_seconds()):
        waking.send(carry_out, bulk_id)


def go_on(bulk: BulkIssue, *, until: float | None = None) -> bool:
    """Work from where a list stands, to its end or until the time (by ``time.monotonic()``) is over.

    Whether there is nothing left to do for this process: it is at its end, or another one has it.
    """
    hold = _Hold.take(bulk)
    if hold is None:
        return True
    try:
        while _portion(hold):
            if until is not None and time.monotonic() >= until:
                return False
    except Lost:
        log.info("List %s was turned round, or taken over by another process.", bulk.uuid)
    finally:
        hold.let_go()
    return True


class _Hold:
    """A list in the hands of this process, for as long as its lease is in the table."""

    def __init__(self, bulk: BulkIssue) -> None:
        self.bulk = bulk
        self._mine = BulkIssue.objects.filter(pk=bulk.pk, lease=bulk.lease, state=bulk.state)

    @classmethod
    def take(cls, bulk: BulkIssue) -> _Hold | None:
        """Take a list up; None where another process works on it, or there is nothing to do."""
        lease = uuid.uuid4()
        free = BulkIssue.objects.filter(_free(), pk=bulk.pk, state__in=WORKING)
        if not free.update(lease=lease, leased_until=timezone.now() + LEASE):
            return None
        related = ("requested_by", "requested_with")
        taken = BulkIssue.objects.select_related(*related).filter(pk=bulk.pk, lease=lease).first()
        return cls(taken) if taken else None

    def keep(self, **changes: Any) -> None:
        """Show that this process lives, and hold the row until the transaction ends. Raises Lost."""
        now = timezone.now()
        if not self._mine.update(**{"leased_until": now + LEASE, "modified": now, **changes}):
            raise Lost

    def let_go(self) -> None:
        """Leave the list to whoever goes on."""
        if not connection.needs_rollback:
            self._mine.update(lease=None, leased_until=None)


def _portion(hold: _Hold) -> bool:
    """Do the next rows; whether there may be more. What collides with others is begun anew."""
    for left in reversed(range(TRIES)):
        try:
            return _DEEDS[State(hold.bulk.state)](hold)
        except OperationalError:
            if not left or connection.in_atomic_block:
                raise
            log.info("The next rows of list %s are begun anew, as others were at the same ones.", hold.bulk.uuid)
    raise AssertionError("The last try returns or raises.")


@transaction.atomic
def _issue_some(hold: _Hold) -> bool:
    hold.keep()
    rows = list(_rows(hold.bulk, RowState.READY)[:PORTION])
    # As it is now: meanwhile somebody may have archived it, or revoked the key that asked for this.
    hold.bulk.template = BadgeTemplate.objects.select_related("organization").get(pk=hold.bulk.template_id)
    if hold.bulk.requested_with is not None:
        hold.bulk.requested_with.refresh_from_db(fields=["revoked_at"])
    with outbox.woken_together():
        for row in rows if _is_stopped(hold.bulk) else together.issue(hold.bulk, rows):
            _write(row, *_tried(row, lambda row: _issue(hold.bulk, row), RowState.REFUSED))
    if len(rows) < PORTION:
        hold.keep(state=State.DONE, finished_at=timezone.now(), lease=None, leased_until=None)
        return False
    return True


@transaction.atomic
def _undo_some(hold: _Hold) -> bool:
    hold.keep()
    unissued = {"state": RowState.UNDONE, "said": _("The list was undone before this was issued.")}
    _rows(hold.bulk, RowState.READY).update(**unissued)
    rows = list(_rows(hold.bulk, RowState.ISSUED).select_related("award__template")[:PORTION])
    for row in rows:
        _write(row, *_tried(row, lambda row: _take_back(hold.bulk, row), RowState.SENT))
    if len(rows) < PORTION:
        hold.keep(state=State.UNDONE, finished_at=timezone.now(), lease=None, leased_until=None)
        return False
    return True


_DEEDS: dict[State, Callable[[_Hold], bool]] = {State.RUNNING: _issue_some, State.UNDOING: _undo_some}

Said = tuple[RowState, str, BadgeAward | None]


def _issue(bulk: BulkIssue, row: BulkRow) -> Said:
    if row.learner_id is None:
        return RowState.REFUSED, _("The learner has no account any more."), None
    if _is_stopped(bulk):
        return RowState.REFUSED, _("The API key that had this list issued was revoked before this row was."), None
    try:
        grant = awards.grant(
            learner_id=row.learner_id,
            template=bulk.template,
            earned_at=row.earned_at or timezone.now(),
            source=together.source_of(bulk),
            reason=bulk.reason,
            evidence=row.evidence,
            granted_by=bulk.requested_by,
            granted_with=bulk.requested_with,
        )
    except awards.NotGrantable as refusal:
        return RowState.REFUSED, refusal.sentence, None
    if grant.created:
        return RowState.ISSUED, row.said, grant.award
    if grant.renewed:
        return RowState.ISSUED, _("The learner had this badge, and it is renewed."), grant.award
    return RowState.HELD, _("The learner has this badge already."), None


def _is_stopped(bulk: BulkIssue) -> bool:
    return bulk.requested_with is not None and bulk.requested_with.revoked_at is not None


def _take_back(bulk: BulkIssue, row: BulkRow) -> Said:
    award = row.award
    because = _("The list was undone.")
    if award is not None and awards.take_back(award, because, by=bulk.requested_by, key=bulk.requested_with):
        return RowState.UNDONE, "", award
    return RowState.SENT, _("Credly has heard of this badge. Revoke it if it should not stand."), award


def _tried(row: BulkRow, deed: Callable[[BulkRow], Said], otherwise: RowState) -> Said:
    """What came of one row, which takes no other with it."""
    try:
        with transaction.atomic():
            return deed(row)
    except (OperationalError, SoftTimeLimitExceeded):
        raise  # Nothing about this row: a deadlock, or the time of the whole task is up.
    except Exception:
        log.exception("Row %s of list %s failed.", row.number, row.bulk_id)
        return otherwise, _(UNFORESEEN), row.award


def _write(row: BulkRow, state: RowState, said: str, award: BadgeAward | None) -> None:
    BulkRow.objects.filter(pk=row.pk).update(state=state, said=said[:LONGEST_SAID], award=award)


def _rows(bulk: BulkIssue, state: RowState) -> QuerySet[BulkRow]:
    return BulkRow.objects.filter(bulk=bulk, state=state).order_by("number")


def _turn(bulk: BulkIssue, state: State, by: Any, key: ApiKey | None) -> None:
    """Have a worker do this with a list, and whoever asks for it answer for it. Who works on it loses it."""
    bulk.state, bulk.lease, bulk.leased_until, bulk.finished_at = state, None, None, None
    bulk.requested_by, bulk.requested_with = by, key
    bulk.save()
    transaction.on_commit(lambda: waking.send(carry_out, bulk.pk), robust=True)


def _locked(bulk: BulkIssue) -> BulkIssue:
    return BulkIssue.objects.select_for_update().get(pk=bulk.pk)


def _free() -> Q:
    return Q(leased_until=None) | Q(leased_until__lt=timezone.now())
