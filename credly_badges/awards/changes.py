"""What becomes of an award later: revoked, restored, replaced, sent again, or found at Credly in the first place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, availability, terms
from ..credly import quirks, wire
from ..issuing import mirror, outbox, recipients, told
from ..models import ApiKey, Availability, BadgeAward, BadgeTemplate, BadgeVersion, OutboxMessage
from .grants import Grant, NotGrantable, facts, spelled, why_not_grantable, with_key

State = BadgeAward.State
Kind = OutboxMessage.Kind

RESTORABLE = (State.REVOKED, State.DELETED, State.FAILED)
REPLACEABLE = (State.OFFERED, State.ACCEPTED)
CAUSES = frozenset({"correction", "address", "by_hand"})


class NotRevocable(NotGrantable):
    """The award cannot be revoked; ``sentence`` says why."""


class NotReplaceable(NotGrantable):
    """The badge cannot be replaced at Credly; ``sentence`` says why."""


@transaction.atomic
def revoke(award: BadgeAward, reason: str, *, by: AbstractBaseUser | None, key: ApiKey | None = None) -> BadgeAward:
    """Take a badge back: at once where Credly never heard of it, else by an order to Credly.

    ``key`` is that of the system that asks for it.
    Raises NotRevocable where there is no reason, or nothing left to revoke.
    """
    if not reason.strip():
        raise NotRevocable(_("Give a reason: the learner and your colleagues will read it."))
    award = BadgeAward.objects.select_for_update().get(pk=award.pk)
    if award.state == State.REVOKED:
        raise NotRevocable(_("This badge was revoked before."))
    if award.messages.filter(kind=Kind.REVOKE, open=True).exists():
        raise NotRevocable(_("This badge is already being revoked."))
    before = facts(award)
    _stop_replacing(award)
    award.revocation_reason = reason[:500]
    if award.credly_id is None and outbox.take_back(award):
        _end(award)
    else:
        outbox.put(award, Kind.REVOKE)
    award.save(update_fields=["revocation_reason", "state", "live", "revoked_at", "modified"])
    after = facts(award) | with_key(key)
    audit.record("award.revoked", award, actor=by, because=reason, before=before, after=after)
    told.tell(award.pk, award.template_id, before=before["state"], after=award.state)
    return award


@transaction.atomic
def take_back(award: BadgeAward, reason: str, *, by: AbstractBaseUser | None = None, key: ApiKey | None = None) -> bool:
    """Revoke a badge if Credly cannot have heard of it, and else leave it as it is; whether it was revoked."""
    award = BadgeAward.objects.select_for_update().get(pk=award.pk)
    if award.state != State.QUEUED or not award.live or award.credly_id is not None:
        return False
    orders = award.messages.filter(kind=Kind.ISSUE)
    if orders.filter(look_first=True).exists() or not outbox.take_back(award):
        return False
    before = facts(award)
    award.revocation_reason = reason[:500]
    _end(award)
    award.save(update_fields=["revocation_reason", "state", "live", "revoked_at", "modified"])
    audit.record("award.revoked", award, actor=by, because=reason, before=before, after=facts(award) | with_key(key))
    told.tell(award.pk, award.template_id, before=before["state"], after=award.state)
    return True


@transaction.atomic
def restore(award: BadgeAward, *, reason: str, by: AbstractBaseUser | None, key: ApiKey | None = None) -> Grant:
    """Give a badge back that was revoked, deleted at Credly or given up: as a new award, with the old issue date.

    Credly cannot undo a revocation, so the learner gets a new badge. Raises NotGrantable.
    """
    if not reason.strip():
        raise NotGrantable(_("Give a reason: your colleagues will read it."))
    award = BadgeAward.objects.select_for_update().select_related("template").get(pk=award.pk)
    if sentence := _why_not_restorable(award):
        raise NotGrantable(sentence)
    try:
        with transaction.atomic():
            restored = BadgeAward.objects.create(
                learner_id=award.learner_id,
                template=award.template,
                occasion=award.occasion,
                previous=award,
                earned_at=award.earned_at,
                source=BadgeAward.Source.RESTORED,
                reason=reason[:500],
                evidence=award.evidence,
                granted_by_id=getattr(by, "pk", None),
                granted_with=key,
                availability=_counted_anew(award),
            )
    except IntegrityError:
        raise NotGrantable(_another_stands()) from None
    outbox.put(restored, Kind.ISSUE)
    after = facts(restored) | with_key(key)
    audit.record("award.restored", restored, actor=by, because=reason, before=facts(award), after=after)
    return Grant(restored, created=True)


@transaction.atomic
def replace(
    award: BadgeAward,
    *,
    cause: str,
    because: str,
    by: AbstractBaseUser | None,
    evidence: Sequence[dict[str, str]] | None = None,
    expires_at: datetime | Literal[False] | None = None,
) -> OutboxMessage:
    """Order another badge in the place of one that Credly has: with the name, the address and the evidence of now.

    ``cause`` is correction, address or by_hand. ``evidence`` takes the place of what was given by hand; ``expires_at``
    is a time, or False for never; without it the expiry stays as it is.
    Raises NotReplaceable.
    """
    if cause not in CAUSES:
        raise ValueError(f"A badge is replaced for one of {sorted(CAUSES)}, not for {cause!r}.")
    award = BadgeAward.objects.select_for_update().select_related("template").get(pk=award.pk)
    if sentence := _why_not_replaceable(award):
        raise NotReplaceable(sentence)
    until = (award.expires_at or False) if expires_at is None else expires_at
    details = {"cause": cause, "because": because[:500], "expires_at": spelled(until)}
    before = {**facts(award), "expires_at": spelled(award.expires_at)}
    if evidence is not None:
        award.evidence = list(evidence)
        award.save(update_fields=["evidence", "modified"])
    message = outbox.put(award, Kind.REPLACE, details)
    after = {"cause": cause, "expires_at": details["expires_at"], "evidence_changed": evidence is not None}
    audit.record("award.replacing", award, actor=by, because=because, before=before, after=after)
    return message


@transaction.atomic
def resend(award: BadgeAward, *, by: AbstractBaseUser | None = None, key: ApiKey | None = None) -> bool:
    """Order a badge to be issued that is on its way to nobody; whether that was needed."""
    award = BadgeAward.objects.select_for_update().select_related("template").get(pk=award.pk)
    is_waiting = bool(award.live) and award.state in (State.QUEUED, State.FAILED) and award.credly_id is None
    if not is_waiting or award.messages.filter(open=True).exists():
        return False
    before = facts(award)
    # Credly may have it from an order of which only the answer was lost.
    may_be_there = award.messages.filter(kind=Kind.ISSUE, look_first=True).exists()
    message = outbox.put(award, Kind.ISSUE)
    if may_be_there:
        OutboxMessage.objects.filter(pk=message.pk).update(look_first=True)
    award.state = State.QUEUED
    award.save(update_fields=["state", "modified"])
    audit.record("award.resent", award, actor=by, before=before, after=facts(award) | with_key(key))
    return True


@transaction.atomic
def adopt(
    *,
    badge: wire.Badge,
    template: BadgeTemplate,
    learner_id: int,
    earner_id: str,
    by: AbstractBaseUser | None = None,
) -> BadgeAward:
    """Record an award for a badge that Credly has and nobody here knew of; nothing is sent.

    Where the badge is known, that award is returned. Raises NotGrantable where the learner holds another one here.
    """
    if known := _known(badge):
        return known
    state = State(quirks.BADGE_STATES[badge.state])
    earned_at = badge.issued_at or timezone.now()
    held = BadgeAward.objects.filter(learner_id=learner_id, template=template, live=True).order_by("-earned_at").first()
    occasion = terms.occasion(template, earned_at, held.earned_at if held else None) if state != State.REVOKED else ""
    if occasion is None:
        raise NotGrantable(_another_stands())
    try:
        with transaction.atomic():
            award = BadgeAward.objects.create(
                learner_id=learner_id,
                template=template,
                occasion=occasion,
                previous=held,
                state=state,
                source=BadgeAward.Source.FOUND,
                granted_by_id=getattr(by, "pk", None),
                earned_at=earned_at,
                issuer_earner_id=badge.issuer_earner_id or earner_id,
                credly_id=badge.id,
                **_as_credly_has_it(badge),
            )
    except IntegrityError:
        if known := _known(badge):  # Another worker was faster.
            return known
        raise NotGrantable(_another_stands()) from None
    audit.record("award.found", award, actor=by, after={**facts(award), "credly_id": str(badge.id)})
    told.tell(award.pk, template.pk, before=State.QUEUED, after=award.state)
    return award


def _end(award: BadgeAward) -> None:
    award.state, award.live, award.revoked_at = State.REVOKED, None, timezone.now()


def _stop_replacing(award: BadgeAward) -> None:
    """Drop the order to replace a badge; the one that a worker has in hand is followed up when the badge is revoked."""
    award.messages.filter(kind=Kind.REPLACE, open=True).exclude(state=OutboxMessage.State.DELIVERING).update(
        open=None, state=OutboxMessage.State.DROPPED, lease=None, finished_at=timezone.now(), waiting_for=""
    )


def _why_not_restorable(award: BadgeAward) -> str:
    if award.live or award.state not in RESTORABLE:
        return _("This badge was not taken back or given up, so there is nothing to restore.")
    if award.learner_id is None:
        return _("The learner has no account any more, so nobody can be given the badge.")
    if sentence := why_not_grantable(award.template):
        return sentence
    is_held_once = award.template.repeat == BadgeTemplate.Repeat.ONCE
    others = BadgeAward.objects.filter(learner_id=award.learner_id, template=award.template, live=True)
    return _another_stands() if is_held_once and others.exists() else ""


def _why_not_replaceable(award: BadgeAward) -> str:
    if award.credly_id is None or not award.live or award.state not in REPLACEABLE:
        return _(
            "Only a badge that stands at Credly, offered or accepted, can be replaced there. This one is: %(state)s."
        ) % {"state": award.get_state_display()}
    if award.learner_id is None:
        return _("The learner has no account any more, so there is no name to put on another badge.")
    under_way = set(award.messages.filter(open=True).values_list("kind", flat=True))
    if Kind.REVOKE in under_way:
        return _("This badge is being revoked.")
    if Kind.REPLACE in under_way:
        return _("This badge is already being replaced. Wait until Credly has confirmed that.")
    return ""


def _another_stands() -> str:
    return _("The learner holds this badge by another award. Revoke that one first, if this one should stand.")


def _counted_anew(award: BadgeAward) -> Availability | None:
    """What a restored award counts against: nothing where the old one, which Credly has issued, counts still."""
    if award.credly_id is not None:
        return None
    try:
        return availability.claim(award.template, scopes=None, now=timezone.now())
    except availability.NotAvailable as refusal:
        raise NotGrantable(refusal.sentence) from None


def _known(badge: wire.Badge) -> BadgeAward | None:
    award = BadgeAward.objects.filter(credly_id=badge.id).first()
    if award is None:
        version = BadgeVersion.objects.filter(credly_id=badge.id).select_related("award").first()
        award = version.award if version else None
    return award


def _as_credly_has_it(badge: wire.Badge) -> dict[str, Any]:
    now = timezone.now()
    is_revoked = badge.state == mirror.REVOKED
    return {
        "live": None if is_revoked else True,
        "badge_url": badge.badge_url,
        "accept_url": badge.accept_url,
        "image_url": badge.image_url,
        "expires_at": badge.expires_at,
        "issued_at": now,
        "revoked_at": (badge.state_updated_at or now) if is_revoked else None,
        "revocation_reason": badge.revocation_reason[:500] if is_revoked else "",
        "is_public": badge.public,
        "credly_updated_at": badge.updated_at,
        "recipient_mark": recipients.mark(badge.recipient_email),
    }
