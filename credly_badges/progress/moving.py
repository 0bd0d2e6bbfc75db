"""Learners on their way when a badge's requirements change: moved to the new version, and judged anew."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from .. import criteria, waking
from ..models import BadgeAward, BadgeProgress, BadgeRequirement, BadgeTemplate, Fulfillment, ReceivedEvent
from ..rules.language import Condition
from ..rules.standing import Met
from . import deciding, facts, judging, limits, withheld
from .advancing import stand
from .completion import Turn, conclude
from .facts import Fact, Facts

log = logging.getLogger(__name__)

PORTION = 200
"""How many learners are moved in one go."""


class Asked(NamedTuple):
    """A requirement of one version, with what it asks and where."""

    row: BadgeRequirement
    condition: Condition
    places: frozenset[str]

    @property
    def substance(self) -> tuple[Any, ...]:
        """What decides whether an event meets it. Two versions in which this is the same ask the same."""
        return self.row.key, self.row.event_type, self.condition, self.places


def wake_to_move() -> None:
    """Have a worker move learners on, once what was changed is committed."""
    transaction.on_commit(lambda: waking.send(move_learners), robust=True)


@shared_task(name="credly_badges.progress.move_learners", **waking.STORED_WORK, soft_time_limit=240, time_limit=270)
def move_learners() -> None:
    """Worker's side of :func:`wake_to_move`: a portion, and then the next, until nobody is left who can be moved."""
    if move_on(PORTION):
        wake_to_move()


def move_on(limit: int = PORTION) -> int:
    """Move learners on their way to the version that is valid now, where the template says so; how many."""
    moved = 0
    for number in _behind(limit):
        try:
            judge_anew(number)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # One that fails must not hold up the rest. It is left out until its time has come.
            log.exception("The learner of progress %s could not be moved to the new requirements.", number)
            BadgeProgress.objects.filter(pk=number).update(try_again_at=timezone.now() + withheld.LONGEST_WAIT)
        else:
            moved += 1
    return moved


def _behind(limit: int) -> list[int]:
    """Who is on the way by an earlier version, in the order of an index, as there may be a million of them.

    Who holds the badge and has lost ground since is judged by what it was earned by. Of a badge in shadow nobody was
    awarded anything, so who was recorded to have earned it is on the way as well.
    """
    changed = BadgeTemplate.objects.filter(
        status__in=judging.JUDGED, on_change=BadgeTemplate.OnChange.MOVE, version__gt=1
    ).order_by("pk")
    held = BadgeAward.objects.filter(learner=OuterRef("learner"), template=OuterRef("template"), live=True)
    found: list[int] = []
    for template_id, version, status in changed.values_list("pk", "version", "status"):
        behind = BadgeProgress.objects.filter(template=template_id, version__lt=version)
        if status == BadgeTemplate.Status.SHADOW:
            mine = behind.order_by("version", "learner")
        else:
            mine = behind.filter(completed_at=None).order_by("version", "pk")
        mine = mine.filter(~Exists(held)).exclude(try_again_at__gt=timezone.now())
        found += mine.values_list("pk", flat=True)[: limit - len(found)]
        if len(found) == limit:
            break
    return found


@transaction.atomic
def judge_anew(progress_id: int) -> None:
    """Judge a learner by the version that is valid now, from all that they are known to have done.

    Who has completed a version stays with it, unless that was only recorded. What was met stays met where the new
    version asks the same, though the event that decided it may be gone.
    """
    progress = BadgeProgress.objects.select_related("template").filter(pk=progress_id).first()
    if progress is None:
        return
    template = progress.template
    wanted = _asked(template, template.version)
    kinds = {each.row.event_type for each in wanted}
    mine = ReceivedEvent.objects.filter(learner=progress.learner_id, kind__in=kinds).values_list("pk", flat=True)
    # Locked before the progress, as whoever records one of them does; by their numbers, as MariaDB, looking for a kind,
    # may lock those of other kinds as well.
    said = list(ReceivedEvent.objects.select_for_update().filter(pk__in=list(mine)).order_by("pk"))
    template, asked = limits.locked(template), template.version
    progress = BadgeProgress.objects.select_for_update().get(pk=progress_id)
    if template.version == asked and template.status in judging.JUDGED and _is_on_the_way(progress, template):
        _move(progress, template, wanted, said)


def _is_on_the_way(progress: BadgeProgress, template: BadgeTemplate) -> bool:
    if progress.completed_at is None:
        return True
    held = BadgeAward.objects.filter(learner=progress.learner_id, template=template, live=True)
    return template.status == BadgeTemplate.Status.SHADOW and not held.exists()


def _move(progress: BadgeProgress, template: BadgeTemplate, wanted: list[Asked], said: list[ReceivedEvent]) -> None:
    before = facts.locked(progress)
    known = _of_the_same(wanted, _asked(template, progress.version), _with_evidence(progress, before))
    after = known | _said(wanted, known, said)
    asked = criteria.shape(template.pk, template.version)
    now, restored = stand(progress, asked, after)
    after |= restored
    Fulfillment.objects.filter(progress=progress).delete()
    facts.write(progress, (fact for fact in after.values() if fact.holds))
    progress.version, progress.completed_at = template.version, None
    withheld.forget(progress)
    progress.save(update_fields=["version"])
    turn = Turn(
        criteria=asked,
        before=before,
        after=after,
        gained=True,
        at=timezone.now(),
        scopes=deciding.scopes(progress, now.completed_at) if now.completed_at else (),
    )
    conclude(progress, template, now, turn)


def _asked(template: BadgeTemplate, version: int) -> list[Asked]:
    """What one version asks for. Three queries."""
    rows = BadgeRequirement.objects.filter(group__template=template, group__version=version).order_by("pk")
    read = rows.select_related("group").prefetch_related("data_rules", "listening")
    return [
        Asked(row, condition, frozenset(place.scope for place in row.listening.all()))
        for row, condition in judging.with_conditions(read)
    ]


def _with_evidence(progress: BadgeProgress, known: Facts) -> Iterable[Fact]:
    seen = facts.evidence_of(progress)
    return (Fact(fact.met, fact.holds, seen.get(fact.row or 0, {})) for fact in known.values() if fact.holds)


def _of_the_same(wanted: Collection[Asked], was: Collection[Asked], held: Iterable[Fact]) -> Facts:
    """What was met of requirements that the new version asks as well."""
    new = {each.substance: each.row.pk for each in wanted}
    successors = {each.row.pk: new[each.substance] for each in was if each.substance in new}
    carried = (
        Fact(Met(successors[met.requirement], met.subject, met.at, met.course), holds=True, evidence=evidence)
        for met, evidence in ((fact.met, fact.evidence) for fact in held)
        if met.requirement in successors
    )
    return {fact.which: fact for fact in carried}


def _said(wanted: Collection[Asked], known: Facts, said: Collection[ReceivedEvent]) -> Facts:
    """What the stored events decide otherwise than what is known."""
    seen = judging.seen_by(said, (each.condition for each in wanted))
    found: Facts = {}
    for each in wanted:
        for event in said:
            if event.kind != each.row.event_type or each.places.isdisjoint(event.scopes):
                continue
            verdict = judging.verdict(each.condition, event, seen[event.pk])
            is_known = (each.row.pk, event.subject) in known
            if judging.overturns(verdict, held=is_known, own_rules=len(each.row.data_rules.all())):
                fact = facts.decided(each.row.pk, event, verdict)
                found[fact.which] = fact
    return found
