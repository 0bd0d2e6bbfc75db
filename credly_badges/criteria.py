"""What a badge asks for, read from its rows: whole for a rehearsal or an explanation, or only its shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfoNotFoundError

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from .models import BadgeRequirement, DataRule, ListeningPlace, RequirementGroup
from .rules.criteria import ANYWHERE, NOTHING_ELSE, Criteria, Distinct, Group, Requirement
from .rules.fields import Field, FieldType
from .rules.language import Condition, GroupNeeds, Rule, compile_rule
from .rules.windows import window_rules


class _GroupRow(NamedTuple):
    """The columns of a group that its shape needs."""

    pk: int
    key: str
    needs: str
    at_least: int
    after_id: int | None
    within_days: int | None
    within_of: str
    name: str


class _RequirementRow(NamedTuple):
    """The columns of a requirement that its shape needs."""

    pk: int
    key: str
    event_type: str
    times: int | None
    distinct: str
    weight: int
    undoes: list[str]
    same_course: bool
    description: str


Groups = Iterable[RequirementGroup | _GroupRow]
Rows = Mapping[int, Sequence[BadgeRequirement | _RequirementRow]]

_COLUMNS = (*_GroupRow._fields, *(f"requirements__{name}" for name in _RequirementRow._fields))


def load(template_id: int, version: int) -> Criteria:
    """All that one version asks for. Four queries.

    Raises ValueError (InvalidRule is one) where a rule cannot be read: rules are checked when they are saved, so this
    one was changed some other way.
    """
    groups, requirements = _rows(template_id, version)
    ids = [each.pk for rows in requirements.values() for each in rows]
    rules: dict[int, list[DataRule]] = defaultdict(list)
    for rule in DataRule.objects.filter(requirement__in=ids).order_by("position", "pk"):
        rules[rule.requirement_id].append(rule)
    conditions = {
        each.pk: condition(group, rules[each.pk]) for group in groups for each in requirements.get(group.pk, ())
    }
    return _criteria(groups, requirements, _places(ids), conditions)


def shape(template_id: int, version: int) -> Criteria:
    """How the requirements hang together, without their conditions: enough to see who is done.

    One query; a second where something has to be met in every one of its places.
    """
    groups: dict[int, _GroupRow] = {}
    requirements: dict[int, list[_RequirementRow]] = defaultdict(list)
    rows = RequirementGroup.objects.filter(template=template_id, version=version)
    ordered = rows.order_by("position", "pk", "requirements__position", "requirements__pk")
    for row in ordered.values_list(*_COLUMNS):
        group, requirement = _GroupRow(*row[: len(_GroupRow._fields)]), row[len(_GroupRow._fields) :]
        groups[group.pk] = group
        if requirement[0] is not None:  # A group may have none.
            requirements[group.pk].append(_RequirementRow(*requirement))
    in_every = [each.pk for several in requirements.values() for each in several if each.times is None]
    return _criteria(groups.values(), requirements, _places(in_every) if in_every else {}, {})


def condition(group: RequirementGroup, rules: Iterable[DataRule]) -> Condition:
    """What has to be true of an event: the requirement's own rules, and those of its group's window.

    Raises ValueError (InvalidRule is one) where one of them cannot be read.
    """
    return Condition((*(_rule(rule) for rule in rules), *_window(group)))


def _rule(rule: DataRule) -> Rule:
    field = Field(rule.path, rule.path, FieldType(rule.field_type))
    return compile_rule(field, rule.operator, rule.value, rule.about)


def _window(group: RequirementGroup) -> tuple[Rule, ...]:
    from_enrollment = group.within_of == RequirementGroup.Within.ENROLLMENT
    try:
        return window_rules(
            opens_on=group.opens_on,
            closes_on=group.closes_on,
            time_zone=group.time_zone,
            days_from_enrollment=group.within_days if from_enrollment else None,
            before_course_end=group.before_course_end,
        )
    except ZoneInfoNotFoundError as unknown:
        raise ValueError(f"The time zone “{group.time_zone}” is not known here.") from unknown


def _rows(template_id: int, version: int) -> tuple[list[RequirementGroup], dict[int, list[BadgeRequirement]]]:
    groups = list(RequirementGroup.objects.filter(template=template_id, version=version).order_by("position", "pk"))
    found: dict[int, list[BadgeRequirement]] = defaultdict(list)
    for each in BadgeRequirement.objects.filter(group__in=[group.pk for group in groups]).order_by("position", "pk"):
        found[each.group_id].append(each)
    return groups, found


def _places(requirement_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    places: dict[int, set[str]] = defaultdict(set)
    rows = ListeningPlace.objects.filter(requirement__in=list(requirement_ids)).order_by()
    for requirement_id, scope in rows.values_list("requirement_id", "scope"):
        places[requirement_id].add(scope)
    return {requirement_id: frozenset(scopes) for requirement_id, scopes in places.items()}


def _criteria(
    groups: Groups,
    requirements: Rows,
    places: Mapping[int, frozenset[str]],
    conditions: Mapping[int, Condition],
) -> Criteria:
    numbers = {each.key: each.pk for rows in requirements.values() for each in rows}
    return Criteria(
        tuple(
            Group(
                id=group.pk,
                key=group.key,
                needs=GroupNeeds(group.needs),
                at_least=group.at_least,
                after=group.after_id,
                within_days=group.within_days if group.within_of == RequirementGroup.Within.GROUP else None,
                name=group.name,
                requirements=tuple(
                    _requirement(each, places.get(each.pk, frozenset()), conditions.get(each.pk, NOTHING_ELSE), numbers)
                    for each in requirements.get(group.pk, ())
                ),
            )
            for group in groups
        )
    )


def _requirement(
    row: BadgeRequirement | _RequirementRow, places: frozenset[str], what: Condition, numbers: Mapping[str, int]
) -> Requirement:
    distinct = Distinct(row.distinct)
    return Requirement(
        id=row.pk,
        key=row.key,
        event_type=row.event_type,
        places=places,
        condition=what,
        times=row.times,
        distinct=distinct,
        every=frozenset(_counted(place, distinct) for place in places if place != ANYWHERE),
        weight=row.weight,
        undoes=frozenset(numbers[key] for key in row.undoes if key in numbers),
        same_course=row.same_course,
        description=row.description,
    )


def _counted(place: str, distinct: Distinct) -> str:
    """What is counted of a place: of a course run its course, where courses are counted."""
    return course_of(place) or place if distinct is Distinct.COURSE else place


def course_of(place: str) -> str:
    """The course without its run (``edX+DemoX``) of a course run, or an empty text for what is none."""
    try:
        key = CourseKey.from_string(place)
    except InvalidKeyError:
        return ""
    return f"{key.org}+{key.course}"
