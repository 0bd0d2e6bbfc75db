"""What a badge asks for, written and read as one thing: its groups, their requirements, their data rules."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from opaque_keys.edx.locator import CourseLocator, LibraryLocator

from . import activation, audit, availability, listening
from .events import catalogue
from .events.catalogue import ScopeKind
from .models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from .rules.fields import FieldType

# Which characters a course organization and a course number may have: opaque_keys.edx.locator, CourseLocator.
_PART = r"[\w\-~.:]+"
_COURSE_WITHOUT_RUN = re.compile(rf"{_PART}(\+{_PART})?")
LONGEST_SCOPE = 255

_Row = TypeVar("_Row", RequirementGroup, BadgeRequirement, DataRule)


@dataclass(frozen=True)
class RuleSpec:
    """One data rule as a person set it; ``id`` is that of the stored row, None for a new one."""

    path: str
    operator: str
    value: str
    id: int | None = None


@dataclass(frozen=True)
class RequirementSpec:
    """One requirement with its rules."""

    event_type: str
    scope: str
    description: str
    rules: tuple[RuleSpec, ...] = ()
    id: int | None = None


@dataclass(frozen=True)
class GroupSpec:
    """One group with its requirements; ``at_least`` counts only where ``needs`` is at least a number."""

    name: str
    needs: str
    at_least: int
    requirements: tuple[RequirementSpec, ...] = ()
    id: int | None = None


class ChangedMeanwhile(Exception):
    """Somebody else saved the requirements since these were read. Nothing was written."""


class WouldStopAnActiveBadge(Exception):
    """Saved like this, nobody could earn the active badge. ``reasons`` say why. Nothing was written."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class OutsideAvailability(Exception):
    """The badge is not available where it is asked for. ``reasons`` say where it is. Nothing was written."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class InvalidScope(ValueError):
    """What was typed is no place where the event can happen; the message says what to type instead."""


def stored(template: BadgeTemplate) -> tuple[GroupSpec, ...]:
    """What a badge asks for now. Three queries."""
    return tuple(_group_spec(group) for group in template.groups.current().prefetch_related("requirements__data_rules"))


def fingerprint(groups: Sequence[GroupSpec]) -> str:
    """A short text that differs where two states of a badge's requirements differ."""
    return hashlib.sha256(json.dumps(_plain(groups), sort_keys=True).encode()).hexdigest()[:32]


@transaction.atomic
def save(template: BadgeTemplate, groups: Sequence[GroupSpec], *, by: AbstractBaseUser | None, seen: str) -> bool:
    """Make ``groups`` what a badge asks for; whether that changed anything.

    ``seen`` is the fingerprint of the state that was edited. Rows that stay keep their ids, so what learners have
    fulfilled stays with them, unless they now listen to another event or place; what is no longer listed is deleted.
    Raises ChangedMeanwhile, OutsideAvailability and WouldStopAnActiveBadge.
    """
    template = BadgeTemplate.objects.select_for_update().get(pk=template.pk)
    before = stored(template)
    if fingerprint(before) != seen:
        if _content(before) == _content(groups):
            return False  # The same page was sent twice, by a double click or a reload.
        raise ChangedMeanwhile
    if outside := _outside(template, before, groups):
        raise OutsideAvailability(outside)
    problems = set(activation.reasons_not_to_activate(template)) if template.is_active else set()
    _write(template, groups)
    after = stored(template)
    if after == before:
        return False
    if template.is_active:
        new = [reason for reason in activation.reasons_not_to_activate(template) if reason not in problems]
        if new:
            raise WouldStopAnActiveBadge(new)  # Takes everything back with it.
    audit.record(
        "requirements.changed",
        template,
        actor=by,
        before={"groups": _plain(before)},
        after={"groups": _plain(after)},
    )
    return True


def _outside(template: BadgeTemplate, before: Sequence[GroupSpec], groups: Sequence[GroupSpec]) -> list[str]:
    """Why the badge cannot be asked for at each new place; the places that it was asked for at before may stay."""
    new = dict.fromkeys(_places(groups))
    for scope in _places(before):
        new.pop(scope, None)
    if not new:
        return []
    offer = availability.offer(template)
    found = {scope: offer.why_not(scope) for scope in new}
    return [
        _("“%(place)s” lies outside of where the badge is available. %(why)s")
        % {"place": scope or _("anywhere"), "why": why}
        for scope, why in found.items()
        if why
    ]


def _places(groups: Iterable[GroupSpec]) -> list[str]:
    return [requirement.scope for group in groups for requirement in group.requirements]


def read_scope(kind: ScopeKind, text: str) -> str:
    """Where an event has to happen, in the form that events carry; empty for anywhere. Raises InvalidScope."""
    text = text.strip()
    if not text:
        return ""
    return _SCOPES[kind](text)


