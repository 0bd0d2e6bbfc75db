"""Badges for what learners did before: the LMS's history, written as the corridor would have written it.

Learners who come to the badge by it are written together, in one transaction with the place at which to go on. Those
whom it knows already go through the corridor, statement by statement, and only with what is news about them. So it may
be killed anywhere, done again, and run while the LMS tells of new events.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence

from celery import shared_task
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from .. import lms, progress
from ..models import BadgeAward, BadgeProgress, BadgeTemplate, HistoryRun, ReceivedEvent
from ..progress import bulk
from ..progress.facts import Fact, seen_in
from . import intake, runs
from .judging import Change, Judge, Judged
from .rehearsal import see_that_it_asks_for_something, see_that_it_is_the_same
from .slices import AT_ONCE, Slice, Statement
from .storing import Changed, Others, store

log = logging.getLogger(__name__)

TRIES = 10
"""How often a portion is read anew because others wrote about the same learners at that moment."""
CAREFUL_FROM = 2
"""After how many of these its learners are taken one by one, a few at a time: many of them are busy just now."""
A_FEW = 10
ONE_BY_ONE = 200
"""About how many rows are read at once where each learner has to be looked at alone."""
STATES = (BadgeTemplate.Status.ACTIVE, BadgeTemplate.Status.SHADOW)


def begin(template: BadgeTemplate, by: AbstractBaseUser | None = None, *, wake: bool = True) -> HistoryRun:
    """Begin a backfill, which a worker then does. Raises runs.Busy and runs.CannotRun."""
    see_that_it_may_be_earned(template)
    see_that_it_asks_for_something(template)
    with transaction.atomic():
        run = runs.begin(runs.Kind.BACKFILL, template, by, wake=wake)
        if template.is_active:
            progress.take_up_what_was_left(template)
    return run


def go_on(run: HistoryRun, *, until: float | None = None, on_chunk: runs.OnChunk | None = None) -> HistoryRun:
    """Backfill from where a run stands; the run as it is then."""
    return runs.go_on(run, _work, until=until, on_chunk=on_chunk)


@shared_task(name="credly_badges.events.backfill", ignore_result=True, soft_time_limit=540, time_limit=570)
def backfill(run_id: int) -> None:
    """Backfill for a while, and have a worker go on."""
    runs.one_slice(run_id, go_on)


def see_that_it_may_be_earned(template: BadgeTemplate) -> None:
    """Raises runs.CannotRun for a badge of which nothing is awarded or recorded now."""
    if template.credly_state != BadgeTemplate.CredlyState.ACTIVE:
        raise runs.CannotRun(_("Credly issues badges of active templates only. Publish it there, then sync."))
    if template.status == BadgeTemplate.Status.PAUSED:
        raise runs.CannotRun(_("This badge is paused. Resume it, then its badges can be awarded for what was before."))
    if template.status not in STATES:
        raise runs.CannotRun(
            _("This badge is %(state)s. Activate it, or put it into shadow mode to record only who has earned it.")
            % {"state": template.get_status_display()}
        )


def _work(hold: runs.Hold) -> Iterator[None]:
    """Portion after portion. One that others have interfered with is read anew from where the run stands."""
    tries = 0
    while True:
        chunks = _Chunks(hold, careful=tries >= CAREFUL_FROM)
        try:
            for part in chunks.parts():
                chunks.fold(part)
                yield
                if chunks.is_past_the_busy_ones:
                    break
            else:
                return
            tries = 0
        except (IntegrityError, OperationalError, Changed, progress.StillMoving):
            # A deadlock, or a live event of one of these learners. Where a transaction around this one is broken by
            # it, nothing can be done again.
            if tries == TRIES or connection.needs_rollback:
                raise
            hold.run.refresh_from_db()
            tries = tries + 1 if chunks.cursor == hold.run.cursor else 1
            log.info("Run %s looks at the learners after %s once more.", hold.run.pk, hold.run.cursor)


class _Chunks:
    """The portions of one run, from where it stands when this is made."""

    def __init__(self, hold: runs.Hold, *, careful: bool) -> None:
        self._hold = hold
        self._careful = careful
        self._rows = 0
        self.cursor = hold.run.cursor
        self.template = hold.run.template
        self._see()
        self._judge = Judge(self.template, anew=False)
        self._others = Others(self.template, self._judge.kinds)

    def parts(self) -> Iterator[Slice]:
        """What there is to do."""
        at_once = AT_ONCE if bulk.may_begin(self.template) else ONE_BY_ONE
        at_once = A_FEW if self._careful else at_once
        return self._judge.slices(after=self.cursor, at_once=at_once)

    @property
    def is_past_the_busy_ones(self) -> bool:
        """Whether as much was read carefully as is read at once otherwise."""
        return self._careful and self._rows >= AT_ONCE

    def fold(self, part: Slice) -> None:
        """Write all that a portion brings, and where to go on after it."""
        self._see()
        self._rows += part.rows
        judged = self._judge.judge(part)
        here = lms.present(each.learner_id for each in judged if each.changes)
        news = [each for each in judged if each.changes and each.learner_id in here]
        together = self._newcomers(news)
        alone = [each for each in news if each.learner_id not in together]
        looked_at = Counter(
            rows=part.rows,
            learners=len(part.statements.keys() | part.known.keys()),
            matched=sum(bool(each.facts) for each in judged),
        )
        with transaction.atomic():
            written = self._begin([each for each in news if each.learner_id in together])
            if alone:
                self._count(written)
            else:
                self._count(written + looked_at, cursor=part.up_to)
        for each in alone:
            self._see()
            with transaction.atomic():
                self._count(self._hold_against(each))
        if alone:
            self._count(looked_at, cursor=part.up_to)

    def _see(self) -> None:
        """That the badge may still be earned, by the same requirements: it may be paused at any moment."""
        self.template.refresh_from_db()
        see_that_it_may_be_earned(self.template)
        see_that_it_is_the_same(self._hold.run)

    def _newcomers(self, news: Sequence[Judged]) -> set[int]:
        if self._careful or not bulk.may_begin(self.template):
            return set()
        plain = (each for each in news if each.known is None and not any(map(_replaces, each.changes)))
        return bulk.newcomers(self.template, [each.learner_id for each in plain])

    def _begin(self, learners: Sequence[Judged]) -> Counter[str]:
        if not learners:
            return Counter()
        store(_statements(learners), self._others)
        written = bulk.begin(self.template, [_newcomer(each) for each in learners], version=self.template.version)
        return Counter(completed=written.completed, awarded=written.awarded, withheld=written.withheld)

    def _hold_against(self, judged: Judged) -> Counter[str]:
        """One learner, by the ordinary way; what came of it."""
        statements = _statements([judged])
        replacing = [each for each in statements if each.is_news and each.stored]
        store([each for each in statements if each not in replacing], self._others)
        for each in replacing:
            intake.receive(each.event)  # Other badges may hear it as well.
        before = _standing(judged.learner_id, self.template)
        progress.hold_all_against(_stored_as(statements), self.template.pk)
        return _standing(judged.learner_id, self.template) - before

    def _count(self, more: Counter[str], **changes: int) -> None:
        self._hold.keep(counts=dict(Counter(self._hold.run.counts) + more), **changes)


def _standing(learner_id: int, template: BadgeTemplate) -> Counter[str]:
    """How far one learner is, as counts."""
    row = BadgeProgress.objects.filter(learner=learner_id, template=template).first()
    awards = BadgeAward.objects.filter(learner=learner_id, template=template, live=True)
    return Counter(
        completed=int(row is not None and row.completed_at is not None),
        withheld=int(row is not None and bool(row.withheld)),
        awarded=awards.count(),
    )


def _replaces(change: Change) -> bool:
    return change.statement.is_news and change.statement.stored is not None


def _statements(learners: Sequence[Judged]) -> list[Statement]:
    """The statements that change something, each once, as they happened."""
    found = {each.statement.event.identity: each.statement for judged in learners for each in judged.changes}
    return sorted(found.values(), key=lambda each: each.event.occurred_at)


def _stored_as(statements: Sequence[Statement]) -> list[int]:
    """The numbers of the rows that say it."""
    (learner_id,) = {each.event.learner_id for each in statements}
    rows = ReceivedEvent.objects.filter(learner=learner_id, kind__in={each.event.kind for each in statements})
    numbers = {(kind, subject): pk for pk, kind, subject in rows.values_list("pk", "kind", "subject")}
    return [numbers[each.event.kind, each.event.subject] for each in statements]


def _newcomer(judged: Judged) -> bulk.Newcomer:
    if judged.standing is None:
        raise ValueError("A newcomer has met something.")
    facts = [
        Fact(judged.facts[requirement.id, statement.event.subject], holds=True, evidence=seen_in(verdict))
        for statement, requirement, verdict in judged.changes
    ]
    return bulk.Newcomer(judged.learner_id, facts, judged.standing)
