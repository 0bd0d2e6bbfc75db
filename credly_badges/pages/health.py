"""How the plugin is: what ``credly_doctor`` says, for staff and for their monitoring."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from ..diagnosis import Finding, Level, diagnose
from . import metrics


# Asking Credly takes its time, and a request of the LMS is a transaction.
@transaction.non_atomic_requests
@never_cache
@vary_on_headers("Accept", "Authorization", "Cookie")
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Every finding; ``?ask=credly`` asks Credly as well. Answers 503 where badges are kept from learners.

    ``?format=prometheus`` gives the figures instead, to staff and to whoever has the token for it.
    """
    if request.GET.get("format") == metrics.FORMAT:
        return metrics.answer(request)
    wants_json = _wants_json(request)
    if not request.user.is_authenticated:
        if wants_json:
            return JsonResponse({"detail": _("Log in as staff.")}, status=401)
        return redirect_to_login(request.get_full_path())
    if not metrics.is_staff(request):
        raise Http404(_("There is no such page."))
    findings = list(diagnose(ask_credly=request.GET.get("ask") == "credly"))
    is_ok = not any(finding.level is Level.BAD for finding in findings)
    status = 200 if is_ok else 503
    if wants_json:
        data = {"ok": is_ok, "findings": [finding.as_data() for finding in findings]}
        return _answered(JsonResponse(data, status=status))
    context = {
        "title": _("Health of the Credly badges"),
        "is_ok": is_ok,
        "rows": [(finding, _level(finding)) for finding in findings],
    }
    return _answered(render(request, "credly_badges/health.html", context, status=status))


def _answered(response: HttpResponse) -> HttpResponse:
    # Django logs a 503 as an error of the server, and mails it to the site's admins. Monitoring asks every minute.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def _wants_json(request: HttpRequest) -> bool:
    if "format" in request.GET:
        return request.GET["format"] == "json"
    if not request.accepts("application/json"):
        return False
    # A browser that accepts anything is shown the page.
    return not request.accepts("text/html") or "application/json" in request.headers.get("Accept", "").split(",")[0]


def _level(finding: Finding) -> str:
    return {Level.OK: _("in order"), Level.NOTE: _("worth knowing"), Level.BAD: _("needs somebody")}[finding.level]
