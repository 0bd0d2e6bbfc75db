"""Awards: who holds which badge, what was tried to bring it to Credly, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from .. import awards
from ..issuing import outbox
from ..models import BadgeAward, OutboxMessage
from . import award_life, issue, why
from .confirm import ReasonForm, ask
from .subject import NOTHING, Button, ReadOnlyAdmin, learner_name, link, may, page_of, person

State = BadgeAward.State


@admin.register(BadgeAward)
class AwardAdmin(ReadOnlyAdmin):
    """Awards, read-only but for resending and revoking."""

    intro = _("Every badge that a learner was awarded, whatever became of it at Credly.")
    empty = _(
        "No badge was awarded yet. Learners earn them once a badge template is active and they meet its "
        "requirements; you "
        "can also give one with “Issue a badge”."
    )
    list_display = ("learner_shown", "template", "state_shown", "source", "earned_at", "issued_at")
    list_display_links = ("learner_shown",)
    list_filter = ("state", award_life.ExpiredFilter, "source", "template__organization", "earned_at")
    list_select_related = ("learner", "template")
    search_fields = ("^learner__username", "^learner__email")
    search_help_text = _("A user name or e-mail address, or how it begins; an award ID, or the badge's ID at Credly.")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("learner_shown", "template_shown", "state_shown", "uuid")}),
        (
            _("Why"),
            {"fields": ("source", "reason", "granted_by_shown", "earned_at", "evidence_shown", "previous_shown")},
        ),
        (
            _("At Credly"),
            {
                "fields": (
                    "credly_id",
                    "badge_link",
                    "accept_link",
                    "public_shown",
                    "issued_at",
                    "expires_at",
                    "issuer_earner_id",
                )
            },
        ),
        (_("Revoked"), {"fields": ("revoked_at", "revocation_reason")}),
    )
    change_form_template = "admin/credly_badges/award.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeAward]:
        """With what the page shows."""
        return (
            super().get_queryset(request).select_related("template__organization", "learner", "granted_by", "previous")
        )

    def get_fieldsets(self, request: HttpRequest, obj: BadgeAward | None = None) -> Any:
        """Without the part on revoking, where nobody asked for it."""
        return [part for part in self.fieldsets if part[0] != _("Revoked") or (obj and obj.revocation_reason)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By ID where the term is one, else by learner."""
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(Q(uuid=wanted) | Q(credly_id=wanted)), False

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        """Issuing by hand, for those who may."""
        if not self.has_issue_permission(request):
            return []
        return [Button(gettext("Issue a badge"), self.own_url("issue"), main=True)]

    def page_buttons(self, request: HttpRequest, thing: BadgeAward) -> list[Button]:
        """Resend where something is open, revoke where there is something to take back."""
        buttons = []
        if may(request, "resend_badgeaward") and (_resendable(thing).exists() or award_life.is_stranded(thing)):
            buttons.append(Button(gettext("Send again"), self.own_url("resend", thing.pk), posts=True, main=True))
        if may(request, "revoke_badgeaward") and thing.live and not thing.revocation_reason:
            buttons.append(Button(gettext("Revoke"), self.own_url("revoke", thing.pk)))
        if may(request, "replace_badgeaward") and award_life.is_replaceable(thing) and not thing.revocation_reason:
            buttons.append(Button(gettext("Replace"), self.own_url("replace", thing.pk)))
        if may(request, "restore_badgeaward") and award_life.is_restorable(thing):
            buttons.append(Button(gettext("Restore"), self.own_url("restore", thing.pk)))
        if thing.learner_id is not None:
            buttons += why.button(request, template_id=thing.template_id, learner_id=thing.learner_id)
        return buttons

    def notices(self, request: HttpRequest, thing: BadgeAward) -> list[str]:
        """What keeps the badge from its learner."""
        said = []
        organization = thing.template.organization
        if thing.state in (State.QUEUED, State.FAILED) and organization.paused:
            said.append(
                gettext("Its organization, %(organization)s, is paused, so nothing is sent.")
                % {"organization": organization}
            )
        if thing.state == State.FAILED and thing.live:
            said.append(
                gettext("It could not be issued. See below what Credly said; once that is mended, send it again.")
            )
        elif thing.state == State.FAILED:
            said.append(gettext("Issuing it was given up. If the learner should have it, issue the badge again."))
        elif thing.live and thing.revocation_reason:
            said.append(gettext("It is being revoked."))
        if thing.live and award_life.is_expired(thing):
            said.append(gettext("It has expired. Credly shows that to whoever looks at it."))
        return said

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, with the timeline of what was sent."""
        return {
            "subtitle": f"{thing.template}: {learner_name(thing)}",
            "versions": thing.versions.all(),
            **why.earned_by(thing),
            "timeline": thing.messages.prefetch_related("delivery_attempts").order_by("created", "pk"),
        }

    @admin.display(description=_("learner"), ordering="learner__username")
    def learner_shown(self, award: BadgeAward) -> str:
        return learner_name(award)

    @admin.display(description=_("badge template"))
    def template_shown(self, award: BadgeAward) -> str:
        return page_of(award.template)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, award: BadgeAward) -> str:
        words = award_life.state_in_words(award)
        return format_html('<strong class="credly-bad">{}</strong>', words) if award.state == State.FAILED else words

    @admin.display(description=_("issued by"))
    def granted_by_shown(self, award: BadgeAward) -> str:
        return award.granted_by.get_username() if award.granted_by else NOTHING

    @admin.display(description=_("evidence"))
    def evidence_shown(self, award: BadgeAward) -> str:
        shown = [
            (link(item["url"], item.get("name", "")) if item.get("url") else f"“{item.get('description', '')}”",)
            for item in award.evidence
        ]
        return format_html_join(", ", "{}", shown) or NOTHING

    @admin.display(description=_("the award before it"))
    def previous_shown(self, award: BadgeAward) -> str:
        return page_of(award.previous) if award.previous else NOTHING

    @admin.display(description=_("shown to"))
    def public_shown(self, award: BadgeAward) -> str:
        if award.is_public is None:
            return NOTHING
        return gettext("everybody") if award.is_public else gettext("the learner alone")

    @admin.display(description=_("badge page"))
    def badge_link(self, award: BadgeAward) -> str:
        return link(award.badge_url)

    @admin.display(description=_("page to accept it"))
    def accept_link(self, award: BadgeAward) -> str:
        return link(award.accept_url)

    def has_issue_permission(self, request: HttpRequest) -> bool:
        """Whether the user may issue badges by hand."""
        return may(request, "issue_badgeaward")

    def get_urls(self) -> list[URLPattern]:
        """Django's, and one for each button."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("issue/", view(self.issue_view), name=f"{name}_issue"),
            path("<int:pk>/resend/", view(require_POST(self.resend_view)), name=f"{name}_resend"),
            path("<int:pk>/revoke/", view(self.revoke_view), name=f"{name}_revoke"),
            path("<int:pk>/restore/", view(self.restore_view), name=f"{name}_restore"),
            path("<int:pk>/replace/", view(self.replace_view), name=f"{name}_replace"),
            *super().get_urls(),
        ]

    def issue_view(self, request: HttpRequest) -> HttpResponse:
        """Issue a badge to one or many."""
        if not self.has_issue_permission(request):
            raise PermissionDenied
        return issue.view(self, request)

    def resend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give what could not be sent a fresh start."""
        if not may(request, "resend_badgeaward"):
            raise PermissionDenied
        award = get_object_or_404(BadgeAward, pk=pk)
        count = outbox.redrive(_resendable(award), by=person(request)) or int(awards.resend(award, by=person(request)))
        if count:
            said = ngettext("It is being sent again.", "%(count)d messages are being sent again.", count) % {
                "count": count
            }
            self.message_user(request, said, messages.SUCCESS)
        else:
            self.message_user(request, gettext("There is nothing left to send for this award."), messages.WARNING)
        return self._back(request, award)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why, then revoke."""
        if not may(request, "revoke_badgeaward"):
            raise PermissionDenied
        award = get_object_or_404(self.get_queryset(request), pk=pk)
        form = ReasonForm(request.POST or None, help_text=_("Credly keeps it with the badge; the learner may read it."))
        if request.method == "POST" and form.is_valid():
            try:
                award = awards.revoke(award, form.cleaned_data["reason"], by=person(request))
            except awards.NotRevocable as refusal:
                self.message_user(request, refusal.sentence, messages.ERROR)
            else:
                is_done = award.state == State.REVOKED
                said = gettext("The award is revoked.") if is_done else gettext("The badge is being revoked.")
                self.message_user(request, said, messages.SUCCESS)
            return self._back(request, award)
        return ask(self, request, award_life.revocation(award, form, back=self.own_url("change", pk)))

    def restore_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why, then give the badge back."""
        if not may(request, "restore_badgeaward"):
            raise PermissionDenied
        award = get_object_or_404(self.get_queryset(request), pk=pk)
        form = ReasonForm(request.POST or None, help_text=_("Kept with the new award and in the audit log."))
        if request.method == "POST" and form.is_valid():
            return self._done(request, award, lambda: award_life.restore(award, form, person(request)))
        return ask(self, request, award_life.restoration(award, form, back=self.own_url("change", pk)))

    def replace_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask what for and why, then order another badge in the place of this one."""
        if not may(request, "replace_badgeaward"):
            raise PermissionDenied
        award = get_object_or_404(self.get_queryset(request), pk=pk)
        form = award_life.ReplaceForm(request.POST or None, award=award, help_text=_("Kept in the audit log."))
        if request.method == "POST" and form.is_valid():
            return self._done(request, award, lambda: award_life.replace(award, form, person(request)))
        return ask(self, request, award_life.replacement(award, form, back=self.own_url("change", pk)))

    def _done(
        self, request: HttpRequest, award: BadgeAward, deed: Callable[[], tuple[BadgeAward, str]]
    ) -> HttpResponse:
        try:
            award, said = deed()
        except awards.NotGrantable as refusal:
            self.message_user(request, refusal.sentence, messages.ERROR)
        else:
            self.message_user(request, said, messages.SUCCESS)
        return self._back(request, award)

    def _back(self, request: HttpRequest, award: BadgeAward) -> HttpResponse:
        return HttpResponseRedirect(
            self.own_url("change", award.pk)
            if self.has_view_permission(request)
            else reverse(f"{self.admin_site.name}:index")
        )


def _resendable(award: BadgeAward) -> QuerySet[OutboxMessage]:
    states = (OutboxMessage.State.DEAD, OutboxMessage.State.WAITING)
    return OutboxMessage.objects.filter(award=award, open=True, state__in=states)
