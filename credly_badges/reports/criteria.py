"""What a badge asks for, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import state
from ..events.catalogue import CATALOGUE, EventType, ScopeKind
from ..models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from ..rules.criteria import Distinct
from ..rules.explain import describe
from ..rules.fields import Field
from ..rules.language import Condition, GroupNeeds, InvalidRule, compile_rule
from .places import Titles, places_in_words, titles_of_scopes
from .windows import window_sentences

Needs = RequirementGroup.Needs


@dataclass(frozen=True)
class RequirementInWords:
    """One thing to do: what learners read of it, the event and where, and a sentence for each data rule.

    ``notes`` are sentences on all else: in how many courses, how many points it counts, what a penalty takes back.
    ``place`` is empty where the event has none; ``of_badge`` says that it is a badge.
    """

    description: str
    event: str
    place: str
    rules: tuple[str, ...]
    notes: tuple[str, ...] = ()
    of_badge: bool = False

    @property
    def event_and_place(self) -> str:
        """“Course grade, in any course”."""
        words = {"event": self.event, "place": self.place}
        if not self.place:
            return self.event
        return _("%(event)s: %(place)s") % words if self.of_badge else _("%(event)s, in %(place)s") % words

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        head = self.event_and_place
        if self.description:
            head = _("%(description)s – %(event_and_place)s") % {
                "description": self.description,
                "event_and_place": head,
            }
        return " ".join((_("%(sentence)s.") % {"sentence": head}, *self.rules, *self.notes))


@dataclass(frozen=True)
class GroupInWords:
    """One group: its name, how many it takes (“all of these”; empty where it has one requirement), and these.

    ``notes`` are sentences on when it counts; ``takes_back`` says that its requirements are penalties.
    """

    name: str
    needs: str
    requirements: tuple[RequirementInWords, ...]
    notes: tuple[str, ...] = ()
    takes_back: bool = False


def criteria_in_words(template: BadgeTemplate) -> list[GroupInWords]:
    """What a badge asks for, in the reader's language. The same few queries however much it asks for."""
    return criteria_of([template])[template.pk]


def criteria_of(templates: Collection[BadgeTemplate]) -> dict[int, list[GroupInWords]]:
    """What each of these badges asks for. As many queries for many badges as for one."""
    wanted = RequirementGroup.objects.current().filter(template__in=[template.pk for template in templates])
    groups = with_rules(wanted)
    titles = titles_of(groups)
    found: dict[int, list[RequirementGroup]] = {template.pk: [] for template in templates}
    for group in groups:
        found[group.template_id].append(group)
    return {template_id: groups_in_words(own, titles) for template_id, own in found.items()}


def with_rules(groups: QuerySet[RequirementGroup]) -> list[RequirementGroup]:
    """These groups, each with its requirements and their data rules. Three queries."""
    return list(groups.prefetch_related("requirements__data_rules"))


def titles_of(groups: Iterable[RequirementGroup]) -> dict[str, str]:
    """What is called by a name in the requirements of these groups: courses and badges."""
    named = set[str]()
    for group in groups:
        for requirement in group.requirements.all():
            named.update(requirement.places)
            named.update(rule.about for rule in requirement.data_rules.all())
    return titles_of_scopes(named)


def groups_in_words(groups: Sequence[RequirementGroup], titles: Titles) -> list[GroupInWords]:
    """All groups of one version of one badge."""
    names = names_of(groups)
    requirements = requirement_names(groups)
    return [_group(group, names, requirements, titles) for group in groups]


def names_of(groups: Sequence[RequirementGroup]) -> dict[int, str]:
    """What each group is called in a sentence, by its number in the table: “Basics”, or group 2."""
    return {
        group.pk: _("“%(name)s”") % {"name": group.name} if group.name else _("group %(number)d") % {"number": number}
        for number, group in enumerate(groups, 1)
    }


def requirement_names(groups: Iterable[RequirementGroup]) -> dict[str, str]:
    """What each requirement is called in a sentence, by its key."""
    rows = (requirement for group in groups for requirement in group.requirements.all())
    return {row.key: _("“%(name)s”") % {"name": row.description or event_in_words(row.event_type)} for row in rows}


def event_in_words(kind: str) -> str:
    """What people call a kind of event."""
    event = CATALOGUE.get(kind)
    if event is None:
        return _("an event that this version does not know: %(event)s") % {"event": kind}
    return str(event.label)


def fields_of(event: EventType | None) -> dict[str, Field]:
    """What a rule can ask about when this event happens, by its path."""
    known = {path: each.field for path, each in state.STATE.items()}
    return known | {field.path: field for field in event.fields} if event else known


def _group(
    group: RequirementGroup, names: Mapping[int, str], requirements: Mapping[str, str], titles: Titles
) -> GroupInWords:
    rows = list(group.requirements.all())
    return GroupInWords(
        name=group.name,
        needs=needs_in_words(group, rows),
        requirements=tuple(_requirement(group, each, requirements, titles) for each in rows),
        notes=window_sentences(group, names.get(group.after_id or 0, "")),
        takes_back=group.needs == Needs.UNDO,
    )


