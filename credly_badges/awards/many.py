"""Granting to very many learners at once, who never had the badge: as ``grants`` does it for one."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from .. import availability
from ..issuing import outbox
from ..models import ApiKey, AuditEntry, BadgeAward, BadgeTemplate, OutboxMessage
from . import inserting
from .grants import facts, why_not_grantable, with_key

AT_ONCE = 1000


class First(NamedTuple):
    """A learner who has earned their first badge of a template, when, and what shows it."""

    learner_id: int
    earned_at: datetime
    evidence: Sequence[dict[str, str]] = ()


def is_plain(template: BadgeTemplate) -> bool:
    """Whether nothing is to be looked at for each badge: no places, no quota, no limit, no date. One query."""
    has_limit = template.limit_per_hour is not None or template.limit_total is not None
    at_once = template.release == BadgeTemplate.Release.AT_ONCE
    if has_limit or not at_once or why_not_grantable(template):
        return False
    return not availability.offer(template).rows


def had_one(template: BadgeTemplate, learners: Collection[int]) -> set[int]:
    """Those of these learners to whom the badge was ever awarded, whatever became of it."""
    wanted, found = sorted(learners), set[int]()
    for start in range(0, len(wanted), AT_ONCE):
        awards = BadgeAward.objects.filter(template=template, learner__in=wanted[start : start + AT_ONCE])
        found.update(each for each in awards.values_list("learner_id", flat=True) if each is not None)
    return found


@transaction.atomic
def grant_many(
    template: BadgeTemplate,
    earned: Sequence[First],
    *,
    version: int | None = None,
    source: BadgeAward.Source = BadgeAward.Source.REQUIREMENTS,
    reason: str = "",
    granted_by: AbstractBaseUser | None = None,
    granted_with: ApiKey | None = None,
) -> dict[int, int]:
    """Write these awards and the orders to issue them; the number of each learner's. Deliveries are woken in portions.

    The caller has seen that the template ``is_plain`` and that none of the learners ``had_one``. Raises IntegrityError
    where one of them was awarded it at this moment; nothing is written then.
    """
    alike = BadgeAward(
        template=template,
        source=source,
        version=version,
        reason=reason,
        granted_by_id=getattr(granted_by, "pk", None),
        granted_with=granted_with,
    )
    numbers: dict[int, int] = {}
    for start in range(0, len(earned), outbox.BATCH):
        numbers |= _grant(alike, earned[start : start + outbox.BATCH])
    return numbers


def _grant(alike: BadgeAward, earned: Sequence[First]) -> dict[int, int]:
    made = {uuid.uuid4(): each for each in earned}
    inserting.insert(
        alike,
        ("uuid", "learner_id", "earned_at", "evidence"),
        ((number, each.learner_id, each.earned_at, list(each.evidence)) for number, each in made.items()),
    )
    numbers: dict[uuid.UUID, int] = dict(BadgeAward.objects.filter(uuid__in=made).values_list("uuid", "pk"))
    order = OutboxMessage(
        kind=OutboxMessage.Kind.ISSUE, organization_id=alike.template.organization_id, not_before=timezone.now()
    )
    inserting.insert(order, ("award_id",), ([numbers[number]] for number in made))
    inserting.insert(
        AuditEntry(
            action="award.granted",
            object_type=str(BadgeAward._meta.model_name),
            actor_id=alike.granted_by_id,
            because=alike.reason[:500],
        ),
        ("object_id", "object_label", "after"),
        ((str(numbers[number]), str(number), _facts(alike, each)) for number, each in made.items()),
    )
    mine = OutboxMessage.objects.filter(award__in=numbers.values()).order_by("pk")
    outbox.wake_after_commit(list(mine.values_list("pk", flat=True)))
    return {each.learner_id: numbers[number] for number, each in made.items()}


def _facts(alike: BadgeAward, each: First) -> dict[str, Any]:
    """What the audit log keeps of one of them."""
    alike.learner_id, alike.earned_at = each.learner_id, each.earned_at
    return facts(alike) | with_key(alike.granted_with)
