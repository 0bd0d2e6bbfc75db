"""Where an event has to happen, in words."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from .. import lms
from ..events.catalogue import ScopeKind
from ..models import BadgeTemplate

log = logging.getLogger(__name__)

Titles = Mapping[str, str]
"""What people call a course run, by its key, or a program or a badge, by its UUID."""


def titles_of_scopes(scopes: Iterable[str]) -> dict[str, str]:
    """The titles of those scopes that the LMS or this plugin knows: course runs, programs and badges.

    Two queries at most, and one look into the LMS's cache of programs.
    """
    wanted = set(scopes)
    ids = {scope for scope in wanted if lms.is_uuid(scope)}
    badges = BadgeTemplate.objects.filter(uuid__in=ids).values_list("uuid", "name") if ids else ()
    return {
        **lms.course_titles([scope for scope in wanted if lms.is_course_run(scope)]),
        **_program_titles(ids),
        **{str(number): name for number, name in badges},
    }


def _program_titles(ids: set[str]) -> dict[str, str]:
    try:
        return lms.program_titles(ids)
    except Exception:
        # A site's own backend may not know the question, and a requirement can be read without the answer.
        log.exception("The LMS could not tell what programs are called.")
        return {}


def places_in_words(kind: ScopeKind, scopes: Sequence[str], titles: Titles, *, every: bool = False) -> str:
    """Several places as one: “any of these: Basics; Advanced”. One place is said as it is; empty for no place."""
    if len(scopes) <= 1:
        return place_in_words(kind, scopes[0] if scopes else "", titles)
    places = "; ".join(place_in_words(kind, scope, titles) for scope in scopes)
    if every:
        return _("every one of these: %(places)s") % {"places": places}
    return _("any of these: %(places)s") % {"places": places}


def place_in_words(kind: ScopeKind, scope: str, titles: Titles) -> str:
    """Where an event has to happen: “Demonstration Course (course-v1:edX+DemoX+2026)”; empty where it has no place."""
    match kind:
        case ScopeKind.SITE:
            return ""
        case ScopeKind.BADGE:
            return _badge(scope, titles)
        case ScopeKind.PROGRAM:
            return _program(scope, titles) if scope else _("any program")
        case ScopeKind.COURSE:
            return _course(scope, titles)


def _badge(scope: str, titles: Titles) -> str:
    if not scope:
        return _("any badge")
    return _("the badge “%(name)s”") % {"name": titles.get(scope, scope)}


def _program(scope: str, titles: Titles) -> str:
    if title := titles.get(scope):
        return _("the program “%(title)s”") % {"title": title}
    return _("the program %(id)s") % {"id": scope}


def _course(scope: str, titles: Titles) -> str:
    if not scope:
        return _("any course")
    if lms.is_uuid(scope):
        return _("any course of %(program)s") % {"program": _program(scope, titles)}
    if title := titles.get(scope):
        return _("%(title)s (%(key)s)") % {"title": title, "key": scope}
    if lms.is_course_run(scope):
        return scope
    if "+" in scope:
        return _("any run of the course %(course)s") % {"course": scope}
    return _("any course of the organization %(organization)s") % {"organization": scope}
