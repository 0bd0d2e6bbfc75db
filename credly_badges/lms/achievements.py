"""What learners achieved, as the LMS has it now: one learner's, or everybody's in the order of their numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from opaque_keys.edx.keys import CourseKey, UsageKey

from .backend import Certificate
from .chosen import backend, course_key
from .rows import Row, Source

InCourse = tuple[int, str]
"""A learner in a course run: the user id and the text of the course key."""


def history(source: Source | str, *, courses: Collection[str] | None, after: int, limit: int) -> list[Row]:
    """About ``limit`` rows of a source, of the learners whose user ids come next after ``after``, in their order.

    All rows of a learner come at once, so the next slice begins after the user id of the last row. Where a learner
    has more rows than ``limit``, there are that many. No rows at all: there is nothing more. ``courses`` are the keys
    of course runs, or None for all. Raises InvalidKeyError for a text that is no course key.
    """
    if courses is not None and not courses:
        return []
    keys = None if courses is None else {course_key(key) for key in courses}
    return list(backend().history(Source(source), keys, after, limit))


def history_of(source: Source | str, user_id: int) -> list[Row]:
    """All that a source has of one learner."""
    return list(backend().rows_of(Source(source), {user_id}, None))


def rows_of(source: Source | str, user_ids: Collection[int], courses: Collection[str]) -> list[Row]:
    """What a source has of these learners in these course runs; one question, however many they are."""
    if not user_ids or not courses:
        return []
    return list(backend().rows_of(Source(source), set(user_ids), {course_key(key) for key in courses}))


def certificate(user_id: int, key: CourseKey | str) -> Certificate | None:
    """The certificate that a learner has of a course run, or None where they have none that can be seen."""
    return backend().certificate(user_id, course_key(key))


def grade(user_id: int, key: CourseKey | str) -> float | None:
    """The learner's grade in a course run in percent, or None where there is none."""
    return backend().grade(user_id, course_key(key))


def subsection_grades(user_ids: Collection[int], usage_keys: Collection[UsageKey]) -> Mapping[tuple[int, str], float]:
    """Grades in subsections in percent, by learner and the text of the usage key; one question."""
    return backend().subsection_grades(set(user_ids), set(usage_keys)) if user_ids and usage_keys else {}


def completions(learners: Collection[InCourse]) -> Mapping[InCourse, float]:
    """How much of a course each of these learners has completed, in percent.

    The one question whose cost grows with the learners: edx-platform reckons it for one at a time. Who has completed
    nothing costs nothing.
    """
    wanted = {(user_id, course_key(key)) for user_id, key in learners}
    return backend().completions(wanted) if wanted else {}


def cohorts(user_ids: Collection[int], courses: Collection[str]) -> Mapping[InCourse, str]:
    """The names of the cohorts that these learners are in, in these course runs; one question."""
    if not user_ids or not courses:
        return {}
    return backend().cohorts(set(user_ids), {course_key(key) for key in courses})


def teams(user_ids: Collection[int], courses: Collection[str]) -> Mapping[InCourse, Collection[str]]:
    """The names of the teams that these learners are in, in these course runs; one question."""
    if not user_ids or not courses:
        return {}
    return backend().teams(set(user_ids), {course_key(key) for key in courses})
