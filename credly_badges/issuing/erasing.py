"""The order to delete a badge of a learner who is to be forgotten: revoking leaves a record at Credly, this none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from ..credly import errors
from ..credly.client import Client
from ..models import BadgeAward, DeliveryAttempt, OutboxMessage
from .issue import PATIENCE
from .results import Blocked, Confirmed, Hopeless, Result
from .stopping import stop

OTHERS = tuple(kind for kind in OutboxMessage.Kind if kind != OutboxMessage.Kind.DELETE)
EARNER_ID = "earner_id"
"""The detail of a message by which a badge is found that Credly may have without our having heard of it."""
NOTHING_LEFT: dict[str, Any] = {
    "learner": None,
    "reason": "",
    "evidence": [],
    "issuer_earner_id": "",
    "badge_url": "",
    "accept_url": "",
    "image_url": "",
    "recipient_mark": "",
    "revocation_reason": "",
    "to_announce": "",
    "shared_at": None,
    "shows_name": False,
}
"""An award of which nobody could tell any more whose it was."""


def erase(message: OutboxMessage, client: Client, _earner_id: str) -> Result:
    """Delete a badge at Credly with all that it replaced; what is not there any more counts as deleted."""
    in_flight = stop(message.award, OTHERS)
    if in_flight is not None:
        return Blocked(_("The badge is being issued or changed at this moment."), until=in_flight)
    message.award.refresh_from_db(fields=["credly_id"])  # That may have come through since it was read.
    for badge_id in _badges(message, client):
        try:
            client.delete(badge_id)
        except errors.NotFound:
            continue
        except errors.Unauthorized:
            _ask_for_the_key_itself(client, badge_id)
            return Hopeless(
                _(
                    "The API key may not delete badges. Give it that permission at Credly, or enter one that has it, "
                    "then send this again; or delete the badge on Credly's site and drop this."
                )
            )
    return Confirmed(None)


def _badges(message: OutboxMessage, client: Client) -> list[UUID]:
    """What Credly has of an award: the badge, those before it, and one whose answer was lost."""
    award = message.award
    earlier = list(award.versions.values_list("credly_id", flat=True))
    if award.credly_id is not None:
        return [award.credly_id, *earlier]
    earner_id = str(message.details.get(EARNER_ID, ""))
    if not earner_id:
        return earlier
    held = client.find_badges(template_id=award.template.uuid, issuer_earner_id=earner_id)
    others = BadgeAward.objects.filter(credly_id__in=[badge.id for badge in held]).exclude(pk=award.pk)
    known = set(others.values_list("credly_id", flat=True))
    found = [badge.id for badge in held if badge.id not in known]
    if not found and message.attempts < PATIENCE:
        raise errors.Unavailable("Credly does not show whether an earlier attempt has issued it; its lists may lag.")
    return [*found, *earlier]


def _ask_for_the_key_itself(client: Client, badge_id: UUID) -> None:
    """Raise Unauthorized where the key can do nothing at all, so that the organization waits for another one."""
    try:
        client.badge(badge_id)
    except errors.NotFound:
        return


def forget(message: OutboxMessage, *, keep: bool) -> None:
    """Write down, in the caller's transaction, that Credly has nothing of it any more.

    The award stays without anything that tells whose it was, or goes with its messages.
    """
    if not keep:
        BadgeAward.objects.filter(pk=message.award_id).delete()
        return
    BadgeAward.objects.filter(pk=message.award_id).update(
        **NOTHING_LEFT, credly_id=None, state=BadgeAward.State.DELETED, live=None, modified=timezone.now()
    )
    message.award.versions.all().delete()
    # What Credly said may repeat a name or an address.
    OutboxMessage.objects.filter(award=message.award_id).update(details={}, error="", waiting_for="")
    DeliveryAttempt.objects.filter(message__award=message.award_id).update(said="")
