"""Writing down what came of an attempt, and when to try again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import audit, conf
from ..credly import wire
from ..models import BadgeAward, CredlyOrganization, DeliveryAttempt, OutboxMessage
from ..models.encryption import Secret
from . import announce, erasing, mirror, recipients, told
from .results import Confirmed, Needless, Result
from .verdicts import Circumstances, Verdict, judge

log = logging.getLogger(__name__)

Outcome = DeliveryAttempt.Outcome
State = BadgeAward.State

COMPARED = (
    *("uuid", "live", "state", "credly_id", "earned_at", "expires_at", "issued_at", "revoked_at", "credly_updated_at"),
    *("is_public", "badge_url", "accept_url", "image_url"),
)
"""The columns of an award that Credly's confirmation is held against."""


def settle(message: OutboxMessage, attempt: DeliveryAttempt, result: Result, *, spread: float) -> datetime | None:
    """Record a result in one transaction; the time to try again, or None where the message is done or needs a person.

    ``spread`` is a number in [0, 1) that keeps workers apart.
    """
    if isinstance(result, Confirmed):
        _confirm(message, attempt, result)
        return None
    if isinstance(result, Needless):
        _finish_needless(message, attempt, result)
        return None
    circumstances = Circumstances(
        attempts=message.attempts,
        look_first=message.look_first,
        now=timezone.now(),
        spread=spread,
        first_wait=conf.first_wait(),
        longest_wait=conf.longest_wait(),
    )
    verdict = judge(result, circumstances)
    # Asked before the transaction begins: what the settings name may be a secrets manager.
    given = _key_given_now(message) if "paused" in verdict.organization else Secret()
    return _put_back(message, attempt, verdict, circumstances.now, given)


@transaction.atomic
def _confirm(message: OutboxMessage, attempt: DeliveryAttempt, result: Confirmed) -> None:
    now = timezone.now()
    _finish(attempt, Outcome.FOUND if result.found else Outcome.DELIVERED, now)
    # Locked before its message, as a revocation does, and read anew: others may have written since it was taken.
    award = BadgeAward.objects.select_for_update().only(*COMPARED).get(pk=message.award_id)
    if not _mine(message).update(
        state=OutboxMessage.State.DELIVERED,
        open=None,
        lease=None,
        finished_at=now,
        attempts=message.attempts,
        error="",
        waiting_for="",
    ):
        log.warning("Message %s was taken over by another worker, which will find what this one did.", message.pk)
        return
    if message.kind == OutboxMessage.Kind.DELETE:
        audit.record("award.erased_at_credly", award, before={"state": award.state})
        keeps = not conf.erases_awards()
        erasing.forget(message, keep=keeps)
        if keeps:
            told.tell(award.pk, message.award.template_id, before=award.state, after=State.DELETED)
        return
    action, changes = _outcome(message, award, result, now)
    changes |= mirror.expiry_untold(award, changes)
    before = {"state": award.state, "credly_id": str(award.credly_id or "")}
    BadgeAward.objects.filter(pk=award.pk).update(**changes, modified=now)
    after = {
        "state": changes.get("state", award.state),
        "credly_id": str(changes.get("credly_id", award.credly_id) or ""),
    }
    audit.record(action, award, because=message.details.get("because", ""), before=before, after=after)
    if action == "award.replaced" and award.live and changes.get("credly_id", award.credly_id) != award.credly_id:
        told.tell_of_replacement(award.pk, message.award.template_id)
    else:
        told.tell(award.pk, message.award.template_id, before=award.state, after=after["state"])
    owed = changes.get("to_announce", "")
    transaction.on_commit(lambda: announce.announce(message.award, owed, learner=result.learner), robust=True)


@transaction.atomic
def _finish_needless(message: OutboxMessage, attempt: DeliveryAttempt, result: Needless) -> None:
    now = timezone.now()
    _finish(attempt, Outcome.BLOCKED, now, said=result.sentence)
    if _mine(message).update(
        state=OutboxMessage.State.DROPPED,
        open=None,
        lease=None,
        finished_at=now,
        attempts=message.attempts,
        error=result.sentence,
        waiting_for="",
    ):
        audit.record("message.needless", message, because=result.sentence)


def _outcome(message: OutboxMessage, award: BadgeAward, result: Confirmed, now: datetime) -> tuple[str, dict[str, Any]]:
    """What is said of a confirmation in the audit log, and the columns of the award that it changes."""
    if message.kind == OutboxMessage.Kind.ISSUE:
        return "award.issued", _issued(award, result, now)
    if message.kind == OutboxMessage.Kind.REPLACE:
        return "award.replaced", _replaced(message, award, result, now)
    return "award.revoked_at_credly", _revoked(award, result.badge, now)


def _issued(award: BadgeAward, result: Confirmed, now: datetime) -> dict[str, Any]:
    return {**_as_confirmed(award, result, now), "issued_at": now, "to_announce": announce.AWARDED}


