"""Bringing an award to what Credly says of its badge: the state, the dates, the addresses, and which badge it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit
from ..credly import quirks, wire
from ..models import BadgeAward, BadgeVersion, CredlyOrganization, EarnerIdentifier, OutboxMessage
from . import announce, told

REVOKED = "revoked"
RENEWAL = "renewal"

State = BadgeAward.State

# Credly gives each address only in the states in which it is of use, and leaves both out of some lists.
HAS_PAGE = frozenset({"accepted"})
HAS_ACCEPT_PAGE = frozenset({"pending"})

AUDITED = ("state", "live", "credly_id", "expires_at", "is_public", "badge_url", "accept_url", "image_url")


@dataclass(frozen=True)
class Followed:
    """What came of one word of Credly's: the award it is about, whether that changed, and why in a sentence.

    ``fetch`` is a badge that has taken this one's place: get it from Credly and follow it as well, and where Credly has
    it no longer, say so to ``deleted``.
    """

    award: BadgeAward | None
    changed: bool
    sentence: str
    fetch: UUID | None = None


@transaction.atomic
def follow(badge: wire.Badge, *, as_of: datetime, organization: CredlyOrganization) -> Followed:
    """Bring the award that a Credly badge belongs to, to what Credly says; an older word never overturns a newer one.

    ``as_of`` is when Credly said it, for a badge that does not carry its own time of change.
    """
    award = _locked(badge.id, organization)
    if award is None:
        return _follow_replacement(badge, as_of, organization) or _unaccounted(badge, organization)
    if badge.replacement_badge_id is not None:
        return _hand_over(award, badge.replacement_badge_id, stamp(badge, as_of))
    return _apply(award, badge, as_of)


@transaction.atomic
def deleted(credly_id: UUID, *, as_of: datetime, organization: CredlyOrganization) -> Followed:
    """Record that a badge was erased at Credly: the learner has it no longer, and nobody here revoked it."""
    award = _locked(credly_id, organization)
    if award is None:
        version = _version(credly_id)
        if version is not None and version.award.template.organization_id == organization.pk:
            sentence = _("An earlier version of a badge was deleted at Credly; another stands in its place.")
            return Followed(version.award, False, sentence)
        return Followed(None, False, _("No award here has the badge that was deleted at Credly."))
    if award.state == State.DELETED:
        return Followed(award, False, _("That the badge was deleted at Credly is known already."))
    changes: dict[str, Any] = {
        "state": State.DELETED,
        "live": None,
        "badge_url": "",
        "accept_url": "",
        "credly_updated_at": max(as_of, award.credly_updated_at or as_of),
    }
    _write(award, changes, announce.REVOKED if award.live and award.issued_at else "")
    return Followed(award, True, _("The badge was deleted at Credly."))


def differs(award: BadgeAward, badge: wire.Badge) -> dict[str, list[Any]]:
    """The facts in which an award and its Credly badge differ, ours and theirs; empty where they agree."""
    if badge.replacement_badge_id is not None:
        theirs: Mapping[str, Any] = {"credly_id": badge.replacement_badge_id}
    else:
        theirs = facts(award, badge)
    return {
        name: [_spelled(getattr(award, name)), _spelled(value)]
        for name, value in theirs.items()
        if getattr(award, name) != value
    }


def stamp(badge: wire.Badge, as_of: datetime) -> datetime:
    """When Credly last changed a badge, by its own clock where it says so."""
    return badge.updated_at or badge.state_updated_at or as_of


def facts(award: BadgeAward, badge: wire.Badge) -> dict[str, Any]:
    """The columns of an award as its badge says they should be."""
    facts = {
        "state": State(quirks.BADGE_STATES[badge.state]),
        "expires_at": badge.expires_at,
        "is_public": badge.public,
        "badge_url": badge.badge_url or (award.badge_url if badge.state in HAS_PAGE else ""),
        "accept_url": badge.accept_url or (award.accept_url if badge.state in HAS_ACCEPT_PAGE else ""),
        "image_url": badge.image_url or award.image_url,
    }
    if badge.state == REVOKED and badge.revocation_reason:
        facts["revocation_reason"] = badge.revocation_reason[:500]
    return facts


def expiry_untold(award: BadgeAward, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What goes with a change of the expiry date: that it has come is to be told anew."""
    return {"expiry_told": False} if changes.get("expires_at", award.expires_at) != award.expires_at else {}


