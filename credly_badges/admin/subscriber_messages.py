"""What subscribers are told, and how that went."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from .. import subscribers
from ..models import SubscriberMessage
from .subject import NOTHING, Button, ReadOnlyAdmin, WordsFilter, may, page_of, person, shortened
from .subscribers import may_send_personal

State = SubscriberMessage.State


class EventFilter(WordsFilter):
    """By what is told."""

    title = _("event")
    parameter_name = "event"

    def words(self) -> dict[str, Any]:
        """Every event."""
        return {str(event): words for event, words in subscribers.EVENTS.items()}


@admin.register(SubscriberMessage)
class SubscriberMessageAdmin(ReadOnlyAdmin):
    """Messages, read-only but for sending again."""

    intro = _(
        "What other systems are told. What one of them does not take is tried again by itself for three days, and is "
        "“given up” then; you can send it again once the system is well."
    )
    empty = _("Nobody was told anything yet. A message appears here for each thing that a subscriber asked to hear of.")
    list_display = ("event_shown", "subscriber", "state_shown", "attempts", "trouble", "created")
    list_display_links = ("event_shown",)
    list_filter = ("state", EventFilter, ("subscriber", admin.RelatedOnlyFieldListFilter), "created")
    list_select_related = ("subscriber",)
    search_fields = ("=uuid", "error")
    search_help_text = _("The ID of a message, which the receiver knows as “webhook-id”; words of the error.")
    actions = ("redeliver_selected",)
    change_form_template = "admin/credly_badges/subscriber_message.html"
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("event_shown", "subscriber_shown", "uuid", "award_shown", "occurred_at", "payload_shown")}),
        (
            _("Where it stands"),
            {"fields": ("state_shown", "attempts", "error", "tried_next", "give_up_at", "finished_at")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubscriberMessage]:
        """With the subscriber and the award."""
        return super().get_queryset(request).select_related("subscriber", "award")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With what of it this user may read."""
        message: Any = super().get_object(request, object_id, from_field)
        if message is not None:
            fields = message.subscriber.fields if may_send_personal(request) else ()
            message.payload_to_show = subscribers.kept(message.payload, fields)
        return message

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, with every attempt."""
        return {"subtitle": f"{thing.event}, {thing.subscriber}", "attempts": thing.delivery_attempts.all()}

    def page_buttons(self, request: HttpRequest, thing: SubscriberMessage) -> list[Button]:
        """Sending again."""
        if thing.event == subscribers.Event.TEST or not self.has_redrive_permission(request):
            return []
        return [Button(gettext("Send again"), self.own_url("redeliver", thing.pk), posts=True, main=True)]

    @admin.display(description=_("event"), ordering="event")
    def event_shown(self, message: SubscriberMessage) -> Any:
        events = {str(event): words for event, words in subscribers.EVENTS.items()}
        return events.get(message.event, message.event)

    @admin.display(description=_("subscriber"))
    def subscriber_shown(self, message: SubscriberMessage) -> str:
        return page_of(message.subscriber)

    @admin.display(description=_("award"))
    def award_shown(self, message: SubscriberMessage) -> str:
        return page_of(message.award) if message.award else NOTHING

    @admin.display(description=_("what is told"))
    def payload_shown(self, message: Any) -> str:
        return format_html("<pre>{}</pre>", json.dumps(message.payload_to_show, indent=2, ensure_ascii=False))

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, message: SubscriberMessage) -> str:
        words = message.get_state_display()
        return format_html('<strong class="credly-bad">{}</strong>', words) if message.state == State.DEAD else words

    @admin.display(description=_("last error"))
    def trouble(self, message: SubscriberMessage) -> str:
        return shortened(message.error)

    @admin.display(description=_("tried next"))
    def tried_next(self, message: SubscriberMessage) -> Any:
        return message.not_before if message.open else NOTHING

    def has_redrive_permission(self, request: HttpRequest) -> bool:
        """Whether the user may send messages again."""
        return may(request, "redrive_subscribermessage")

    @admin.action(description=_("Send the selected messages again"), permissions=["redrive"])
    def redeliver_selected(self, request: HttpRequest, queryset: QuerySet[SubscriberMessage]) -> None:
        """The oldest first."""
        chosen = list(queryset.exclude(event=str(subscribers.Event.TEST)).order_by("pk"))
        for message in chosen:
            subscribers.redeliver(message, by=person(request))
        said = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", len(chosen))
        level = messages.SUCCESS if chosen else messages.WARNING
        self.message_user(request, said % {"count": len(chosen)}, level)

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the button's."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_redeliver"
        view = self.admin_site.admin_view(require_POST(self.redeliver_view))
        return [path("<int:pk>/redeliver/", view, name=name), *super().get_urls()]

    def redeliver_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send one message again."""
        if not self.has_redrive_permission(request):
            raise PermissionDenied
        message = SubscriberMessage.objects.exclude(event=str(subscribers.Event.TEST)).filter(pk=pk).first()
        if message is None:
            raise Http404
        subscribers.redeliver(message, by=person(request))
        self.message_user(request, gettext("It is sent again, for three days if need be."), messages.SUCCESS)
        return HttpResponseRedirect(self.own_url("change", pk))
