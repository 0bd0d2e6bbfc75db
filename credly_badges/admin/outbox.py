"""The outbox: what has yet to be told to Credly, and what needs a person."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ..issuing import outbox
from ..models import OutboxMessage
from .confirm import Question, ReasonForm, ask
from .subject import NOTHING, Button, ReadOnlyAdmin, learner_name, list_url, may, page_of, person, shortened

State = OutboxMessage.State
MOST_DIGITS = 18
"""Of an ID. A longer number is none, and databases refuse to look for it."""


@admin.register(OutboxMessage)
class OutboxAdmin(ReadOnlyAdmin):
    """Messages, read-only but for sending again and dropping."""

    intro = _(
        "What is to be told to Credly. Messages that fail are tried again by themselves; only those that “need a "
        "person” wait "
        "for you. Open one to read what Credly said."
    )
    empty = _("Nothing was ever sent. A message appears here for each badge that is awarded or revoked.")
    list_display = ("message", "learner_shown", "state_shown", "age", "attempts", "trouble")
    list_display_links = ("message",)
    list_filter = ("state", "organization", "kind", "created")
    list_select_related = ("organization", "award__learner", "award__template")
    search_fields = ("^award__learner__username", "^award__learner__email", "error")
    search_help_text = _("A user name or e-mail address, or how it begins; words of the error.")
    actions = ("redrive_selected", "drop_selected")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("message", "award_shown", "learner_shown", "organization_shown")}),
        (
            _("Where it stands"),
            {"fields": ("state_shown", "attempts", "trouble_whole", "tried_next", "created", "finished_at")},
        ),
    )
    change_form_template = "admin/credly_badges/award.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        """With the award, its learner and its badge."""
        return super().get_queryset(request).select_related("organization", "award__learner", "award__template")

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        """To what needs a person, and the way to send all of it again."""
        dead = OutboxMessage.objects.filter(open=True, state=State.DEAD).count()
        label = gettext("Needs a person (%(count)d)") % {"count": dead}
        buttons = [Button(label, list_url(OutboxMessage, state__exact=State.DEAD.value))]
        if dead and self.has_redrive_permission(request):
            buttons.append(Button(gettext("Send all that need a person again"), self.own_url("redrive_all"), main=True))
        return buttons

    def page_buttons(self, request: HttpRequest, thing: OutboxMessage) -> list[Button]:
        """Sending again while it is open; dropping what needs a person."""
        buttons: list[Button] = []
        if not self.has_redrive_permission(request) or not thing.open:
            return buttons
        if thing.state in (State.DEAD, State.WAITING):
            buttons.append(Button(gettext("Send again"), self.own_url("redrive", thing.pk), posts=True, main=True))
        if thing.state == State.DEAD:
            buttons.append(Button(gettext("Drop"), f"{self.own_url('drop')}?message={thing.pk}"))
        return buttons

    def notices(self, request: HttpRequest, thing: OutboxMessage) -> list[str]:
        """What to do with one that needs a person."""
        if thing.state == State.DEAD:
            return [
                gettext(
                    "This message needs a person. Read below what Credly said, mend it, and press “Send again”. If it "
                    "should never be sent, press “Drop”."
                )
            ]
        if thing.open and thing.organization.paused:
            return [gettext("Its organization is paused, so it waits. Nothing is lost.")]
        return []

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, with every attempt."""
        return {
            "subtitle": f"{self.message(thing)}, {learner_name(thing.award)}",
            "timeline": OutboxMessage.objects.filter(pk=thing.pk).prefetch_related("delivery_attempts"),
        }

    @admin.display(description=_("message"), ordering="kind")
    def message(self, message: OutboxMessage) -> str:
        return f"{capfirst(message.get_kind_display())}: {message.award.template}"

    @admin.display(description=_("learner"), ordering="award__learner__username")
    def learner_shown(self, message: OutboxMessage) -> str:
        return learner_name(message.award)

    @admin.display(description=_("award"))
    def award_shown(self, message: OutboxMessage) -> str:
        return page_of(message.award)

    @admin.display(description=_("organization"))
    def organization_shown(self, message: OutboxMessage) -> str:
        return page_of(message.organization)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, message: OutboxMessage) -> str:
        words = message.get_state_display()
        return format_html('<strong class="credly-bad">{}</strong>', words) if message.state == State.DEAD else words

    @admin.display(description=_("age"), ordering="created")
    def age(self, message: OutboxMessage) -> str:
        return timesince(message.created, message.finished_at, depth=1)

    @admin.display(description=_("last error"))
    def trouble(self, message: OutboxMessage) -> str:
        return shortened(message.waiting_for or message.error)

    @admin.display(description=_("last error"))
    def trouble_whole(self, message: OutboxMessage) -> str:
        return message.waiting_for or message.error

    @admin.display(description=_("tried next"))
    def tried_next(self, message: OutboxMessage) -> Any:
        return message.not_before if message.open and message.state == State.WAITING else NOTHING

    def has_redrive_permission(self, request: HttpRequest) -> bool:
        """Whether the user may send messages again, or drop them."""
        return may(request, "redrive_outboxmessage")

    @admin.action(description=_("Send the selected messages again"), permissions=["redrive"])
    def redrive_selected(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        """Give them a fresh start."""
        chosen = queryset.count()
        self._redrive(request, OutboxMessage.objects.filter(pk__in=queryset.values_list("pk", flat=True)), chosen)

    @admin.action(description=_("Drop the selected messages…"), permissions=["redrive"])
    def drop_selected(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> HttpResponse:
        """Ask why, then give up on them."""
        return self._ask_to_drop(request, list(queryset.values_list("pk", flat=True)), ReasonForm())

    def get_urls(self) -> list[URLPattern]:
        """Django's, and one for each button."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("redrive/", view(self.redrive_all_view), name=f"{name}_redrive_all"),
            path("drop/", view(self.drop_view), name=f"{name}_drop"),
            path("<int:pk>/redrive/", view(require_POST(self.redrive_view)), name=f"{name}_redrive"),
            *super().get_urls(),
        ]

    def redrive_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send one message again."""
        self._check_permission(request)
        self._redrive(request, OutboxMessage.objects.filter(pk=pk), 1)
        return HttpResponseRedirect(self.own_url("change", pk))

    def redrive_all_view(self, request: HttpRequest) -> HttpResponse:
        """Send everything again that needs a person, after asking."""
        self._check_permission(request)
        dead = OutboxMessage.objects.filter(open=True, state=State.DEAD)
        count = dead.count()
        if request.method == "POST":
            self._redrive(request, dead, count)
            return HttpResponseRedirect(self.own_url("changelist"))
        sentence = ngettext(
            "%(count)d message needs a person. Mend what Credly objected to first; what is not mended comes back here.",
            "%(count)d messages need a person. Mend what Credly objected to first; what is not mended comes back here.",
            count,
        )
        question = Question(
            title=gettext("Send everything again that needs a person"),
            sentences=[sentence % {"count": count}],
            button=gettext("Send all of them again"),
            back=self.own_url("changelist"),
        )
        return ask(self, request, question)

    def drop_view(self, request: HttpRequest) -> HttpResponse:
        """Give up on messages, once there is a reason."""
        self._check_permission(request)
        given = request.POST if request.method == "POST" else request.GET
        chosen = [int(pk) for pk in given.getlist("message") if pk.isdecimal() and len(pk) <= MOST_DIGITS]
        form = ReasonForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self._ask_to_drop(request, chosen, form)
        dropped = outbox.drop(
            OutboxMessage.objects.filter(pk__in=chosen), by=person(request), because=form.cleaned_data["reason"]
        )
        said = ngettext("%(count)d message dropped.", "%(count)d messages dropped.", dropped) % {"count": dropped}
        self.message_user(request, said, messages.SUCCESS if dropped else messages.WARNING)
        self._say_left(request, len(chosen) - dropped, gettext("Only messages that need a person can be dropped."))
        return HttpResponseRedirect(self.own_url("changelist"))

    def _ask_to_drop(self, request: HttpRequest, chosen: list[int], form: ReasonForm) -> HttpResponse:
        dead = OutboxMessage.objects.filter(pk__in=chosen, open=True, state=State.DEAD).count()
        sentence = ngettext(
            "%(count)d message is dropped for good: it is never sent, and the learner does not get the badge from it.",
            "%(count)d messages are dropped for good: they are never sent, and the learners do not get the badges "
            "from them.",
            dead,
        )
        others = len(chosen) - dead
        kept = ngettext(
            "%(count)d other that you chose does not need a person, and stays.",
            "%(count)d others that you chose do not need a person, and stay.",
            others,
        )
        again = gettext("A learner whose badge is dropped can earn it or be issued it again, as a new award.")
        question = Question(
            title=gettext("Drop messages"),
            sentences=[sentence % {"count": dead}, *([kept % {"count": others}] if others else []), again],
            button=gettext("Drop them"),
            back=self.own_url("changelist"),
            form=form,
            action=self.own_url("drop"),
            hidden=[("message", pk) for pk in chosen],
            deletes=True,
        )
        return ask(self, request, question)

    def _redrive(self, request: HttpRequest, chosen: QuerySet[OutboxMessage], count: int) -> None:
        sent = outbox.redrive(chosen, by=person(request))
        said = ngettext("%(count)d message is being sent again.", "%(count)d messages are being sent again.", sent)
        self.message_user(request, said % {"count": sent}, messages.SUCCESS if sent else messages.WARNING)
        self._say_left(
            request, count - sent, gettext("Those that are done, dropped or just being delivered are left alone.")
        )

    def _say_left(self, request: HttpRequest, count: int, why: str) -> None:
        if count > 0:
            left = ngettext("%(count)d was left as it is.", "%(count)d were left as they are.", count) % {
                "count": count
            }
            self.message_user(request, f"{left} {why}", messages.INFO)

    def _check_permission(self, request: HttpRequest) -> None:
        if not self.has_redrive_permission(request):
            raise PermissionDenied