def keep_version(award: BadgeAward, *, replaced_at: datetime, because: str) -> None:
    """Remember the badge that an award, locked by the caller, has stood for until now."""
    if award.credly_id is not None:
        BadgeVersion.objects.create(
            award=award,
            credly_id=award.credly_id,
            earned_at=award.earned_at,
            expires_at=award.expires_at,
            replaced_at=replaced_at,
            because=because[:255],
        )


def why_replaced(order: OutboxMessage) -> str:
    """What somebody gave as the reason for a replacement; a learner who qualifies again gives none."""
    renewed = _("Renewed.") if order.details.get("cause") == RENEWAL else ""
    return order.details.get("because") or renewed


@transaction.atomic
def hand_over(award_id: int, old: UUID, successor: UUID, *, because: str) -> None:
    """Have an award stand for another badge than until now, if it still stands for the old one."""
    award = BadgeAward.objects.select_for_update().get(pk=award_id)
    if award.credly_id == old:
        _hand_over(award, successor, timezone.now(), because)


def _apply(award: BadgeAward, badge: wire.Badge, as_of: datetime) -> Followed:
    said_at = stamp(badge, as_of)
    known = award.credly_updated_at or award.revoked_at
    if known is not None and said_at < known:
        return Followed(award, False, _("Credly has said something newer of this badge since."))
    changes = {name: value for name, value in facts(award, badge).items() if getattr(award, name) != value}
    if not changes:
        if said_at != award.credly_updated_at:
            # Kept, so that an older word which is still on its way is known for one.
            BadgeAward.objects.filter(pk=award.pk).update(credly_updated_at=said_at)
        return Followed(award, False, _("The award says the same as Credly."))
    changes["credly_updated_at"] = said_at
    if badge.state == REVOKED:
        return _revoked(award, badge, changes, said_at)
    if award.live is None:
        return _stands_again(award, changes)
    _write(award, changes)
    return Followed(award, True, _("The award was brought to what Credly says."))


def _revoked(award: BadgeAward, badge: wire.Badge, changes: dict[str, Any], said_at: datetime) -> Followed:
    # An award that does not stand any more was announced as revoked when it ceased to.
    owed = announce.REVOKED if award.live and award.issued_at else ""
    revoked_at = award.revoked_at or badge.state_updated_at or said_at
    _write(award, {**changes, "live": None, "revoked_at": revoked_at}, owed)
    return Followed(award, True, _("The badge was revoked at Credly."))


def _stands_again(award: BadgeAward, changes: dict[str, Any]) -> Followed:
    if award.messages.filter(kind=OutboxMessage.Kind.REVOKE, open=True).exists():
        return Followed(award, False, _("The badge stands at Credly, and the order to revoke it is under way."))
    standing = {**changes, "live": True, "revoked_at": None, "revocation_reason": ""}
    try:
        with transaction.atomic():
            _write(award, standing, announce.AWARDED if award.issued_at else "")
    except IntegrityError:
        sentence = _(
            "The badge stands again at Credly, but the learner was given another one for it since. "
            "Revoke one of the two at Credly."
        )
        return Followed(BadgeAward.objects.get(pk=award.pk), False, sentence)
    return Followed(award, True, _("The badge stands again at Credly, and so does the award."))


