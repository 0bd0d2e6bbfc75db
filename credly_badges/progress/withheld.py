"""Complete progress whose badge is withheld: why, and when to try again, as what stands in the way may be gone by then.

A quota was raised, a template came back, Credly has confirmed that the badge before it was revoked; or the day has come
on which it is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import OperationalError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import awards
from ..models import BadgeAward, BadgeProgress, BadgeTemplate
from . import limits, releases

log = logging.getLogger(__name__)

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
