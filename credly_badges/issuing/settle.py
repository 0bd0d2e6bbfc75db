"""Writing down what came of an attempt, and when to try again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import audit, conf
from ..credly import errors, wire
from ..credly.quirks import UnknownState
from ..models import BadgeAward, CredlyOrganization, DeliveryAttempt, OutboxMessage
from . import announce
from .results import Blocked, Broken, Confirmed, Failed, Result
from .retry import wait_as_told, wait_before

log = logging.getLogger(__name__)

Outcome = DeliveryAttempt.Outcome

# Credly developer documentation, "Issued badges", states.
AWARD_STATE: Mapping[str, BadgeAward.State] = {
    "pending": BadgeAward.State.OFFERED,
    "accepted": BadgeAward.State.ACCEPTED,
    "rejected": BadgeAward.State.DECLINED,
    "revoked": BadgeAward.State.REVOKED,
}


@dataclass(frozen=True)
class Verdict:
    """What to write of a message after an attempt that did not end it."""

    outcome: DeliveryAttempt.Outcome
    said: str
    wait: timedelta | None = None  # None: it needs a person.
    look_first: bool = True
    uses_attempt: bool = True
    status: int | None = None
    organization: Mapping[str, Any] = field(default_factory=dict)


def settle(message: OutboxMessage, attempt: DeliveryAttempt, result: Result, *, spread: float) -> datetime | None:
    """Record a result in one transaction; the time to try again, or None where the message is done or needs a person."""
    if isinstance(result, Confirmed):
        try:
            return _confirm(message, attempt, result)
        except UnknownState as unknown:
            result = Failed(unknown)
    verdict = _judge(message, result, spread)
    return _put_back(message, attempt, verdict)


@transaction.atomic
def _confirm(message: OutboxMessage, attempt: DeliveryAttempt, result: Confirmed) -> None:
    now = timezone.now()
    outcome = Outcome.FOUND if result.found else Outcome.DELIVERED
    _finish(attempt, outcome, now)
    if not _mine(message).update(
        state=OutboxMessage.State.DELIVERED, open=None, lease=None, finished_at=now, error="", waiting_for=""
    ):
        log.warning("Message %s was taken over by another worker, which will find what this one did.", message.pk)
        return
    if message.kind == OutboxMessage.Kind.ISSUE:
        changes = _issued(result, now)
    else:
        changes = {"state": BadgeAward.State.REVOKED, "live": None, "revoked_at": now}
        # Credly never had it, so nobody was told of it either.
        changes["to_announce"] = announce.REVOKED if message.award.credly_id else ""
    BadgeAward.objects.filter(pk=message.award_id).update(**changes, modified=now)
    audit.record(
        f"award.{'issued' if message.kind == OutboxMessage.Kind.ISSUE else 'revoked_at_credly'}",
        message.award,
        before={"state": message.award.state},
        after={"state": changes["state"], "credly_id": str(changes.get("credly_id") or message.award.credly_id or "")},
    )
    award_id = message.award_id
    transaction.on_commit(lambda: announce.announce(award_id), robust=True)


def _issued(result: Confirmed, now: datetime) -> dict[str, Any]:
    badge = result.badge
    if badge is None:
        raise ValueError("An issued badge has to be there.")
    return {
        "state": award_state(badge),
        "credly_id": badge.id,
        "badge_url": badge.badge_url,
        "accept_url": badge.accept_url,
        "image_url": badge.image_url,
        "expires_at": badge.expires_at,
        "issued_at": now,
        "issuer_earner_id": result.earner_id,
        "to_announce": announce.AWARDED,
    }


def award_state(badge: wire.Badge) -> BadgeAward.State:
    """Credly's state in our words; UnknownState where Credly has a new one, which a person has to see."""
    try:
        return AWARD_STATE[badge.state]
    except KeyError:
        raise UnknownState(badge.state) from None


def _judge(message: OutboxMessage, result: Result, spread: float) -> Verdict:
    first, longest = conf.first_wait(), conf.longest_wait()
    wait = wait_before(message.attempts + 1, spread, first=first, longest=longest)
    if isinstance(result, Broken):
        return Verdict(Outcome.BLOCKED, f"Unforeseen {result.kind}; see the log.", wait)
    if isinstance(result, Blocked):
        until = result.until - timezone.now() if result.until else longest
        return Verdict(Outcome.BLOCKED, result.sentence, until, look_first=message.look_first, uses_attempt=False)
    assert isinstance(result, Failed)
    error = result.error
    if isinstance(error, errors.Throttled):
        wait = wait_as_told(error.retry_after, spread, first=first, longest=longest)
        return Verdict(
            Outcome.THROTTLED,
            str(error),
            wait,
            look_first=message.look_first,
            uses_attempt=False,
            status=error.status,
            organization={"wait_until": timezone.now() + wait},
        )
    if isinstance(error, errors.Unavailable):
        return Verdict(Outcome.UNAVAILABLE, str(error), wait, look_first=message.look_first, status=error.status)
    if isinstance(error, errors.Unanswered):
        return Verdict(Outcome.UNANSWERED, str(error), wait, status=error.status)
    if isinstance(error, errors.Unauthorized):
        return Verdict(
            Outcome.UNAUTHORIZED,
            str(error),
            timedelta(0),
            look_first=message.look_first,
            uses_attempt=False,
            status=error.status,
            organization={
                "paused": CredlyOrganization.Pause.KEY_REJECTED,
                "pause_reason": str(error),
                "paused_at": timezone.now(),
            },
        )
    return Verdict(Outcome.REFUSED, str(error), None, look_first=message.look_first, status=error.status)


@transaction.atomic
def _put_back(message: OutboxMessage, attempt: DeliveryAttempt, verdict: Verdict) -> datetime | None:
    now = timezone.now()
    _finish(attempt, verdict.outcome, now, verdict.status, verdict.said)
    used = message.attempts + verdict.uses_attempt
    dead = verdict.wait is None or used >= conf.max_attempts()
    again_at = now + (verdict.wait or timedelta(0))
    blocked = verdict.outcome == Outcome.BLOCKED
    if not _mine(message).update(
        state=OutboxMessage.State.DEAD if dead else OutboxMessage.State.WAITING,
        lease=None,
        not_before=again_at,
        attempts=used,
        look_first=verdict.look_first,
        error="" if blocked and not verdict.uses_attempt else verdict.said,
        waiting_for=verdict.said[:255] if blocked else "",
    ):
        log.warning("Message %s was taken over by another worker.", message.pk)
        return None
    if verdict.organization:
        CredlyOrganization.objects.filter(pk=message.organization_id).update(**verdict.organization)
    if "paused" in verdict.organization:
        log.error("Credly rejected the API key of organization %s; its badges wait.", message.organization.uuid)
        audit.record("organization.paused", message.organization, because=verdict.said)
        return None
    if not dead:
        return again_at
    log.error("Message %s needs a person: %s", message.pk, verdict.said)
    if message.kind == OutboxMessage.Kind.ISSUE:
        BadgeAward.objects.filter(pk=message.award_id).update(state=BadgeAward.State.FAILED, modified=now)
    audit.record("message.gave_up", message, because=verdict.said, after={"attempts": used})
    return None


def _mine(message: OutboxMessage) -> Any:
    """The message, as long as it is still leased to this worker."""
    return OutboxMessage.objects.filter(pk=message.pk, lease=message.lease)


def _finish(
    attempt: DeliveryAttempt, outcome: DeliveryAttempt.Outcome, now: datetime, status: int | None = None, said: str = ""
) -> None:
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(
        outcome=outcome, finished_at=now, status=status, said=said[:2000]
    )
