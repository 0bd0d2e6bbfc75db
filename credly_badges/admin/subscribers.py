"""Subscribers: other systems that are told what happens."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from .. import subscribers
from ..access import Scope, scopes
from ..models import Subscriber, SubscriberMessage
from .confirm import Question, ask
from .subject import NOTHING, Button, SubjectAdmin, list_url, may, person
from .subscriber_form import SubscriberForm

CHANGED = ("name", "url", "events", "fields", "signs_like_badgekit")


@admin.register(Subscriber)
class SubscriberAdmin(SubjectAdmin):
    """Who is told what happens. Everything that is done here is written into the audit log."""

    intro = _(
        "Other systems that are told what happens to badges, at an address of theirs. What one of them does not take "
        "is sent again and again for three days. None of them ever holds up a badge."
    )
    empty = _("Nobody is told anything yet. Add the address of a system that is to hear of badges.")
    form = SubscriberForm
    list_display = ("name", "level", "state", "last_delivered_at", "failures")
    list_filter = ("is_active", ("organization", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("organization", "program")
    search_fields = ("name", "url")
    search_help_text = _("Words of a name or an address.")
    autocomplete_fields: ClassVar[Any] = ("organization",)

    def get_fieldsets(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        """What is said; and of one that is there, how it goes."""
        level = (_("Of which badges"), {"fields": ("level",) if obj else ("organization", "program")})
        told = ("events", *(("fields",) if may_send_personal(request) or obj else ()), "signs_like_badgekit")
        whole = [(None, {"fields": ("name", "url")}), level, (_("What"), {"fields": told})]
        if obj:
            whole.append((_("How it goes"), {"fields": ("state", "last_delivered_at", "failures", "wait_until")}))
        return whole

    def get_readonly_fields(self, request: HttpRequest, obj: Subscriber | None = None) -> tuple[str, ...]:
        """Its level stays; and who may not read learners' data does not lead them elsewhere."""
        if obj is None:
            return ()
        shown = ("level", "state", "last_delivered_at", "failures", "wait_until")
        if may_send_personal(request):
            return shown
        return (*shown, "fields", *(("url",) if obj.fields else ()))

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: bool) -> None:
        """Set it up, or change it."""
        if change:
            said = {name: form.cleaned_data[name] for name in CHANGED if name in form.changed_data}
            subscribers.change(obj, said, by=person(request))
            return
        obj.created_by_id = person(request).pk
        obj.__dict__["secret_to_show"] = subscribers.store(obj, by=person(request)).secret

    def delete_model(self, request: HttpRequest, obj: Subscriber) -> None:
        """Remove it with all that it was told."""
        subscribers.remove(obj, by=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        """Each as if alone."""
        for each in queryset:
            self.delete_model(request, each)

    def response_add(self, request: HttpRequest, obj: Subscriber, post_url_continue: Any = None) -> HttpResponse:
        """Its secret, this once."""
        return self._secret_page(request, obj, obj.__dict__.pop("secret_to_show"))

    def page_buttons(self, request: HttpRequest, thing: Subscriber) -> list[Button]:
        """To try it, see what it was told, replace its secret, and leave it alone for a while."""
        buttons = []
        may_change = self.has_change_permission(request, thing)
        if may_change and thing.is_active:
            buttons.append(Button(gettext("Send a test"), self.own_url("test", thing.pk), posts=True, main=True))
        if may(request, "view_subscribermessage"):
            where = list_url(SubscriberMessage, subscriber__id__exact=thing.pk)
            buttons.append(Button(gettext("What it was told"), where))
        if may_change:
            buttons.append(Button(gettext("New secret…"), self.own_url("rotate", thing.pk)))
            label, name = (gettext("Pause"), "pause") if thing.is_active else (gettext("Resume"), "resume")
            buttons.append(Button(label, self.own_url(name, thing.pk), posts=True))
        return buttons

    def notices(self, request: HttpRequest, thing: Subscriber) -> list[str]:
        """That it is not told anything, or takes nothing."""
        if not thing.is_active:
            return [
                gettext("It is told nothing. What happens meanwhile it never hears of, unless you resume it first.")
            ]
        if thing.failures:
            return [
                gettext("It does not take what it is told. Press “Send a test” to see why; it is tried on its own.")
            ]
        return []

    @admin.display(description=_("level"))
    def level(self, subscriber: Subscriber) -> str:
        return str(subscriber.program or subscriber.organization or gettext("the whole site"))

    @admin.display(description=_("state"), ordering="is_active")
    def state(self, subscriber: Subscriber) -> str:
        if not subscriber.is_active:
            return gettext("paused")
        if subscriber.failures:
            return format_html('<strong class="credly-bad">{}</strong>', gettext("takes nothing"))
        return gettext("active") if subscriber.last_delivered_at else NOTHING

    def get_urls(self) -> list[URLPattern]:
        """Django's, and one for each button."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        views = {
            "test": require_POST(self.test_view),
            "pause": require_POST(self.pause_view),
            "resume": require_POST(self.resume_view),
            "rotate": self.rotate_view,
        }
        guarded = self.admin_site.admin_view
        own = [
            # A test waits for the subscriber, and must not hold a transaction open for that.
            path(f"<int:pk>/{each}/", transaction.non_atomic_requests(guarded(view)), name=f"{name}_{each}")
            for each, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send it a test, and say what came of it."""
        tried = subscribers.send_test(self._changeable(request, pk), by=person(request))
        if tried.succeeded:
            said = gettext("It took the test, and answered %(status)d.") % {"status": tried.status or 0}
            self.message_user(request, said, messages.SUCCESS)
        else:
            self.message_user(
                request, gettext("It did not take the test. %(said)s") % {"said": tried.said}, messages.ERROR
            )
        return HttpResponseRedirect(self.own_url("change", pk))

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell it nothing for a while."""
        subscribers.pause(self._changeable(request, pk), by=person(request))
        return HttpResponseRedirect(self.own_url("change", pk))

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell it again."""
        subscribers.resume(self._changeable(request, pk), by=person(request))
        return HttpResponseRedirect(self.own_url("change", pk))

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Replace its secret, after asking."""
        subscriber = self._changeable(request, pk)
        if request.method == "POST":
            made = subscribers.rotate(subscriber, by=person(request))
            return self._secret_page(request, made.subscriber, made.secret)
        question = Question(
            title=gettext("New secret for %(subscriber)s") % {"subscriber": subscriber},
            sentences=[
                gettext("You are shown the new secret once. Put it into the receiver's settings."),
                gettext("For a day, messages carry the signatures of both secrets, so none is lost meanwhile."),
            ],
            button=gettext("Make a new secret"),
            back=self.own_url("change", pk),
        )
        return ask(self, request, question)

    def _changeable(self, request: HttpRequest, pk: int) -> Subscriber:
        subscriber = Subscriber.objects.filter(pk=pk).first()
        if subscriber is None:
            raise Http404
        if not self.has_change_permission(request, subscriber):
            raise PermissionDenied
        return subscriber

    def _secret_page(self, request: HttpRequest, subscriber: Subscriber, secret: str) -> HttpResponse:
        old_until = subscriber.previous_until
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The secret of %(subscriber)s") % {"subscriber": subscriber},
            "opts": self.opts,
            "media": self.media,
            "subscriber": subscriber,
            "secret": secret,
            "old_until": old_until if old_until and old_until > timezone.now() else None,
            "back": self.own_url("change", subscriber.pk),
        }
        answer = TemplateResponse(request, "admin/credly_badges/subscriber_secret.html", context)
        answer["Cache-Control"] = "no-store"
        return answer


def may_send_personal(request: HttpRequest) -> bool:
    """Only who may read learners' data may have them sent."""
    return bool(request.user.has_perm(scopes.PERMISSIONS[Scope.LEARNERS_READ]))
