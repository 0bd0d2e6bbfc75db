"""What is typed on the requirements page so far, in the words that people will read of the badge."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ..models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from ..reports import GroupInWords
from ..reports.criteria import groups_in_words, titles_of
from ..requirements import GroupSpec, RequirementSpec
from ..requirements.specs import columns
from ..requirements.writing import field_type
from .requirement_draft import Draft
from .requirement_parts import GroupPart, requirement_spec


class Preview:
    """A draft in words: as much of it as can be said yet, and what cannot."""

    def __init__(self, draft: Draft) -> None:
        self.missing: list[str] = []
        rows = [self._group(draft.template, group, number) for number, group in enumerate(draft.groups, 1)]
        _order(rows, draft.groups)
        self.criteria: list[GroupInWords] = groups_in_words(rows, titles_of(rows))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say yet."""
        return not any(group.requirements for group in self.criteria)

    def _group(self, template: BadgeTemplate, part: GroupPart, number: int) -> RequirementGroup:
        spec = GroupSpec(part.form.given("name"), RequirementGroup.Needs.ALL, 1)
        if part.form.is_valid():
            spec = GroupSpec(**part.form.spec(), key=part.lasting)
        else:
            self.missing.append(
                _("Of group %(number)d, something is missing or cannot be right yet.") % {"number": number}
            )
        row = RequirementGroup(
            id=-number, template=template, **columns(spec, without=("id", "key", "after", "requirements"))
        )
        requirements: list[BadgeRequirement] = []
        for place, each in enumerate(part.requirements, 1):
            if each.form.is_valid() and all(rule.form.is_valid() for rule in each.rules):
                requirements.append(_requirement(row, requirement_spec(each), -len(requirements) - 1))
            else:
                self.missing.append(
                    _("Of requirement %(place)d in group %(group)d, something is missing or cannot be right yet.")
                    % {"place": place, "group": number}
                )
        _remember(row, "requirements", requirements)
        return row


def _requirement(group: RequirementGroup, spec: RequirementSpec, number: int) -> BadgeRequirement:
    row = BadgeRequirement(id=number, group=group, **columns(spec, without=("id", "rules")))
    rules = [
        DataRule(
            id=-place,
            requirement=row,
            field_type=field_type(spec.event_type, rule).value,
            **columns(rule, without=("id",)),
        )
        for place, rule in enumerate(spec.rules, 1)
    ]
    _remember(row, "data_rules", rules)
    return row


def _order(rows: list[RequirementGroup], parts: list[GroupPart]) -> None:
    """Say of each group after which it comes."""
    by_key = {part.lasting: row for part, row in zip(parts, rows, strict=True)}
    for part, row in zip(parts, rows, strict=True):
        row.after = by_key.get(part.form.given("after"))


def _remember(row: Any, name: str, rows: list[Any]) -> None:
    """Have a row that is stored nowhere know the rows that belong to it, as if they had been prefetched."""
    row._prefetched_objects_cache = {name: rows}  # noqa: SLF001  # Django offers no other way.
