"""A run from where it stands to its end, as far as time and Credly allow."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import BadgeAward, BadgeProgress, BadgeTemplate, ReconcileDifference, ReconcileRun
from . import credly_side, fixes, learner_side, our_side
from .asking import Asking, OutOfTime, PlaceLost, Stopped
from .causes import MANY, Cause
from .compare import Finding
from .page import Page
from .runs import Hold, Lost

log = logging.getLogger(__name__)

State = ReconcileRun.State
OnPage = Callable[[ReconcileRun], None]
"""Is told after each page how far the run is."""

STEPS: Final[dict[str, Callable[[Asking, ReconcileRun, BadgeTemplate, str], Page]]] = {
    "credly": credly_side.read,
    "ours": our_side.read,
    "learners": learner_side.read,
}
ANEW: Final = "credly_anew"
"""The first step, begun once more because Credly did not take the place where it was left."""
THE_END: Final = "done"
WRITTEN_AT_ONCE: Final = 500


Identity = tuple[str, object]
BY_BADGE: Final = frozenset({Cause.DOUBLE, Cause.UNKNOWN_HERE})
"""A learner may have several badges of this kind."""
NOBODYS: Final = (Cause.FOREIGN, Cause.UNREADABLE)


class Place(NamedTuple):
    """Where a run goes on; at the end there is no template."""

    template: BadgeTemplate | None
    step: str = next(iter(STEPS))
    cursor: str = ""


def go_on(
    run: ReconcileRun,
    *,
    patience: timedelta = timedelta(),
    until: float | None = None,
    on_page: OnPage | None = None,
    unattended: bool = False,
) -> ReconcileRun:
    """Compare from where a run stands, and fix what it is to fix; the run as it is then.

    Where Credly does not let it, the run is ``stopped`` and says why; where its time (``until``, by
    ``time.monotonic()``) is over, it stays ``running``. Either way it goes on later from where it is. ``patience`` is
    the longest wait where requests are held back. ``unattended`` is where nobody would notice if Credly seemed to have
    lost very many badges at once. Raises Busy while another process works on this organization.
    """
    hold = Hold.take(run)
    try:
        asking = Asking(hold, hold.run.organization, patience=patience, until=until)
        _work(hold, asking, on_page, unattended=unattended)
        hold.keep(state=State.DONE, finished_at=timezone.now())
    except OutOfTime:
        pass
    except Stopped as why:
        hold.keep(state=State.STOPPED, error=str(why))
    except Lost:
        log.warning("Reconciliation %s was taken over by another process.", run.pk)
    except SoftTimeLimitExceeded:
        raise  # The next slice goes on from the last page.
    except Exception:
        hold.keep(state=State.STOPPED, error=_("It failed in a way that nobody foresaw. The log of the LMS has more."))
        raise
    finally:
        hold.let_go()
    hold.run.refresh_from_db()
    return hold.run


def _work(hold: Hold, asking: Asking, on_page: OnPage | None, *, unattended: bool) -> None:
    fixes.mend_found(hold, asking, unattended=unattended)  # What was found before the run was left.
    place = _place(hold.run)
    while place.template is not None:
        page, following = _read(asking, hold.run, place.template, place)
        _store(hold, place.template, page, following)
        if page.broken_off is not None:
            raise page.broken_off
        fixes.mend_found(hold, asking, unattended=unattended)
        if on_page is not None:
            on_page(hold.run)
        if asking.is_late() and following.template is not None:
            raise OutOfTime
        place = following


def _read(asking: Asking, run: ReconcileRun, template: BadgeTemplate, place: Place) -> tuple[Page, Place]:
    """A page, and where to go on after it."""
    try:
        page = STEPS[_named(place.step)](asking, run, template, place.cursor)
    except PlaceLost as why:
        # Either way from the template's beginning: what is known already is not counted again.
        anew = place._replace(step=ANEW, cursor="")
        return Page((), "", broken_off=Stopped(str(why)) if place.step == ANEW else None), anew
    return page, place._replace(cursor=page.cursor) if page.cursor is not None else _after(run, place)


def _named(step: str) -> str:
    return next(iter(STEPS)) if step == ANEW else step


def _place(run: ReconcileRun) -> Place:
    if run.step == THE_END:
        return Place(None, THE_END)
    if not run.step:
        return Place(_first_template(run, after=0))
    if run.template is None:
        raise Stopped(_("The badge template that was being compared is gone. Begin a new comparison."))
    return Place(run.template, run.step, run.cursor)


def _after(run: ReconcileRun, place: Place) -> Place:
    names = list(STEPS)
    number = names.index(_named(place.step)) + 1
    if number < len(names):
        return Place(place.template, names[number])
    template = _first_template(run, after=place.template.pk if place.template else 0)
    return Place(template) if template else Place(None, THE_END)


def _first_template(run: ReconcileRun, *, after: int) -> BadgeTemplate | None:
    """The next template that somebody can have a badge of, or is on the way to."""
    if run.only_template is not None:
        return run.only_template if run.only_template.pk > after else None
    concerned = (
        Q(status=BadgeTemplate.Status.ACTIVE)
        | Exists(BadgeAward.objects.filter(template=OuterRef("pk")))
        | Exists(BadgeProgress.objects.filter(template=OuterRef("pk")))
    )
    return run.organization.templates.filter(concerned, pk__gt=after).order_by("pk").first()


@transaction.atomic
def _store(hold: Hold, template: BadgeTemplate, page: Page, following: Place) -> None:
    """Write down what a page brought, and where to go on, both or neither."""
    run = hold.run
    if page.seen:
        BadgeAward.objects.filter(pk__in=page.seen).update(seen_in_run=run.pk)
    counts, rows = Counter(run.counts), []
    for finding in _new(run, template, page.findings):
        counts[finding.cause.value] += 1
        if finding.cause in run.fixes or counts[finding.cause.value] <= MANY:
            rows.append(_row(run, template, finding))
    ReconcileDifference.objects.bulk_create(rows, batch_size=WRITTEN_AT_ONCE)
    hold.keep(
        template=following.template,
        step=following.step,
        cursor=following.cursor,
        compared=run.compared + page.compared,
        counts=dict(counts),
    )


def _row(run: ReconcileRun, template: BadgeTemplate, finding: Finding) -> ReconcileDifference:
    return ReconcileDifference(
        run=run,
        template=template,
        cause=finding.cause,
        award_id=finding.award_id,
        learner_id=finding.learner_id,
        credly_id=finding.credly_id,
        facts=finding.facts,
    )


def _new(run: ReconcileRun, template: BadgeTemplate, findings: Collection[Finding]) -> list[Finding]:
    """Those that this run has not met before: Credly may show a badge twice, and two badges can tell of one award."""
    if not findings:
        return []
    before = run.differences.filter(template=template)
    awards = {finding.award_id for finding in findings if finding.award_id}
    learners = {finding.learner_id for finding in findings if finding.learner_id and finding.credly_id}
    strangers = {finding.credly_id for finding in findings if not finding.learner_id and finding.credly_id}
    met: set[Identity] = set()
    for narrowed in (
        before.filter(award__in=awards) if awards else None,
        before.filter(award=None, learner__in=learners) if learners else None,
        before.filter(cause__in=NOBODYS, credly_id__in=strangers) if strangers else None,
    ):
        if narrowed is not None:
            met |= {_identity(*row) for row in narrowed.values_list("cause", "award_id", "credly_id")}
    new = []
    for finding in findings:
        identity = _identity(finding.cause, finding.award_id, finding.credly_id)
        if identity not in met:
            new.append(finding)
        if identity[1] is not None:  # A learner without an award has no badge to be met by, and is met once.
            met.add(identity)
    return new


def _identity(cause: str, award_id: int | None, credly_id: UUID | None) -> Identity:
    """What makes two findings of one run the same one."""
    by_badge = cause in BY_BADGE or award_id is None
    return str(cause), credly_id if by_badge else award_id
