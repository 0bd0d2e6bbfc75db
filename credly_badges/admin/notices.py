"""What Credly told us, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from .. import notices
from ..models import BadgeAward, BadgeTemplate, BadgeVersion, CredlyNotice
from .subject import NOTHING, Button, ReadOnlyAdmin, WordsFilter, list_url, may, page_of, person, shortened

State = CredlyNotice.State

TYPES = {
    "badge.created": _("badge issued"),
    "badge.state.changed": _("badge accepted, declined or revoked"),
    "badge.state.updated": _("badge accepted, declined or revoked (older name)"),
    "badge.privacy.changed": _("badge shown or hidden"),
    "badge.deleted": _("badge deleted"),
    "badge_template.created": _("template added"),
    "badge_template.changed": _("template changed"),
    "badge_template.deleted": _("template deleted"),
}


class TypeFilter(WordsFilter):
    """By what happened at Credly."""

    title = _("type")
    parameter_name = "event_type"

    def words(self) -> Mapping[str, Any]:
        """The types that lead to anything here."""
        return TYPES


@admin.register(CredlyNotice)
class NoticeAdmin(ReadOnlyAdmin):
    """Notices, read-only but for processing again."""

    intro = _(
        "What Credly told this LMS, by webhook or by its events feed, and what came of it. A notice is only believed "
        "once Credly has confirmed it; one that is “not confirmed” was made up by somebody, and changed nothing."
    )
    empty = _(
        "Credly has told nothing yet. Press “Set webhook at Credly” on an organization's page, so that changes there "
        "arrive within seconds; without it they are read from Credly's events feed now and then."
    )
    list_display = ("type_shown", "organization", "about_shown", "state_shown", "age", "outcome_short")
    list_display_links = ("type_shown",)
    list_filter = ("state", TypeFilter, "organization", "source", "received_at")
    list_select_related = ("organization",)
    search_fields = ("event_id", "subject_id")
    search_help_text = _("The whole ID of an event, a badge or a template at Credly.")
    actions = ("process_selected",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("type_shown", "organization_shown", "about_shown", "event_id", "subject_shown")}),
        (_("What came of it"), {"fields": ("state_shown", "outcome", "tried", "tried_next", "finished_at")}),
        (_("How it came"), {"fields": ("source", "occurred_at", "received_at", "repeated")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CredlyNotice]:
        """With the award or the template that each is about, where that is ours."""
        awards = BadgeAward.objects.filter(credly_id=OuterRef("subject_id"))
        earlier = BadgeVersion.objects.filter(credly_id=OuterRef("subject_id")).order_by()
        templates = BadgeTemplate.objects.filter(
            organization=OuterRef("organization"), uuid=OuterRef("subject_id")
        ).order_by()
        return (
            super()
            .get_queryset(request)
            .select_related("organization")
            .annotate(
                award_here=Subquery(awards.order_by().values("pk")[:1]),
                earlier_award_here=Subquery(earlier.values("award_id")[:1]),
                award_name=Subquery(awards.order_by().values("template__name")[:1]),
                earlier_award_name=Subquery(earlier.values("award__template__name")[:1]),
                template_here=Subquery(templates.values("pk")[:1]),
                template_name=Subquery(templates.values("name")[:1]),
            )
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CredlyNotice], search_term: str
    ) -> tuple[QuerySet[CredlyNotice], bool]:
        """By a whole ID only: the table is long, and only that has an index."""
        if not search_term.strip():
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(event_id=wanted) | Q(subject_id=wanted)), False

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        """To what needs a person."""
        failed = CredlyNotice.objects.filter(state=State.FAILED).count()
        label = gettext("Needs a person (%(count)d)") % {"count": failed}
        return [Button(label, list_url(CredlyNotice, state__exact=State.FAILED.value))]

    def page_buttons(self, request: HttpRequest, thing: CredlyNotice) -> list[Button]:
        """Processing again, unless a worker has it."""
        if not self.has_process_permission(request) or thing.lease is not None:
            return []
        return [Button(gettext("Process again"), self.own_url("process", thing.pk), posts=True, main=True)]

    def notices(self, request: HttpRequest, thing: CredlyNotice) -> list[str]:
        """What to do with one that needs a person, or why one waits."""
        if thing.state == State.FAILED:
            return [
                gettext("This notice needs a person. Read below what came of it, mend it, and press “Process again”.")
            ]
        if thing.state == State.WAITING and thing.organization.paused:
            return [gettext("Its organization is paused, so it waits. Nothing is lost.")]
        return []

    def about(self, thing: Any) -> dict[str, Any]:
        """The page is called by what happened."""
        return {"subtitle": f"{self.type_shown(thing)}, {thing.organization}"}

    @admin.display(description=_("what happened"), ordering="event_type")
    def type_shown(self, notice: CredlyNotice) -> str:
        return capfirst(str(TYPES.get(notice.event_type, notice.event_type))) or NOTHING

    @admin.display(description=_("organization"))
    def organization_shown(self, notice: CredlyNotice) -> str:
        return page_of(notice.organization)

    @admin.display(description=_("about"))
    def about_shown(self, notice: Any) -> str:
        if notice.template_here:
            return _linked("badgetemplate", notice.template_here, notice.template_name)
        award = notice.award_here or notice.earlier_award_here
        if not award:
            return NOTHING
        words = {"template": notice.award_name or notice.earlier_award_name}
        return _linked("badgeaward", award, gettext("badge award: %(template)s") % words)

    @admin.display(description=_("its ID at Credly"))
    def subject_shown(self, notice: CredlyNotice) -> Any:
        return notice.subject_id or NOTHING

    @admin.display(description=_("attempts"))
    def tried(self, notice: CredlyNotice) -> int:
        return notice.attempts

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, notice: CredlyNotice) -> str:
        words = notice.get_state_display()
        return format_html('<strong class="credly-bad">{}</strong>', words) if notice.state == State.FAILED else words

    @admin.display(description=_("outcome"))
    def outcome_short(self, notice: CredlyNotice) -> str:
        return shortened(notice.outcome)

    @admin.display(description=_("age"), ordering="received_at")
    def age(self, notice: CredlyNotice) -> str:
        return timesince(notice.received_at, depth=1)

    @admin.display(description=_("tried next"))
    def tried_next(self, notice: CredlyNotice) -> Any:
        return notice.not_before if notice.state == State.WAITING else NOTHING

    def has_process_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have notices processed again."""
        return may(request, "process_credlynotice")

    @admin.action(description=_("Process the selected notices again"), permissions=["process"])
    def process_selected(self, request: HttpRequest, queryset: QuerySet[CredlyNotice]) -> None:
        """Ask Credly about each anew, and act on what it says."""
        self._process(request, list(queryset.values_list("pk", flat=True)))

    def get_urls(self) -> list[URLPattern]:
        """Django's, and one for the button."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_process"
        view = self.admin_site.admin_view(require_POST(self.process_view))
        return [path("<int:pk>/process/", view, name=name), *super().get_urls()]

    def process_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Process one notice again."""
        if not self.has_process_permission(request):
            raise PermissionDenied
        self._process(request, [get_object_or_404(CredlyNotice, pk=pk).pk])
        return HttpResponseRedirect(self.own_url("change", pk))

    def _process(self, request: HttpRequest, chosen: list[int]) -> None:
        number = notices.process_again(CredlyNotice.objects.filter(pk__in=chosen), by=person(request))
        said = ngettext("%(count)d notice is processed again.", "%(count)d notices are processed again.", number)
        self.message_user(request, said % {"count": number}, messages.SUCCESS if number else messages.WARNING)
        left = len(chosen) - number
        if left:
            said = ngettext(
                "%(count)d was left as it is: a worker has it.",
                "%(count)d were left as they are: workers have them.",
                left,
            )
            self.message_user(request, said % {"count": left}, messages.INFO)


def _linked(model: str, pk: int, words: str) -> str:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:credly_badges_{model}_change", args=[pk]), words)
