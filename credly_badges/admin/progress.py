"""How far learners are: for each requirement whether it is met, by what, and since when."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ..models import BadgeAward, BadgeProgress
from . import why
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

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        """To ask about anybody, also one who has no progress yet."""
        return [Button(_now("Why?"), self.own_url("why"))] if may(request, "view_badgeprogress") else []

    def page_buttons(self, request: HttpRequest, thing: BadgeProgress) -> list[Button]:
        """The award that came of it."""
        if thing.completed_at is None or not may(request, "view_badgeaward"):
            return []
        where = list_url(BadgeAward, learner__id__exact=thing.learner_id, template__id__exact=thing.template_id)
        return [Button(_now("Award"), where)]

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, with every requirement of the badge and what was seen of it."""
        return {"subtitle": f"{thing.template}: {learner_name(thing)}", **why.answer(thing.learner_id, thing.template)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeProgress]:
        """With the learner and the badge."""
        return super().get_queryset(request).select_related("learner", "template")

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the page that says why."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_why"
        return [path("why/", self.admin_site.admin_view(self.why_view), name=name), *super().get_urls()]

    def why_view(self, request: HttpRequest) -> HttpResponse:
        """Why somebody has a badge, or why not."""
        return why.view(self, request)

    @admin.display(description=_("learner"), ordering="learner__username")
    def learner_shown(self, progress: BadgeProgress) -> str:
        return learner_name(progress)

    @admin.display(description=_("badge template"))
    def template_shown(self, progress: BadgeProgress) -> str:
        return page_of(progress.template)

    @admin.display(description=_("progress"), ordering="percent")
    def percent_shown(self, progress: BadgeProgress) -> str:
        return f"{progress.percent} %"
