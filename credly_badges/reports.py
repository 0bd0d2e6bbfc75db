"""Read-only questions that the doors share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from . import lms
from .events.catalogue import CATALOGUE, EventType, ScopeKind
from .models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from .rules.explain import describe
from .rules.fields import Field
from .rules.language import Condition, GroupNeeds, InvalidRule, compile_rule


@dataclass(frozen=True)
class RequirementInWords:
    """One thing to do: what learners read of it, the event and where, and a sentence for each data rule."""

    description: str
    event: str
    place: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class GroupInWords:
    """One group: its name, how many it takes (“all of these”; empty where it has one requirement), and these."""

    name: str
    needs: str
    requirements: tuple[RequirementInWords, ...]


def criteria_in_words(template: BadgeTemplate) -> list[GroupInWords]:
    """What a badge asks for, in the reader's language. The same few queries however much it asks for."""
    return criteria_of([template])[template.pk]


def criteria_of(templates: Collection[BadgeTemplate]) -> dict[int, list[GroupInWords]]:
    """What each of these badges asks for. As many queries for many badges as for one."""
    wanted = RequirementGroup.objects.current().filter(template__in=[template.pk for template in templates])
    groups = list(wanted.prefetch_related("requirements__data_rules"))
    titles = titles_of_scopes(requirement.scope for group in groups for requirement in group.requirements.all())
    found: dict[int, list[GroupInWords]] = {template.pk: [] for template in templates}
    for group in groups:
        requirements = tuple(_requirement(each, titles) for each in group.requirements.all())
        found[group.template_id].append(GroupInWords(group.name, _needs(group, len(requirements)), requirements))
    return found


def titles_of_scopes(scopes: Iterable[str]) -> dict[str, str]:
    """The titles of those scopes that are course runs which the LMS knows. One query at most."""
    return lms.course_titles([scope for scope in set(scopes) if is_course_run(scope)])


def is_course_run(scope: str) -> bool:
    """Whether a requirement's scope is one course run, and not a whole course, organization or program."""
    try:
        CourseKey.from_string(scope)
    except InvalidKeyError:
        return False
    return True


def place_in_words(kind: ScopeKind, scope: str, titles: Mapping[str, str]) -> str:
    """Where an event has to happen: “Demonstration Course (course-v1:edX+DemoX+2026)”."""
    if kind is ScopeKind.PROGRAM:
        return _("the program %(id)s") % {"id": scope} if scope else _("any program")
    if not scope:
        return _("any course")
    if title := titles.get(scope):
        return _("%(title)s (%(key)s)") % {"title": title, "key": scope}
    if is_course_run(scope):
        return scope
    if "+" in scope:
        return _("any run of the course %(course)s") % {"course": scope}
    return _("any course of the organization %(organization)s") % {"organization": scope}


def _needs(group: RequirementGroup, count: int) -> str:
    if count == 1 and (group.needs != GroupNeeds.AT_LEAST or group.at_least == 1):
        return ""
    if group.needs == GroupNeeds.ANY:
        return _("any one of these")
    if group.needs == GroupNeeds.AT_LEAST:
        return ngettext("at least %(count)d of these", "at least %(count)d of these", group.at_least) % {
            "count": group.at_least
        }
    return _("all of these")


def _requirement(requirement: BadgeRequirement, titles: Mapping[str, str]) -> RequirementInWords:
    event = CATALOGUE.get(requirement.event_type)
    if event is None:
        unknown = _("an event that this version does not know: %(event)s") % {"event": requirement.event_type}
        return RequirementInWords(requirement.description, unknown, requirement.scope, ())
    return RequirementInWords(
        description=requirement.description,
        event=str(event.label),
        place=place_in_words(event.scope_kind, requirement.scope, titles),
        rules=tuple(_sentence(event, rule) for rule in requirement.data_rules.all()),
    )


def _sentence(event: EventType, rule: DataRule) -> str:
    fields: dict[str, Field] = {field.path: field for field in event.fields}
    if rule.path not in fields:
        return _("A data rule asks about “%(path)s”, which this event does not have.") % {"path": rule.path}
    try:
        compiled = compile_rule(fields[rule.path], rule.operator, rule.value)
    except InvalidRule as fault:
        return _("A data rule cannot be used: %(fault)s") % {"fault": fault.sentence_in(_)}
    return " ".join(capfirst(sentence) for sentence in describe(Condition((compiled,)), fields, _))
