"""An organization's API key at the admin: what is shown of it, what a check says, and another one in its place."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import keys
from ..models import BadgeTemplate, CredlyOrganization
from .confirm import Question, ask
from .organization_columns import OrganizationColumns, moment
from .subject import Button, list_url, person


class OrganizationKeys(OrganizationColumns):
    """The key's read-only fields, its buttons, and the pages behind them."""

    @admin.display(description=_("in force since"))
    def key_since(self, organization: CredlyOrganization) -> str:
        return moment(organization.key_entered_at) if organization.key_entered_at else gettext("not known yet")

    @admin.display(description=_("key expires"), ordering="key_expires_at")
    def key_expiry(self, organization: CredlyOrganization) -> str:
        words = keys.expiry_in_words(organization) or gettext("not known yet")
        if not keys.warning_of(organization):
            return words
        return format_html('<strong class="credly-bad">{}</strong>', words)

    @admin.display(description=_("last checked"))
    def key_checked(self, organization: CredlyOrganization) -> str:
        return moment(organization.key_checked_at) if organization.key_checked_at else gettext("never")

    @admin.display(description=_("previous key"))
    def key_before(self, organization: CredlyOrganization) -> str:
        if not organization.retiring_key:
            return gettext("none")
        masked = organization.retiring_key.masked
        if organization.retiring_token_id is None or organization.retire_at is None:
            return gettext("%(key)s, to be deleted at Credly by you") % {"key": masked}
        return gettext("%(key)s, works until %(at)s") % {"key": masked, "at": moment(organization.retire_at)}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with a word on every key that is about to expire."""
        notices = [warning.sentence for warning in keys.warnings()]
        return super().changelist_view(request, {"notices": notices, **(extra_context or {})})

    def key_buttons(self, thing: CredlyOrganization) -> list[Button]:
        """For those who may change organizations."""
        return [
            Button(gettext("Check key"), self.own_url("check", thing.pk), posts=True),
            Button(gettext("Rotate key"), self.own_url("rotate", thing.pk)),
        ]

    def notices(self, request: HttpRequest, thing: CredlyOrganization) -> list[str]:
        """That the key is about to expire, and that the one before it is still there."""
        warning = keys.warning_of(thing)
        said = [warning.sentence] if warning else []
        if thing.retiring_key and thing.retiring_token_id is None:
            said.append(keys.needs_a_person(thing))
        return said

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask Credly whether it knows the key, and what it may do."""
        self.check_key(request, self.changeable(request, pk))
        return self.back(request, pk)

    def check_selected_keys(self, request: HttpRequest, queryset: QuerySet[CredlyOrganization]) -> None:
        """Ask Credly about each key."""
        for organization in queryset:
            self.check_key(request, organization)

    def check_key(self, request: HttpRequest, organization: CredlyOrganization) -> None:
        """Ask Credly about one key, and say what it said."""
        found = keys.check(organization, by=person(request))
        level = messages.SUCCESS if found.answer.ok else messages.ERROR
        self.message_user(request, f"{organization}: {found.answer.sentence}", level)
        self.tell_of_key(request, organization, found)

    def tell_of_key(self, request: HttpRequest, organization: CredlyOrganization, found: keys.Found) -> None:
        """What a key that works may do, and when it ends."""
        if not found.answer.ok:
            return
        said = found.permissions()
        if expiry := keys.expiry_in_words(organization):
            said = gettext("%(permissions)s It expires %(expiry)s.") % {"permissions": said, "expiry": expiry}
        self.message_user(request, said, messages.WARNING if found.can_only_read else messages.INFO)

    def enter_key(self, request: HttpRequest, organization: CredlyOrganization, found: keys.Found) -> None:
        """Put a key that was typed in force, and say what becomes of the one before it."""
        had_another = bool(found.earlier)
        retires = keys.entered(organization, person(request), found=found)
        self.tell_of_key(request, organization, found)
        if retires:
            said = gettext("The key before it goes on working for %(hours)d hours; then it is deleted at Credly.")
            self.message_user(request, said % {"hours": keys.OVERLAP.total_seconds() // 3600}, messages.INFO)
        elif had_another:
            said = gettext("The key before it still works at Credly. Delete it there once nothing else uses it.")
            self.message_user(request, said, messages.INFO)

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what a rotation would do, then do it."""
        organization = self.changeable(request, pk)
        rotation = keys.rotate(organization, by=person(request), dry_run=request.method != "POST")
        if request.method == "POST" or not rotation.done:
            level = messages.SUCCESS if rotation.done else messages.ERROR
            self.message_user(request, " ".join(rotation.sentences), level)
            return self.back(request, pk)
        question = Question(
            title=gettext("Rotate the API key of %(organization)s") % {"organization": organization},
            sentences=[
                *rotation.sentences,
                gettext("Nothing is lost meanwhile, and badges go on being issued."),
            ],
            button=gettext("Rotate key"),
            back=self.own_url("change", pk),
        )
        return ask(self, request, question)

    def changeable(self, request: HttpRequest, pk: int) -> CredlyOrganization:
        """An organization that the user may change."""
        organization = get_object_or_404(CredlyOrganization, pk=pk)
        if not self.has_change_permission(request, organization):
            raise PermissionDenied
        return organization

    def back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """To the organization's page, for those who may see it."""
        thing_page = self.has_view_permission(request)
        return HttpResponseRedirect(self.own_url("change", pk) if thing_page else list_url(BadgeTemplate))
