"""All that the lint looks at, read at once: as many queries for a badge with 200 requirements as for one with two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import availability, lms, state
from ..events.catalogue import CATALOGUE, EventType, ScopeKind
from ..models import BadgeRequirement, BadgeTemplate, RequirementGroup
from ..rules.fields import Field
from .fault import Fault


@dataclass(frozen=True)
class Asked:
    """One requirement, with its group and the event that it waits for (None: one that this version does not know)."""

    group: RequirementGroup
    row: BadgeRequirement
    event: EventType | None

    @property
    def name(self) -> str:
        """What a sentence calls it: as learners read it, or else by what the event is called."""
        return self.row.description or (str(self.event.label) if self.event else self.row.event_type)

    @property
    def is_penalty(self) -> bool:
        """Whether it takes others back."""
        return self.group.needs == RequirementGroup.Needs.UNDO

    def fault(self, code: str, sentence: str, *, hint: bool = False) -> Fault:
        """A fault of this requirement."""
        return Fault(code, "hint" if hint else "error", sentence, self.group.key, self.row.key)


@dataclass(frozen=True)
class Subject:
    """One badge, as the lint sees it."""

    template: BadgeTemplate
    groups: tuple[RequirementGroup, ...]
    asked: tuple[Asked, ...]
    courses: Mapping[str, lms.Course]
    programs: Mapping[str, frozenset[str]]
    badges: Mapping[str, BadgeTemplate]
    offer: availability.Offer
    now: datetime

    @cached_property
    def earning(self) -> tuple[Asked, ...]:
        """What has to be met; without penalties."""
        return tuple(each for each in self.asked if not each.is_penalty)

    def name_of(self, group: RequirementGroup) -> str:
        """What a sentence calls a group."""
        number = next((place for place, each in enumerate(self.groups, 1) if each.pk == group.pk), 0)
        return group.name or _("group %(number)d") % {"number": number}


def read(template: BadgeTemplate) -> Subject:
    """Everything about one badge."""
    groups = tuple(template.groups.current().prefetch_related("requirements__data_rules"))
    asked = tuple(
        Asked(group, row, CATALOGUE.get(row.event_type)) for group in groups for row in group.requirements.all()
    )
    places = {place for each in asked for place in each.row.places}
    programs = lms.runs_of_programs({place for place in places if lms.is_uuid(place)})
    runs = {place for place in places if lms.is_course_run(place)}.union(*programs.values())
    return Subject(
        template=template,
        groups=groups,
        asked=asked,
        courses=lms.courses(runs),
        programs=programs,
        badges=_badges(asked),
        offer=availability.offer(template),
        now=timezone.now(),
    )


def _badges(asked: Iterable[Asked]) -> dict[str, BadgeTemplate]:
    """The badges that requirements and rules name, by their UUID."""
    named = {place for each in asked if each.event and is_about_badges(each.event) for place in each.row.places}
    named |= {rule.about for each in asked for rule in each.row.data_rules.all() if rule.about}
    wanted = {UUID(text) for text in named if lms.is_uuid(text)}
    if not wanted:
        return {}
    return {str(template.uuid): template for template in BadgeTemplate.objects.filter(uuid__in=wanted)}


def field_of(event: EventType | None, path: str) -> Field | None:
    """A field that a rule can ask about where a requirement waits for this event: one of the event's, or of state."""
    if event is None:
        return None
    known = state.STATE.get(path)
    if known is not None:
        return known.field if has_course(event) or not known.needs_course else None
    return next((each for each in event.fields if each.path == path), None)


def has_course(event: EventType) -> bool:
    """Whether an event happens in a course, so that the LMS can be asked about it."""
    return event.scope_kind is ScopeKind.COURSE


def is_about_badges(event: EventType) -> bool:
    """Whether the places of an event are badges."""
    return event.scope_kind is ScopeKind.BADGE
