"""The buttons of a badge that read what learners did before: rehearse, which writes nothing, and backfill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from .. import activation
from ..events import backfill, rehearsal, runs
from ..models import BadgeTemplate, HistoryRun
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
    try:
        run: HistoryRun | None = rehearsal.begin(template, person(request))
    except runs.Busy:
        run = runs.latest(template, HistoryRun.Kind.REHEARSAL)
        messages.info(request, _("A rehearsal is under way already."))
    except runs.CannotRun as refusal:
        messages.error(request, refusal.sentence)
        return HttpResponseRedirect(url_of(template))
    return HttpResponseRedirect(url_of(run or template))


def fill(admin: BadgeTemplateAdmin, request: HttpRequest, template: BadgeTemplate) -> HttpResponse:
    """Ask with the rehearsed number, then award the badge to those who did before what it asks for."""
    if not may(request, "backfill_badgetemplate"):
        raise PermissionDenied
    newest = activation.rehearsed(template)
    why_not = reason_not_to_backfill(template, newest)
    if request.method == "POST" and "confirmed" in request.POST:
        if why_not:
            messages.error(request, why_not)
            return HttpResponseRedirect(url_of(template))
        return _begin(request, template)
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


def reason_not_to_backfill(template: BadgeTemplate, newest: HistoryRun | None) -> str:
    """Why the badge cannot be awarded for what learners did before; empty where it can."""
    if template.status not in {BadgeTemplate.Status.ACTIVE, BadgeTemplate.Status.SHADOW}:
        return _("Learners cannot earn this badge at present. Activate it first; you are asked about them then, too.")
    if newest is None:
        return _("Rehearse the requirements as they are now, so that you know how many learners will be awarded it.")
    if not newest.counts.get("would_gain"):
        return _("The rehearsal found that everybody who did this before has the badge already.")
    return ""


def _begin(request: HttpRequest, template: BadgeTemplate) -> HttpResponse:
    try:
        run: HistoryRun | None = backfill.begin(template, person(request))
    except runs.Busy:
        run = runs.latest(template, HistoryRun.Kind.BACKFILL)
        messages.info(request, _("A backfill is under way already."))
    except runs.CannotRun as refusal:
        messages.error(request, refusal.sentence)
        return HttpResponseRedirect(url_of(template))
    return HttpResponseRedirect(url_of(run or template))
