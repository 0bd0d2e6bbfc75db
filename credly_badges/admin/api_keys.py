"""Keys of other systems: made, shown once, and revoked."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import access, audit
from ..access import keys
from ..access.scopes import DESCRIPTIONS
from ..models import ApiKey
from ..models.encryption import ring
from .confirm import Question, ask
from .key_form import ApiKeyForm, level_in
from .subject import Button, SubjectAdmin, person

CHANGEABLE = ("name", "expires_at", "rate_limit")


class StateFilter(admin.SimpleListFilter):
    """By whether a key opens anything."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Three."""
        return [("valid", _("valid")), ("expired", _("expired")), ("revoked", _("revoked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        """The rows in the chosen state."""
        is_over = Q(expires_at__lte=timezone.now())
        if self.value() == "revoked":
            return queryset.exclude(revoked_at=None)
        if self.value() == "expired":
            return queryset.filter(is_over, revoked_at=None)
        if self.value() == "valid":
            return queryset.exclude(is_over).filter(revoked_at=None)
        return queryset


@admin.register(ApiKey)
class ApiKeyAdmin(SubjectAdmin):
    """Keys. A key is revoked, never deleted: what was done with it stays in the audit log."""

    intro = _(
        "Keys with which other systems use the REST API. Each is for one level (the site, an organization or a "
        "program) and for what you choose. A key is shown once, when it is made, and cannot be shown again."
    )
    empty = _("No other system has a key yet. Add one for each system, with no more than it needs.")
    form = ApiKeyForm
    list_display = ("name", "prefix", "level_shown", "scopes_shown", "last_used_at", "expires_at", "state")
    list_filter = (
        StateFilter, "kind", ("organization", admin.RelatedOnlyFieldListFilter),
        ("program", admin.RelatedOnlyFieldListFilter),
    )  # fmt: skip
    list_select_related = ("organization", "program__organization")
    search_fields = ("name", "^prefix")
    search_help_text = _("A name, or how a key begins.")

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("credly_badges/admin/keys.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """What is said of a new one; of one that was made, what may change and what not."""
        if obj is None:
            return [
                (None, {"fields": ("name", "kind")}),
                (_("Where"), {"fields": ("organization", "program")}),
                (_("What for"), {"fields": ("scopes",)}),
                (_("For how long, and how often"), {"fields": ("expires_at", "rate_limit")}),
            ]
        return [
            (None, {"fields": ("prefix", "kind", "level_shown", "scopes_listed", "state")}),
            (_("What can be changed"), {"fields": CHANGEABLE}),
            (_("Made and used"), {"fields": ("created", "created_by", "last_used_at", "revoked_at")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        """Of one that was made, all but what can be changed; of one that was revoked, everything."""
        if obj is None:
            return ()
        shown = ("prefix", "kind", "level_shown", "scopes_listed", "state", "created", "created_by", "last_used_at",
                 "revoked_at")  # fmt: skip
        return shown if obj.revoked_at is None else (*shown, *CHANGEABLE)

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which knows who is at the screen."""
        form = super().get_form(request, obj, change, **kwargs)
        form.person = person(request)  # type: ignore[attr-defined]
        if change:
            form.declared_fields.pop("scopes", None)
            form.base_fields.pop("scopes", None)
        return form

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Nobody: it is revoked."""
        return False

    @method_decorator(transaction.atomic)
    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make it, and remember for this one answer what has to be shown; or change what can be changed of it."""
        if change:
            before = keys.facts(ApiKey.objects.get(pk=obj.pk))
            obj.save(update_fields=[name for name in CHANGEABLE if name in form.cleaned_data])
            audit.record("api_key.changed", obj, actor=person(request), before=before, after=keys.facts(obj))
            return
        data = form.cleaned_data
        made = access.make(
            name=data["name"], kind=data["kind"], scopes=data["scopes"], level=level_in(data),
            expires_at=data["expires_at"], rate_limit=data["rate_limit"], by=person(request),
        )  # fmt: skip
        obj.__dict__.update(made.key.__dict__)
        request.credly_shown = made.shown  # type: ignore[attr-defined]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form; not where the secret of a key could not be stored."""
        try:
            ring()
        except ImproperlyConfigured as fault:
            messages.warning(request, gettext("Keys that sign cannot be made: %(why)s") % {"why": fault})
        return super().add_view(request, form_url, extra_context)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        """The page that shows the key, this once; nothing of it is kept, neither in a message nor by the browser."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The key of %(name)s") % {"name": obj.name},
            "opts": self.opts,
            "media": self.media,
            "key": obj,
            "shown": request.credly_shown,  # type: ignore[attr-defined]
            "signs": obj.kind == ApiKey.Kind.SIGNING,
            "back": self.own_url("change", obj.pk),
            "has_view_permission": self.has_view_permission(request),
        }
        answer = TemplateResponse(request, "admin/credly_badges/apikey/made.html", context)
        answer["Cache-Control"] = "no-store"
        answer["Referrer-Policy"] = "no-referrer"
        return answer

    def page_buttons(self, request: HttpRequest, thing: ApiKey) -> list[Button]:
        """To revoke it."""
        if thing.revoked_at is not None or not self.has_change_permission(request, thing):
            return []
        return [Button(gettext("Revoke…"), self.own_url("revoke", thing.pk))]

    def notices(self, request: HttpRequest, thing: ApiKey) -> list[str]:
        """That it opens nothing any more."""
        if thing.revoked_at is not None:
            return [gettext("This key was revoked and opens nothing any more.")]
        return [] if thing.is_valid() else [gettext("This key has expired. Give it a later end, or make a new one.")]

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the question before a key is revoked."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_revoke"
        return [path("<int:pk>/revoke/", self.admin_site.admin_view(self.revoke_view), name=name), *super().get_urls()]

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Revoke a key, after asking."""
        key = get_object_or_404(ApiKey, pk=pk)
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        back = self.own_url("change", pk)
        if request.method == "POST":
            access.revoke(key, by=person(request))
            messages.success(request, gettext("The key of %(name)s was revoked.") % {"name": key.name})
            return HttpResponseRedirect(back)
        used = gettext("It was last used %(when)s.") % {"when": timezone.localtime(key.last_used_at)} if (
            key.last_used_at
        ) else gettext("It was never used.")  # fmt: skip
        question = Question(
            title=gettext("Revoke the key of %(name)s?") % {"name": key.name},
            sentences=[gettext("The system that has it is let in no more, at once. This cannot be undone."), used],
            button=gettext("Revoke key"),
            back=back,
            deletes=True,
        )
        return ask(self, request, question)

    @admin.display(description=_("level"))
    def level_shown(self, key: ApiKey) -> str:
        if key.program is not None:
            return f"{key.program.organization} / {key.program}"
        return str(key.organization) if key.organization else gettext("the whole site")

    @admin.display(description=_("may do"))
    def scopes_shown(self, key: ApiKey) -> str:
        return gettext("everything") if set(key.scopes) >= set(access.Scope) else ", ".join(key.scopes)

    @admin.display(description=_("may do"))
    def scopes_listed(self, key: ApiKey) -> str:
        lines = ((DESCRIPTIONS.get(access.Scope(each), each), each) for each in key.scopes if each in set(access.Scope))
        return format_html('<ul class="credly-scopes">{}</ul>', format_html_join("", "<li>{} ({})</li>", lines))

    @admin.display(description=_("state"))
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return format_html("<strong>{}</strong>", gettext("revoked"))
        return gettext("valid") if key.is_valid() else format_html("<strong>{}</strong>", gettext("expired"))
