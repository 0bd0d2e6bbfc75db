"""A stand-in for edx-platform, for tests and demonstrations on a host that has none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.dispatch import Signal
from opaque_keys.edx.keys import CourseKey, UsageKey

from ...lms import Certificate, Course, Profile, Row, Source
from .records import ROOT_URL, InCourse, Records

USER_RETIRE_LMS_MISC, USER_RETIRE_LMS_CRITICAL = Signal(), Signal()
"""Sent with ``user`` when somebody is to be forgotten, as edx-platform's retirement pipeline sends them."""

__all__ = ["ROOT_URL", "USER_RETIRE_LMS_CRITICAL", "USER_RETIRE_LMS_MISC", "StandInLMS"]


class StandInLMS(Records):
    """Profiles, courses, what learners achieved and course staff, kept in the memory of one process.

    It stands where ``credly_badges.lms.EdxPlatform`` stands (``CREDLY_BADGES_LMS_BACKEND``) and answers as that does.
    Users are the host's own Django users, in its database. Of edx-platform it stands in for the profile name, the
    verified name and the language of a user, for the titles, dates and pages of courses, for grades, certificates,
    enrollments, completion, cohorts and teams, for the course runs of programs, and for staff access: that of the site
    (``is_staff``), of a course run, and of a course organization. It holds a million grades (``load_grades``) as well
    as one (``add_grade``). A second process starts empty; there, learners still have the first and last name of their
    Django user.

    Reach the one in use with ``credly_badges.lms.backend()``, and call ``clear()`` between two tests.
    """

    def profiles(self, user_ids: Collection[int]) -> Mapping[int, Profile]:
        return {user_id: self._profiles[user_id] for user_id in user_ids if user_id in self._profiles}

    def course_titles(self, keys: Collection[CourseKey]) -> Mapping[str, str]:
        return {each.key: each.title for each in self.courses(keys)}

    def courses(self, keys: Collection[CourseKey]) -> Collection[Course]:
        return [self._courses[str(key)] for key in keys if str(key) in self._courses]

    def course_url(self, course_key: CourseKey) -> str:
        return f"{ROOT_URL}/courses/{course_key}/about" if str(course_key) in self._courses else ""

    def runs_of(self, org: str, course: str) -> Collection[str]:
        keys = (CourseKey.from_string(text) for text in self._courses)
        return [str(key) for key in keys if org in ("", key.org) and course in ("", key.course)]

    def runs_of_programs(self, uuids: Collection[str]) -> Mapping[str, Collection[str]]:
        return {uuid: self._programs[uuid] for uuid in uuids if uuid in self._programs}

    def program_titles(self, uuids: Collection[str]) -> Mapping[str, str]:
        return {uuid: self._program_titles[uuid] for uuid in uuids if uuid in self._program_titles}

    def certificate(self, user_id: int, course_key: CourseKey) -> Certificate | None:
        row = self.certificates.get(user_id, str(course_key))
        if row is None or row.status != "downloadable":
            return None
        usual = f"{ROOT_URL}/certificates/{user_id}/{course_key}"
        return Certificate(self._certificate_pages.get((user_id, str(course_key)), usual), row.modified)

    def grade(self, user_id: int, course_key: CourseKey) -> float | None:
        row = self.grades.get(user_id, str(course_key))
        return None if row is None else row.percent

    def history(self, source: Source, courses: Collection[CourseKey] | None, after: int, limit: int) -> Sequence[Row]:
        return self.shelves[source].slice(_texts(courses), after, limit)

    def rows_of(
        self, source: Source, user_ids: Collection[int], courses: Collection[CourseKey] | None
    ) -> Sequence[Row]:
        return self.shelves[source].of(user_ids, _texts(courses))

    def subsection_grades(
        self, user_ids: Collection[int], usage_keys: Collection[UsageKey]
    ) -> Mapping[tuple[int, str], float]:
        return _those(self._subsection_grades, user_ids, usage_keys)

    def completions(self, learners: Collection[tuple[int, CourseKey]]) -> Mapping[InCourse, float]:
        return {(user_id, str(key)): self._completions.get((user_id, str(key)), 0) for user_id, key in learners}

    def cohorts(self, user_ids: Collection[int], courses: Collection[CourseKey]) -> Mapping[InCourse, str]:
        return _those(self._cohorts, user_ids, courses)

    def teams(self, user_ids: Collection[int], courses: Collection[CourseKey]) -> Mapping[InCourse, Collection[str]]:
        return _those(self._teams, user_ids, courses)

    def user_id_of_anonymous(self, anonymous_id: str, course_key: CourseKey | None) -> int | None:
        user_id, course = self._anonymous.get(anonymous_id, (None, ""))
        return user_id if course_key is None or course in ("", str(course_key)) else None

    def is_course_staff(self, user: AbstractBaseUser | AnonymousUser, course_key: CourseKey) -> bool:
        roles = {(user.pk, str(course_key)), (user.pk, str(course_key.org))}
        has_role = user.is_active and not roles.isdisjoint(self._staff)
        return bool(getattr(user, "is_staff", False) or has_role)

    def may_be_course_staff(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        return bool(getattr(user, "is_staff", False)) or any(user_id == user.pk for user_id, _where in self._staff)

    def address_before_retirement(self, user_id: int) -> str:
        return self._retirements.get(user_id, "")

    def retirement_signals(self) -> Collection[Signal]:
        return (USER_RETIRE_LMS_MISC, USER_RETIRE_LMS_CRITICAL)


def _texts(keys: Collection[CourseKey] | None) -> frozenset[str] | None:
    return None if keys is None else frozenset(map(str, keys))


def _those(
    known: Mapping[InCourse, Any], user_ids: Collection[int], keys: Collection[CourseKey | UsageKey]
) -> dict[InCourse, Any]:
    wanted = ((user_id, str(key)) for user_id in user_ids for key in keys)
    return {place: known[place] for place in wanted if place in known}
