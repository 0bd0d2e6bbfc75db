"""Complete progress whose badge was withheld: tried again by itself, as what stood in the way may be gone.

A quota was raised, a template came back, Credly has confirmed that the badge before it was revoked.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Case, Value, When
from django.utils import timezone

from .. import awards
from ..models import BadgeAward, BadgeProgress, BadgeTemplate, ReceivedEvent

log = logging.getLogger(__name__)

PORTION = 100
"""How many are tried in one round. Whoever was tried comes last then, so all have their turn."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
"""Between two tries lies as much time as it has been withheld already, but no less and no more than this."""

COLUMNS = ("withheld", "earned_at", "try_again_at")


def award(
    progress: BadgeProgress,
    template: BadgeTemplate,
    earned_at: datetime,
    scopes: Collection[str],
    *,
    look_back: bool = True,
) -> None:
    """Award the badge, or note on the locked progress why it cannot be awarded and when to try again.

    The caller saves the progress.
    """
    try:
        awards.grant(
            learner_id=progress.learner_id,
            template=template,
            earned_at=earned_at,
            source=BadgeAward.Source.REQUIREMENTS,
            scopes=scopes,
            look_back=look_back,
        )
    except awards.NotGrantable as refusal:
        if not progress.withheld:
            log.warning("Badge %s was withheld from a learner who completed it: %s", template.pk, refusal.sentence)
        progress.withheld, progress.earned_at = refusal.sentence[:500], earned_at
        progress.try_again_at = timezone.now() + SHORTEST_WAIT
    else:
        forget(progress)


def forget(progress: BadgeProgress) -> None:
    """Note that nothing is withheld; the caller saves it."""
    progress.withheld, progress.earned_at, progress.try_again_at = "", None, None


def release_withheld(template: BadgeTemplate) -> int:
    """Have all that is withheld of a badge tried again now, and what waits unsent sent; how many learners wait for it.

    For a badge that left the shadow, or was resumed. What arrives on a date is still left for that date.
    """
    raise NotImplementedError


def try_again(limit: int = PORTION) -> int:
    """Try to award what was withheld and whose time has come; how much that was.

    What cannot be awarded at all, because the template is inactive, waits without costing anything.
    """
    now = timezone.now()
    due = BadgeProgress.objects.filter(
        try_again_at__lte=now,
        template__status=BadgeTemplate.Status.ACTIVE,
        template__credly_state=BadgeTemplate.CredlyState.ACTIVE,
    )
    numbers = list(due.order_by("try_again_at").values_list("pk", flat=True)[:limit])
    for number in numbers:
        try:
            _try(number, now)
        except SoftTimeLimitExceeded:
            raise  # The time of the whole sweep is up; that is nothing about this one.
        except Exception:
            # One that fails must not hold up the rest, and comes last next time.
            log.exception("The badge that was withheld from progress %s could not be awarded.", number)
            BadgeProgress.objects.filter(pk=number).update(try_again_at=now + LONGEST_WAIT)
    return len(numbers)


@transaction.atomic
def _try(number: int, now: datetime) -> None:
    # Locked and read anew: an event, or another sweep, may have been faster.
    mine = BadgeProgress.objects.select_for_update().filter(pk=number, try_again_at__lte=now)
    progress = mine.first()
    if progress is None:
        return
    earned_at = progress.earned_at or progress.completed_at
    if not progress.withheld or earned_at is None:
        forget(progress)  # It was awarded some other way.
    else:
        award(progress, progress.template, earned_at, deciding_scopes(progress, earned_at))
    if progress.withheld:
        # ``modified`` stays: it tells since when it is withheld.
        wait = min(max(now - progress.modified, SHORTEST_WAIT), LONGEST_WAIT)
        progress.try_again_at = now + wait
        progress.save(update_fields=COLUMNS)
    else:
        progress.save(update_fields=[*COLUMNS, "modified"])


def deciding_scopes(progress: BadgeProgress, earned_at: datetime) -> Collection[str]:
    """The place of the event by which the badge was earned, by which it is judged whether it is available."""
    met = progress.fulfillments.filter(holds=True).select_related("requirement")
    first = Case(When(decided_at=earned_at, then=Value(0)), default=Value(1))
    deciding = met.order_by(first, "-decided_at").first()
    if deciding is None:
        return ()
    event = ReceivedEvent.objects.filter(
        learner=progress.learner_id, kind=deciding.requirement.event_type, subject=deciding.subject
    ).first()
    return event.scopes if event else (deciding.subject, deciding.requirement.scope)
