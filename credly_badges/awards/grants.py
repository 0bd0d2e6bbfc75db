"""Granting: a first badge, a further one, or the renewal of the one that the learner holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, availability, evidence, terms
from ..issuing import outbox
from ..models import ApiKey, BadgeAward, BadgeTemplate, OutboxMessage

RENEWAL = "renewal"


class NotGrantable(Exception):
    """The badge cannot be awarded now; ``sentence`` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Grant:
    """An award, and whether this call made it or had it renewed; else the learner held the badge already."""

    award: BadgeAward
    created: bool
    renewed: bool = False


@dataclass(frozen=True)
class Earned:
    """What was earned by whom, when, and why; ``scopes`` are those of the deciding event, None where it was by hand."""

    learner_id: int
    template: BadgeTemplate
    earned_at: datetime
    source: BadgeAward.Source
    reason: str
    evidence: Sequence[dict[str, str]]
    granted_by: AbstractBaseUser | None
    scopes: Collection[str] | None
    version: int | None
    granted_with: ApiKey | None

    @property
    def awards(self) -> QuerySet[BadgeAward]:
        """Everything that this learner was ever awarded of the template."""
        return BadgeAward.objects.filter(learner_id=self.learner_id, template=self.template)


@transaction.atomic
def grant(
    *,
    learner_id: int,
    template: BadgeTemplate,
    earned_at: datetime,
    source: BadgeAward.Source,
    reason: str = "",
    evidence: Sequence[dict[str, str]] = (),
    granted_by: AbstractBaseUser | None = None,
    scopes: Collection[str] | None = None,
    look_back: bool = True,
    version: int | None = None,
    granted_with: ApiKey | None = None,
) -> Grant:
    """Write the award and the order to issue it, or what else the template says for who holds the badge already.

    ``evidence`` is a list of objects with name, url and description. ``look_back`` is False where the caller knows
    that no award of this badge to the learner has ended. ``version`` is that of the requirements it was earned by.
    ``granted_with`` is the key of the system that issues it.
    Raises NotGrantable where Credly would refuse the template, or the badge is not available.
    """
    if refusal := why_not_grantable(template):
        raise NotGrantable(refusal)
    earned = Earned(
        learner_id, template, earned_at, source, reason, evidence, granted_by, scopes, version, granted_with
    )
    # One of several may stand without being the first, so the constraint alone does not show that there is one. It is
    # looked for without a lock: in MySQL a locking read of nothing holds up all who write near it.
    if template.repeat != BadgeTemplate.Repeat.ONCE and earned.awards.filter(live=True).exists():
        return _while_it_stands(earned, _standing(earned))
    previous = earned.awards.filter(live=None).order_by("-pk").first() if look_back else None
    try:
        return _award(earned, occasion="", previous=previous)
    except NotGrantable:
        standing = earned.awards.filter(live=True).exists()
        if not standing:
            raise
        return _while_it_stands(earned, _standing(earned))
    except IntegrityError:
        return _while_it_stands(earned, _standing(earned))


def why_not_grantable(template: BadgeTemplate) -> str:
    """Why a badge cannot be awarded at all now, or an empty text."""
    if template.credly_state == BadgeTemplate.CredlyState.ACTIVE:
        return ""
    sentence = _(
        "The badge template is %(state)s at Credly, which issues active ones only. Publish it there, then sync."
    )
    return sentence % {"state": template.get_credly_state_display()}


def facts(award: BadgeAward) -> dict[str, Any]:
    """What the audit log keeps of an award."""
    return {
        "template": str(award.template.uuid),
        "learner_id": award.learner_id,
        "state": award.state,
        "source": award.source,
        "earned_at": award.earned_at.isoformat(),
    }


def with_key(key: ApiKey | None) -> dict[str, str]:
    """What the audit log adds to the facts where another system did it: the beginning of its key."""
    return {"api_key": key.prefix} if key else {}


def spelled(expires_at: datetime | bool | None) -> str | bool | None:
    """An expiry as the details of an order can hold it."""
    return expires_at.isoformat() if isinstance(expires_at, datetime) else expires_at


def _standing(earned: Earned) -> BadgeAward:
    """The last of the learner's awards that stand, locked."""
    # A locking read, because under REPEATABLE READ a plain one may not see what stood in the way.
    standing = earned.awards.select_for_update().filter(live=True).order_by("-earned_at", "-pk").first()
    if standing is None:
        raise IntegrityError("No award stands, and none can be written: there is no such learner.")
    return standing