def _replaced(message: OutboxMessage, award: BadgeAward, result: Confirmed, now: datetime) -> dict[str, Any]:
    badge = _badge(result)
    if award.versions.filter(credly_id=badge.id).exists():
        return {}  # Somebody has replaced it again since, and the award stands for that badge already.
    earned_at = message.details.get("earned_at")
    earned: dict[str, Any] = {"earned_at": datetime.fromisoformat(earned_at)} if earned_at else {}
    if "version" in message.details:
        earned["version"] = message.details["version"]
    if badge.id != award.credly_id:
        mirror.keep_version(award, replaced_at=now, because=mirror.why_replaced(message))
    elif award.credly_updated_at and mirror.stamp(badge, now) < award.credly_updated_at:
        return earned  # Credly's own notice of it came first, and then a newer one.
    changes = {**_as_confirmed(award, result, now), **earned}
    if award.live is None:
        del changes["state"]  # It was revoked while Credly was replacing its badge.
    return changes


def _revoked(award: BadgeAward, badge: wire.Badge | None, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "state": State.DELETED if award.state == State.DELETED else State.REVOKED,
        "live": None,
        "revoked_at": award.revoked_at or now,
        "credly_updated_at": mirror.stamp(badge, now) if badge else now,
    }
    if badge is not None and badge.id != award.credly_id:
        mirror.keep_version(award, replaced_at=now, because="")
        changes["credly_id"] = badge.id
    # Nobody was told of a badge that Credly never confirmed; and of one that ended by Credly's word, they were.
    if award.issued_at and award.live:
        changes["to_announce"] = announce.REVOKED
    return changes


def _as_confirmed(award: BadgeAward, result: Confirmed, now: datetime) -> dict[str, Any]:
    badge = _badge(result)
    return {
        **mirror.facts(award, badge),
        "credly_id": badge.id,
        "credly_updated_at": mirror.stamp(badge, now),
        "issuer_earner_id": result.earner_id,
        "recipient_mark": recipients.mark(badge.recipient_email),
    }


def _badge(result: Confirmed) -> wire.Badge:
    if result.badge is None:
        raise ValueError("Credly confirmed a badge, but there is none.")
    return result.badge


@transaction.atomic
def _put_back(
    message: OutboxMessage, attempt: DeliveryAttempt, verdict: Verdict, now: datetime, given: Secret
) -> datetime | None:
    _finish(attempt, verdict.outcome, now, verdict)
    organization = None
    if verdict.organization:
        # Locked before the message, as lifting a pause does.
        organization = CredlyOrganization.objects.select_for_update().get(pk=message.organization_id)
    used = message.attempts + verdict.uses_attempt
    dead = verdict.wait is None or (verdict.uses_attempt and used >= conf.max_attempts())
    if dead:
        BadgeAward.objects.select_for_update().get(pk=message.award_id)  # Before its message, too.
    again_at = now + (verdict.wait or timedelta(0))
    if not _mine(message).update(
        state=OutboxMessage.State.DEAD if dead else OutboxMessage.State.WAITING,
        lease=None,
        not_before=again_at,
        attempts=used,
        look_first=verdict.look_first,
        error=verdict.said,
        waiting_for=verdict.said[:255] if verdict.outcome == Outcome.BLOCKED else "",
    ):
        log.warning("Message %s was taken over by another worker.", message.pk)
        return None
    if organization is not None and not _hold_back(organization, message, verdict, given):
        return None  # Whoever lifts the pause wakes the queue.
    if dead:
        _give_up(message, verdict, used, now)
        return None
    return again_at


def _key_given_now(message: OutboxMessage) -> Secret:
    """What the settings give now; the message's own organization keeps the key that was tried."""
    return CredlyOrganization(uuid=message.organization.uuid).fetch_key_anew()


def _hold_back(organization: CredlyOrganization, message: OutboxMessage, verdict: Verdict, given: Secret) -> bool:
    """Have all of an organization's messages wait; whether this one may be tried again without a person."""
    if "paused" in verdict.organization:
        if organization.paused:
            return False  # Another worker, or a person: that pause is theirs to end.
        if (given or organization.api_key) != message.organization.key:
            return True  # Another key came in force while the old one was being tried.
    until = verdict.organization.get("wait_until")
    if until and organization.wait_until and organization.wait_until > until:
        return True  # Another worker was told to wait for longer.
    CredlyOrganization.objects.filter(pk=organization.pk).update(**verdict.organization)
    if "paused" not in verdict.organization:
        return True
    log.error("The API key of organization %s does not work; its badges wait.", organization.uuid)
    audit.record("organization.paused", organization, because=verdict.said)
    return False


def _give_up(message: OutboxMessage, verdict: Verdict, used: int, now: datetime) -> None:
    log.error("Message %s needs a person: %s", message.pk, verdict.said)
    if message.kind == OutboxMessage.Kind.ISSUE:
        BadgeAward.objects.filter(pk=message.award_id).update(state=State.FAILED, modified=now)
        told.tell(message.award_id, message.award.template_id, before=State.QUEUED, after=State.FAILED)
    audit.record("message.gave_up", message, because=verdict.said, after={"attempts": used})


def _mine(message: OutboxMessage) -> Any:
    """The message, as long as it is still leased to this worker."""
    return OutboxMessage.objects.filter(pk=message.pk, lease=message.lease)


def _finish(
    attempt: DeliveryAttempt,
    outcome: DeliveryAttempt.Outcome,
    now: datetime,
    verdict: Verdict | None = None,
    *,
    said: str = "",
) -> None:
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(
        outcome=outcome,
        finished_at=now,
        status=verdict.status if verdict else None,
        said=(verdict.said if verdict else said)[:2000],
    )
