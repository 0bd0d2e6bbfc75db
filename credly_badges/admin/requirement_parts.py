"""Groups, requirements and data rules as the parts of one page, and how they come from the tables and go back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.exceptions import SuspiciousOperation

from ..events import catalogue
from ..requirements import GroupSpec, RequirementSpec, RuleSpec
from ..rules.language import InvalidRule, canonical_text, compile_rule
from .requirement_forms import GroupForm, RequirementForm, RuleForm

_KEY = re.compile(r"(new)?\d{1,18}", re.ASCII)


@dataclass
class RulePart:
    """A data rule on the page. ``key`` is the id of its row, or ``new1`` and so on before it has one."""

    key: str
    form: RuleForm = field(init=False)


@dataclass
class RequirementPart:
    """A requirement on the page. ``shown`` is the event whose fields the page showed when it was sent."""

    key: str
    shown: str = ""
    rules: list[RulePart] = field(default_factory=list)
    form: RequirementForm = field(init=False)


@dataclass
class GroupPart:
    """A group on the page."""

    key: str
    requirements: list[RequirementPart] = field(default_factory=list)
    form: GroupForm = field(init=False)


Part = TypeVar("Part", GroupPart, RequirementPart, RulePart)


def find(parts: Sequence[Part], key: str) -> Part:
    """The part with that key. SuspiciousOperation where the page has none."""
    for part in parts:
        if part.key == key:
            return part
    raise SuspiciousOperation("The page of requirements has no such part.")


def stored_group(group: GroupSpec, values: dict[str, str]) -> GroupPart:
    """A group as the tables have it; the text for its fields goes into ``values``."""
    part = GroupPart(str(group.id))
    _keep(values, f"g{part.key}", name=group.name, needs=group.needs, at_least=group.at_least)
    for each in group.requirements:
        requirement = RequirementPart(str(each.id), shown=each.event_type)
        part.requirements.append(requirement)
        named = {"event_type": each.event_type, "scope": each.scope, "description": each.description}
        _keep(values, f"r{requirement.key}", **named)
        for rule in each.rules:
            requirement.rules.append(RulePart(str(rule.id)))
            _keep(values, f"d{rule.id}", path=rule.path, operator=rule.operator, value=_shown_value(each, rule))
    return part


def _shown_value(requirement: RequirementSpec, rule: RuleSpec) -> str:
    """A rule's value as the page offers it: “yes”, where “true” was stored by other means."""
    known = catalogue.field(requirement.event_type, rule.path)
    try:
        return canonical_text(compile_rule(known, rule.operator, rule.value)) if known else rule.value
    except InvalidRule:
        return rule.value  # Shown as it is; saving says what is wrong with it.


def _keep(values: dict[str, str], prefix: str, **given: Any) -> None:
    values.update({f"{prefix}-{name}": str(value) for name, value in given.items()})


def sent_group(shape: Any) -> GroupPart:
    """A group as the page sent it. TypeError or ValueError where no page of ours sends such a thing."""
    key, requirements = shape
    return GroupPart(_key(key), [_requirement_of(each) for each in requirements])


def _requirement_of(shape: Any) -> RequirementPart:
    key, shown, rules = shape
    return RequirementPart(_key(key), str(shown), [RulePart(_key(rule)) for rule in rules])


def _key(text: Any) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError(text)
    return str(text)


def group_spec(part: GroupPart) -> GroupSpec:
    """A group as it is to be saved, once its forms were checked."""
    requirements = tuple(_requirement_spec(each) for each in part.requirements)
    return GroupSpec(**part.form.cleaned_data, requirements=requirements, id=_row_id(part.key))


def _row_id(key: str) -> int | None:
    return None if key.startswith("new") else int(key)


def _requirement_spec(part: RequirementPart) -> RequirementSpec:
    rules = tuple(RuleSpec(**rule.form.cleaned_data, id=_row_id(rule.key)) for rule in part.rules)
    return RequirementSpec(**part.form.cleaned_data, rules=rules, id=_row_id(part.key))
