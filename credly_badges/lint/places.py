"""What is wrong with where requirements have to be met: courses that are not there, or over, or too few."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from .. import lms
from ..criteria import course_of
from ..events.catalogue import ScopeKind
from ..models import BadgeTemplate
from ..rules.criteria import ANYWHERE, Distinct
from .fault import Fault
from .reading import Asked, Subject

SHOWN = 5
"""How many courses a sentence names."""


def faults(subject: Subject) -> Iterator[Fault]:
    """Of each requirement's places."""
    for asked in subject.asked:
        if asked.event is None:
            continue
        kind = asked.event.scope_kind
        if kind is ScopeKind.COURSE:
            yield from _of_courses(subject, asked)
        elif kind is ScopeKind.BADGE:
            yield from _of_badges(subject, asked)
        yield from _of_the_wrong_kind(asked, kind)
        yield from _how_often(subject, asked)
        for place in asked.row.places:
            if why := subject.offer.why_not(place, subject.now):
                sentence = _("The requirement “%(requirement)s” lies outside of where the badge is available. %(why)s")
                yield asked.fault("not_available", sentence % {"requirement": asked.name, "why": why})


def _of_the_wrong_kind(asked: Asked, kind: ScopeKind) -> Iterator[Fault]:
    named = [place for place in asked.row.places if place != ANYWHERE]
    fits = {ScopeKind.COURSE: named, ScopeKind.SITE: []}.get(kind, [place for place in named if lms.is_uuid(place)])
    for place in (each for each in named if each not in fits):
        sentence = _(
            "The requirement “%(requirement)s” names “%(place)s”, where its event cannot happen. Take it out, or "
            "choose another event."
        )
        yield asked.fault("wrong_place", sentence % {"requirement": asked.name, "place": place})


def _of_courses(subject: Subject, asked: Asked) -> Iterator[Fault]:
    for place in asked.row.places:
        words = {"requirement": asked.name, "place": place}
        if lms.is_uuid(place) and place not in subject.programs:
            sentence = _(
                "The requirement “%(requirement)s” names the program %(place)s, which this LMS does not know. "
                "Check the ID, and that the command cache_programs runs."
            )
            yield asked.fault("program_unknown", sentence % words)
        elif lms.is_uuid(place) and not subject.programs[place]:
            sentence = _("The requirement “%(requirement)s” names the program %(place)s, which has no course runs.")
            yield asked.fault("program_empty", sentence % words)
        elif lms.is_course_run(place) and place not in subject.courses:
            sentence = _(
                "The requirement “%(requirement)s” names the course %(place)s, which this LMS does not have. "
                "If that is a typing mistake, nobody can meet it."
            )
            yield asked.fault("course_unknown", sentence % words)
    yield from _ended(subject, asked)


def _ended(subject: Subject, asked: Asked) -> Iterator[Fault]:
    """Courses that are over. It is an error where too few are left to meet the requirement from now on."""
    if asked.is_penalty or not all(lms.is_course_run(place) or lms.is_uuid(place) for place in asked.row.places):
        return
    runs = _runs(subject, asked)
    known = {run: subject.courses[run] for run in runs if run in subject.courses}
    over = {run: course.end for run, course in known.items() if course.end and course.end < subject.now}
    if not over:
        return
    left = {_counted(asked, run) for run in runs - over.keys()}
    needed = len({_counted(asked, run) for run in runs}) if asked.row.times is None else asked.row.times
    words = {
        "requirement": asked.name,
        "courses": ", ".join(sorted(over)[:SHOWN]),
        "end": date_format(localtime(max(over.values()))),
    }
    if len(left) < needed:
        sentence = _(
            "The requirement “%(requirement)s” needs courses that have ended: %(courses)s (%(end)s). Learners who met "
            "it by then can still be awarded the badge; nobody else can. Choose runs that are yet to end."
        )
        yield asked.fault("course_ended", sentence % words)
    else:
        sentence = _("The requirement “%(requirement)s” names courses that have ended: %(courses)s (%(end)s).")
        yield asked.fault("some_courses_ended", sentence % words, hint=True)


