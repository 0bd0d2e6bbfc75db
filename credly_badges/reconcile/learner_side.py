"""The third step: learners who met all requirements and never had an award for it."""

from __future__ import annotations

from django.utils import timezone

from ..models import BadgeAward, BadgeProgress, BadgeTemplate, ReconcileRun
from ..progress.withheld import LONGEST_WAIT
from .asking import Asking
from .causes import Cause
from .compare import Finding
from .known import suspected
from .page import Page

AT_ONCE = 1_000


def read(_asking: Asking, run: ReconcileRun, template: BadgeTemplate, cursor: str) -> Page:
    """Some learners who are through, in the order of their numbers.

    An award that was revoked or dropped counts as one: a person decided.
    """
    if not template.is_active or template.credly_state != BadgeTemplate.CredlyState.ACTIVE:
        return Page((), cursor=None)
    complete = BadgeProgress.objects.filter(template=template, completed_at__isnull=False, pk__gt=int(cursor or 0))
    # What is sent later than withheld badges are tried again, arrives on a day of its own.
    expected = complete.exclude(try_again_at__gt=timezone.now() + LONGEST_WAIT)
    found = list(expected.order_by("pk").only("learner", "completed_at", "withheld")[:AT_ONCE])
    learners = [progress.learner_id for progress in found]
    awards = BadgeAward.objects.filter(template=template, learner__in=learners)
    # Whose badge Credly has, and nobody here knew of, is told of by that.
    accounted = {*awards.values_list("learner_id", flat=True), *suspected(run, template, learners)}
    return Page(
        [_finding(progress) for progress in found if progress.learner_id not in accounted],
        cursor=str(found[-1].pk) if len(found) == AT_ONCE else None,
    )


def _finding(progress: BadgeProgress) -> Finding:
    facts = {"completed_at": progress.completed_at.isoformat() if progress.completed_at else None}
    if progress.withheld:
        facts["withheld"] = progress.withheld
    return Finding(Cause.NOT_AWARDED, learner_id=progress.learner_id, facts=facts)