def _course_scope(text: str) -> str:
    if len(text) > LONGEST_SCOPE:
        raise InvalidScope(_("This is too long to be a course key. Copy it from the address of the course."))
    try:
        key = CourseKey.from_string(text)
    except InvalidKeyError:
        if _COURSE_WITHOUT_RUN.fullmatch(text) and not text.startswith(("course-v1:", "ccx-v1:", "library-v1:")):
            return text
        raise InvalidScope(
            _(
                "“%(text)s” is not a course. Type a course key (course-v1:edX+DemoX+2026), a course without its run "
                "(edX+DemoX), or a course organization (edX); leave it empty for any course."
            )
            % {"text": text[:100]}
        ) from None
    if isinstance(key, LibraryLocator):
        raise InvalidScope(_("This is a content library, and learners take no library. Type the key of a course."))
    return str(key.for_branch(None)) if isinstance(key, CourseLocator) else str(key)


def _program_scope(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidScope(
            _(
                "“%(text)s” is not a program ID. It is a UUID such as 1f301a72-f344-4a31-9e9a-e0b04d8d86b2, shown in "
                "the course catalog; leave it empty for any program."
            )
            % {"text": text[:100]}
        ) from None


_SCOPES = {ScopeKind.COURSE: _course_scope, ScopeKind.PROGRAM: _program_scope}


def _group_spec(group: RequirementGroup) -> GroupSpec:
    requirements = tuple(_requirement_spec(requirement) for requirement in group.requirements.all())
    return GroupSpec(group.name, group.needs, group.at_least, requirements, group.pk)


def _requirement_spec(requirement: BadgeRequirement) -> RequirementSpec:
    rules = tuple(RuleSpec(rule.path, rule.operator, rule.value, rule.pk) for rule in requirement.data_rules.all())
    return RequirementSpec(requirement.event_type, requirement.scope, requirement.description, rules, requirement.pk)


def _plain(groups: Sequence[GroupSpec]) -> list[dict[str, Any]]:
    return [asdict(group) for group in groups]


def _content(groups: Sequence[GroupSpec]) -> list[Any]:
    """What is asked for, whatever rows it is kept in."""
    return [
        replace(
            group,
            id=None,
            requirements=tuple(
                replace(each, id=None, rules=tuple(replace(rule, id=None) for rule in each.rules))
                for each in group.requirements
            ),
        )
        for group in groups
    ]


def _write(template: BadgeTemplate, groups: Sequence[GroupSpec]) -> None:
    present = list(template.groups.current().prefetch_related("requirements__data_rules"))
    requirements = {each.pk: each for group in present for each in group.requirements.all()}
    rules = {each.pk: each for requirement in requirements.values() for each in requirement.data_rules.all()}
    rows = {each.pk: each for each in present}
    for position, spec in enumerate(groups):
        group = _row(rows, spec.id, RequirementGroup)
        _set(group, template=template, name=spec.name, needs=spec.needs, at_least=spec.at_least, position=position)
        _write_requirements(group, spec.requirements, requirements, rules)
    # Last, as a requirement may have moved out of a group that goes.
    DataRule.objects.filter(pk__in=rules).delete()
    BadgeRequirement.objects.filter(pk__in=requirements).delete()
    RequirementGroup.objects.filter(pk__in=rows).delete()


def _write_requirements(
    group: RequirementGroup,
    specs: Iterable[RequirementSpec],
    requirements: dict[int, BadgeRequirement],
    rules: dict[int, DataRule],
) -> None:
    for position, spec in enumerate(specs):
        requirement = _row(requirements, spec.id, BadgeRequirement)
        if requirement.pk and (requirement.event_type, requirement.scope) != (spec.event_type, spec.scope):
            requirement.fulfillments.all().delete()  # They were met by what is no longer asked for.
        _set(
            requirement,
            group=group,
            event_type=spec.event_type,
            scope=spec.scope,
            description=spec.description,
            position=position,
        )
        listening.write([requirement])
        for place, rule in enumerate(spec.rules):
            field = catalogue.field(spec.event_type, rule.path)
            _set(
                _row(rules, rule.id, DataRule),
                requirement=requirement,
                path=rule.path,
                field_type=(field.type if field else FieldType.TEXT).value,
                operator=rule.operator,
                value=rule.value,
                position=place,
            )


def _row(rows: dict[int, _Row], pk: int | None, table: type[_Row]) -> _Row:
    """The stored row, taken out of ``rows`` so that what is left there is what goes; a new one without an id."""
    if pk is None:
        return table()
    try:
        return rows.pop(pk)
    except KeyError:
        raise ChangedMeanwhile from None  # It belongs to no row of this badge any more.


def _set(row: RequirementGroup | BadgeRequirement | DataRule, **values: Any) -> None:
    if row.pk is not None and all(getattr(row, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
