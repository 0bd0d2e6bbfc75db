"""What follows from where a learner stands now: the badge, a further one, or that they have lost it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from .. import terms
from ..models import BadgeAward, BadgeProgress, BadgeTemplate
from ..rules.criteria import Criteria
from ..rules.standing import Standing
from . import regressions, withheld
from .facts import Facts, Which, standing_by


@dataclass(frozen=True)
class Turn:
    """What has brought a learner to where they stand: an event, with its time and place, and what it changed.

    ``before`` and ``after`` are the facts; ``look_back`` is whether an award to this learner may have ended.
    """

    criteria: Criteria
    before: Facts
    after: Facts
    gained: bool
    at: datetime
    scopes: Collection[str]
    look_back: bool = True


def conclude(progress: BadgeProgress, template: BadgeTemplate, now: Standing, turn: Turn) -> None:
    """Write down where a learner stands, and award the badge or deal with its loss; called under the lock."""
    was_complete = progress.completed_at is not None
    if now.completed_at is not None:
        _complete(progress, template, now, turn)
    elif was_complete:
        _lose(progress, template, now, turn)
    else:
        progress.percent = now.percent
    progress.save(update_fields=["percent", "completed_at", *withheld.COLUMNS, "modified"])


def _complete(progress: BadgeProgress, template: BadgeTemplate, now: Standing, turn: Turn) -> None:
    was_complete = progress.completed_at is not None
    earned_at = _earned_at(progress, template, now, turn)
    progress.percent, progress.completed_at = now.percent, now.completed_at
    may_be_held = template.on_loss == BadgeTemplate.OnLoss.HOLD and not was_complete and bool(turn.before)
    if earned_at is not None and not (may_be_held and regressions.end(progress)):
        withheld.award(progress, template, earned_at, turn.scopes, look_back=turn.look_back)


def _lose(progress: BadgeProgress, template: BadgeTemplate, now: Standing, turn: Turn) -> None:
    """Note that what was complete is not any more, if that is for something that was met and no longer counts.

    Who completed all courses of a program stays complete when it gets another one.
    """
    before = standing_by(turn.criteria, turn.before)
    if counted(before) <= counted(now):
        return
    progress.percent, progress.completed_at = now.percent, None
    withheld.forget(progress)
    regressions.begin(progress, template, regressions.in_words(turn.criteria, before, now), turn.at)


def counted(standing: Standing) -> set[Which]:
    """What counts, by requirement and subject."""
    every = (each for group in standing.groups for each in group.requirements)
    return {(each.requirement.id, met.subject) for each in every for met in each.counted}


def _earned_at(progress: BadgeProgress, template: BadgeTemplate, now: Standing, turn: Turn) -> datetime | None:
    """When a badge was earned that is to be awarded now; None where there is none."""
    if progress.completed_at is None:
        return now.completed_at
    # What is withheld may be the first badge, or a further one that was earned later.
    further = progress.earned_at if progress.earned_at != progress.completed_at else None
    again = _earned_again(progress, turn) if turn.gained and terms.comes_again(template) else None
    return (again or further or now.completed_at) if progress.withheld else again


def _earned_again(progress: BadgeProgress, turn: Turn) -> datetime | None:
    """When a learner who holds the badge met all of it again, counting only what happened since they earned it."""
    held = BadgeAward.objects.filter(learner_id=progress.learner_id, template_id=progress.template_id, live=True)
    last_earned_at = held.aggregate(last=Max("earned_at"))["last"]
    if last_earned_at is None:
        return None
    since = {which: fact for which, fact in turn.after.items() if fact.met.at > last_earned_at}
    return standing_by(turn.criteria, since).completed_at
