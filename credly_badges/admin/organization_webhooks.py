"""How an organization's page shows the way from Credly to us: the address to paste there, and what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import notices
from ..models import CredlyNotice, CredlyOrganization
from .confirm import Question, ask
from .organization_columns import moment
from .organization_keys import OrganizationKeys
from .subject import Button, list_url, person

WEBHOOK_SHOWN = ("webhook_address", "noticed", "feed_read")


class OrganizationWebhooks(OrganizationKeys):
    """The address, its buttons, and when Credly was last heard."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With the address that this user may see. The one with the secret is only for who may change it."""
        organization: Any = super().get_object(request, object_id, from_field)
        if organization is not None:
            may_change = self.has_change_permission(request, organization)
            where = notices.webhook_path(organization) if may_change else notices.plain_path()
            organization.address_to_show = request.build_absolute_uri(where) if where else ""
        return organization

    @admin.display(description=_("webhook address"))
    def webhook_address(self, organization: Any) -> str:
        if not organization.address_to_show:
            return gettext("It holds a secret, and is shown to those who may change the organization.")
        return format_html(
            '<code class="credly-address">{}</code><br>{}',
            organization.address_to_show,
            gettext(
                "“Set webhook at Credly” above enters it there; or paste it yourself, under Developers > Webhooks. "
                "Whoever knows it can send notices."
            ),
        )

    @admin.display(description=_("last notice from Credly"))
    def noticed(self, organization: CredlyOrganization) -> str:
        words = moment(organization.noticed_at) if organization.noticed_at else gettext("none yet")
        where = list_url(CredlyNotice, organization__id__exact=organization.pk)
        return format_html('{} (<a href="{}">{}</a>)', words, where, gettext("all notices"))

    @admin.display(description=_("events feed read"))
    def feed_read(self, organization: CredlyOrganization) -> str:
        return moment(organization.feed_read_at) if organization.feed_read_at else gettext("never")

    def webhook_buttons(self, thing: CredlyOrganization) -> list[Button]:
        """For those who may change organizations."""
        return [
            Button(gettext("Set webhook at Credly"), self.own_url("webhook", thing.pk)),
            Button(gettext("New webhook address"), self.own_url("renew", thing.pk)),
        ]

    def webhook_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have Credly send its notices here, after asking: Credly knows one address only."""
        organization = self.changeable(request, pk)
        where = request.build_absolute_uri(notices.webhook_path(organization))
        if request.method == "POST":
            problem = notices.set_at_credly(organization, where, by=person(request))
            said = problem or gettext("Credly now sends its notices to this LMS.")
            self.message_user(request, said, messages.ERROR if problem else messages.SUCCESS)
            return self.back(request, pk)
        question = Question(
            title=gettext("Set the webhook of %(organization)s at Credly") % {"organization": organization},
            sentences=[
                gettext("Credly will send its notices to this LMS."),
                gettext("It knows one address for an organization: whatever it has now is overwritten."),
            ],
            button=gettext("Set it at Credly"),
            back=self.own_url("change", pk),
        )
        return ask(self, request, question)

    def renew_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a new address, after asking."""
        organization = self.changeable(request, pk)
        if request.method == "POST":
            notices.renew_address(organization, by=person(request))
            said = gettext("There is a new webhook address. Paste it into Credly, or press “Set webhook at Credly”.")
            self.message_user(request, said, messages.SUCCESS)
            return self.back(request, pk)
        question = Question(
            title=gettext("New webhook address for %(organization)s") % {"organization": organization},
            sentences=[
                gettext("The old address ends at once. Do this when somebody knows it who should not."),
                gettext("Until Credly has the new one, its notices are read from the events feed."),
            ],
            button=gettext("Make a new address"),
            back=self.own_url("change", pk),
        )
        return ask(self, request, question)
