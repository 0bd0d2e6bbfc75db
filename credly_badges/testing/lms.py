"""A stand-in for edx-platform, for tests and demonstrations on a host that has none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from opaque_keys.edx.keys import CourseKey

from ..lms import Certificate, Profile

ROOT_URL = "https://lms.example.com"
"""The address of this LMS, where its courses and certificates have their pages."""


class StandInLMS:
    """Profiles, courses and course staff, kept in the memory of one process.

    It stands where ``credly_badges.lms.EdxPlatform`` stands (``CREDLY_BADGES_LMS_BACKEND``) and answers as that does.
    Users are the host's own Django users, in its database. Of edx-platform it stands in for the profile name, the
    verified name and the language of a user, for the titles and pages of courses, for certificates and grades, for the
    course runs of programs, and for staff access: that of the site (``is_staff``), of a course run, and of a course
    organization. A second process starts empty; there, learners still have the first and last name of their Django
    user.

    Reach the one in use with ``credly_badges.lms.backend()``, and call ``clear()`` between two tests.
    """

    def __init__(self) -> None:
        self._profiles: dict[int, Profile] = {}
        self._titles: dict[str, str] = {}
        self._staff: set[tuple[int, str]] = set()
        self._programs: dict[str, frozenset[str]] = {}
        self._certificates: dict[tuple[int, str], Certificate] = {}
        self._grades: dict[tuple[int, str], float] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._profiles.clear()
        self._titles.clear()
        self._staff.clear()
        self._programs.clear()
        self._certificates.clear()
        self._grades.clear()

    def add_profile(self, user_id: int, name: str = "", *, verified_name: str = "", language: str = "") -> None:
        """Give a user a profile; a verified name is one that they chose to have on their certificates."""
        self._profiles[user_id] = Profile(name, verified_name, language)

    def add_course(self, course_key: CourseKey | str, title: str) -> CourseKey:
        """Add a course run. Raises InvalidKeyError for a text that is no course key."""
        key = CourseKey.from_string(str(course_key))
        self._titles[str(key)] = title
        return key

    def add_certificate(self, user_id: int, course_key: CourseKey | str, issued_at: datetime) -> str:
        """Give a user a certificate of a course run; returns the address of its page."""
        url = f"{ROOT_URL}/certificates/{user_id}-{len(self._certificates)}"
        self._certificates[user_id, str(course_key)] = Certificate(url, issued_at)
        return url

    def add_grade(self, user_id: int, course_key: CourseKey | str, percent: float) -> None:
        """Give a user a grade in a course run."""
        self._grades[user_id, str(course_key)] = percent

    def add_program(self, uuid: str, *course_keys: CourseKey | str) -> None:
        """Add a program of the course catalog, with its course runs."""
        self._programs[uuid] = frozenset(str(CourseKey.from_string(str(key))) for key in course_keys)

    def add_staff(self, user_id: int, course_key_or_organization: CourseKey | str) -> None:
        """Put a user on the staff of one course run, or of all that an organization has (``edX``)."""
        self._staff.add((user_id, str(course_key_or_organization)))

    def profiles(self, user_ids: Collection[int]) -> Mapping[int, Profile]:
        return {user_id: self._profiles[user_id] for user_id in user_ids if user_id in self._profiles}

    def course_titles(self, keys: Collection[CourseKey]) -> Mapping[str, str]:
        return {str(key): self._titles[str(key)] for key in keys if str(key) in self._titles}

    def course_url(self, course_key: CourseKey) -> str:
        return f"{ROOT_URL}/courses/{course_key}/about" if str(course_key) in self._titles else ""

    def certificate(self, user_id: int, course_key: CourseKey) -> Certificate | None:
        return self._certificates.get((user_id, str(course_key)))

    def grade(self, user_id: int, course_key: CourseKey) -> float | None:
        return self._grades.get((user_id, str(course_key)))

    def runs_of_programs(self, uuids: Collection[str]) -> Mapping[str, Collection[str]]:
        return {uuid: self._programs[uuid] for uuid in uuids if uuid in self._programs}

    def is_course_staff(self, user: AbstractBaseUser | AnonymousUser, course_key: CourseKey) -> bool:
        roles = {(user.pk, str(course_key)), (user.pk, str(course_key.org))}
        has_role = user.is_active and not roles.isdisjoint(self._staff)
        return bool(getattr(user, "is_staff", False) or has_role)
