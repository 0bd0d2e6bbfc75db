"""What the plugin needs of an LMS, whichever class answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import Signal
from opaque_keys.edx.keys import CourseKey, UsageKey

from .people import Profile
from .rows import Course, Row, Source


class NoPlatform(ImproperlyConfigured):
    """edx-platform was asked, and is not here, or no longer has what was asked for."""


@dataclass(frozen=True)
class Certificate:
    """A course certificate: the page, with its host, on which anybody can see it, and the date that it bears."""

    url: str = field(repr=False)
    issued_at: datetime


class Backend(Protocol):
    """What the plugin needs of the LMS. Name another class with these methods in CREDLY_BADGES_LMS_BACKEND."""

    def profiles(self, user_ids: Collection[int]) -> Mapping[int, Profile]:
        """The profiles of these users, in a constant number of queries; users without one are left out."""

    def course_titles(self, keys: Collection[CourseKey]) -> Mapping[str, str]:
        """The titles of those course runs that exist, by the text of their key."""

    def course_url(self, course_key: CourseKey) -> str:
        """The public page of a course run, with its host; empty where there is no such course."""

    def certificate(self, user_id: int, course_key: CourseKey) -> Certificate | None:
        """The certificate that a learner has of a course run, or None where they have none that can be seen."""

    def grade(self, user_id: int, course_key: CourseKey) -> float | None:
        """The learner's grade in a course run in percent, or None where there is none."""

    def is_course_staff(self, user: AbstractBaseUser | AnonymousUser, course_key: CourseKey) -> bool:
        """Whether the user is on the staff of the course run, of its organization, or of the whole site."""

    def may_be_course_staff(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        """Whether the user is on the staff of anything, as far as one question tells; False is certain."""

    def retirement_signals(self) -> Collection[Signal]:
        """The Django signals, sent with ``user``, by which the LMS says that it forgets somebody."""

    def address_before_retirement(self, user_id: int) -> str:
        """The e-mail address that the account had before the LMS began to retire it; empty where it did not."""

    def runs_of_programs(self, uuids: Collection[str]) -> Mapping[str, Collection[str]]:
        """The keys of the course runs of those programs that the LMS knows, by the program's UUID."""

    def program_titles(self, uuids: Collection[str]) -> Mapping[str, str]:
        """The titles of those programs that the LMS knows, by the program's UUID."""

    def runs_of(self, org: str, course: str) -> Collection[str]:
        """The keys of the course runs of a course of an organization; empty texts are any course, any organization."""

    def courses(self, keys: Collection[CourseKey]) -> Collection[Course]:
        """Those of these course runs that exist, in one query."""

    def user_id_of_anonymous(self, anonymous_id: str, course_key: CourseKey | None) -> int | None:
        """The user whom the LMS calls so where their name must not be seen; an id of another course is nobody's."""

    def history(self, source: Source, courses: Collection[CourseKey] | None, after: int, limit: int) -> Sequence[Row]:
        """About ``limit`` rows of the learners next after ``after``, by user id; all rows of a learner, or none.

        It has to read only these, as a site has millions. None for ``courses`` is all.
        """

    def rows_of(
        self, source: Source, user_ids: Collection[int], courses: Collection[CourseKey] | None
    ) -> Sequence[Row]:
        """All rows of these learners, in these course runs or in all, in one query."""

    def subsection_grades(
        self, user_ids: Collection[int], usage_keys: Collection[UsageKey]
    ) -> Mapping[tuple[int, str], float]:
        """Grades in subsections in percent, by learner and the text of the usage key, in one query."""

    def completions(self, learners: Collection[tuple[int, CourseKey]]) -> Mapping[tuple[int, str], float]:
        """How much of a course run each learner has completed, in percent; 0 for who has completed nothing."""

    def cohorts(self, user_ids: Collection[int], courses: Collection[CourseKey]) -> Mapping[tuple[int, str], str]:
        """The names of the cohorts that learners are in, by learner and the text of the course key, in one query."""

    def teams(
        self, user_ids: Collection[int], courses: Collection[CourseKey]
    ) -> Mapping[tuple[int, str], Collection[str]]:
        """The names of the teams that learners are in, by learner and the text of the course key, in one query."""