def _hand_over(award: BadgeAward, successor: UUID, replaced_at: datetime, because: str = "") -> Followed:
    """Have the award stand for the badge that somebody put in the place of its own."""
    if BadgeAward.objects.filter(credly_id=successor).exists() or _version(successor) is not None:
        sentence = _(
            "The badge was replaced at Credly by one that is another award's here, or an earlier one. "
            "Look at both at Credly, and revoke the award that should not stand."
        )
        return Followed(award, False, sentence)
    because = because or _of_our_order(award) or _("Replaced at Credly.")
    keep_version(award, replaced_at=replaced_at, because=because)
    # What was said of the old badge is no measure of what is said of the new one.
    _write(award, {"credly_id": successor, "credly_updated_at": None})
    if award.live:
        told.tell_of_replacement(award.pk, award.template_id)
    return Followed(award, True, _("The badge was replaced at Credly; the award stands for the new one."), successor)


def _of_our_order(award: BadgeAward) -> str:
    """Why it was ordered from here: Credly's notice of it may be faster than its answer."""
    sent = award.messages.filter(kind=OutboxMessage.Kind.REPLACE, open=True, look_first=True).first()
    return why_replaced(sent) if sent else ""


def _follow_replacement(badge: wire.Badge, as_of: datetime, organization: CredlyOrganization) -> Followed | None:
    """What the new badge says of a replacement; None where it took no place of a badge of ours."""
    award = _locked(badge.replaces_badge_id, organization) if badge.replaces_badge_id else None
    if award is None:
        return None
    handed = _hand_over(award, badge.id, stamp(badge, as_of))
    if not handed.changed:
        return handed
    if badge.replacement_badge_id is not None:
        return _hand_over(award, badge.replacement_badge_id, stamp(badge, as_of))
    _apply(award, badge, as_of)
    return Followed(award, True, handed.sentence)


def _unaccounted(badge: wire.Badge, organization: CredlyOrganization) -> Followed:
    version = _version(badge.id)
    if version is not None and version.award.template.organization_id == organization.pk:
        return Followed(
            version.award, False, _("It is an earlier version of a badge, and another stands in its place.")
        )
    award = _being_issued(badge, organization)
    if award is not None:
        return Followed(award, False, _("The badge is being issued from here; its delivery will find it."))
    return Followed(None, False, _("No award here accounts for this badge."))


def _being_issued(badge: wire.Badge, organization: CredlyOrganization) -> BadgeAward | None:
    """An award whose order to Credly may be what this badge came from, its answer still on the way or lost."""
    try:
        earner_id = UUID(badge.issuer_earner_id or "")
    except ValueError:
        return None  # None of ours looks like that.
    return BadgeAward.objects.filter(
        template__organization=organization,
        template__uuid=badge.template_id,
        learner__in=EarnerIdentifier.objects.filter(value=earner_id).values("learner"),
        credly_id=None,
        messages__kind=OutboxMessage.Kind.ISSUE,
        messages__open=True,
    ).first()


def _locked(credly_id: UUID, organization: CredlyOrganization) -> BadgeAward | None:
    # Found first and locked by its number then: a locking read of what is not there would hold up, in MySQL, everybody
    # who writes near it.
    found = BadgeAward.objects.filter(credly_id=credly_id, template__organization=organization)
    number = found.values_list("pk", flat=True).first()
    if number is None:
        return None
    award = BadgeAward.objects.select_for_update().get(pk=number)
    return award if award.credly_id == credly_id else None


def _version(credly_id: UUID) -> BadgeVersion | None:
    return BadgeVersion.objects.select_related("award__template").filter(credly_id=credly_id).first()


def _write(award: BadgeAward, changes: dict[str, Any], owed: str = "") -> None:
    if owed:
        changes = {**changes, "to_announce": owed}
    changes = {**changes, **expiry_untold(award, changes)}
    before = {name: _spelled(getattr(award, name)) for name in AUDITED if name in changes}
    was = award.state
    BadgeAward.objects.filter(pk=award.pk).update(**changes, modified=timezone.now())
    for name, value in changes.items():
        setattr(award, name, value)
    after = {name: _spelled(getattr(award, name)) for name in before}
    audit.record("award.followed", award, before=before, after=after)
    told.tell(award.pk, award.template_id, before=was, after=award.state)
    if owed:
        transaction.on_commit(lambda: announce.announce(award, owed), robust=True)


def _spelled(value: Any) -> Any:
    """A value as JSON can keep it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, State)) else value
