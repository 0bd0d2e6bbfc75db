"""What the plugin needs of an LMS, whichever class answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from opaque_keys.edx.keys import CourseKey

from .people import Profile


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

    def is_course_staff(self, user: AbstractBaseUser, course_key: CourseKey) -> bool:
        """Whether the user is on the staff of the course run, of its organization, or of the whole site."""

    def runs_of_programs(self, uuids: Collection[str]) -> Mapping[str, Collection[str]]:
        """The keys of the course runs of those programs that the LMS knows, by the program's UUID."""
