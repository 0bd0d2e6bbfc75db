"""What a learner has earned and how far they are: of one learner, and of many badges at once."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_

from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.functions import Cast

from ..models import AuditEntry, BadgeAward, BadgeProgress, BadgeTemplate, RequirementGroup
from .criteria import GroupInWords, groups_in_words, titles_of, with_rules

Status = BadgeTemplate.Status

IS_OPEN = Q(status=Status.ACTIVE) | Q(status=Status.PAUSED) & ~Q(paused_from=Status.SHADOW)
"""Badges that learners earn, or will again once they are resumed."""


def badges_of(learner_id: int, which: Q) -> QuerySet[BadgeAward]:
    """Every award of a learner in those badge templates, the newest first, each with its badge and organization."""
    templates = BadgeTemplate.objects.filter(which).values("pk").order_by()
    rows = BadgeAward.objects.filter(learner_id=learner_id, template__in=templates)
    return rows.select_related("template__organization").order_by("-earned_at", "-pk")


def progress_of(learner_id: int, which: Q) -> QuerySet[BadgeProgress]:
    """How far a learner is towards those badge templates, what they came nearest to first, each with its badge."""
    templates = BadgeTemplate.objects.filter(which).values("pk").order_by()
    rows = BadgeProgress.objects.filter(learner_id=learner_id, template__in=templates)
    return rows.select_related("template__organization").order_by("-percent", "-modified", "-pk")


def groups_of(rows: Collection[BadgeProgress]) -> dict[int, list[GroupInWords]]:
    """What each of these learners has to do, by the version that they are judged by. Five queries at most for all."""
    if not rows:
        return {}
    versions: dict[int, set[int]] = {}
    for row in rows:
        versions.setdefault(row.version, set()).add(row.template_id)
    wanted = [Q(version=version, template__in=templates) for version, templates in versions.items()]
    groups = with_rules(RequirementGroup.objects.filter(reduce(or_, wanted)))
    titles = titles_of(groups)
    found: dict[tuple[int, int], list[RequirementGroup]] = {}
    for group in groups:
        found.setdefault((group.template_id, group.version), []).append(group)
    in_words = {key: groups_in_words(own, titles) for key, own in found.items()}
    return {row.pk: in_words.get((row.template_id, row.version), []) for row in rows}


def ever_open() -> Q:
    """Badges that learners can earn, or could once: not those that were only drafted, reviewed or recorded."""
    activated = AuditEntry.objects.filter(object_type="badgetemplate", action="template.activated").order_by()
    # The log keeps IDs as texts. They are read as numbers, as MySQL does not compare a number that is cast to a text
    # with a column whose collation is another than the connection's.
    numbers = activated.annotate(number=Cast("object_id", BigIntegerField())).values("number")
    return IS_OPEN | Q(status=Status.RETIRED, pk__in=numbers)
