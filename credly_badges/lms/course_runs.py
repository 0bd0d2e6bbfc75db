"""Course runs: what they are called, when they begin and end, and which ones a place stands for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from .chosen import backend, course_key
from .rows import Course


def course_titles(keys: Iterable[CourseKey | str]) -> dict[str, str]:
    """The titles of course runs by the text of their key, in one query; runs that do not exist are left out.

    Raises InvalidKeyError for a text that is no course key.
    """
    parsed = {course_key(key) for key in keys}
    return dict(backend().course_titles(parsed)) if parsed else {}


def courses(keys: Iterable[CourseKey | str]) -> dict[str, Course]:
    """Those of these course runs that exist, by the text of their key; one question, however many they are.

    Raises InvalidKeyError for a text that is no course key.
    """
    parsed = {course_key(key) for key in keys}
    return {each.key: each for each in backend().courses(parsed)} if parsed else {}


def course_url(key: CourseKey | str) -> str:
    """The public page of a course run, with its host; empty where there is no such course."""
    return backend().course_url(course_key(key))


def runs_of_programs(uuids: Iterable[str]) -> dict[str, frozenset[str]]:
    """The keys of the course runs of programs, by the program's UUID; programs that are not known are left out."""
    wanted = set(uuids)
    found = backend().runs_of_programs(wanted) if wanted else {}
    return {program: frozenset(runs) for program, runs in found.items()}


def program_titles(uuids: Iterable[str]) -> dict[str, str]:
    """The titles of programs by their UUID; programs that are not known, or have none, are left out."""
    wanted = set(uuids)
    found = backend().program_titles(wanted) if wanted else {}
    return {program: title for program, title in found.items() if title}


def runs_of(place: str) -> list[str]:
    """The keys of the course runs that a place of a requirement stands for, in their order.

    A course run stands for itself, whether the LMS has it or not; a course without its run (``edX+DemoX``), an
    organization (``edX``) and a program (its UUID) for the runs that the LMS has, and an empty text for all of these.
    """
    if is_course_run(place):
        return [place]
    if is_uuid(place):
        return sorted(runs_of_programs([place]).get(place, ()))
    org, _plus, course = place.partition("+")
    return sorted(backend().runs_of(org, course))


def is_course_run(place: str) -> bool:
    """Whether a place is one course run, and not a whole course, organization or program."""
    try:
        CourseKey.from_string(place)
    except InvalidKeyError:
        return False
    return True


def is_uuid(place: str) -> bool:
    """Whether a place is a program, or a badge: these are told by their UUID."""
    try:
        uuid.UUID(place)
    except ValueError:
        return False
    return True
