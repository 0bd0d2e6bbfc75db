"""The order to put another badge in the place of a learner's: renewed, corrected, or sent to a new address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf, evidence, lms
from ..credly import errors, wire
from ..credly.client import Client
from ..models import BadgeAward, BadgeVersion, OutboxMessage
from .finding import current, issued_at_the_same_time, look
from .issue import REPLACE, Expiry, learner_of, name_for, order_for
from .mirror import RENEWAL, REVOKED, hand_over
from .results import Blocked, Confirmed, Hopeless, Needless, Result

ADDRESS = "address"
PENDING = "pending"

MOST_TRIES = 3
"""How often a badge that was replaced in the meantime is followed within one attempt."""


@dataclass(frozen=True)
class Details:
    """What an order to replace says of the new badge. ``expires_at`` is None where it does not say."""

    cause: str
    earned_at: datetime | None = None
    expires_at: Expiry = None

    @classmethod
    def of(cls, message: OutboxMessage) -> Details:
        """Those of a message."""
        details: dict[str, Any] = message.details
        earned_at, expires_at = details.get("earned_at"), details.get("expires_at")
        return cls(
            cause=details.get("cause", ""),
            earned_at=datetime.fromisoformat(earned_at) if earned_at else None,
            expires_at=datetime.fromisoformat(expires_at) if isinstance(expires_at, str) else expires_at,
        )


def replace_badge(message: OutboxMessage, client: Client, earner_id: str) -> Result:
    """Put another badge in the place of an award's, looking first where it may have been done already."""
    award, details = message.award, Details.of(message)
    # The order to issue it may have come through since the message was read, or somebody may have revoked it.
    award.refresh_from_db(fields=["credly_id", "live", "earned_at", "expires_at"])
    obstacle = _why_not(award)
    if obstacle is not None or award.credly_id is None:
        return obstacle or Hopeless(_("Credly has no badge for this award, so there is none to replace."))
    learner = learner_of(award)
    if isinstance(learner, Hopeless):
        return learner
    name = name_for(learner)
    if isinstance(name, Blocked):
        return name
    if details.cause == ADDRESS:
        return _move(message, client, award.credly_id, learner, earner_id)
    order = _order(award, details, learner, name, earner_id)
    try:
        result = _replace(message, client, award.credly_id, order)
    except errors.Refused:
        award.refresh_from_db(fields=["live"])
        needless = _why_not(award)  # Credly may have objected to what has become of the award in the meantime.
        if needless is None:
            raise
        return needless
    return replace(result, learner=learner, earner_id=earner_id)


def _why_not(award: BadgeAward) -> Result | None:
    """Why a badge is not to be replaced, or not now."""
    open_kinds = dict(award.messages.filter(open=True).values_list("kind", "state"))
    if not award.live or open_kinds.get(OutboxMessage.Kind.REVOKE) in OutboxMessage.TAKEABLE:
        return Needless(_("The award was revoked, so its badge is not replaced any more."))
    if award.credly_id is None and open_kinds.get(OutboxMessage.Kind.ISSUE) in OutboxMessage.TAKEABLE:
        until = timezone.now() + conf.first_wait()
        return Blocked(_("The badge has not been issued yet; it is replaced after that."), until=until)
    return None


def _order(
    award: BadgeAward, details: Details, learner: lms.Learner, name: lms.Name, earner_id: str
) -> wire.ReplaceOrder:
    """The whole new badge: Credly takes out what is left out."""
    expires_at = details.expires_at
    if expires_at is None and details.cause != RENEWAL:
        expires_at = award.expires_at or False  # As it is. A renewal without one has what the template says at Credly.
    return wire.ReplaceOrder(
        template_id=award.template.uuid,
        issued_at=details.earned_at or award.earned_at,
        first_name=name.first,
        middle_name=name.middle,
        last_name=name.last,
        issuer_earner_id=earner_id,
        expires_at=expires_at,
        evidence=evidence.of(award, learner, earned_at=details.earned_at),
    )


