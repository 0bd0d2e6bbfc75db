"""The buttons of a badge that read what learners did before: rehearse, which writes nothing, and backfill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from .. import activation
from ..models import BadgeTemplate
from .subject import may, person, url_of

if TYPE_CHECKING:
    from .templates import BadgeTemplateAdmin

_PAGE = "admin/credly_badges/badgetemplate/backfill.html"


def rehearse(request: HttpRequest, template: BadgeTemplate) -> HttpResponse:
    """Begin a rehearsal, and go where its progress is seen."""
    if not may(request, "rehearse_badgetemplate"):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return _go_on(request, template, activation.past.rehearse(template, person(request)))


def fill(admin: BadgeTemplateAdmin, request: HttpRequest, template: BadgeTemplate) -> HttpResponse:
    """Ask with the rehearsed number, then award the badge to those who did before what it asks for."""
    if not may(request, "backfill_badgetemplate"):
        raise PermissionDenied
    newest = activation.rehearsed(template)
    why_not = activation.past.why_not_fill(template, newest)
    if request.method == "POST" and "confirmed" in request.POST:
        if why_not:
            messages.error(request, why_not)
            return HttpResponseRedirect(url_of(template))
        return _go_on(request, template, activation.past.fill(template, person(request)))
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Backfill “%(template)s”") % {"template": template},
        "opts": admin.opts,
        "has_view_permission": True,
        "original": template,
        "run": newest,
        "would_get": int(newest.counts.get("would_gain", 0)) if newest else 0,
        "why_not": why_not,
        "may_rehearse": may(request, "rehearse_badgetemplate"),
        "media": admin.media,
    }
    return TemplateResponse(request, _PAGE, context)


def _go_on(request: HttpRequest, template: BadgeTemplate, begun: activation.past.Begun) -> HttpResponse:
    if begun.said:
        messages.add_message(request, messages.INFO if begun.run else messages.ERROR, begun.said)
    return HttpResponseRedirect(url_of(begun.run or template))
