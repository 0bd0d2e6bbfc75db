"""How far learners are: for each requirement whether it is met, by what, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from .. import criteria
from ..events.catalogue import CATALOGUE, field
from ..models import BadgeAward, BadgeProgress, BadgeRequirement, Fulfillment, RequirementGroup
from ..progress import standing_of
from .subject import Button, ReadOnlyAdmin, learner_name, list_url, may, page_of


@admin.register(BadgeProgress)
class ProgressAdmin(ReadOnlyAdmin):
    """Progress, read-only."""

    audited = False
    intro = _(
        "How far learners have come towards active badges. A row appears with the first requirement a learner meets."
    )
    empty = _(
        "No learner has met a requirement yet. Activate a badge template that has requirements; progress then "
        "follows from "
        "what learners do in the LMS."
    )
    list_display = ("learner_shown", "template", "percent_shown", "completed_at", "modified")
    list_display_links = ("learner_shown",)
    list_filter = (("completed_at", admin.EmptyFieldListFilter), "template__organization", "modified")
    list_select_related = ("learner", "template")
    search_fields = ("^learner__username", "^learner__email")
    search_help_text = _("A user name or e-mail address, or how it begins.")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("learner_shown", "template_shown", "percent_shown", "completed_at", "created", "modified")}),
    )
    change_form_template = "admin/credly_badges/progress.html"

    def page_buttons(self, request: HttpRequest, thing: BadgeProgress) -> list[Button]:
        """The award that came of it."""
        if thing.completed_at is None or not may(request, "view_badgeaward"):
            return []
        where = list_url(BadgeAward, learner__id__exact=thing.learner_id, template__id__exact=thing.template_id)
        return [Button(_now("Award"), where)]

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, with every requirement of the badge."""
        return {"subtitle": f"{thing.template}: {learner_name(thing)}", "groups": list(_groups(thing))}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeProgress]:
        """With the learner and the badge."""
        return super().get_queryset(request).select_related("learner", "template")

    @admin.display(description=_("learner"), ordering="learner__username")
    def learner_shown(self, progress: BadgeProgress) -> str:
        return learner_name(progress)

    @admin.display(description=_("badge template"))
    def template_shown(self, progress: BadgeProgress) -> str:
        return page_of(progress.template)

    @admin.display(description=_("progress"), ordering="percent")
    def percent_shown(self, progress: BadgeProgress) -> str:
        return f"{progress.percent} %"


@dataclass(frozen=True)
class Line:
    """One requirement, and what this learner did for it: one decision per course or program."""

    requirement: BadgeRequirement
    event: Any
    decisions: list[tuple[Fulfillment, str]]
    met: bool


@dataclass(frozen=True)
class Group:
    """A requirement group, with how many of its requirements are met and whether that is enough."""

    name: str
    needs: str
    lines: list[Line]
    met: int
    enough: bool


def _groups(progress: BadgeProgress) -> Iterator[Group]:
    decided: dict[int, list[Fulfillment]] = {}
    for fulfillment in progress.fulfillments.order_by("decided_at", "pk"):
        decided.setdefault(fulfillment.requirement_id, []).append(fulfillment)
    standing = standing_of(progress, criteria.shape(progress.template_id, progress.version))
    rows = RequirementGroup.objects.filter(template=progress.template_id, version=progress.version)
    groups = {group.pk: group for group in rows.prefetch_related("requirements")}
    for number, each in enumerate(standing.groups, 1):
        group = groups[each.group.id]
        met = {one.requirement.id for one in each.requirements if one.met_at is not None}
        lines = [_line(row, decided.get(row.pk, []), met=row.pk in met) for row in group.requirements.all()]
        name = group.name or _now("Group %(number)d") % {"number": number}
        yield Group(name, _needs(group), lines, len(met), each.done_at is not None)


def _needs(group: RequirementGroup) -> str:
    if group.needs == RequirementGroup.Needs.AT_LEAST:
        return _now("at least %(count)d of them") % {"count": group.at_least}
    return str(group.get_needs_display())


def _line(requirement: BadgeRequirement, decisions: list[Fulfillment], *, met: bool) -> Line:
    event = CATALOGUE.get(requirement.event_type)
    return Line(
        requirement,
        event.label if event else requirement.event_type,
        [(decision, _seen(requirement, decision)) for decision in decisions],
        met,
    )


def _seen(requirement: BadgeRequirement, decision: Fulfillment) -> str:
    """The values that decided, each with the name that the catalogue gives its field."""
    words = []
    for path, value in decision.evidence.items():
        known = field(requirement.event_type, path)
        words.append(f"{known.label if known else path}: {_value(value)}")
    return "; ".join(words)


def _value(value: Any) -> str:
    words = {True: _now("yes"), False: _now("no"), None: _now("nothing")}
    return words[value] if value is None or isinstance(value, bool) else str(value)
