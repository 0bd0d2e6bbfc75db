"""The versions of what a badge asks for: each is written down when it becomes valid, and never changed after that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import override

from . import progress, reports
from .models import BadgeProgress, BadgeRequirement, BadgeTemplate, RequirementGroup, RequirementsVersion

GROUP_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "key": "key",
        "name": "name",
        "needs": "needs",
        "at_least": "at_least",
        "opens_on": "opens_on",
        "closes_on": "closes_on",
        "time_zone": "time_zone",
        "within_days": "within_days",
        "within_of": "within_of",
        "before_course_end": "before_course_end",
    }
)
"""What a file calls each column of a group; ``after`` and ``requirements`` come beside them."""

REQUIREMENT_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "key": "key",
        "event": "event_type",
        "description": "description",
        "times": "times",
        "distinct": "distinct",
        "weight": "weight",
        "undoes": "undoes",
        "same_course": "same_course",
    }
)
"""The same for a requirement; ``places`` and ``rules`` come beside them."""

RULE_FIELDS: Mapping[str, str] = MappingProxyType(
    {"field": "path", "about": "about", "operator": "operator", "value": "value"}
)

KEPT_AFTER_A_CHANGE = timedelta(days=1)
MOST_AT_ONCE = 500
"""Groups that are deleted and badges that are sealed in one go; the next night takes the rest."""

EVERY = "every"
"""Says in a file that a requirement has to be met in every one of its places."""


@transaction.atomic
def seal(template: BadgeTemplate, *, by: AbstractBaseUser | None = None) -> RequirementsVersion:
    """Write down what a badge asks for now, as it is valid from now on. Does nothing where that was done before.

    If it asked for something else before, the learners who are on their way are moved after the commit, or stay, as
    the badge says now.
    """
    if (sealed := _sealed(template).select_for_update().first()) is not None:
        return sealed
    is_the_first = not RequirementsVersion.objects.filter(template=template).exists()
    written, created = RequirementsVersion.objects.get_or_create(
        template=template,
        number=template.version,
        defaults={
            "data": data(template),
            "words": words(template),
            "on_change": "" if is_the_first else template.on_change,
            "created_by_id": getattr(by, "pk", None),
        },
    )
    if created and written.on_change == BadgeTemplate.OnChange.MOVE:
        progress.wake_to_move()
    return written


def seal_all() -> int:
    """Seal what learners are earning and nobody has sealed, as it was so before versions were kept; of how many."""
    sealed = RequirementsVersion.objects.filter(template=models.OuterRef("pk"), number=models.OuterRef("version"))
    listening = BadgeTemplate.objects.filter(~models.Exists(sealed), status__in=BadgeTemplate.LISTENING)
    ids = list(listening.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    for number in ids:
        with transaction.atomic():
            template = BadgeTemplate.objects.select_for_update().get(pk=number)
            if template.is_listening:
                seal(template)
    return len(ids)


def prune() -> int:
    """Delete the rows of earlier versions by which no learner is judged; of how many groups. What was asked for then
    stays written down.

    A learner who began at the moment of a change may yet be found to be judged by the version before, so it is kept
    for a day.
    """
    judged = BadgeProgress.objects.filter(template=models.OuterRef("template"), version=models.OuterRef("version"))
    followed = RequirementsVersion.objects.filter(
        template=models.OuterRef("template"),
        number=models.OuterRef("template__version"),
        created__lt=timezone.now() - KEPT_AFTER_A_CHANGE,
    )
    earlier = RequirementGroup.objects.filter(version__lt=models.F("template__version"))
    unused = earlier.filter(~models.Exists(judged), models.Exists(followed))
    ids = list(unused.order_by().values_list("pk", flat=True)[:MOST_AT_ONCE])
    RequirementGroup.objects.filter(pk__in=ids).delete()
    return len(ids)


def is_sealed(template: BadgeTemplate, *, lock: bool = False) -> bool:
    """Whether what a badge asks for now was ever valid, so that it can only be changed in a new version.

    With ``lock`` it is still so when the transaction ends, whatever this one saw when it began.
    """
    sealed = _sealed(template)
    return (sealed.select_for_update() if lock else sealed).first() is not None


def data(template: BadgeTemplate, version: int | None = None) -> dict[str, Any]:
    """What a badge asks for, or asked for in an earlier version, as ``credly_requirements`` exports it."""
    groups = _rows(template, version)
    keys = {group.pk: group.key for group in groups}
    return {
        "organization": str(template.organization.uuid),
        "template": str(template.uuid),
        "groups": [_group(group, keys) for group in groups],
    }


def words(template: BadgeTemplate, version: int | None = None) -> list[str]:
    """The same in sentences, in the site's own language."""
    with override(settings.LANGUAGE_CODE):
        return reports.sentences(template, version)


def _sealed(template: BadgeTemplate) -> models.QuerySet[RequirementsVersion]:
    return RequirementsVersion.objects.filter(template=template, number=template.version)


def _rows(template: BadgeTemplate, version: int | None) -> list[RequirementGroup]:
    number = template.version if version is None else version
    return list(template.groups.filter(version=number).prefetch_related("requirements__data_rules"))


def _group(row: RequirementGroup, keys: Mapping[int, str]) -> dict[str, Any]:
    entry = _entry(row, GROUP_FIELDS, always=("key", "needs"))
    if row.after_id is not None and row.after_id in keys:
        entry["after"] = keys[row.after_id]
    entry["requirements"] = [_requirement(each) for each in row.requirements.all()]
    return entry


def _requirement(row: BadgeRequirement) -> dict[str, Any]:
    entry = _entry(row, REQUIREMENT_FIELDS, always=("key", "event"))
    if entry.get("times", 1) is None:
        entry["times"] = EVERY
    if row.scope:
        entry["places"] = row.scope.splitlines()
    if rules := [_entry(each, RULE_FIELDS, always=("field", "operator")) for each in row.data_rules.all()]:
        entry["rules"] = rules
    return entry


def _entry(row: models.Model, names: Mapping[str, str], *, always: Iterable[str]) -> dict[str, Any]:
    """The columns of a row that say something: a default is left out, as whoever reads the file knows it."""
    values = {name: getattr(row, column) for name, column in names.items()}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if name in always or value != _default(row, names[name])
    }


def _default(row: models.Model, column: str) -> Any:
    field = row._meta.get_field(column)
    return field.get_default() if isinstance(field, models.Field) else None
