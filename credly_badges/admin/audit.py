"""The audit log: who did what, why, and what it was before and after."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import (
    ApiKey,
    Application,
    ApplicationForm,
    AuditEntry,
    Availability,
    BadgeAward,
    BadgeProgram,
    BadgeTemplate,
    BulkIssue,
    ClaimCode,
    CredlyNotice,
    CredlyOrganization,
    LevelRole,
    OutboxMessage,
    ReconcileDifference,
    Subscriber,
    SubscriberMessage,
)
from .subject import NOTHING, ReadOnlyAdmin, WordsFilter, shortened

# What the log says of an action; one that is not here is shown as it is stored.
ACTIONS = {
    "organization.added": _("Organization added"),
    "organization.changed": _("Organization changed"),
    "organization.deleted": _("Organization deleted"),
    "organization.paused": _("Organization paused"),
    "organization.resumed": _("Organization resumed"),
    "organization.breaker_opened": _("Sending stopped, for Credly kept failing"),
    "organization.breaker_closed": _("Sending went on, for Credly answered"),
    "organization.breaker_reset": _("Pace reset"),
    "organization.key_changed": _("Key changed"),
    "organization.key_reencrypted": _("Key encrypted anew"),
    "organization.key_retired": _("Old key retired"),
    "organization.key_rotated": _("Key rotated"),
    "organization.webhook_renewed": _("Webhook address made anew"),
    "organization.webhook_set": _("Webhook set at Credly"),
    "template.activated": _("Template activated"),
    "template.added": _("Template added"),
    "template.archived_at_credly": _("Template archived at Credly"),
    "template.changed": _("Template changed"),
    "template.changed_at_credly": _("Template changed at Credly"),
    "template.created_at_credly": _("Template made at Credly"),
    "template.deactivated": _("Template deactivated"),
    "template.deleted_at_credly": _("Template deleted at Credly"),
    "template.paused": _("Template paused"),
    "template.reopened": _("Template made a draft again"),
    "template.resumed": _("Template resumed"),
    "template.returned": _("Template sent back from review"),
    "template.shadowed": _("Template put in shadow"),
    "template.submitted": _("Template submitted for review"),
    "requirements.changed": _("Requirements changed"),
    "availability.added": _("Availability added"),
    "availability.changed": _("Availability changed"),
    "availability.removed": _("Availability removed"),
    "award.granted": _("Badge awarded"),
    "award.issued": _("Badge issued at Credly"),
    "award.found": _("Badge found at Credly"),
    "award.renewed": _("Badge to be renewed"),
    "award.replacing": _("Badge to be replaced"),
    "award.resent": _("Badge ordered anew"),
    "award.restored": _("Badge restored"),
    "award.followed": _("Badge brought to what Credly says"),
    "award.replaced": _("Badge replaced at Credly"),
    "award.revoked": _("Badge revoked"),
    "award.shared": _("Badge shared by its learner"),
    "award.unshared": _("Badge no longer shared by its learner"),
    "award.revoked_at_credly": _("Badge revoked at Credly"),
    "award.erased_at_credly": _("Badge deleted at Credly"),
    "award.learner_retired": _("Learner forgotten"),
    "claim_code.made": _("Claim code made"),
    "claim_code.changed": _("Claim code changed"),
    "claim_code.closed": _("Claim code closed"),
    "claim_code.claimed": _("Badge claimed with a code"),
    "regression.held": _("Badge held, for its requirements are no longer met"),
    "regression.dismissed": _("Badge kept, though its requirements are not met"),
    "regression.recovered": _("Requirements met again"),
    "regression.revoked": _("Badge revoked, for its requirements are no longer met"),
    "list.previewed": _("List looked through"),
    "list.committed": _("List committed"),
    "list.undone": _("List undone"),
    "list.discarded": _("List discarded"),
    "message.needless": _("Message no longer needed"),
    "message.gave_up": _("Message given up"),
    "message.redriven": _("Message sent again"),
    "message.dropped": _("Message dropped"),
    "notice.processed_again": _("Notice processed again"),
    "application.submitted": _("Application submitted"),
    "application.withdrawn": _("Application withdrawn"),
    "application.assigned": _("Application assigned"),
    "application.reviewed": _("Application reviewed"),
    "application.review_changed": _("Review of an application changed"),
    "application.approved": _("Application approved"),
    "application.denied": _("Application denied"),
    "application_form.changed": _("Application form changed"),
    "difference.mended": _("Difference mended"),
    "subscriber.added": _("Subscriber added"),
    "subscriber.changed": _("Subscriber changed"),
    "subscriber.paused": _("Subscriber paused"),
    "subscriber.resumed": _("Subscriber resumed"),
    "subscriber.removed": _("Subscriber removed"),
    "subscriber.secret_rotated": _("Subscriber given another secret"),
    "subscriber.tested": _("Subscriber tried"),
    "subscriber.gone": _("Subscriber says that it is gone"),
    "subscriber_message.redelivered": _("Message to a subscriber sent again"),
    "api_key.made": _("API key made"),
    "api_key.revoked": _("API key revoked"),
    "api_key.changed": _("API key changed"),
    "api_key.reencrypted": _("Signing secret encrypted anew"),
    "subscriber.reencrypted": _("Subscriber's secret encrypted anew"),
    "program.added": _("Program added"),
    "program.changed": _("Program changed"),
    "program.removed": _("Program removed"),
    "role.given": _("Role given"),
    "role.taken": _("Role taken"),
}


class ActionFilter(WordsFilter):
    """By what was done."""

    title = _("what was done")
    parameter_name = "action"

    def words(self) -> dict[str, Any]:
        """Every action that the log knows."""
        return ACTIONS


class KindFilter(WordsFilter):
    """By the kind of thing it was done to."""

    title = _("kind of thing")
    parameter_name = "object_type"

    def words(self) -> dict[str, Any]:
        """The kinds that something is ever done to."""
        things = (
            CredlyOrganization, BadgeTemplate, Availability, BadgeAward, ClaimCode, OutboxMessage, CredlyNotice,
            ReconcileDifference,
            BulkIssue, Application, ApplicationForm, ApiKey, BadgeProgram, LevelRole,
            Subscriber, SubscriberMessage,
        )  # fmt: skip
        return {str(thing._meta.model_name): thing._meta.verbose_name for thing in things}


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin):
    """The log, which nobody edits or deletes."""

    audited = False
    intro = _("Everything that somebody, or the system itself, changed. Entries are written once and never change.")
    empty = _("Nothing was done yet. The first entry comes with the first organization you connect.")
    list_display = ("at", "action_shown", "thing", "actor_shown", "because_shown")
    list_display_links = ("at", "action_shown")
    list_filter = (ActionFilter, KindFilter, "at")
    list_select_related = ("actor",)
    search_fields = ("=actor__username", "=object_id", "^object_label", "because")
    search_help_text = _("A user name, the ID or the beginning of the name of a thing, or words of a reason.")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("at", "action_shown", "thing_link", "actor_shown", "because")}),
        (_("What changed"), {"fields": ("changes",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """With who did it."""
        return super().get_queryset(request).select_related("actor")

    def about(self, thing: AuditEntry) -> dict[str, Any]:
        """The page is called by what was done."""
        return {"subtitle": f"{self.action_shown(thing)}: {thing.object_label}"}

    @admin.display(description=_("what was done"), ordering="action")
    def action_shown(self, entry: AuditEntry) -> Any:
        return ACTIONS.get(entry.action, entry.action)

    @admin.display(description=_("by"), ordering="actor__username")
    def actor_shown(self, entry: AuditEntry) -> str:
        return entry.actor.get_username() if entry.actor else gettext("the system")

    @admin.display(description=_("to"))
    def thing(self, entry: AuditEntry) -> str:
        return f"{_kind(entry.object_type)} {entry.object_label}"

    @admin.display(description=_("because"))
    def because_shown(self, entry: AuditEntry) -> str:
        return shortened(entry.because)

    @admin.display(description=_("to"))
    def thing_link(self, entry: AuditEntry) -> str:
        model = _model(entry.object_type)
        if model is None or not self.admin_site.is_registered(model):
            return self.thing(entry)
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[entry.object_id])
        return format_html('<a href="{}">{}</a>', url, self.thing(entry))

    @admin.display(description=_("before and after"))
    def changes(self, entry: AuditEntry) -> str:
        names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
        if not names:
            return NOTHING
        rows = ((name, _shown(entry.before, name), _shown(entry.after, name)) for name in names)
        return format_html(
            '<table class="credly-table"><thead><tr>'
            '<th scope="col">{}</th><th scope="col">{}</th><th scope="col">{}</th>'
            "</tr></thead><tbody>{}</tbody></table>",
            gettext("What"),
            gettext("Before"),
            gettext("After"),
            format_html_join("", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>', rows),
        )


def _model(object_type: str) -> Any:
    try:
        return apps.get_model("credly_badges", object_type)
    except LookupError:
        return None


def _kind(object_type: str) -> str:
    model = _model(object_type)
    return str(model._meta.verbose_name) if model else object_type


def _shown(values: dict[str, Any], name: str) -> str:
    if name not in values:
        return NOTHING
    value = values[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
