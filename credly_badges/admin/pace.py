"""An organization's pace at the admin: its limits, whether Credly is left alone at the moment, and a way out of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import pacing
from ..issuing import outbox
from ..models import CredlyOrganization, Pace
from .organization_keys import OrganizationKeys
from .subject import Button, person

LIMITS = ("rate_limit", "concurrency")


class OrganizationPace(OrganizationKeys):
    """The fields, the words and the button of an organization's pace."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[CredlyOrganization]:
        """Each with its pace."""
        return super().get_queryset(request).select_related("pace")

    @admin.display(description=_("status"), ordering="paused")
    def status(self, organization: CredlyOrganization) -> str:
        """As without a pace, unless Credly is being left alone."""
        state = pacing.of(organization, timezone.now())
        if organization.paused or not organization.key or state.since is None:
            return super().status(organization)
        words = gettext("Stopped since %(since)s") % {"since": _time(state.since)}
        return format_html('<span class="credly-bad"><strong>{}</strong>: {}</span>', words, _next_look(state))

    @admin.display(description=_("pace"))
    def pace_shown(self, organization: CredlyOrganization) -> str:
        """How much may go at this moment."""
        state = pacing.of(organization, timezone.now())
        if state.open:
            return gettext("nothing is sent, because Credly kept failing")
        if state.tokens is None:
            said = gettext("as fast as the workers are")
        else:
            said = gettext("at most %(limit)d requests in a minute; %(now)d of them may go at once now") % {
                "limit": state.rate_limit,
                "now": max(state.tokens, 0),
            }
        if not state.failures:
            return said
        failed = ngettext(
            "Credly's last answer was a failure", "Credly failed %(count)d times in a row", state.failures
        )
        return f"{said}; {failed % {'count': state.failures}}"

    def pace_buttons(self, thing: CredlyOrganization) -> list[Button]:
        """For those who may change organizations, once there is anything to reset."""
        if pacing.of(thing, timezone.now()).is_healthy:
            return []
        return [Button(gettext("Reset"), self.own_url("reset", thing.pk), posts=True)]

    def notices(self, request: HttpRequest, thing: CredlyOrganization) -> list[str]:
        """That Credly is left alone, and that nobody has to do anything."""
        state = pacing.of(thing, timezone.now())
        if state.since is None:
            return super().notices(request, thing)
        said = gettext(
            "Credly failed %(count)d times in a row, so nothing has been sent for this organization since %(since)s. "
            "%(next)s As soon as Credly answers, what waits is sent by itself. Press “Reset” if you know that it does."
        ) % {"count": state.failures, "since": _time(state.since), "next": _next_look(state)}
        return [said, *super().notices(request, thing)]

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Forget that Credly failed, and send what waits."""
        organization = self.changeable(request, pk)
        with transaction.atomic():
            pacing.reset(organization, by=person(request))
            waiting = outbox.wake_all(organization)
        said = ngettext("Reset. %(count)d message is being sent.", "Reset. %(count)d messages are being sent.", waiting)
        said = said % {"count": waiting} if waiting else gettext("Reset. Nothing was waiting.")
        self.message_user(request, said, messages.SUCCESS)
        return self.back(request, pk)

    def take_up_limits(self, organization: CredlyOrganization, form: Any) -> None:
        """What waits for its turn was put in line at the old limits; have it line up anew."""
        if set(LIMITS) & set(form.changed_data):
            # Made here, so that no two workers meet in making it: MySQL would have one of them begin again.
            Pace.objects.get_or_create(organization=organization)
            outbox.wake_all(organization)


def _next_look(state: pacing.PaceState) -> str:
    if state.probe_at is None or state.probe_at <= timezone.now():
        return gettext("The next badge finds out whether Credly answers again.")
    return gettext("The next try is at %(at)s.") % {"at": _time(state.probe_at)}


def _time(when: datetime) -> str:
    return timezone.localtime(when).strftime("%H:%M:%S")
