"""Telling the rest of Open edX, once Credly has confirmed: BADGE_AWARDED and BADGE_REVOKED of openedx-events."""

from __future__ import annotations

import logging

from openedx_events.learning.data import BadgeData, BadgeTemplateData, UserData, UserPersonalData
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

from .. import lms
from ..models import BadgeAward

log = logging.getLogger(__name__)

AWARDED = "awarded"
REVOKED = "revoked"
ORIGIN = "credly"

SIGNALS = {AWARDED: BADGE_AWARDED, REVOKED: BADGE_REVOKED}


def announce(award_id: int) -> None:
    """Send the event that an award still owes. However many processes come here, one of them sends it."""
    award = BadgeAward.objects.select_related("template").get(pk=award_id)
    owed = award.to_announce
    if not owed or not BadgeAward.objects.filter(pk=award_id, to_announce=owed).update(to_announce=""):
        return
    learner = lms.learner(award.learner_id) if award.learner_id else None
    if learner is None:
        log.warning("Award %s is %s, but its learner has left; no event is sent.", award.uuid, owed)
        return
    SIGNALS[owed].send_event(
        badge=BadgeData(
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
    )


def announce_all(limit: int = 500) -> int:
    """Send what processes that died left unsent; how much that was."""
    award_ids = list(BadgeAward.objects.exclude(to_announce="").order_by("pk").values_list("pk", flat=True)[:limit])
    for award_id in award_ids:
        announce(award_id)
    return len(award_ids)
