"""Applications: what learners sent in, what reviewers found, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import applications
from ..models import Application, ApplicationEvidence, ApplicationReview
from .application_questions import DEEDS
from .confirm import Question, ask
from .subject import NOTHING, Button, ReadOnlyAdmin, WordsFilter, learner_name, link, may, page_of, person, url_of

Kind = ApplicationEvidence.Kind


class StateFilter(WordsFilter):
    """By what became of it."""

    title = _("state")
    parameter_name = "state"

    def words(self) -> Mapping[str, Any]:
        """Every state."""
        return dict(Application.State.choices)


class AssignedFilter(admin.SimpleListFilter):
    """By whose it is to review."""

    title = _("assignment")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Mine, anybody's, somebody's."""
        return [("me", _("assigned to me")), ("free", _("free to review")), ("somebody", _("assigned to somebody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        """The open ones of the chosen kind."""
        is_assigned = Q(assigned_to__isnull=False, assigned_until__gt=timezone.now())
        chosen = {"me": is_assigned & Q(assigned_to=request.user.pk), "free": ~is_assigned, "somebody": is_assigned}
        wanted = chosen.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted, open=True)


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    """What was sent in. It is changed by its buttons alone."""

    intro = _(
        "What learners sent in to be awarded a badge. Open one to see the evidence, to review it, and to decide. What "
        "was decided is kept; who was denied may apply again."
    )
    empty = _("Nobody has applied for a badge yet. Open an application form for one, so that learners can.")
    list_display = ("learner_shown", "template_shown", "state_shown", "assigned_shown", "created", "decided_at")
    list_display_links = ("learner_shown",)
    list_filter = (StateFilter, AssignedFilter, ("template", admin.RelatedOnlyFieldListFilter), "created")
    list_select_related = ("learner", "template", "assigned_to")
    ordering = (F("open").desc(nulls_last=True), "-pk")
    search_fields = ("^learner__username", "^learner__email", "template__name")
    search_help_text = _("A user name or e-mail address, or how it begins; the name of a badge.")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("learner_shown", "template_page", "state_shown", "created", "assigned_shown")}),
        (_("What was sent"), {"fields": ("statement", "evidence_shown", "previous_page")}),
        (_("What was found"), {"fields": ("reviews_shown",)}),
        (_("What was decided"), {"fields": ("decided_shown", "decided_at", "feedback", "award_page")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        """With the learner and the badge."""
        return super().get_queryset(request).select_related("learner", "template", "assigned_to")

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, called by badge and learner."""
        return {"subtitle": f"{thing.template}: {learner_name(thing)}"}

    def page_buttons(self, request: HttpRequest, thing: Application) -> list[Button]:
        """To review and decide, while it is open; never one's own."""
        if not thing.open or thing.learner_id == request.user.pk:
            return []
        return [
            Button(str(deed.label), self.own_url("do", thing.pk, name), main=name == "approve")
            for name, deed in DEEDS.items()
            if may(request, deed.permission)
        ]

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the one for what can be done."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        where = path("<int:pk>/do/<str:deed>/", self.admin_site.admin_view(self.do_view), name=name)
        return [where, *super().get_urls()]

    def do_view(self, request: HttpRequest, pk: int, deed: str) -> HttpResponse:
        """Review, assign, approve or deny one, once somebody has filled in what is needed."""
        chosen = DEEDS.get(deed)
        thing = self.get_queryset(request).filter(pk=pk).first()
        if chosen is None or thing is None:
            raise Http404
        if not (self.has_view_permission(request, thing) and may(request, chosen.permission)):
            raise PermissionDenied
        form = chosen.ask(request, thing)
        if request.method == "POST" and form.is_valid():
            try:
                form.do(thing, person(request))
            except applications.ApplicationError as refusal:
                self.message_user(request, refusal.sentence, messages.ERROR)
            else:
                self.message_user(request, chosen.done, messages.SUCCESS)
            return HttpResponseRedirect(url_of(thing))
        question = Question(
            title=chosen.named(chosen.title, thing),
            sentences=[chosen.named(chosen.sentence, thing)],
            button=str(chosen.label),
            back=url_of(thing),
            form=form,
            deletes=chosen.deletes,
        )
        return ask(self, request, question)

    @admin.display(description=_("learner"), ordering="learner__username")
    def learner_shown(self, row: Application) -> str:
        return learner_name(row)

    @admin.display(description=_("badge template"), ordering="template__name")
    def template_shown(self, row: Application) -> str:
        return str(row.template)

    @admin.display(description=_("badge template"))
    def template_page(self, row: Application) -> str:
        return page_of(row.template)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: Application) -> str:
        return row.get_state_display()

    @admin.display(description=_("assigned to"), ordering="assigned_to__username")
    def assigned_shown(self, row: Application) -> str:
        if row.assigned_to is None or row.assigned_until is None or row.assigned_until <= timezone.now():
            return ""
        names = {"name": row.assigned_to.get_username(), "until": f"{row.assigned_until:%Y-%m-%d}"}
        return gettext("%(name)s, until %(until)s") % names

    @admin.display(description=_("the application before it"))
    def previous_page(self, row: Application) -> str:
        return page_of(row.previous, row.previous.get_state_display()) if row.previous else ""

    @admin.display(description=_("badge award"))
    def award_page(self, row: Application) -> str:
        return page_of(row.award, row.award.get_state_display()) if row.award else ""

    @admin.display(description=_("decided by"))
    def decided_shown(self, row: Application) -> str:
        if row.decided_by:
            return row.decided_by.get_username()
        return gettext("the system") if row.decided_at else ""

    @admin.display(description=_("evidence"))
    def evidence_shown(self, row: Application) -> str:
        pieces = [(_piece(each), each.reflection) for each in row.evidence.all()]
        return format_html_join("", "<p>{}<br><em>{}</em></p>", pieces) or NOTHING

    @admin.display(description=_("reviews"))
    def reviews_shown(self, row: Application) -> str:
        reviews = row.reviews.select_related("reviewer").prefetch_related(Prefetch("items"))
        return format_html_join("", "<div>{}</div>", ((_review(each),) for each in reviews)) or NOTHING


def _piece(row: ApplicationEvidence) -> str:
    if row.kind == Kind.LINK:
        return link(row.url)
    if row.kind == Kind.TEXT:
        return format_html('<span style="white-space: pre-wrap">{}</span>', row.text)
    where = reverse("credly_badges:v1:evidence", args=[row.application.uuid, row.uuid])
    return format_html('<a href="{}">{}</a>', where, gettext("Picture (%(type)s)") % {"type": row.media_type})


def _review(row: ApplicationReview) -> str:
    who = row.reviewer.get_username() if row.reviewer else row.author or gettext("(account deleted)")
    verdict = gettext("all required criteria are satisfied") if row.satisfied else gettext("not all are satisfied")
    items = format_html_join(
        "",
        "<li>{} – <strong>{}</strong> {}</li>",
        (
            (each.description, gettext("satisfied") if each.satisfied else gettext("not satisfied"), each.comment)
            for each in row.items.all()
        ),
    )
    return format_html(
        '<p><strong>{}</strong>: {}. {}</p><ul class="credly-found">{}</ul>', who, verdict, row.comment, items
    )
