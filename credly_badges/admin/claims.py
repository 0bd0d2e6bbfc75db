"""Claim codes: made, given out as QR codes and posters, and closed; and who claimed them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import claims
from ..models import ClaimCode, CodeClaim
from .claim_form import CHANGED, GIVEN, CodeForm
from .confirm import Question, ask
from .subject import Button, SubjectAdmin, is_web_address, list_url, may, page_of, person


class OpenFilter(admin.SimpleListFilter):
    """By whether somebody can claim it now."""

    title = _("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Two."""
        return [("yes", _("can be claimed now")), ("no", _("cannot be claimed now"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ClaimCode]) -> QuerySet[ClaimCode]:
        """The rows of the chosen kind."""
        is_open = claims.open_at(timezone.now())
        if self.value() is None:
            return queryset
        return queryset.filter(is_open) if self.value() == "yes" else queryset.exclude(is_open)


@admin.register(ClaimCode)
class ClaimCodeAdmin(SubjectAdmin):
    """Codes. Everything that is done with them is written into the audit log."""

    intro = _(
        "Codes that learners claim a badge with: for one learner or for many, within a time, for one e-mail address, a "
        "course or a cohort. Who claims a code is awarded the badge at once. A code is closed, never deleted."
    )
    empty = _("There are no claim codes yet. Add one, then hand it out, or print its poster.")
    form = CodeForm
    list_display = ("code", "template", "state", "claimed_shown", "ends_at", "note", "created")
    list_filter = (OpenFilter, ("template", admin.RelatedOnlyFieldListFilter), "created")
    list_select_related = ("template",)
    search_fields = ("note", "template__name")
    search_help_text = _("A code, words of a note, or the name of a badge.")
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClaimCode]:
        """With the badge, and who made it."""
        return super().get_queryset(request).select_related("template__organization", "created_by")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ClaimCode], search_term: str
    ) -> tuple[QuerySet[ClaimCode], bool]:
        """Django's search; and a code, however it is typed."""
        found, _may_have_duplicates = super().get_search_results(request, queryset, search_term)
        return found | queryset.filter(digest=claims.digest_of(search_term)), False

    def get_fieldsets(self, request: HttpRequest, obj: ClaimCode | None = None) -> Any:
        """What is said of a new one; of one that was given out, what may change and what not."""
        if obj is None:
            return [
                (None, {"fields": ("template", "code", "most", "note")}),
                (_("When"), {"fields": ("starts_at", "ends_at")}),
                (_("For whom"), {"fields": ("email", "course", "cohort")}),
            ]
        return [
            (None, {"fields": ("template_page", "code_shown", "address_shown", "state", "claimed_shown")}),
            (_("What can be changed"), {"fields": CHANGED}),
            (_("What stays as it is"), {"fields": ("starts_at", "email", "course", "cohort")}),
            (_("Made"), {"fields": ("created", "made_by", "closed_at")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: ClaimCode | None = None) -> tuple[str, ...]:
        """Of one that was given out, all but what can be changed."""
        if obj is None:
            return ()
        shown = ("template_page", "code_shown", "address_shown", "state", "claimed_shown", "made_by")
        return (*shown, "starts_at", "email", "course", "cohort", "created", "closed_at")

    def has_delete_permission(self, request: HttpRequest, obj: ClaimCode | None = None) -> bool:
        """Nobody: who claimed it has to be found."""
        return False

    def save_model(self, request: HttpRequest, obj: ClaimCode, form: Any, change: bool) -> None:
        """Make it, or change what can be changed of it."""
        if change:
            said = {name: form.cleaned_data[name] for name in CHANGED if name in form.cleaned_data}
            claims.change(obj, by=person(request), **said)
            return
        made = claims.make(by=person(request), **{name: form.cleaned_data[name] for name in GIVEN})
        obj.__dict__.update(made.__dict__)

    def response_add(self, request: HttpRequest, obj: ClaimCode, post_url_continue: str | None = None) -> HttpResponse:
        """To the code's own page, where its poster is; or to another one, if that was asked for."""
        if "_addanother" in request.POST or not self.has_view_permission(request, obj):
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, gettext("The claim code was made. Copy it, or print its poster."), messages.SUCCESS)
        return HttpResponseRedirect(self.own_url("change", obj.pk))

    def page_buttons(self, request: HttpRequest, thing: ClaimCode) -> list[Button]:
        """To give it out, to see who claimed it, and to close it."""
        buttons = [
            Button(gettext("Poster"), self.own_url("poster", thing.pk), main=True),
            Button(gettext("QR code (SVG)"), self.own_url("qr", thing.pk)),
        ]
        if may(request, "view_codeclaim"):
            label = gettext("Who claimed it (%(claimed)d)") % {"claimed": thing.claimed}
            buttons.append(Button(label, list_url(CodeClaim, code__id__exact=thing.pk)))
        if thing.closed_at is None and self.has_change_permission(request, thing):
            buttons.append(Button(gettext("Close…"), self.own_url("close", thing.pk)))
        return buttons

    def about(self, thing: Any) -> dict[str, Any]:
        """The page is called by the code."""
        return {"subtitle": thing.code}

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the pages of one code."""
        pages = {"close": self.close_view, "qr": self.qr_view, "poster": self.poster_view}
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(f"<int:pk>/{each}/", self.admin_site.admin_view(view), name=f"{name}_{each}")
            for each, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Close a code, after asking."""
        code = self._code(request, pk)
        if not self.has_change_permission(request, code):
            raise PermissionDenied
        return _close(self, request, code)

    def qr_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The QR code as a file, to put it onto slides or certificates."""
        return _qr(request, self._code(request, pk))

    def poster_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page to print and to hang up."""
        return _poster(request, self._code(request, pk))

    def _code(self, request: HttpRequest, pk: int) -> ClaimCode:
        """Raises PermissionDenied before it says whether there is such a code."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        code = self.get_queryset(request).filter(pk=pk).first()
        if code is None:
            raise Http404(gettext("There is no such claim code."))
        return code

    @admin.display(description=_("badge template"))
    def template_page(self, code: ClaimCode) -> str:
        return page_of(code.template)

    @admin.display(description=_("code"))
    def code_shown(self, code: ClaimCode) -> str:
        return format_html("<code>{}</code>", code.code)

    @admin.display(description=_("page on which it is claimed"))
    def address_shown(self, code: ClaimCode) -> str:
        where = claims.url_of(code)
        return format_html('<a class="credly-address" href="{}">{}</a>', where, where)

    @admin.display(description=_("state"))
    def state(self, code: ClaimCode) -> str:
        return _state(code)

    @admin.display(description=_("claimed"), ordering="claimed")
    def claimed_shown(self, code: ClaimCode) -> str:
        if code.most is None:
            return gettext("%(claimed)d, no limit") % {"claimed": code.claimed}
        return gettext("%(claimed)d of %(most)d") % {"claimed": code.claimed, "most": code.most}

    @admin.display(description=_("made by"))
    def made_by(self, code: ClaimCode) -> str:
        return code.created_by.get_username() if code.created_by else gettext("another system, or an account deleted")


def _close(model_admin: ClaimCodeAdmin, request: HttpRequest, code: ClaimCode) -> HttpResponse:
    back = model_admin.own_url("change", code.pk)
    if request.method == "POST":
        if claims.close(code, by=person(request)):
            messages.success(request, gettext("The code is closed. Nobody can claim it any more."))
        return HttpResponseRedirect(back)
    return ask(
        model_admin,
        request,
        Question(
            title=gettext("Close this claim code"),
            sentences=[
                gettext("Nobody can claim “%(badge)s” with “%(code)s” any more.")
                % {"badge": code.template, "code": code.code},
                gettext("Who has claimed it keeps the badge. A closed code cannot be opened again; make a new one."),
            ],
            button=gettext("Close"),
            back=back,
        ),
    )


def _qr(request: HttpRequest, code: ClaimCode) -> HttpResponse:
    answer = HttpResponse(claims.qr(code, request), content_type="image/svg+xml; charset=utf-8")
    answer["Content-Disposition"] = f'inline; filename="claim-{code.uuid}.svg"'
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _poster(request: HttpRequest, code: ClaimCode) -> HttpResponse:
    template = code.template
    context = {
        "title": template.name,
        "code": code,
        "template": template,
        # Made here, of an address that is quoted and a title that segno escapes.
        "qr": mark_safe(claims.qr(code, request)),  # noqa: S308
        "image": template.image_url if is_web_address(template.image_url) else "",
        "typed_at": claims.typed_at(request),
        "is_open": code.is_open(),
    }
    return render(request, "admin/credly_badges/claimcode/poster.html", context)


def _state(code: ClaimCode) -> str:
    now = timezone.now()
    if code.closed_at:
        said = gettext("closed")
    elif code.ends_at and code.ends_at <= now:
        said = gettext("ended")
    elif code.most is not None and code.claimed >= code.most:
        said = gettext("used up")
    elif code.starts_at and code.starts_at > now:
        said = gettext("not begun")
    else:
        return gettext("open")
    return format_html("<strong>{}</strong>", said)
