"""Groups, requirements and data rules as the parts of one page, and how they come from the tables and go back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import SuspiciousOperation

from ..events.catalogue import CATALOGUE
from ..models.requirements import new_key
from ..requirements import GroupSpec, RequirementSpec, RuleSpec
from ..requirements.keys import KEY
from ..rules.language import InvalidRule, canonical_text, compile_rule
from .requirement_choices import find_field
from .requirement_form import EVERY, ONCE, SEVERAL, RequirementForm
from .requirement_group_form import GroupForm
from .requirement_rule_form import RuleForm

_KEY = re.compile(r"(new)?\d{1,18}", re.ASCII)

Values = dict[str, str]
"""The text of every field of the page, by its name."""


@dataclass(eq=False)
class RulePart:
    """A data rule on the page. ``key`` is the id of its row, or ``new1`` and so on before it has one."""

    key: str
    form: RuleForm = field(init=False)


@dataclass(eq=False)
class RequirementPart:
    """A requirement on the page. ``shown`` is the event whose fields the page showed when it was sent.

    ``lasting`` is the key that it has wherever it goes, by which penalties name it.
    """

    key: str
    shown: str = ""
    rules: list[RulePart] = field(default_factory=list)
    lasting: str = field(default_factory=new_key)
    is_open: bool = True
    faults: list[Any] = field(default_factory=list)
    form: RequirementForm = field(init=False)

    @property
    def cost(self) -> int:
        """How many fields a browser sends of it at most, while it is open."""
        return self.form.cost + sum(rule.form.cost for rule in self.rules)


@dataclass(eq=False)
class GroupPart:
    """A group on the page. ``lasting`` is the key by which another group says that it comes after this one."""

    key: str
    requirements: list[RequirementPart] = field(default_factory=list)
    lasting: str = field(default_factory=new_key)
    is_open: bool = True
    faults: list[Any] = field(default_factory=list)
    form: GroupForm = field(init=False)

    @property
    def cost(self) -> int:
        """How many fields a browser sends of it at most, while it is open; without its requirements."""
        return self.form.cost


AnyPart = GroupPart | RequirementPart | RulePart
Foldable = GroupPart | RequirementPart
"""What is opened and closed as a whole: a group without its requirements, a requirement with its rules."""

Part = TypeVar("Part", GroupPart, RequirementPart, RulePart)


def all_parts(groups: Sequence[GroupPart]) -> Iterator[AnyPart]:
    """Every part in the order of the page."""
    return (part for _owner, part in owned_parts(groups))


def owned_parts(groups: Sequence[GroupPart]) -> Iterator[tuple[Foldable, AnyPart]]:
    """Every part in the order of the page, after what it is opened with."""
    for group in groups:
        yield group, group
        for requirement in group.requirements:
            yield requirement, requirement
            yield from ((requirement, rule) for rule in requirement.rules)


def foldables(groups: Sequence[GroupPart]) -> Iterator[Foldable]:
    """Every group and requirement in the order of the page."""
    for group in groups:
        yield group
        yield from group.requirements


def find(parts: Sequence[Part], key: str) -> Part:
    """The part with that key. SuspiciousOperation where the page has none."""
    for part in parts:
        if part.key == key:
            return part
    raise SuspiciousOperation("The page of requirements has no such part.")


def stored_group(group: GroupSpec, values: Values) -> GroupPart:
    """A group as the tables have it; the text for its fields goes into ``values``."""
    part = GroupPart(str(group.id), lasting=group.key)
    named = {name: getattr(group, name) for name in _GROUP_FIELDS}
    keep(values, f"g{part.key}", **named)
    for each in group.requirements:
        part.requirements.append(_stored_requirement(each, values))
    return part


def _stored_requirement(spec: RequirementSpec, values: Values) -> RequirementPart:
    part = RequirementPart(str(spec.id), shown=spec.event_type, lasting=spec.key)
    keep_requirement(values, part.key, spec)
    for rule in spec.rules:
        part.rules.append(RulePart(str(rule.id)))
        shown = _shown_value(spec, rule)
        keep(values, f"d{rule.id}", path=rule.path, operator=rule.operator, value=shown, about=rule.about)
    return part


def keep_requirement(values: Values, key: str, spec: RequirementSpec) -> None:
    """Put a requirement's values into its fields."""
    often = EVERY if spec.times is None else ONCE if spec.times == 1 else SEVERAL
    named = {name: getattr(spec, name) for name in _REQUIREMENT_FIELDS}
    times = spec.times if often == SEVERAL else ""
    keep(values, f"r{key}", **named, often=often, times=times, undoes=" ".join(spec.undoes))


def keep(values: Values, prefix: str, **given: Any) -> None:
    """Put values into the fields of one part."""
    values.update({f"{prefix}-{name}": _text(value) for name, value in given.items()})


def _text(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    return value.isoformat() if isinstance(value, date) else str(value)


def _shown_value(requirement: RequirementSpec, rule: RuleSpec) -> str:
    """A rule's value as the page offers it: “yes”, where “true” was stored by other means."""
    known = find_field(CATALOGUE.get(requirement.event_type), rule.path)
    try:
        return canonical_text(compile_rule(known, rule.operator, rule.value)) if known else rule.value
    except InvalidRule:
        return rule.value  # Shown as it is; saving says what is wrong with it.


def shape_of(groups: Sequence[GroupPart], values: Values) -> list[Any]:
    """What is inside what, for a hidden field."""
    return [
        [
            group.key,
            [
                [each.key, chosen_event(each, values), [rule.key for rule in each.rules], each.lasting]
                for each in group.requirements
            ],
            group.lasting,
        ]
        for group in groups
    ]


def chosen_event(part: RequirementPart, values: Values) -> str:
    """The kind of event that is chosen now; empty for none."""
    return values.get(f"r{part.key}-event_type", "").strip()


def sent_group(shape: Any) -> GroupPart:
    """A group as the page sent it. TypeError or ValueError where no page of ours sends such a thing."""
    key, requirements, *lasting = shape
    return GroupPart(_key(key), [_sent_requirement(each) for each in requirements], _lasting(key, lasting))


def _sent_requirement(shape: Any) -> RequirementPart:
    key, shown, rules, *lasting = shape
    return RequirementPart(_key(key), str(shown), [RulePart(_key(rule)) for rule in rules], _lasting(key, lasting))


def _key(text: Any) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError(text)
    return str(text)


def _lasting(key: str, sent: list[Any]) -> str:
    if not sent:
        return new_key() if key.startswith("new") else ""
    (text,) = sent
    if text and not KEY.fullmatch(text):
        raise ValueError(text)
    return str(text)


def group_spec(part: GroupPart) -> GroupSpec:
    """A group as it is to be saved, once its forms were checked."""
    requirements = tuple(requirement_spec(each) for each in part.requirements)
    return GroupSpec(**part.form.spec(), requirements=requirements, id=_row_id(part.key), key=part.lasting)


def requirement_spec(part: RequirementPart) -> RequirementSpec:
    """A requirement as it is to be saved, once its forms were checked."""
    rules = tuple(RuleSpec(**rule.form.spec(), id=_row_id(rule.key)) for rule in part.rules)
    return RequirementSpec(**part.form.spec(), rules=rules, id=_row_id(part.key), key=part.lasting)


def _row_id(key: str) -> int | None:
    return None if key.startswith("new") else int(key)


_GROUP_FIELDS = tuple(GroupForm.base_fields)
_REQUIREMENT_FIELDS = ("event_type", "scope", "description", "distinct", "weight", "same_course")
