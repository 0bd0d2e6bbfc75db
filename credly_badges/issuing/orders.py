"""Carrying out one order at Credly, and nothing else: what came of it is stored by the caller.

Every function here may raise the errors of ``credly.errors``.
"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf, lms
from ..connections import NoKey, connect
from ..credly import errors, wire
from ..credly.client import Client
from ..models import BadgeAward, OutboxMessage
from ..models.encryption import UndecryptableSecret
from .results import Blocked, Confirmed, Hopeless, NoAccess, Result

REVOKED = "revoked"


def carry_out(message: OutboxMessage, earner_id: str) -> Result:
    """Do at Credly what a message says, looking first where it may have been done without our hearing of it.

    ``earner_id`` is the learner's; empty where the learner has left.
    """
    try:
        client = connect(message.organization)
    except (NoKey, UndecryptableSecret, ImproperlyConfigured, ValueError) as fault:  # Or a key that can be none.
        return NoAccess(str(fault))
    if message.kind == OutboxMessage.Kind.ISSUE:
        return _issue(message, client, earner_id)
    return _revoke(message, client, earner_id)


def _issue(message: OutboxMessage, client: Client, earner_id: str) -> Result:
    award = message.award
    learner = lms.learner(award.learner_id) if award.learner_id else None
    if learner is None:
        return Hopeless(_("The learner has no account any more. Drop the message."))
    badge = _find(client, award, earner_id) if message.look_first else None
    if badge is not None:
        return Confirmed(badge, learner, earner_id, found=True)
    order = _order(award, learner, earner_id)
    if isinstance(order, Blocked):
        return order
    try:
        return Confirmed(client.issue(order), learner, earner_id)
    except errors.Duplicate:
        # It may be ours, from an answer that was lost, or older than this plugin and known by the address alone.
        badge = _find(client, award, earner_id) or _find(client, award, email=learner.email)
        if badge is None:
            raise
        return Confirmed(badge, learner, earner_id, found=True)


def _order(award: BadgeAward, learner: lms.Learner, earner_id: str) -> wire.IssueOrder | Blocked:
    """What to ask of Credly, or why it has to wait. Of the learner, only name and address leave the LMS."""
    if not learner.is_active:
        return Blocked(_("The learner's account is not active yet; the badge is sent once it is."))
    if not learner.email:
        return Blocked(_("The learner's account has no e-mail address, and Credly knows people by theirs."))
    try:
        name = lms.name_of(learner)
    except lms.NoName as missing:
        return Blocked(missing.sentence)
    return wire.IssueOrder(
        template_id=award.template.uuid,
        recipient_email=learner.email,
        first_name=name.first,
        middle_name=name.middle,
        last_name=name.last,
        issued_at=award.earned_at,
        issuer_earner_id=earner_id,
        evidence=tuple(wire.Evidence(**item) for item in award.evidence),
        suppress_notification=conf.suppress_credly_email(),
    )


def _find(client: Client, award: BadgeAward, earner_id: str = "", *, email: str = "") -> wire.Badge | None:
    """The learner's standing badge at Credly that no other award of ours accounts for."""
    candidates = [
        badge
        for badge in client.find_badges(template_id=award.template.uuid, issuer_earner_id=earner_id, email=email)
        if badge.state != REVOKED and badge.replacement_badge_id is None
    ]
    taken = set(
        BadgeAward.objects.filter(credly_id__in=[badge.id for badge in candidates])
        .exclude(pk=award.pk)
        .values_list("credly_id", flat=True)
    )
    return next((badge for badge in candidates if badge.id not in taken), None)


def _revoke(message: OutboxMessage, client: Client, earner_id: str) -> Result:
    award = message.award
    award.refresh_from_db(fields=["credly_id"])  # The order to issue it may have come through since it was read.
    badge_id = award.credly_id
    if badge_id is None:
        in_flight = _stop_issuing(award)
        if in_flight is not None:
            return Blocked(_("The badge is being issued at this moment."), until=in_flight)
        badge = _find(client, award, earner_id) if earner_id else None
        if badge is None:
            return Confirmed(None)
        badge_id = badge.id
    try:
        if message.look_first:
            badge = client.badge(badge_id)
            if badge.state == REVOKED:
                return Confirmed(badge, found=True)
        return Confirmed(client.revoke(badge_id, award.revocation_reason))
    except errors.NotFound:
        return Confirmed(None)  # Deleted at Credly: there is nothing left to revoke.


def _stop_issuing(award: BadgeAward) -> datetime | None:
    """Drop the order to issue an award, or say until when a worker has it in hand."""
    now = timezone.now()
    order = award.messages.filter(kind=OutboxMessage.Kind.ISSUE, open=True).first()
    if order is None:
        return None
    if order.state == OutboxMessage.State.DELIVERING and order.not_before > now:
        return order.not_before
    stopped = OutboxMessage.objects.filter(pk=order.pk, open=True, lease=order.lease).update(
        open=None, state=OutboxMessage.State.DROPPED, lease=None, finished_at=now
    )
    return None if stopped else now + conf.first_wait()
