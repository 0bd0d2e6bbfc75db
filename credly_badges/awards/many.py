"""Granting to very many learners at once, who never had the badge: as ``grants`` does it for one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from .. import audit, availability
from ..issuing import outbox
from ..models import AuditEntry, BadgeAward, BadgeTemplate, OutboxMessage
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
    awards = _with_numbers(
        BadgeAward.objects.bulk_create(
            [
                BadgeAward(
                    learner_id=learner_id,
                    template=template,
                    earned_at=earned_at,
                    source=BadgeAward.Source.REQUIREMENTS,
                    version=version,
                )
                for learner_id, earned_at in earned
            ],
            batch_size=AT_ONCE,
        )
    )
    now = timezone.now()
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                kind=OutboxMessage.Kind.ISSUE,
                award=award,
                organization_id=template.organization_id,
                not_before=now,
            )
            for award in awards
        ],
        batch_size=AT_ONCE,
    )
    AuditEntry.objects.bulk_create(
        [AuditEntry(**audit.entry("award.granted", award, after=facts(award))) for award in awards],
        batch_size=AT_ONCE,
    )
    _wake(awards)
    return len(awards)


def _with_numbers(awards: list[BadgeAward]) -> list[BadgeAward]:
    """MySQL does not say under which numbers it stored several rows, so they are found by what is unique in them."""
    if all(award.pk is not None for award in awards):
        return awards
    numbers: dict[object, int] = {}
    for start in range(0, len(awards), AT_ONCE):
        uuids = [award.uuid for award in awards[start : start + AT_ONCE]]
        numbers |= dict(BadgeAward.objects.filter(uuid__in=uuids).values_list("uuid", "pk"))
    for award in awards:
        award.pk = numbers[award.uuid]
    return awards


def _wake(awards: Sequence[BadgeAward]) -> None:
    for start in range(0, len(awards), outbox.BATCH):
        mine = OutboxMessage.objects.filter(award__in=[award.pk for award in awards[start : start + outbox.BATCH]])
        outbox.wake_after_commit(list(mine.order_by("pk").values_list("pk", flat=True)))
