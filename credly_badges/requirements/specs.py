"""What a badge asks for as values: groups, their requirements, their data rules; and how rows are read as these."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

from ..models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from ..rules.criteria import Distinct


@dataclass(frozen=True)
class RuleSpec:
    """One data rule as a person set it; ``id`` is that of the stored row, None for a new one."""

    path: str
    operator: str
    value: str
    id: int | None = None
    about: str = ""


@dataclass(frozen=True)
class RequirementSpec:
    """One requirement with its rules; ``scope`` has its places, one a line, and ``times`` None asks for all of them.

    ``key`` tells it apart in later versions, in files and on other sites; an empty one is chosen when it is saved.
    ``undoes`` are keys of other requirements, for a penalty.
    """

    event_type: str
    scope: str
    description: str
    rules: tuple[RuleSpec, ...] = ()
    id: int | None = None
    key: str = ""
    times: int | None = 1
    distinct: str = Distinct.COURSE.value
    weight: int = 1
    undoes: tuple[str, ...] = ()
    same_course: bool = True

    @property
    def places(self) -> tuple[str, ...]:
        """Where it may happen; one empty text where that is anywhere."""
        return tuple(self.scope.splitlines()) or ("",)


@dataclass(frozen=True)
class GroupSpec:
    """One group with its requirements; ``at_least`` counts only where ``needs`` is at least a number.

    ``after`` is the key of the group before it, empty for none.
    """

    name: str
    needs: str
    at_least: int
    requirements: tuple[RequirementSpec, ...] = ()
    id: int | None = None
    key: str = ""
    after: str = ""
    opens_on: date | None = None
    closes_on: date | None = None
    time_zone: str = ""
    within_days: int | None = None
    within_of: str = ""
    before_course_end: bool = False


Groups = tuple[GroupSpec, ...]


def stored(template: BadgeTemplate, version: int | None = None) -> Groups:
    """What a badge asks for now, or asked for in an earlier version. Three queries."""
    rows = template.groups.filter(version=version) if version is not None else template.groups.current()
    return specs_of(rows.prefetch_related("requirements__data_rules"))


def specs_of(rows: Iterable[RequirementGroup]) -> Groups:
    """The specs of groups whose requirements and data rules were read with them."""
    groups = list(rows)
    keys = {group.pk: group.key for group in groups}
    return tuple(_group(group, keys) for group in groups)


def fingerprint(groups: Sequence[GroupSpec]) -> str:
    """A short text that differs where two states of a badge's requirements differ."""
    return hashlib.sha256(json.dumps(plain(groups), sort_keys=True).encode()).hexdigest()[:32]


def plain(groups: Sequence[GroupSpec]) -> list[dict[str, Any]]:
    """The groups as JSON has them, for the audit log."""
    return [_plain(asdict(group)) for group in groups]


def content(groups: Sequence[GroupSpec]) -> Groups:
    """What is asked for, whatever rows it is kept in."""
    return tuple(
        replace(
            group,
            id=None,
            requirements=tuple(
                replace(each, id=None, rules=tuple(replace(rule, id=None) for rule in each.rules))
                for each in group.requirements
            ),
        )
        for group in groups
    )


def requirements_of(groups: Sequence[GroupSpec]) -> Iterator[RequirementSpec]:
    """Every requirement, whatever group it is in."""
    return (each for group in groups for each in group.requirements)


def columns(spec: GroupSpec | RequirementSpec | RuleSpec, *, without: tuple[str, ...]) -> dict[str, Any]:
    """The values that a row has under the same names."""
    return {each.name: getattr(spec, each.name) for each in fields(spec) if each.name not in without}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _group(row: RequirementGroup, keys: dict[int, str]) -> GroupSpec:
    return GroupSpec(
        **{name: getattr(row, name) for name in _GROUP_COLUMNS},
        after=keys.get(row.after_id, "") if row.after_id else "",
        requirements=tuple(_requirement(each) for each in row.requirements.all()),
        id=row.pk,
    )


def _requirement(row: BadgeRequirement) -> RequirementSpec:
    return RequirementSpec(
        **{name: getattr(row, name) for name in _REQUIREMENT_COLUMNS},
        undoes=tuple(row.undoes),
        rules=tuple(_rule(each) for each in row.data_rules.all()),
        id=row.pk,
    )


def _rule(row: DataRule) -> RuleSpec:
    return RuleSpec(row.path, row.operator, row.value, row.pk, row.about)


def _names(spec: type[GroupSpec] | type[RequirementSpec], *without: str) -> tuple[str, ...]:
    return tuple(each.name for each in fields(spec) if each.name not in without)


_GROUP_COLUMNS = _names(GroupSpec, "id", "after", "requirements")
_REQUIREMENT_COLUMNS = _names(RequirementSpec, "id", "undoes", "rules")