def _of_badges(subject: Subject, asked: Asked) -> Iterator[Fault]:
    for place in asked.row.places:
        badge = subject.badges.get(place)
        words = {"requirement": asked.name, "place": place, "badge": badge}
        if place == ANYWHERE or not lms.is_uuid(place):
            continue
        if badge is None:
            sentence = _(
                "The requirement “%(requirement)s” names the badge %(place)s, which is not here. Sync the badge "
                "templates, or choose another badge."
            )
            yield asked.fault("badge_unknown", sentence % words)
        elif badge.pk == subject.template.pk:
            sentence = _(
                "The requirement “%(requirement)s” asks for this very badge, so nobody could earn a first one."
            )
            yield asked.fault("badge_of_itself", sentence % words)
        elif badge.status != BadgeTemplate.Status.ACTIVE:
            sentence = _(
                "The requirement “%(requirement)s” asks for “%(badge)s”, which learners cannot earn at present."
            )
            yield asked.fault("badge_inactive", sentence % words, hint=True)


def _how_often(subject: Subject, asked: Asked) -> Iterator[Fault]:
    """Places that are fewer than how often it has to be met, or that nobody can have met every one of."""
    times, exact = asked.row.times, [place for place in asked.row.places if _can_be_counted(asked, place)]
    words = {"requirement": asked.name, "times": times}
    if times is None:
        for place in asked.row.places:
            if place not in exact:
                sentence = _(
                    "The requirement “%(requirement)s” has to be met in every one of its places, and “%(place)s” is "
                    "not one place but any number. List them, or say in how many it has to be met."
                )
                yield asked.fault("every_of_any", sentence % {**words, "place": place or _("anywhere")})
        return
    if times < 1:
        sentence = _("The requirement “%(requirement)s” has to be met no times. Give a number from 1.")
        yield asked.fault("no_times", sentence % words)
    elif times > 1 and _happens_once(asked):
        sentence = _(
            "The requirement “%(requirement)s” has to be met %(times)d times, and its event happens once. "
            "Ask for it once."
        )
        yield asked.fault("too_few_places", sentence % words)
    elif len(exact) == len(asked.row.places) and _are_listed(subject, asked):
        there = len({_counted(asked, run) for run in _runs(subject, asked)})
        if times > there:
            sentence = _(
                "The requirement “%(requirement)s” has to be met in %(times)d different places and names %(count)d. "
                "Name more, or ask for fewer."
            )
            yield asked.fault("too_few_places", sentence % {**words, "count": there})


def _happens_once(asked: Asked) -> bool:
    """Whether there is only one thing that the event can be about."""
    event = asked.event
    return event is not None and event.scope_kind is ScopeKind.SITE and not event.subject and not event.daily


def _can_be_counted(asked: Asked, place: str) -> bool:
    """Whether a place stands for things whose number is known: a course, the runs of a program, a badge."""
    if place == ANYWHERE or asked.event is None:
        return False
    of_courses = asked.event.scope_kind is ScopeKind.COURSE
    if of_courses and not _counts_courses(asked) and (asked.event.place or asked.event.daily):
        return False  # Threads, exams, days: there may be any number in one course.
    if lms.is_uuid(place) or lms.is_course_run(place):
        return True
    return "+" in place and _counts_courses(asked)


def _are_listed(subject: Subject, asked: Asked) -> bool:
    """Whether it is known which courses the programs have, where programs stand for their courses."""
    of_courses = asked.event is not None and asked.event.scope_kind is ScopeKind.COURSE
    return not of_courses or all(subject.programs.get(place) for place in asked.row.places if lms.is_uuid(place))


def _runs(subject: Subject, asked: Asked) -> set[str]:
    """All places, each program as its course runs."""
    of_courses = asked.event is not None and asked.event.scope_kind is ScopeKind.COURSE
    found: set[str] = set()
    for place in asked.row.places:
        found |= subject.programs.get(place, frozenset()) if lms.is_uuid(place) and of_courses else {place}
    return found


def _counts_courses(asked: Asked) -> bool:
    return asked.row.distinct == Distinct.COURSE


def _counted(asked: Asked, place: str) -> str:
    return (course_of(place) or place) if _counts_courses(asked) else place
