"""Connecting Credly organizations, and seeing how they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from .. import audit, conf, onboarding
from ..models import Availability, BadgeTemplate, CredlyOrganization
from ..sync import templates
from .confirm import Question, ReasonForm, ask
from .organization_form import KEY_FIELD, OrganizationForm, facts
from .organization_webhooks import WEBHOOK_SHOWN, OrganizationWebhooks
from .pace import LIMITS, OrganizationPace
from .subject import Button, list_url, may, person

# A request is a transaction in the LMS. Talking to Credly must not hold one open, so these views go without
# and what they call commits for itself.
outside_a_transaction = transaction.non_atomic_requests


KEY_SHOWN = ("key_shown", "key_since", "key_expiry", "key_checked", "key_before")
STANDING = ("status", "waiting_link", "dead_link", "template_link", "synced", "compared_shown")


@admin.register(CredlyOrganization)
class OrganizationAdmin(OrganizationPace, OrganizationWebhooks):
    """Organizations: their key, their templates, and whether anything waits."""

    intro = _("The Credly organizations that badges are issued for. Each needs its ID and an API key from Credly.")
    empty = _(
        "No organization is connected yet. Add one with “Add Credly organization”: you need its ID and an API key, "
        "both from the developer page of your Credly account. Then sync its badge templates."
    )
    form = OrganizationForm
    list_display = (
        "name_shown",
        "environment_shown",
        "status",
        "key_expiry",
        "template_count",
        "waiting_count",
        "dead_count",
        "synced",
    )
    list_display_links = ("name_shown",)
    search_fields = ("name", "uuid", "description")
    actions = ("sync_selected", "check_selected")
    readonly_fields = (
        "name", *KEY_SHOWN, "pace_shown", *STANDING,
        *WEBHOOK_SHOWN,
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: CredlyOrganization | None = None) -> Any:
        """The ID as well, once templates hang on it: another ID would be another organization's."""
        settled = obj is not None and obj.templates.exists()
        return (*self.readonly_fields, "uuid") if settled else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: CredlyOrganization | None = None) -> Any:
        """What has to be given, and once it is connected, how it is."""
        editable = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        key: tuple[str, ...] = (KEY_FIELD,) if editable else ()
        if obj is None:
            return [(None, {"fields": ("uuid", "environment", *key, "description"), "description": _HOW_TO_CONNECT})]
        return [
            (None, {"fields": ("name", "uuid", "environment", "description")}),
            (_("API key"), {"fields": (*KEY_SHOWN, *key)}),
            (_("Pace"), {"fields": (*LIMITS, "pace_shown"), "description": _ABOUT_PACE}),
            (_("Where it stands"), {"fields": STANDING}),
            (_("What Credly tells us"), {"fields": WEBHOOK_SHOWN}),
        ]

    @method_decorator(sensitive_post_parameters(KEY_FIELD))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of an organization. A failure here must not print the key that was typed."""
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: CredlyOrganization, form: Any, change: bool) -> None:
        """Store what was checked; a working key ends a pause for a rejected one."""
        if change:
            # Of what is in memory only what the form has: meanwhile a worker may have written, or another key come in.
            obj.save(update_fields=form.columns())
        else:
            super().save_model(request, obj, form, change)
        after = facts(obj)
        if not change:
            audit.record("organization.added", obj, actor=person(request), after=after)
        elif form.has_changed() and (form.before != after or form.new_key):
            key = {"api_key": "replaced"} if form.new_key else {}
            audit.record("organization.changed", obj, actor=person(request), before=form.before, after={**after, **key})
        self.take_up_limits(obj, form)
        was_paused = obj.paused
        if form.check is not None and form.check.ok:
            onboarding.accept(obj, form.check, by=person(request))
            self.message_user(request, form.check.sentence, messages.SUCCESS)
            if form.found is not None:
                self.enter_key(request, obj, form.found)
            if was_paused == CredlyOrganization.Pause.KEY_REJECTED:
                said = gettext("The pause for the rejected key has ended; what waited is being sent.")
                self.message_user(request, said, messages.SUCCESS)
        elif form.check is not None:
            self.message_user(request, form.check.sentence, messages.WARNING)
        if not change and may(request, "sync_badgetemplate"):
            said = gettext("Next, bring its badge templates here with “Sync templates now” on its page.")
            self.message_user(request, said, messages.INFO)

    def response_add(
        self, request: HttpRequest, obj: CredlyOrganization, post_url_continue: str | None = None
    ) -> HttpResponse:
        """On to its page, where the next step is, unless another organization is to be added."""
        if "_addanother" not in request.POST and self.has_view_or_change_permission(request, obj):
            return HttpResponseRedirect(self.own_url("change", obj.pk))
        return super().response_add(request, obj, post_url_continue)

    @method_decorator(transaction.atomic)
    def delete_model(self, request: HttpRequest, obj: CredlyOrganization) -> None:
        """Remove an organization that has no templates; Django refuses the others."""
        audit.record("organization.deleted", obj, actor=person(request), before=facts(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CredlyOrganization]) -> None:
        """Remove several."""
        for organization in queryset:
            self.delete_model(request, organization)

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        """Where the templates are, once there are any."""
        return (
            [Button(gettext("Badge templates"), list_url(BadgeTemplate))] if may(request, "view_badgetemplate") else []
        )

    def page_buttons(self, request: HttpRequest, thing: CredlyOrganization) -> list[Button]:
        """Sync for those who may; checking, pausing and resuming for those who may change organizations."""
        buttons = []
        if may(request, "sync_badgetemplate"):
            buttons.append(Button(gettext("Sync templates now"), self.own_url("sync", thing.pk), posts=True, main=True))
        if may(request, "view_availability"):
            where = list_url(Availability, organization__id__exact=thing.pk)
            buttons.append(Button(gettext("Availability"), where))
        if self.has_change_permission(request, thing):
            buttons += [*self.key_buttons(thing), *self.pace_buttons(thing)]
            buttons += self.webhook_buttons(thing)
            if thing.paused:
                buttons.append(Button(gettext("Resume"), self.own_url("resume", thing.pk), posts=True))
            else:
                buttons.append(Button(gettext("Pause"), self.own_url("pause", thing.pk)))
        return buttons

    def notices(self, request: HttpRequest, thing: CredlyOrganization) -> list[str]:
        """That it is paused, that its key needs somebody, or that its badges are no real ones."""
        said = super().notices(request, thing)
        if thing.paused == CredlyOrganization.Pause.KEY_REJECTED:
            said.append(
                gettext(
                    "Nothing is sent for this organization: Credly rejected its API key. Make a new key at Credly and "
                    "enter it below; saving it sends what waits."
                )
            )
        elif thing.paused:
            said.append(
                gettext("Nothing is sent for this organization: it was paused. Press “Resume” to send what waits.")
            )
        if not thing.key:
            said.append(gettext("It has no API key, so nothing can be sent. Enter one below."))
        if thing.environment == conf.SANDBOX:
            said.append(
                gettext("This organization is in Credly's sandbox. Its badges are for trying out; they are not real.")
            )
        return said

    def has_sync_permission(self, request: HttpRequest) -> bool:
        """Whether the user may sync templates."""
        return may(request, "sync_badgetemplate")

    @admin.action(description=_("Sync templates of the selected organizations"), permissions=["sync"])
    def sync_selected(self, request: HttpRequest, queryset: QuerySet[CredlyOrganization]) -> None:
        """Sync each; one that fails does not keep the others from it."""
        for organization in queryset:
            self._sync(request, organization)

    @admin.action(description=_("Check the keys of the selected organizations"), permissions=["change"])
    def check_selected(self, request: HttpRequest, queryset: QuerySet[CredlyOrganization]) -> None:
        """Ask Credly about each key."""
        self.check_selected_keys(request, queryset)

    @method_decorator(outside_a_transaction)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; its actions talk to Credly."""
        return super().changelist_view(request, extra_context)

    def get_urls(self) -> list[URLPattern]:
        """Django's, and one for each button."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(f"<int:pk>/{deed}/", outside_a_transaction(self.admin_site.admin_view(view)), name=f"{name}_{deed}")
            for deed, view in (
                ("sync", require_POST(self.sync_view)),
                ("check", require_POST(self.check_view)),
                ("resume", require_POST(self.resume_view)),
                ("pause", self.pause_view),
                ("rotate", self.rotate_view),
                ("reset", require_POST(self.reset_view)),
                ("webhook", self.webhook_view),
                ("renew", self.renew_view),
            )
        ]
        return [*own, *super().get_urls()]

    def sync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sync one organization, and say what came of it."""
        if not may(request, "sync_badgetemplate"):
            raise PermissionDenied
        self._sync(request, get_object_or_404(CredlyOrganization, pk=pk))
        return self.back(request, pk)

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End a pause."""
        sent = onboarding.resume(self.changeable(request, pk), by=person(request))
        said = ngettext(
            "Resumed. %(count)d message is being sent.", "Resumed. %(count)d messages are being sent.", sent
        )
        said = said % {"count": sent} if sent else gettext("Resumed. Nothing was waiting.")
        self.message_user(request, said, messages.SUCCESS)
        return self.back(request, pk)

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why, then pause."""
        organization = self.changeable(request, pk)
        form = ReasonForm(request.POST or None, help_text=_("Your colleagues read it on the organization's page."))
        if request.method == "POST" and form.is_valid():
            onboarding.pause(organization, by=person(request), because=form.cleaned_data["reason"])
            self.message_user(request, gettext("Paused. Badges are still awarded here, and wait until you resume."))
            return self.back(request, pk)
        question = Question(
            title=gettext("Pause %(organization)s") % {"organization": organization},
            sentences=[
                gettext(
                    "While it is paused, nothing is sent to Credly for this organization: no badge is issued or "
                    "revoked."
                ),
                gettext(
                    "Nothing is lost. What learners earn meanwhile waits in the outbox and is sent when you resume."
                ),
            ],
            button=gettext("Pause"),
            back=self.own_url("change", pk),
            form=form,
        )
        return ask(self, request, question)

    def _sync(self, request: HttpRequest, organization: CredlyOrganization) -> None:
        # At a pace of its own it has to wait for its turn, though not for long: somebody looks at the page.
        patience = timedelta(seconds=5 if organization.rate_limit else 0)
        result = templates.sync(organization, by=person(request), patience=patience)
        said = " ".join(result.sentences())
        level = messages.SUCCESS if result.ok else messages.WARNING if result.plan.items else messages.ERROR
        self.message_user(request, f"{organization}: {said}", level)


_HOW_TO_CONNECT = _(
    "The ID and the API key are on the developer page of your Credly account. When you save, Credly is asked whether "
    "they belong together, and for the organization's name."
)
_ABOUT_PACE = _(
    "Leave both empty unless Credly asks your organization to send less at a time. They count for all workers together."
)
