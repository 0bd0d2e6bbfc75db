"""Complete progress whose badge was withheld: tried again by itself, as what stood in the way may be gone.

A quota was raised, a template came back, Credly has confirmed that the badge before it was revoked; or the day has come
on which it is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import awards, waking
from ..issuing import outbox
from ..models import BadgeAward, BadgeProgress, BadgeTemplate
from . import deciding, limits, releases

log = logging.getLogger(__name__)

PORTION = 100
"""How many are tried in one round. Whoever was tried comes last then, so all have their turn."""
BROUGHT_FORWARD = 1000
"""How many are made due in one statement, as each stays locked until its transaction ends."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
"""Between two tries lies as much time as it has been withheld already, but no less and no more than this."""

COLUMNS = ("withheld", "earned_at", "try_again_at")


class NotYet(awards.NotGrantable):
    """The badge was earned and is sent later: at ``again_at``, if learners earn the badge by then."""

    def __init__(self, sentence: str, again_at: datetime) -> None:
        super().__init__(sentence)
        self.again_at = again_at


def award(
    progress: BadgeProgress,
    template: BadgeTemplate,
    earned_at: datetime,
    scopes: Collection[str],
    *,
    look_back: bool = True,
    wait: timedelta = SHORTEST_WAIT,
) -> None:
    """Award the badge, or note on the locked progress why it cannot be awarded and when to try again.

    ``wait`` is for how long, where nothing says when what stands in the way is gone. The caller saves the progress,
    and has locked a template that has a limit.
    """

    def grant() -> awards.Grant:
        return awards.grant(
            learner_id=progress.learner_id,
            template=template,
            earned_at=earned_at,
            source=BadgeAward.Source.REQUIREMENTS,
            scopes=scopes,
            look_back=look_back,
            version=progress.version,
        )

    again_at = timezone.now() + wait
    try:
        _see_that_it_is_time(progress, template, earned_at)
        limits.within(template, grant)
    except awards.NotGrantable as refusal:
        if isinstance(refusal, limits.Reached):
            limits.pause(template, refusal.sentence)
        if isinstance(refusal, NotYet):
            again_at = refusal.again_at
        elif not progress.withheld:
            log.warning("Badge %s was withheld from a learner who completed it: %s", template.pk, refusal.sentence)
        progress.withheld, progress.earned_at, progress.try_again_at = refusal.sentence[:500], earned_at, again_at
    else:
        forget(progress)


def _see_that_it_is_time(progress: BadgeProgress, template: BadgeTemplate, earned_at: datetime) -> None:
    """Raises NotYet for a badge that is only recorded, or is sent later."""
    now = timezone.now()
    if template.status == BadgeTemplate.Status.SHADOW:
        raise NotYet(recorded_only(), now)  # Nothing of it is tried before it is active, and then all is due.
    try:
        at = releases.not_before(progress, template, earned_at)
    except OperationalError:
        raise  # A deadlock; the whole transaction is tried again.
    except Exception:
        # A badge cannot be unsent, so while the LMS cannot be asked it waits.
        log.exception("The LMS could not tell when badge %s may be sent.", template.pk)
        raise NotYet(
            _("Earned; the LMS could not tell when it arrives. It is asked again."), now + LONGEST_WAIT
        ) from None
    if at is not None and at > now:
        day = date_format(timezone.localtime(at), "DATE_FORMAT")
        raise NotYet(_("Earned; arrives on %(day)s.") % {"day": day}, at)


def recorded_only() -> str:
    """Why a badge in shadow mode is not awarded."""
    return _("Recorded only: this badge is in shadow mode. Activate it, and what is due is sent.")


def forget(progress: BadgeProgress) -> None:
    """Note that nothing is withheld; the caller saves it."""
    progress.withheld, progress.earned_at, progress.try_again_at = "", None, None


def release_withheld(template: BadgeTemplate) -> None:
    """Have all that is withheld of a badge tried again now, and what waits unsent sent.

    For a badge that left the shadow, or was resumed, or of which the day was changed on which it is sent. What arrives
    on a date is still left for that date.
    """
    outbox.wake_orders(template)
    _bring_forward(template.pk, after=0)
    wake()


def _bring_forward(template_id: int, *, after: int) -> bool:
    """Make a portion due of what was to be tried later; whether that was all, or a worker does the next portion."""
    now = timezone.now()
    later = BadgeProgress.objects.filter(template=template_id, try_again_at__gt=now, pk__gt=after)
    numbers = list(later.order_by("pk").values_list("pk", flat=True)[:BROUGHT_FORWARD])
    BadgeProgress.objects.filter(pk__in=numbers).update(try_again_at=now)
    if len(numbers) < BROUGHT_FORWARD:
        return True
    transaction.on_commit(lambda: waking.send(bring_forward, template_id, numbers[-1]), robust=True)
    return False


@shared_task(name="credly_badges.progress.bring_forward", **waking.STORED_WORK, soft_time_limit=120, time_limit=150)
def bring_forward(template_id: int, after: int) -> None:
    """Worker's side of :func:`release_withheld`, where there is more than one request should wait for."""
    if _bring_forward(template_id, after=after):
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
    """Try to award what was withheld and whose time has come; how much that was.

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
    earned_at = progress.earned_at or progress.completed_at
    if not progress.withheld or earned_at is None:
        forget(progress)  # It was awarded some other way.
    else:
        wait = min(max(now - progress.modified, SHORTEST_WAIT), LONGEST_WAIT)
        award(progress, template, earned_at, deciding.scopes(progress, earned_at), wait=wait)
    # While it is withheld, ``modified`` stays: it tells since when.
    progress.save(update_fields=COLUMNS if progress.withheld else [*COLUMNS, "modified"])
