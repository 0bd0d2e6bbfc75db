"""Granting to very many learners at once, who never had the badge: as ``grants`` does it for one."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from .. import availability
from ..issuing import outbox
from ..models import AuditEntry, BadgeAward, BadgeTemplate, OutboxMessage
from . import inserting
from .grants import facts, why_not_grantable

AT_ONCE = 1000


class First(NamedTuple):
    """A learner who has earned their first badge of a template, and when."""

    learner_id: int
    earned_at: datetime


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
def grant_many(template: BadgeTemplate, earned: Sequence[First], *, version: int) -> int:
    """Write these awards and the orders to issue them; how many. Deliveries are woken in portions after the commit.

    The caller has seen that the template ``is_plain`` and that none of the learners ``had_one``. Raises IntegrityError
    where one of them was awarded it at this moment; nothing is written then.
    """
    for start in range(0, len(earned), outbox.BATCH):
        _grant(template, earned[start : start + outbox.BATCH], version)
    return len(earned)


def _grant(template: BadgeTemplate, earned: Sequence[First], version: int) -> None:
    alike = BadgeAward(template=template, source=BadgeAward.Source.REQUIREMENTS, version=version)
    made = {uuid.uuid4(): each for each in earned}
    inserting.insert(
        alike,
        ("uuid", "learner_id", "earned_at"),
        ((number, each.learner_id, each.earned_at) for number, each in made.items()),
    )
    numbers: dict[uuid.UUID, int] = dict(BadgeAward.objects.filter(uuid__in=made).values_list("uuid", "pk"))
    order = OutboxMessage(
        kind=OutboxMessage.Kind.ISSUE, organization_id=template.organization_id, not_before=timezone.now()
    )
    inserting.insert(order, ("award_id",), ([numbers[number]] for number in made))
    inserting.insert(
        AuditEntry(action="award.granted", object_type=str(BadgeAward._meta.model_name)),
        ("object_id", "object_label", "after"),
        ((str(numbers[number]), str(number), _facts(alike, each)) for number, each in made.items()),
    )
    mine = OutboxMessage.objects.filter(award__in=numbers.values()).order_by("pk")
    outbox.wake_after_commit(list(mine.values_list("pk", flat=True)))


def _facts(alike: BadgeAward, each: First) -> dict[str, Any]:
    """What the audit log keeps of one of them."""
    alike.learner_id, alike.earned_at = each.learner_id, each.earned_at
    return facts(alike)
