"""What is tried by itself: to award what was withheld, or what learners have earned as a badge asks for less now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from .. import criteria, waking
from ..issuing import outbox
from ..models import BadgeProgress, BadgeTemplate
from . import deciding, facts, limits, withheld
from .completion import Turn, conclude
from .withheld import COLUMNS, LONGEST_WAIT, SHORTEST_WAIT

log = logging.getLogger(__name__)

PORTION = 100
"""How many are tried in one round. Whoever was tried comes last then, so all have their turn."""
PUT_AT_ONCE = 1000
"""For how many it is set in one statement when they are tried, as each stays locked until its transaction ends."""

LATER, ON_THE_WAY, RECORDED, LEFT = "later", "on the way", "recorded", "left"
_WHOM: Mapping[str, Callable[[datetime], Q]] = {
    LATER: lambda now: Q(try_again_at__gt=now),
    ON_THE_WAY: lambda _now: Q(completed_at=None, percent__gt=0),
    RECORDED: lambda _now: Q(try_again_at__isnull=False),
    LEFT: lambda _now: Q(try_again_at=None, completed_at__isnull=False) & ~Q(withheld=""),
}


def release_withheld(template: BadgeTemplate) -> None:
    """Have all that is withheld of a badge tried again now, and what waits unsent sent.

    For a badge that left the shadow, or was resumed, or of which the day was changed on which it is sent. What arrives
    on a date is still left for that date.
    """
    outbox.wake_orders(template)
    _put(LATER, template.pk, after=0)
    wake()


def leave_withheld(template: BadgeTemplate) -> None:
    """Have nothing tried again of what was only recorded: the badge was retired without having been active."""
    _put(RECORDED, template.pk, after=0)


def take_up_what_was_left(template: BadgeTemplate) -> None:
    """Have what :func:`leave_withheld` left tried again: somebody asks for badges for what learners did before."""
    _put(LEFT, template.pk, after=0)
    wake()


def look_again(template_id: int) -> None:
    """Have everybody looked at again who is on the way to a badge that asks for less than it did.

    What they have done may be enough now, and nothing that happens would tell them so.
    """
    _put(ON_THE_WAY, template_id, after=0)
    wake()


def _put(whom: str, template_id: int, *, after: int) -> bool:
    """Set when a portion of them is tried; whether that was all, or a worker does the next portion."""
    now = timezone.now()
    mine = BadgeProgress.objects.filter(_WHOM[whom](now), template=template_id, pk__gt=after)
    numbers = list(mine.order_by("pk").values_list("pk", flat=True)[:PUT_AT_ONCE])
    BadgeProgress.objects.filter(pk__in=numbers).update(try_again_at=None if whom == RECORDED else now)
    if len(numbers) < PUT_AT_ONCE:
        return True
    transaction.on_commit(lambda: waking.send(put_the_rest, whom, template_id, numbers[-1]), robust=True)
    return False


@shared_task(name="credly_badges.progress.put_the_rest", **waking.STORED_WORK, soft_time_limit=120, time_limit=150)
def put_the_rest(whom: str, template_id: int, after: int) -> None:
    """What a request has begun and should not wait for, portion by portion."""
    if _put(whom, template_id, after=after):
        wake()


def wake() -> None:
    """Have a worker try again what is withheld and due; if the broker is away, a sweep does it."""
    transaction.on_commit(lambda: waking.send(award_withheld), robust=True)


@shared_task(name="credly_badges.progress.award_withheld", **waking.STORED_WORK, soft_time_limit=120, time_limit=150)
def award_withheld() -> None:
    """Worker's side of :func:`wake`: a portion, and then the next, until nothing is due."""
    if try_again() == PORTION:
        wake()


def try_again(limit: int = PORTION) -> int:
    """Try to award what was withheld, or may be earned by now, and whose time has come; how much that was.

    What cannot be awarded at all, because the template is inactive, waits without costing anything.
    """
    now = timezone.now()
    numbers = _due(now, limit)
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


def _due(now: datetime, limit: int) -> list[int]:
    """Whose time has come, of active badges; of the badge first that has waited longest.

    Badge by badge, each in the order of an index: there may be a million who wait for a badge that is paused.
    """
    due = BadgeProgress.objects.filter(try_again_at__lte=now).order_by("try_again_at")
    first = due.filter(template=OuterRef("pk")).values("try_again_at")[:1]
    awarded = BadgeTemplate.objects.filter(
        status=BadgeTemplate.Status.ACTIVE, credly_state=BadgeTemplate.CredlyState.ACTIVE
    )
    waiting = awarded.order_by().annotate(first=Subquery(first)).values_list("first", "pk")
    found: list[int] = []
    for _first, template_id in sorted(each for each in waiting if each[0] is not None):
        mine = due.filter(template=template_id).values_list("pk", flat=True)
        found += mine[: limit - len(found)]
        if len(found) == limit:
            break
    return found


@transaction.atomic
def _try(number: int, now: datetime) -> None:
    template = limits.locked(BadgeTemplate.objects.get(progress=number))
    # Locked and read anew: an event, or another sweep, may have been faster.
    mine = BadgeProgress.objects.select_for_update().filter(pk=number, try_again_at__lte=now)
    progress = mine.first()
    if progress is None or not template.is_active:
        return
    if progress.completed_at is None:
        _look_again(progress, template)
    else:
        _award(progress, template, now)


def _award(progress: BadgeProgress, template: BadgeTemplate, now: datetime) -> None:
    earned_at = progress.earned_at or progress.completed_at
    if not progress.withheld or earned_at is None:
        withheld.forget(progress)  # It was awarded some other way.
    else:
        wait = min(max(now - progress.modified, SHORTEST_WAIT), LONGEST_WAIT)
        withheld.award(progress, template, earned_at, deciding.scopes(progress, earned_at), wait=wait)
    # While it is withheld, ``modified`` stays: it tells since when.
    progress.save(update_fields=COLUMNS if progress.withheld else [*COLUMNS, "modified"])


def _look_again(progress: BadgeProgress, template: BadgeTemplate) -> None:
    """See whether what was met is enough, by the version by which the learner is judged."""
    withheld.forget(progress)
    known, asked = facts.locked(progress), criteria.shape(template.pk, progress.version)
    now = facts.standing_by(asked, known)
    scopes = deciding.scopes(progress, now.completed_at) if now.completed_at else ()
    turn = Turn(criteria=asked, before=known, after=known, gained=False, at=timezone.now(), scopes=scopes)
    conclude(progress, template, now, turn)
