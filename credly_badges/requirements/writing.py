"""The rows of a badge's requirements, written as the specs have them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Prefetch

from ..models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from ..rules.fields import FieldType
from .errors import ChangedMeanwhile
from .fields import field_of
from .specs import Groups, RequirementSpec, RuleSpec, columns

_Row = TypeVar("_Row", RequirementGroup, BadgeRequirement, DataRule)


def locked(template: BadgeTemplate) -> list[RequirementGroup]:
    """The rows of what a badge asks for now, locked; called under the lock of the badge.

    Under REPEATABLE READ a plain read sees what was there when the transaction began, and in an LMS that is when the
    request did: a locking read sees what somebody else has saved by now.
    """
    rules = Prefetch("data_rules", DataRule.objects.select_for_update())
    requirements = Prefetch("requirements", BadgeRequirement.objects.select_for_update().prefetch_related(rules))
    groups = RequirementGroup.objects.select_for_update().filter(template=template, version=template.version)
    return list(groups.prefetch_related(requirements))


def write(template: BadgeTemplate, groups: Groups) -> None:
    """Make the rows of the badge's present version what the specs say.

    Rows that stay keep their ids, so what learners have fulfilled stays with them, unless they now listen to another
    event or place; what is no longer listed is deleted.
    """
    present = locked(template)
    requirements = {each.pk: each for group in present for each in group.requirements.all()}
    rules = {each.pk: each for requirement in requirements.values() for each in requirement.data_rules.all()}
    rows = {each.pk: each for each in present}
    written: dict[str, RequirementGroup] = {}
    for position, spec in enumerate(groups):
        group = written[spec.key] = _row(rows, spec.id, RequirementGroup)
        values = columns(spec, without=("id", "after", "requirements"))
        _set(group, template=template, version=template.version, position=position, **values)
        _write_requirements(group, spec.requirements, requirements, rules)
    for spec in groups:  # Only now has each of them a row that the others can come after.
        _set(written[spec.key], after=written[spec.after] if spec.after else None)
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
        row = _row(requirements, spec.id, BadgeRequirement)
        if row.pk and (row.event_type, row.scope) != (spec.event_type, spec.scope):
            row.fulfillments.all().delete()  # They were met by what is no longer asked for.
        values = columns(spec, without=("id", "rules", "undoes"))
        _set(row, group=group, position=position, undoes=list(spec.undoes), **values)
        for place, rule in enumerate(spec.rules):
            _set(
                _row(rules, rule.id, DataRule),
                requirement=row,
                field_type=field_type(spec.event_type, rule).value,
                position=place,
                **columns(rule, without=("id",)),
            )


def field_type(event_type: str, rule: RuleSpec) -> FieldType:
    """The type of what a rule asks about; text where nobody knows such a field."""
    field = field_of(event_type, rule.path)
    return field.type if field else FieldType.TEXT


def _row(rows: dict[int, _Row], pk: int | None, table: type[_Row]) -> _Row:
    """The stored row, taken out of ``rows`` so that what is left there is what goes; a new one without an id."""
    if pk is None:
        return table()
    try:
        return rows.pop(pk)
    except KeyError:
        raise ChangedMeanwhile from None  # It was asked for twice.


def _set(row: RequirementGroup | BadgeRequirement | DataRule, **values: Any) -> None:
    if row.pk is not None and all(getattr(row, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
