"""The page on which the staff of a course see the badges that it may have."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from .. import lms
from . import offered, wording
from .whose import Person

AT_ONCE = 25
"""How many badges one page shows."""


@never_cache
@require_safe
def badges(request: HttpRequest, course_key: str) -> HttpResponse:
    """The badges that are available to a course."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    person, title = somebody_at(request, course_key)
    page = Paginator(offered.of_course(person.here), AT_ONCE).get_page(request.GET.get("page"))
    context = {
        "title": _("Badges of “%(course)s”") % {"course": title},
        "course_key": str(person.here),
        "badges": [
            (each, wording.standing(each), wording.buttons(each)) for each in offered.in_full(list(page), person)
        ],
        "page": page,
        "may_see_codes": request.user.is_staff and request.user.has_perm("credly_badges.view_claimcode"),
    }
    return render(request, "credly_badges/course_badges.html", context)


def somebody_at(request: HttpRequest, text: str) -> tuple[Person, str]:
    """Who is at the page of a course, and its title. Raises Http404 for who may not see it, as the LMS does."""
    try:
        key = CourseKey.from_string(text)
    except InvalidKeyError:
        raise Http404(_("There is no such course.")) from None
    person = Person(request.user, key)
    if not (person.is_manager or person.is_staff_of(key)):
        raise Http404(_("There is no such course."))
    titles = lms.course_titles([key])
    if str(key) not in titles:
        raise Http404(_("There is no such course."))
    return person, titles[str(key)]
