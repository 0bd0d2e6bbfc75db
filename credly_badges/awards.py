"""Granting and revoking: the decision, its reason, and the order to Credly, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import audit
from .issuing import outbox
from .models import BadgeAward, BadgeTemplate, OutboxMessage


class NotGrantable(Exception):
    """The badge cannot be awarded now; ``sentence`` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotRevocable(NotGrantable):
    """The award cannot be revoked; ``sentence`` says why."""


@dataclass(frozen=True)
class Grant:
    """An award, and whether this call made it; else the learner held the badge already."""

    award: BadgeAward
    created: bool


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
) -> Grant:
    """Write the award and the order to issue it. ``evidence`` is a list of objects with name, url and description.

    Raises NotGrantable where Credly would refuse the template.
    """
    refusal = why_not_grantable(template)
    if refusal:
        raise NotGrantable(refusal)
    try:
        with transaction.atomic():
            award = BadgeAward.objects.create(
                learner_id=learner_id,
                template=template,
                earned_at=earned_at,
                source=source,
                reason=reason,
                evidence=list(evidence),
                granted_by_id=getattr(granted_by, "pk", None),
            )
    except IntegrityError:
        # A locking read, because under REPEATABLE READ a plain one may not see what stood in the way.
        standing = BadgeAward.objects.select_for_update().filter(learner_id=learner_id, template=template, live=True)
        live = standing.first()
        if live is None:
            raise  # The learner is unknown: no award of theirs was in the way.
        return Grant(live, created=False)
    outbox.put(award, OutboxMessage.Kind.ISSUE)  # Delivered after commit; a rollback takes it back.
    audit.record("award.granted", award, actor=granted_by, because=reason, after=_facts(award))
    return Grant(award, created=True)


def why_not_grantable(template: BadgeTemplate) -> str:
    """Why a badge cannot be awarded at all now, or an empty text."""
    if template.credly_state == BadgeTemplate.CredlyState.ACTIVE:
        return ""
    sentence = _(
        "The badge template is %(state)s at Credly, which issues active ones only. Publish it there, then sync."
    )
    return sentence % {"state": template.get_credly_state_display()}


@transaction.atomic
def revoke(award: BadgeAward, reason: str, *, by: AbstractBaseUser | None) -> BadgeAward:
    """Take a badge back: at once where Credly never heard of it, else by an order to Credly.

    Raises NotRevocable where there is no reason, or nothing left to revoke.
    """
    if not reason.strip():
        raise NotRevocable(_("Give a reason: the learner and your colleagues will read it."))
    award = BadgeAward.objects.select_for_update().get(pk=award.pk)
    if award.state == BadgeAward.State.REVOKED:
        raise NotRevocable(_("This badge was revoked before."))
    if award.messages.filter(kind=OutboxMessage.Kind.REVOKE, open=True).exists():
        raise NotRevocable(_("This badge is already being revoked."))
    before = _facts(award)
    award.revocation_reason = reason[:500]
    if award.credly_id is None and outbox.take_back(award):
        award.state, award.live, award.revoked_at = BadgeAward.State.REVOKED, None, timezone.now()
    else:
        outbox.put(award, OutboxMessage.Kind.REVOKE)
    award.save(update_fields=["revocation_reason", "state", "live", "revoked_at", "modified"])
    audit.record("award.revoked", award, actor=by, because=reason, before=before, after=_facts(award))
    return award


def _facts(award: BadgeAward) -> dict[str, Any]:
    return {
        "template": str(award.template.uuid),
        "learner_id": award.learner_id,
        "state": award.state,
        "source": award.source,
        "earned_at": award.earned_at.isoformat(),
    }