@transaction.atomic
def _award(earned: Earned, *, occasion: str, previous: BadgeAward | None) -> Grant:
    try:
        counted_against = availability.claim(earned.template, scopes=earned.scopes, now=timezone.now())
    except availability.NotAvailable as refusal:
        raise NotGrantable(refusal.sentence) from None
    award = BadgeAward.objects.create(
        learner_id=earned.learner_id,
        template=earned.template,
        occasion=occasion,
        previous=previous,
        earned_at=earned.earned_at,
        source=earned.source,
        reason=earned.reason,
        evidence=list(earned.evidence),
        version=earned.version,
        granted_by_id=getattr(earned.granted_by, "pk", None),
        granted_with=earned.granted_with,
        availability=counted_against,
    )
    outbox.put(award, OutboxMessage.Kind.ISSUE)  # Delivered after commit; a rollback takes it back.
    after = facts(award) | with_key(earned.granted_with)
    audit.record("award.granted", award, actor=earned.granted_by, because=earned.reason, after=after)
    return Grant(award, created=True)


def _while_it_stands(earned: Earned, standing: BadgeAward) -> Grant:
    """What qualifying once more brings to who holds the badge: its renewal, a further one, or nothing."""
    is_later = earned.earned_at > standing.earned_at
    is_leaving = _is_being_revoked(standing)
    if is_later and not is_leaving and terms.may_renew(earned.template, standing.expires_at, earned.earned_at):
        return Grant(standing, created=False, renewed=_renew(earned, standing))
    occasion = terms.occasion(earned.template, earned.earned_at, standing.earned_at)
    if not occasion:
        if is_leaving:
            # It stands only until Credly has confirmed that it does not, and then the learner would have none.
            raise NotGrantable(
                _("This badge is just being taken back. Once Credly has confirmed that, it can be issued again.")
            )
        return Grant(standing, created=False)
    try:
        return _award(earned, occasion=occasion, previous=standing)
    except IntegrityError:
        return Grant(earned.awards.select_for_update().get(live=True, occasion=occasion), created=False)


def _is_being_revoked(award: BadgeAward) -> bool:
    """Whether the order to revoke a locked award is under way; one that a person has dropped leaves its reason."""
    if not award.revocation_reason:
        return False
    orders = award.messages.select_for_update().filter(kind=OutboxMessage.Kind.REVOKE, open=True)
    return bool(orders.values_list("pk", flat=True))


def _renew(earned: Earned, standing: BadgeAward) -> bool:
    """Order the badge's renewal at Credly; whether that was not done before."""
    if standing.credly_id is None or standing.state not in (BadgeAward.State.OFFERED, BadgeAward.State.ACCEPTED):
        return False  # Declined, or not there: there is nothing that a renewal could stand in the place of.
    under_way = standing.messages.select_for_update().filter(open=True).exclude(kind=OutboxMessage.Kind.ISSUE).first()
    details: dict[str, Any] = {"cause": RENEWAL, "earned_at": earned.earned_at.isoformat(), "because": earned.reason}
    if earned.version is not None:
        details["version"] = earned.version
    certificate_at = evidence.certificate_at(standing, earned_at=earned.earned_at)
    expires_at = terms.expiry(earned.template, earned.earned_at, certificate_at=certificate_at)
    if expires_at is not None:
        details["expires_at"] = spelled(expires_at)
    if under_way is not None and not _can_grow(under_way):
        return False
    if under_way is None:
        outbox.put(standing, OutboxMessage.Kind.REPLACE, details)
    else:
        # A correction that has yet to be sent: one badge is put in the place of the old one for both.
        under_way.details |= details
        under_way.save(update_fields=["details"])
    audit.record(
        "award.renewed",
        standing,
        actor=earned.granted_by,
        because=earned.reason,
        before={**facts(standing), "expires_at": spelled(standing.expires_at)},
        after={"earned_at": details["earned_at"], "expires_at": details.get("expires_at")}
        | with_key(earned.granted_with),
    )
    return True


def _can_grow(message: OutboxMessage) -> bool:
    is_replacement = message.kind == OutboxMessage.Kind.REPLACE and message.details.get("cause") != RENEWAL
    return is_replacement and message.state == OutboxMessage.State.WAITING
