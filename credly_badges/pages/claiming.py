"""Where learners claim a badge with a code: they type it, or come from its QR code."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.http import require_http_methods, require_safe

from .. import awards, claims, conf, lms
from ..models import BadgeAward

SAME_SITE = "same-origin"
"""To which sites the address of these pages is told, as it has the code in it; forms need it to be told to our own."""


# Not one transaction: where the database takes back one of two that got in each other's way, it is done again.
@transaction.non_atomic_requests
@xframe_options_deny
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, code: str = "") -> HttpResponse:
    """Ask for the code, then claim it. Whether there is such a code is not told before that."""
    typed = request.POST.get("code", "").replace("\0", "") if request.method == "POST" else code
    if not request.user.is_authenticated:
        return redirect_to_login(_path_with(typed) or request.get_full_path())
    return _claimed(request, typed) if request.method == "POST" else _page(request, code)


@xframe_options_deny
@never_cache
@require_safe
def claimed(request: HttpRequest, award_id: UUID) -> HttpResponse:
    """What a learner has claimed, and what comes next."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    rows = BadgeAward.objects.select_related("template__organization")
    award = rows.filter(uuid=award_id, learner=request.user.pk).first()
    if award is None:
        raise Http404(_("There is no such badge of yours."))
    template = award.template
    context = {
        "title": _("Your badge: %(badge)s") % {"badge": template.name},
        "award": award,
        "template": template,
        "image": _web(award.image_url) or _web(template.image_url),
        "accept": _web(award.accept_url),
        "at_credly": _web(award.badge_url),
        "about": _web(template.public_url),
        "credly_writes": not conf.suppress_credly_email(),
        "email": getattr(request.user, "email", ""),
    }
    return _answer(request, "credly_badges/claimed.html", context)


def _claimed(request: HttpRequest, code: str) -> HttpResponse:
    learner = lms.learner(request.user.pk or 0)
    if learner is None:
        raise Http404(_("There is no such page."))
    if not code.strip():
        return _page(request, "", problem=_("Type the code that you were given."))
    try:
        with claims.Attempt(learner_id=learner.id, origin=request.META.get("REMOTE_ADDR", "")):
            found = claims.redeem(code[: claims.LONGEST + 1], learner=learner, now=timezone.now())
    except claims.TooManyAttempts as refusal:
        answer = _page(request, code, problem=refusal.sentence, status=429)
        answer["Retry-After"] = str(refusal.wait)
        return answer
    except (claims.NotClaimable, awards.NotGrantable) as refusal:
        return _page(request, code, problem=refusal.sentence)
    if found.created:
        messages.success(request, _("You have claimed this badge."))
    else:
        messages.info(request, _("You have this badge already. Nothing of the code was used up."))
    return HttpResponseRedirect(reverse("credly_badges:claimed", args=[found.award.uuid]))


def _path_with(code: str) -> str:
    """The page with this code filled in; empty where it cannot be in an address."""
    try:
        return reverse("credly_badges:claim_with_code", args=[code[: claims.LONGEST]])
    except NoReverseMatch:
        return ""


def _page(request: HttpRequest, code: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "title": _("Claim a badge"),
        "code": code[: claims.LONGEST],
        "longest": claims.LONGEST,
        "problem": problem,
        "name": request.user.get_username(),
    }
    return _answer(request, "credly_badges/claim.html", context, status)


def _web(address: str) -> str:
    """An address that Credly gave, where it is one of the web's."""
    return address if address.startswith(("https://", "http://")) else ""


def _answer(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    answer = render(request, template, context, status=status)
    answer["Referrer-Policy"] = SAME_SITE
    return answer
