"""Where an event has to happen: what a person typed, in the form that events carry, and whether a badge may be asked
for there.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from opaque_keys.edx.locator import CourseLocator, LibraryLocator

from .. import availability, lms
from ..events.catalogue import ScopeKind
from ..models import BadgeTemplate
from .errors import InvalidScope
from .specs import Groups, requirements_of

# Which characters a course organization and a course number may have: opaque_keys.edx.locator, CourseLocator.
_PART = r"[\w\-~.:]+"
_COURSE_WITHOUT_RUN = re.compile(rf"{_PART}(\+{_PART})?")
_BETWEEN_PLACES = re.compile(r"[,\n\r]+")
LONGEST_SCOPE = 255
MOST_PLACES = 500


def read_scope(kind: ScopeKind, text: str) -> str:
    """The places where an event may happen, one a line as they are stored; empty for anywhere.

    They may be typed on lines of their own or with commas between them. Raises InvalidScope with a sentence for each
    that is none.
    """
    typed = dict.fromkeys(each.strip() for each in _BETWEEN_PLACES.split(text))
    typed.pop("", None)
    if len(typed) > MOST_PLACES:
        raise InvalidScope(
            _("These are %(count)d places, and one requirement may have %(most)d. Use a program or an organization.")
            % {"count": len(typed), "most": MOST_PLACES}
        )
    return "\n".join(_read(kind, typed))


def read_place(kind: ScopeKind, text: str) -> str:
    """One place where an event may happen, in the form that events carry; empty for anywhere. Raises InvalidScope."""
    text = text.strip()
    return next(iter(_read(kind, [text])), "") if text else ""


def _read(kind: ScopeKind, typed: Iterable[str]) -> dict[str, None]:
    places: dict[str, None] = {}
    reasons: list[str] = []
    for each in typed:
        try:
            places[_READERS[kind](each)] = None
        except InvalidScope as fault:
            reasons += fault.reasons
    if kind is ScopeKind.BADGE:
        here = set(map(str, BadgeTemplate.objects.filter(uuid__in=list(places)).values_list("uuid", flat=True)))
        reasons += (_no_badge(each) for each in places if each not in here)
    if reasons:
        raise InvalidScope(*reasons)
    return places


def outside(template: BadgeTemplate, before: Groups, groups: Groups) -> list[str]:
    """Why the badge cannot be asked for at each new place; the places that it was asked for at before may stay."""
    new = dict.fromkeys(_places(groups))
    for scope in _places(before):
        new.pop(scope, None)
    if not new:
        return []
    offer = availability.offer(template)
    if not offer.rows:
        return []
    runs = lms.runs_of_programs({place for place in new if availability.is_program(place)})
    return [
        _("“%(place)s” lies outside of where the badge is available. %(why)s")
        % {"place": place or _("anywhere"), "why": why}
        for place in new
        if (why := _why_not(offer, place, runs.get(place, frozenset())))
    ]


def _why_not(offer: availability.Offer, place: str, runs: Iterable[str]) -> str:
    """A program lies where it was said to, or where all of its course runs do."""
    why = offer.why_not(place)
    inside = [offer.why_not(run) for run in sorted(runs)] if why else []
    return next(filter(None, inside), "" if inside else why)


def _places(groups: Groups) -> Iterator[str]:
    return (place for requirement in requirements_of(groups) for place in requirement.places)


def _course(text: str) -> str:
    if availability.is_program(text):
        return str(uuid.UUID(text))
    if len(text) > LONGEST_SCOPE:
        raise InvalidScope(_("This is too long to be a course key. Copy it from the address of the course."))
    try:
        key = CourseKey.from_string(text)
    except InvalidKeyError:
        if _COURSE_WITHOUT_RUN.fullmatch(text) and not text.startswith(("course-v1:", "ccx-v1:", "library-v1:")):
            return text
        raise InvalidScope(
            _(
                "“%(text)s” is not a course. Type a course key (course-v1:edX+DemoX+2026), a course without its run "
                "(edX+DemoX), a course organization (edX), or the ID of a program; leave it empty for any course."
            )
            % {"text": text[:100]}
        ) from None
    if isinstance(key, LibraryLocator):
        raise InvalidScope(_("This is a content library, and learners take no library. Type the key of a course."))
    return str(key.for_branch(None)) if isinstance(key, CourseLocator) else str(key)


def _program(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidScope(
            _(
                "“%(text)s” is not a program ID. It is a UUID such as 1f301a72-f344-4a31-9e9a-e0b04d8d86b2, shown in "
                "the course catalog; leave it empty for any program."
            )
            % {"text": text[:100]}
        ) from None


def _badge(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidScope(_no_badge(text)) from None


def _no_badge(text: str) -> str:
    return _(
        "“%(text)s” is not the ID of a badge template here. It is a UUID such as "
        "1f301a72-f344-4a31-9e9a-e0b04d8d86b2, shown on the badge's page; leave it empty for any badge."
    ) % {"text": text[:100]}


def _site(text: str) -> str:
    raise InvalidScope(
        _("This event happens in no course, so it cannot be narrowed to “%(text)s”. Leave it empty.")
        % {"text": text[:100]}
    )


_READERS = {
    ScopeKind.COURSE: _course,
    ScopeKind.PROGRAM: _program,
    ScopeKind.BADGE: _badge,
    ScopeKind.SITE: _site,
}
