"""An event and a badge: the new decisions, written under the lock of the learner's progress, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import IntegrityError, transaction

from .. import criteria
from ..models import BadgeProgress, BadgeRequirement, BadgeTemplate, ReceivedEvent, RequirementGroup
from ..rules.criteria import Criteria
from ..rules.evaluate import Verdict
from ..rules.standing import Met, Standing
from . import facts, judging, limits
from .completion import Turn, conclude
from .facts import Fact, Facts
from .judging import Heard

News = Sequence[tuple[Heard, Verdict]]


class Moved(Exception):
    """The learner came to be judged by another version while the event was held against the one before."""


def advance(template: BadgeTemplate, event: ReceivedEvent, news: News) -> None:
    """Write the new verdicts under the lock of the learner's progress, and do what follows from where they stand then.

    Raises Moved where they are of another version by now; nothing is written then.
    """
    advance_by(template, [(event, news)])


def advance_by(template: BadgeTemplate, told: Sequence[tuple[ReceivedEvent, News]]) -> None:
    """The same for several events of one learner, in the order in which they happened: as if all came at once."""
    template = limits.locked(template)
    (first, first_news), (last, _last_news) = told[0], told[-1]
    version = first_news[0][0].requirement.group.version
    progress, begun_now = _locked_progress(first.learner_id, template, version)
    if progress.version != version:
        raise Moved
    before = {} if begun_now else facts.locked(progress)
    decided = [fact for event, news in told for fact in _decided(news, event, before)]
    after = before | {fact.which: fact for fact in decided}
    asked = criteria.shape(template.pk, version)
    now, restored = stand(progress, asked, after)
    facts.write(progress, [*(fact for fact in decided if fact.which not in restored), *restored.values()])
    turn = Turn(
        criteria=asked,
        before=before,
        after=after | restored,
        gained=any(fact.holds for fact in decided),
        at=last.occurred_at,
        scopes=next((event for event, _news in told if event.occurred_at == now.completed_at), last).scopes,
        look_back=first_news[0][0].requirement.ended,  # type: ignore[attr-defined]  # annotated in judging
    )
    conclude(progress, template, now, turn)


def _decided(news: News, event: ReceivedEvent, before: Facts) -> Iterator[Fact]:
    """What the event decides otherwise than it was decided before, by what is stored under the lock."""
    for heard, verdict in news:
        known = before.get((heard.requirement.pk, event.subject))
        if verdict.holds != (known is not None and known.holds) or _applies_anew(heard, event, known):
            yield facts.decided(heard.requirement.pk, event, verdict, row=known.row if known else None)


def _applies_anew(heard: Heard, event: ReceivedEvent, known: Fact | None) -> bool:
    """Whether a penalty that was applied before is applied later too: to what was met between the two."""
    is_penalty = heard.requirement.group.needs == RequirementGroup.Needs.UNDO
    return is_penalty and known is not None and known.holds and event.occurred_at > known.met.at


def stand(progress: BadgeProgress, asked: Criteria, after: Facts) -> tuple[Standing, Facts]:
    """Where a learner stands, counting what was stated anew since a penalty undid it; and which facts these are."""
    restored: Facts = {}
    now = facts.standing_by(asked, after)
    while again := _stated_again(progress, asked, now, after | restored):
        restored |= again
        now = facts.standing_by(asked, after | restored)
    return now, restored


def _stated_again(progress: BadgeProgress, asked: Criteria, now: Standing, known: Facts) -> Facts:
    """Of what penalties undid, that whose latest statement is newer than they are. No query where none did."""
    undone = [pair for group in now.groups for each in group.requirements for pair in each.undone]
    if not undone:
        return {}
    kinds = {asked.by_id[met.requirement].event_type for met, _hit in undone}
    rows = ReceivedEvent.objects.filter(
        learner=progress.learner_id, kind__in=kinds, subject__in={met.subject for met, _hit in undone}
    )
    events = {(event.kind, event.subject): event for event in rows}
    newer: dict[int, list[tuple[Met, ReceivedEvent]]] = {}
    for met, hit in undone:
        event = events.get((asked.by_id[met.requirement].event_type, met.subject))
        if event is not None and event.occurred_at > hit.at:
            newer.setdefault(met.requirement, []).append((met, event))
    return _those_that_hold(newer, known) if newer else {}


def _those_that_hold(newer: dict[int, list[tuple[Met, ReceivedEvent]]], known: Facts) -> Facts:
    rows = BadgeRequirement.objects.filter(pk__in=newer).select_related("group").prefetch_related("data_rules")
    conditions = {row.pk: condition for row, condition in judging.with_conditions(rows)}
    events = {event.pk: event for pairs in newer.values() for _met, event in pairs}
    seen = judging.seen_by(events.values(), conditions.values())
    found: Facts = {}
    for requirement_id, condition in conditions.items():
        for met, event in newer[requirement_id]:
            verdict = judging.verdict(condition, event, seen[event.pk])
            if verdict.holds:
                row = known[requirement_id, met.subject].row
                fact = facts.decided(requirement_id, event, verdict, row=row)
                found[fact.which] = fact
    return found


def _locked_progress(learner_id: int, template: BadgeTemplate, version: int) -> tuple[BadgeProgress, bool]:
    """A learner's progress, locked, and whether it began just now."""
    mine = BadgeProgress.objects.select_for_update().filter(learner_id=learner_id, template=template)
    progress = mine.first()
    if progress is not None:
        return progress, False
    try:
        with transaction.atomic():
            return BadgeProgress.objects.create(learner_id=learner_id, template=template, version=version), True
    except IntegrityError:
        return mine.get(), False  # Another worker began it, and has let go of it by now.
