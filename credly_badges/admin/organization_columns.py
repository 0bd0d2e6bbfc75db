"""What the admin shows of an organization: its key's last characters, how it is, and how much waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import conf
from ..models import BadgeTemplate, CredlyOrganization, OutboxMessage
from .subject import SubjectAdmin, list_url, page_of


class OrganizationColumns(SubjectAdmin):
    """The columns of the list and the read-only fields of the page."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[CredlyOrganization]:
        """Each with the number of its templates, of what waits, and of what needs a person."""
        open_messages = OutboxMessage.objects.filter(open=True)
        return super().get_queryset(request).annotate(
            templates_here=_count(BadgeTemplate.objects.all()),
            waiting=_count(open_messages.exclude(state=OutboxMessage.State.DEAD)),
            dead=_count(open_messages.filter(state=OutboxMessage.State.DEAD)),
        )  # fmt: skip

    @admin.display(description=_("organization"), ordering="name")
    def name_shown(self, organization: CredlyOrganization) -> str:
        return str(organization)

    @admin.display(description=_("environment"), ordering="environment")
    def environment_shown(self, organization: CredlyOrganization) -> str:
        if organization.environment == conf.SANDBOX:
            return format_html('<span class="credly-sandbox">{}</span>', gettext("sandbox"))
        return organization.environment

    @admin.display(description=_("API key in use"))
    def key_shown(self, organization: CredlyOrganization) -> str:
        if not organization.key:
            return gettext("none")
        source = (
            gettext("from the setting CREDLY_BADGES_API_KEYS")
            if organization.key_comes_from_settings
            else gettext("stored here, encrypted")
        )
        return f"{organization.key.masked} ({source})"

    @admin.display(description=_("status"), ordering="paused")
    def status(self, organization: CredlyOrganization) -> str:
        if organization.paused:
            since = moment(organization.paused_at) if organization.paused_at else ""
            words = gettext("Paused since %(since)s") if since else gettext("Paused")
            return format_html(
                '<span class="credly-bad"><strong>{}</strong>: {}</span>',
                words % {"since": since},
                organization.pause_reason or organization.get_paused_display(),
            )
        if not organization.key:
            return format_html('<span class="credly-bad"><strong>{}</strong></span>', gettext("No API key"))
        if organization.wait_until and organization.wait_until > timezone.now():
            when = timezone.localtime(organization.wait_until).strftime("%H:%M:%S")
            if not organization.key.was_fetched:
                return gettext("Waiting until %(when)s, as its API key could not be fetched") % {"when": when}
            return gettext("Waiting until %(when)s, as Credly asked") % {"when": when}
        return gettext("Ready")

    @admin.display(description=_("templates"), ordering="templates_here")
    def template_count(self, organization: Any) -> int:
        return organization.templates_here

    @admin.display(description=_("waiting"), ordering="waiting")
    def waiting_count(self, organization: Any) -> int:
        return organization.waiting

    @admin.display(description=_("need a person"), ordering="dead")
    def dead_count(self, organization: Any) -> str:
        return _number(organization.dead)

    @admin.display(description=_("templates synced"), ordering="synced_at")
    def synced(self, organization: CredlyOrganization) -> Any:
        if organization.synced_at is None:
            return gettext("never")
        return moment(organization.synced_at)

    @admin.display(description=_("compared with Credly"))
    def compared_shown(self, organization: CredlyOrganization) -> str:
        run = organization.reconcile_runs.order_by("-pk").first()
        if run is None:
            return gettext("never")
        found = sum(run.counts.values())
        words = ngettext("%(when)s: %(count)d difference", "%(when)s: %(count)d differences", found)
        return page_of(run, words % {"when": moment(run.started_at), "count": found})

    @admin.display(description=_("templates"))
    def template_link(self, organization: Any) -> str:
        count = organization.templates_here
        words = ngettext("%(count)d template", "%(count)d templates", count) % {"count": count}
        return _linked(words, list_url(BadgeTemplate, organization__id__exact=organization.pk)) if count else (
            gettext("none yet: press “Sync templates now”")
        )  # fmt: skip

    @admin.display(description=_("waiting to be sent"))
    def waiting_link(self, organization: Any) -> str:
        if not organization.waiting:
            return gettext("nothing")
        words = ngettext("%(count)d message", "%(count)d messages", organization.waiting) % {
            "count": organization.waiting
        }
        return _linked(
            words, list_url(OutboxMessage, organization__id__exact=organization.pk, state__in="waiting,delivering")
        )

    @admin.display(description=_("needs a person"))
    def dead_link(self, organization: Any) -> str:
        if not organization.dead:
            return gettext("nothing")
        words = ngettext("%(count)d message", "%(count)d messages", organization.dead) % {"count": organization.dead}
        return _linked(
            words,
            list_url(
                OutboxMessage, organization__id__exact=organization.pk, state__exact=OutboxMessage.State.DEAD.value
            ),
        )


def _count(rows: QuerySet[Any]) -> Any:
    counted = rows.filter(organization=OuterRef("pk")).order_by().values("organization").annotate(count=Count("pk"))
    return Coalesce(Subquery(counted.values("count")), 0)


def _number(count: int) -> str:
    return format_html('<strong class="credly-bad">{}</strong>', count) if count else "0"


def _linked(words: str, url: str) -> str:
    return format_html('<a href="{}">{}</a>', url, words)


def moment(when: datetime) -> str:
    """A time as the site writes it."""
    return date_format(timezone.localtime(when), "DATETIME_FORMAT")
