"""Telling the rest of Open edX, once Credly has confirmed: BADGE_AWARDED and BADGE_REVOKED of openedx-events."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from openedx_events.learning.data import BadgeData, BadgeTemplateData, UserData, UserPersonalData
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

from .. import lms
from ..models import BadgeAward

log = logging.getLogger(__name__)

AWARDED = "awarded"
REVOKED = "revoked"
ORIGIN = "credly"

SIGNALS = {AWARDED: BADGE_AWARDED, REVOKED: BADGE_REVOKED}


CLAIM = timedelta(minutes=1)
"""For how long an award that was just touched is left to whoever touched it."""


def announce(award: BadgeAward, owed: str, *, learner: lms.Learner | None = None) -> None:
    """Send the event that an award still owes: AWARDED, REVOKED, or none where ``owed`` is empty.

    ``learner`` is the award's, where the caller has just read them.

    The mark is taken off afterwards, so a process that dies in between leaves it, and the event is sent again: those
    who listen may hear one twice, and never miss one.
    """
    if not owed:
        return
    if learner is None and award.learner_id:
        learner = lms.learner(award.learner_id)
    if learner is None:
        log.warning("Award %s is %s, but its learner has left; no event is sent.", award.uuid, owed)
    else:
        SIGNALS[owed].send_event(badge=_data(award, learner))
    BadgeAward.objects.filter(pk=award.pk, to_announce=owed).update(to_announce="")


def announce_all(limit: int = 500) -> int:
    """Send what processes that died left unsent; how much that was."""
    left = BadgeAward.objects.filter(to_announce__in=SIGNALS, modified__lt=timezone.now() - CLAIM)
    sent = 0
    for award in left.select_related("template").order_by("modified")[:limit]:
        # Of several sweeps one claims it.
        unclaimed = BadgeAward.objects.filter(pk=award.pk, modified=award.modified, to_announce=award.to_announce)
        if not unclaimed.update(modified=timezone.now()):
            continue
        try:
            announce(award, award.to_announce)
        except SoftTimeLimitExceeded:
            raise  # The time of the whole sweep is up; the next one sends the rest.
        except Exception:
            # One that cannot be sent must not hold up the rest; it stays marked, and comes last next time.
            log.exception("The event of award %s could not be sent.", award.pk)
        else:
            sent += 1
    return sent


def _data(award: BadgeAward, learner: lms.Learner) -> BadgeData:
    return BadgeData(
        uuid=str(award.uuid),
        user=UserData(
            id=learner.id,
            is_active=learner.is_active,
            pii=UserPersonalData(username=learner.username, email=learner.email, name=learner.profile_name),
        ),
        template=BadgeTemplateData(
            uuid=str(award.template.uuid),
            origin=ORIGIN,
            name=award.template.name,
            description=award.template.description,
            image_url=award.template.image_url,
        ),
    )
