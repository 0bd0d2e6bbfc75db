"""All that is known of one learner and one badge, read in the same few queries however much it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .. import criteria
from ..models import (
    BadgeProgress,
    BadgeRequirement,
    BadgeTemplate,
    Fulfillment,
    ListeningPlace,
    ReceivedEvent,
    RequirementGroup,
)
from ..progress import judging
from ..rules.criteria import Criteria
from ..rules.language import Condition
from ..rules.standing import Met, RequirementStanding, Standing, standing
from . import history
from .criteria import names_of, requirement_names, with_rules
from .places import titles_of_scopes

PENALTIES = RequirementGroup.Needs.UNDO


@dataclass(frozen=True)
class Known:
    """What is stored. ``conditions`` lacks those requirements of which a rule cannot be read."""

    learner_id: int
    template: BadgeTemplate
    progress: BadgeProgress | None
    version: int
    groups: Sequence[RequirementGroup]
    criteria: Criteria
    conditions: Mapping[int, Condition]
    places: Mapping[int, frozenset[str]]
    kept: Sequence[Fulfillment]
    events: Sequence[ReceivedEvent]
    past: Sequence[ReceivedEvent] | None
    """What the LMS knows and nothing was heard of; None where it could not be asked."""

    @cached_property
    def standing(self) -> Standing:
        """How far the learner is, by what was decided."""
        return standing(self.criteria, (as_met(row) for row in self.kept if row.holds))

    @cached_property
    def standings(self) -> dict[int, RequirementStanding]:
        """The same of each requirement, by its number; penalties have none."""
        return {each.requirement.id: each for group in self.standing.groups for each in group.requirements}

    @cached_property
    def requirements(self) -> dict[int, BadgeRequirement]:
        """The rows by their number."""
        return {row.pk: row for group in self.groups for row in group.requirements.all()}

    @cached_property
    def group_names(self) -> dict[int, str]:
        """What groups are called, by their number."""
        return names_of(self.groups)

    @cached_property
    def names(self) -> dict[str, str]:
        """What requirements are called, by their key."""
        return requirement_names(self.groups)

    @cached_property
    def titles(self) -> dict[str, str]:
        """What courses and badges are called that requirements or events name. Two queries."""
        named = {row.subject for row in self.kept}
        for event in (*self.events, *(self.past or ())):
            named |= {event.subject, str(event.course_key or "")}
        for requirement in self.requirements.values():
            named.update(requirement.places)
            named.update(rule.about for rule in requirement.data_rules.all())
        for each in self.criteria.by_id.values():
            named |= each.every
        return titles_of_scopes(named)

    @cached_property
    def seen(self) -> dict[int, Mapping[str, Any]]:
        """What rules can read now of each event, by its number."""
        return judging.seen_by([*self.events, *(self.past or ())], self.conditions.values())

    def title_of(self, subject: str, event: ReceivedEvent | None, course: str = "") -> str:
        """What people call that which an event was about; the course, for what has no name of its own in it."""
        if subject in self.titles:
            return self.titles[subject]
        key = str(event.course_key) if event and event.course_key else course
        return self.titles.get(key) or key or subject

    def concerns(self, requirement_id: int, event: ReceivedEvent) -> bool:
        """Whether an event is of a requirement's kind, at one of its places."""
        of_its_kind = event.kind == self.requirements[requirement_id].event_type
        return of_its_kind and not self.places.get(requirement_id, frozenset()).isdisjoint(event.scopes)

    @cached_property
    def of_no_use(self) -> list[ReceivedEvent]:
        """The events that concern no requirement: of one's kind, and at another place."""
        asked: dict[str, set[str]] = {}
        for number, row in self.requirements.items():
            asked.setdefault(row.event_type, set()).update(self.places.get(number, ()))
        return [event for event in self.events if asked.get(event.kind, set()).isdisjoint(event.scopes)]

    def decided_for(self, requirement_id: int) -> list[Fulfillment]:
        """What was decided about a requirement, the oldest first."""
        return [row for row in self.kept if row.requirement_id == requirement_id]


def read(learner_id: int, template: BadgeTemplate) -> Known:
    """Look up everything. The same number of queries however much the badge asks for or the learner did."""
    progress = BadgeProgress.objects.filter(learner_id=learner_id, template=template).first()
    if progress is not None:
        progress.template = template
    version = progress.version if progress else template.version
    groups = with_rules(RequirementGroup.objects.filter(template=template, version=version))
    rows = [row for group in groups for row in group.requirements.all()]
    kept = Fulfillment.objects.filter(progress=progress, requirement__in=rows) if progress else ()
    kinds = {row.event_type for row in rows}
    events = list(ReceivedEvent.objects.filter(learner_id=learner_id, kind__in=kinds).order_by("occurred_at", "pk"))
    return Known(
        learner_id=learner_id,
        template=template,
        progress=progress,
        version=version,
        groups=groups,
        criteria=criteria.shape(template.pk, version),
        conditions=dict(_conditions(groups)),
        places=_places(rows),
        kept=sorted(kept, key=lambda row: (row.decided_at, row.pk)),
        events=events,
        past=_past(learner_id, kinds, events),
    )


def _past(learner_id: int, kinds: set[str], events: Iterable[ReceivedEvent]) -> list[ReceivedEvent] | None:
    heard = {(event.kind, event.subject) for event in events}
    try:
        told = history.of_learner(learner_id, kinds)
    except history.CannotAsk:
        return None
    return [event for event in told if (event.kind, event.subject) not in heard]


def as_met(row: Fulfillment) -> Met:
    """A decision as what standings are worked out from."""
    return Met(row.requirement_id, row.subject, row.decided_at, row.course)


def _conditions(groups: Iterable[RequirementGroup]) -> Iterator[tuple[int, Condition]]:
    for group in groups:
        for row, condition in judging.with_conditions(_with_group(group)):
            yield row.pk, condition


def _with_group(group: RequirementGroup) -> Iterator[BadgeRequirement]:
    for row in group.requirements.all():
        row.group = group
        yield row


def _places(rows: Iterable[BadgeRequirement]) -> dict[int, frozenset[str]]:
    places: dict[int, set[str]] = {}
    found = ListeningPlace.objects.filter(requirement__in=list(rows)).order_by()
    for requirement_id, scope in found.values_list("requirement_id", "scope"):
        places.setdefault(requirement_id, set()).add(scope)
    return {requirement_id: frozenset(scopes) for requirement_id, scopes in places.items()}