def _replace(message: OutboxMessage, client: Client, badge_id: UUID, order: wire.ReplaceOrder) -> Confirmed:
    if message.look_first:
        badge = current(client, client.badge(badge_id))
        if _came_of(message, badge, badge_id, order):
            return Confirmed(badge, found=True)
        badge_id = badge.id
    for _try in range(MOST_TRIES):
        try:
            return Confirmed(client.replace(badge_id, order))
        except errors.AlreadyReplaced as refusal:
            badge = current(client, client.badge(refusal.current_badge_id or badge_id))
            if badge.id == badge_id:
                raise
            if message.look_first and _came_of(message, badge, badge_id, order):
                return Confirmed(badge, found=True)
            badge_id = badge.id
    raise errors.Unavailable("The badge was replaced at Credly again and again while it was being replaced from here.")


def _came_of(message: OutboxMessage, badge: wire.Badge, badge_id: UUID, order: wire.ReplaceOrder) -> bool:
    """Whether a badge is what an earlier attempt at this order brought about, its answer lost."""
    if badge.id == badge_id and not _took_over(message, badge):
        return False
    same_expiry = order.expires_at is None or (badge.expires_at or False) == order.expires_at
    return issued_at_the_same_time(badge, order.issued_at) and same_expiry


def _took_over(message: OutboxMessage, badge: wire.Badge) -> bool:
    """Whether the award came to stand for this badge since the order was written: Credly's notice came first."""
    versions = BadgeVersion.objects.filter(award_id=message.award_id, replaced_at__gte=message.created)
    return badge.replaces_badge_id is not None and versions.filter(credly_id=badge.replaces_badge_id).exists()


def _move(message: OutboxMessage, client: Client, badge_id: UUID, learner: lms.Learner, earner_id: str) -> Result:
    """Send a badge that nobody has accepted yet to the learner's present address.

    Credly's replacement keeps the address; an order to issue that replaces a duplicate changes it while it is pending.
    """
    award = message.award
    confirmed = partial(Confirmed, learner=learner, earner_id=earner_id)
    badge = current(client, client.badge(badge_id))
    if badge.recipient_email.casefold() == learner.email.casefold():
        if message.look_first:
            _withdraw_all(message, client)
        return confirmed(badge, found=True)
    if badge.state != PENDING:
        return Needless(_("The badge is not pending any more; it stays with the account that it was sent to."))
    if _holds_others(award):
        return Hopeless(
            _(
                "The learner holds several badges of this template, and Credly cannot tell which one is to go to the "
                "new address. Revoke this one and issue it again, or drop the message."
            )
        )
    moved = look(client, award, earner_id, email=learner.email).badge if message.look_first else None
    if moved is None:
        order = order_for(award, learner, earner_id)
        if isinstance(order, Blocked):
            return order
        keeping = replace(order, duplicate_behavior=REPLACE, expires_at=badge.expires_at or False)
        moved = client.issue(keeping)
    if moved.id != badge.id:
        # The template allows duplicates, so Credly has made another badge. The award stands for that one before the
        # old one is revoked, or what Credly says of the old one would revoke the award.
        hand_over(award.pk, badge_id, moved.id, because=_("Sent to the learner's new address."))
        _withdraw_all(message, client)
    return confirmed(moved)


def _holds_others(award: BadgeAward) -> bool:
    standing = BadgeAward.objects.filter(learner_id=award.learner_id, template_id=award.template_id, live=True)
    return standing.exclude(pk=award.pk).exclude(credly_id=None).exists()


def _withdraw_all(message: OutboxMessage, client: Client) -> None:
    """Revoke the badges that stood for the award when the order was written, and were not replaced by Credly."""
    earlier = BadgeVersion.objects.filter(award_id=message.award_id, replaced_at__gte=message.created)
    for version in earlier:
        badge = client.badge(version.credly_id)
        if badge.state != REVOKED and badge.replacement_badge_id is None:
            client.revoke(badge.id, _("It was sent again to the learner's new address."), suppress_notification=True)