def needs_in_words(group: RequirementGroup, rows: Sequence[BadgeRequirement]) -> str:
    """How many of its requirements a group takes; empty where it has but one, which is needed."""
    if group.needs == GroupNeeds.UNDO:
        return _("what takes something back")
    if len(rows) == 1 and (group.needs != GroupNeeds.AT_LEAST or group.at_least == rows[0].weight == 1):
        return ""
    if group.needs == GroupNeeds.ANY:
        return _("any one of these")
    if group.needs == GroupNeeds.AT_LEAST:
        needed = {"count": group.at_least}
        if has_points(group, rows):
            return ngettext("%(count)d point from these", "%(count)d points from these", group.at_least) % needed
        return ngettext("at least %(count)d of these", "at least %(count)d of these", group.at_least) % needed
    return _("all of these")


def has_points(group: RequirementGroup, rows: Iterable[BadgeRequirement]) -> bool:
    """Whether the requirements of a group count differently."""
    return group.needs == GroupNeeds.AT_LEAST and any(row.weight != 1 for row in rows)


def _requirement(
    group: RequirementGroup, requirement: BadgeRequirement, names: Mapping[str, str], titles: Titles
) -> RequirementInWords:
    event = CATALOGUE.get(requirement.event_type)
    if event is None:
        return RequirementInWords(
            requirement.description, event_in_words(requirement.event_type), "; ".join(requirement.places), ()
        )
    return RequirementInWords(
        description=requirement.description,
        event=str(event.label),
        place=places_in_words(event.scope_kind, requirement.places, titles, every=requirement.times is None),
        rules=tuple(rule_in_words(event, rule, titles) for rule in requirement.data_rules.all()),
        notes=tuple(_notes(group, requirement, event, names)),
        of_badge=event.scope_kind is ScopeKind.BADGE,
    )


def rule_in_words(event: EventType, rule: DataRule, titles: Titles) -> str:
    """One data rule: “Grade is 80 % or more.”"""
    fields = fields_of(event)
    if rule.path not in fields:
        return _("A data rule asks about “%(path)s”, which this event does not have.") % {"path": rule.path}
    try:
        compiled = compile_rule(fields[rule.path], rule.operator, rule.value, rule.about)
    except InvalidRule as fault:
        return _("A data rule cannot be used: %(fault)s") % {"fault": fault.sentence_in(_)}
    return " ".join(capfirst(sentence) for sentence in describe(Condition((compiled,)), fields, _, names=titles))


def _notes(
    group: RequirementGroup, requirement: BadgeRequirement, event: EventType, names: Mapping[str, str]
) -> Iterator[str]:
    if group.needs == GroupNeeds.UNDO:
        yield from _taken_back(requirement, names)
        return
    if often := how_often(requirement, event):
        yield often
    if has_points(group, group.requirements.all()):
        points = {"points": requirement.weight, "needed": group.at_least}
        yield (
            ngettext(
                "%(points)d point; %(needed)d are needed.",
                "%(points)d points; %(needed)d are needed.",
                requirement.weight,
            )
            % points
        )


def _taken_back(penalty: BadgeRequirement, names: Mapping[str, str]) -> Iterator[str]:
    undone = [names[key] for key in penalty.undoes if key in names]
    if undone:
        yield _("Takes back what was met before: %(requirements)s.") % {"requirements": ", ".join(undone)}
        if penalty.same_course:
            yield _("Only in the same course.")


def how_often(requirement: BadgeRequirement, event: EventType) -> str:
    """In how many different places it has to happen; empty where once is enough."""
    kind = event.scope_kind
    if requirement.times is None:
        return {
            ScopeKind.COURSE: _("In every one of these courses."),
            ScopeKind.PROGRAM: _("For every one of these programs."),
            ScopeKind.BADGE: _("For every one of these badges."),
        }.get(kind, "")
    times = requirement.times
    if times <= 1:
        return ""
    if kind is ScopeKind.COURSE and requirement.distinct == Distinct.COURSE:
        sentence = ngettext("In %(count)d course.", "In at least %(count)d different courses.", times)
    elif kind is ScopeKind.COURSE and not event.place and not event.daily:
        sentence = ngettext("In %(count)d course run.", "In at least %(count)d different course runs.", times)
    elif kind is ScopeKind.PROGRAM:
        sentence = ngettext("For %(count)d program.", "For at least %(count)d different programs.", times)
    elif kind is ScopeKind.BADGE:
        sentence = ngettext("For %(count)d badge.", "For at least %(count)d different badges.", times)
    elif event.daily:
        sentence = ngettext("On %(count)d day.", "On at least %(count)d different days.", times)
    else:
        sentence = ngettext("Once.", "At least %(count)d times, for something else each time.", times)
    return sentence % {"count": times}
