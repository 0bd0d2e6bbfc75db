"""Many learners who have only just come to a badge, written in a few statements: as ``advancing`` does it for one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from ..awards import many
from ..models import BadgeProgress, BadgeTemplate, Fulfillment
from ..rules.standing import Standing
from . import withheld
from .facts import Fact, row_of

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A learner without progress towards the badge: what is met, by the stored events, and where that brings them."""

    learner_id: int
    facts: Sequence[Fact]
    standing: Standing


@dataclass(frozen=True)
class Written:
    """What came of some newcomers."""

    completed: int = 0
    awarded: int = 0
    withheld: int = 0


def may_begin(template: BadgeTemplate) -> bool:
    """Whether newcomers to this badge can be written together; else each has to be looked at. At most one query."""
    return template.status == BadgeTemplate.Status.SHADOW or many.is_plain(template)


def newcomers(template: BadgeTemplate, learners: Collection[int]) -> set[int]:
    """Those of these learners, none of whom has progress, who were never awarded the badge either."""
    return set(learners) - many.had_one(template, learners)


@transaction.atomic
def begin(template: BadgeTemplate, learners: Sequence[Newcomer], *, version: int) -> Written:
    """Write the progress of newcomers, and award the badge to those who are done.

    Their events are stored and locked. Raises IntegrityError where one of them came to the badge some other way at
    this moment; nothing is written then.
    """
    is_recorded_only = template.status == BadgeTemplate.Status.SHADOW
    rows = [_progress(template, each, version, is_recorded_only=is_recorded_only) for each in learners]
    progress = _with_numbers(BadgeProgress.objects.bulk_create(rows, batch_size=AT_ONCE))
    Fulfillment.objects.bulk_create(
        [row_of(mine, fact) for each, mine in zip(learners, progress, strict=True) for fact in each.facts],
        batch_size=AT_ONCE,
    )
    done = [many.First(each.learner_id, each.completed_at) for each in rows if each.completed_at is not None]
    if is_recorded_only:
        return Written(completed=len(done), withheld=len(done))
    return Written(completed=len(done), awarded=len(many.grant_many(template, done, version=version)) if done else 0)


def _progress(template: BadgeTemplate, each: Newcomer, version: int, *, is_recorded_only: bool) -> BadgeProgress:
    now = each.standing
    row = BadgeProgress(
        learner_id=each.learner_id,
        template=template,
        version=version,
        percent=now.percent,
        completed_at=now.completed_at,
    )
    if is_recorded_only and now.completed_at is not None:
        row.withheld, row.earned_at, row.try_again_at = withheld.recorded_only(), now.completed_at, timezone.now()
    return row


def _with_numbers(rows: list[BadgeProgress]) -> list[BadgeProgress]:
    """MySQL does not say under which numbers it stored several rows, so they are found by what is unique in them."""
    if all(row.pk is not None for row in rows):
        return rows
    numbers: dict[int, int] = {}
    for start in range(0, len(rows), AT_ONCE):
        learners = [row.learner_id for row in rows[start : start + AT_ONCE]]
        mine = BadgeProgress.objects.filter(template=rows[0].template, learner__in=learners)
        numbers |= dict(mine.values_list("learner_id", "pk"))
    for row in rows:
        row.pk = numbers[row.learner_id]
    return rows
