"""Which requirements an event concerns, and what it says about them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from .. import criteria, state
from ..models import (
    BadgeAward,
    BadgeProgress,
    BadgeRequirement,
    BadgeTemplate,
    Fulfillment,
    ReceivedEvent,
    RequirementGroup,
)
from ..rules.evaluate import Verdict, evaluate
from ..rules.language import Condition

log = logging.getLogger(__name__)

JUDGED = (BadgeTemplate.Status.ACTIVE, BadgeTemplate.Status.SHADOW)
"""Of a paused badge, events are only kept."""


class Heard(NamedTuple):
    """A requirement that an event concerns, what it asks, and what was decided for it by this subject before."""

    requirement: BadgeRequirement
    condition: Condition
    own_rules: int
    held: bool = False
    held_at: datetime | None = None
    is_penalized: bool = False
    """Whether a penalty of this badge was ever applied to the learner."""


def listening(event: ReceivedEvent, template_id: int | None = None) -> list[Heard]:
    """The requirements that an event can concern: of each badge, or of one, those by which this learner is judged.

    Two queries. A rule that cannot be read was not saved the way rules are; its requirement is left out.
    """
    rows = _listening(event)
    if template_id is not None:
        rows = rows.filter(group__template=template_id)
    found: list[Any] = list(rows)
    return [
        Heard(row, condition, len(row.data_rules.all()), bool(row.held), row.held_at, row.is_penalized)
        for row, condition in with_conditions(found)
    ]


def with_conditions(rows: Iterable[BadgeRequirement]) -> Iterator[tuple[Any, Condition]]:
    """Requirements whose rules can be read, each with what it asks; their groups and data rules have been read."""
    for row in rows:
        try:
            yield row, criteria.condition(row.group, row.data_rules.all())
        except ValueError:  # InvalidRule, or a type of field that this release does not know.
            log.exception("Requirement %s has a rule that cannot be read.", row.pk)


def seen_by(events: Iterable[ReceivedEvent], conditions: Iterable[Condition]) -> dict[int, Mapping[str, Any]]:
    """What each event says, by its number, with what the LMS knows beside it where a condition asks for that."""
    asked = state.asked(conditions)
    if not asked:
        return {event.pk: event.attributes for event in events}
    questions = {
        event.pk: state.Question(event.learner_id, str(event.course_key or ""), event.occurred_at) for event in events
    }
    answers = state.read(set(questions.values()), asked)
    return {event.pk: {**event.attributes, **answers.get(questions[event.pk], {})} for event in events}


def verdict(condition: Condition, event: ReceivedEvent, seen: Mapping[str, Any]) -> Verdict:
    """Whether what an event says meets a condition."""
    return evaluate(condition, seen, now=timezone.now(), occurred_at=event.occurred_at)


def overturns(verdict: Verdict, *, held: bool, own_rules: int) -> bool:
    """Whether a verdict is another than the one before (``held``).

    Who met something in time keeps it though the LMS states it once more when the time is over: of a newer word that
    comes too late, only that it is no longer so counts. ``own_rules`` are the first of the condition's rules; those
    after them are the window of its group.
    """
    if verdict.holds:
        return not held
    return held and not all(finding.holds for finding in verdict.findings[:own_rules])


def may_restore(heard: Heard, verdict: Verdict, event: ReceivedEvent) -> bool:
    """Whether it is met by a newer word than before, which counts where a penalty lies between the two."""
    is_newer = heard.held_at is not None and event.occurred_at > heard.held_at
    return heard.is_penalized and heard.held and is_newer and verdict.holds


def _listening(event: ReceivedEvent) -> QuerySet[BadgeRequirement]:
    """With what was decided before (``held``, ``held_at``), and whether an award to this learner has ended."""
    template = OuterRef("group__template")
    mine = Fulfillment.objects.filter(progress__learner_id=event.learner_id, progress__template=template).order_by()
    decided = mine.filter(requirement=OuterRef("pk"), subject=event.subject)
    penalized = mine.filter(requirement__group__needs=RequirementGroup.Needs.UNDO, holds=True)
    ended = BadgeAward.objects.filter(learner_id=event.learner_id, template=template, live=None)
    judged_by = BadgeProgress.objects.filter(learner_id=event.learner_id, template=template).values("version")[:1]
    return (
        BadgeRequirement.objects.listening_for(event.kind, event.scopes)
        .filter(group__template__status__in=JUDGED)
        .filter(group__version=Coalesce(Subquery(judged_by), F("group__template__version")))
        .select_related("group__template")
        .prefetch_related("data_rules")
        .annotate(
            held=Subquery(decided.values("holds")[:1]),
            held_at=Subquery(decided.values("decided_at")[:1]),
            is_penalized=Exists(penalized),
            ended=Exists(ended),
        )
        .order_by("group__template_id", "pk")
    )
