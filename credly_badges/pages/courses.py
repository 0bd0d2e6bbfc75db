"""The page on which the staff of a course see the badges it may have, and activate those that are theirs alone."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.http import require_http_methods, require_safe
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from .. import activation, lms
from . import offered

AT_ONCE = 25
"""How many badges one page shows."""


@never_cache
@require_safe
def badges(request: HttpRequest, course_key: str) -> HttpResponse:
    """The badges that are available to a course."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    key, title = _course(request, course_key)
    page = Paginator(offered.of_course(key), AT_ONCE).get_page(request.GET.get("page"))
    context = {
        "title": _("Badges of “%(course)s”") % {"course": title},
        "course_key": str(key),
        "badges": offered.in_full(list(page), key),
        "page": page,
    }
    return render(request, "credly_badges/course_badges.html", context)


@xframe_options_deny
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest, course_key: str, pk: int) -> HttpResponse:
    """Ask, then let the learners of a course earn a badge."""
    return _turn(request, course_key, pk, on=True)


@xframe_options_deny
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: HttpRequest, course_key: str, pk: int) -> HttpResponse:
    """Ask, then let nobody earn it any more."""
    return _turn(request, course_key, pk, on=False)


def _turn(request: HttpRequest, course_key: str, pk: int, *, on: bool) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    key, course = _course(request, course_key)
    badge = offered.one_of_course(key, pk)
    if badge is None:
        raise Http404(_("This badge is not available to the course."))
    back = reverse("credly_badges:course_badges", args=[str(key)])
    if badge.not_from_here:
        messages.error(request, f"{badge.template}: {badge.not_from_here}")
        return HttpResponseRedirect(back)
    if request.method == "POST":
        _do(request, badge, on=on)
        return HttpResponseRedirect(back)
    question = _("Activate “%(badge)s”") if on else _("Deactivate “%(badge)s”")
    context = {
        "title": question % {"badge": badge.template},
        "course": course,
        "badge": badge,
        "on": on,
        "reasons": activation.reasons_not_to_activate(badge.template) if on else [],
        "back": back,
    }
    return render(request, "credly_badges/course_badge_turn.html", context)


def _do(request: HttpRequest, badge: offered.OfferedBadge, *, on: bool) -> None:
    template = badge.template
    if not on:
        because = request.POST.get("because", "").strip()
        activation.deactivate(template, by=_person(request), because=because)
        said = _("“%(badge)s” is no longer active. Badges that were awarded stay.")
        messages.success(request, said % {"badge": template})
        return
    try:
        activation.activate(template, by=_person(request))
    except activation.CannotActivate as refusal:
        said = _("“%(badge)s” was not activated. %(reasons)s")
        messages.error(request, said % {"badge": template, "reasons": " ".join(refusal.reasons)})
    else:
        messages.success(request, _("“%(badge)s” is active: learners can earn it from now on.") % {"badge": template})


def _course(request: HttpRequest, text: str) -> tuple[CourseKey, str]:
    """The course and its title, for those who may see its staff pages. Raises Http404 for anybody else, as the LMS."""
    try:
        key = CourseKey.from_string(text)
    except InvalidKeyError:
        raise Http404(_("There is no such course.")) from None
    if not _may_see(request.user, key):
        raise Http404(_("There is no such course."))
    titles = lms.course_titles([key])
    if str(key) not in titles:
        raise Http404(_("There is no such course."))
    return key, titles[str(key)]


def _may_see(user: Any, key: CourseKey) -> bool:
    if user.has_perm("credly_badges.activate_badgetemplate"):
        return True
    return user.is_active and lms.is_course_staff(user, key)


def _person(request: HttpRequest) -> AbstractBaseUser:
    return cast("AbstractBaseUser", request.user)
