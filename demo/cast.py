"""Who and what the story is about: the courses and the learners of the LMS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import (
    CourseData,
    CoursePassingStatusData,
    PersistentCourseGradeData,
    UserData,
    UserPersonalData,
)
from openedx_events.learning.signals import COURSE_PASSING_STATUS_UPDATED, PERSISTENT_GRADE_SUMMARY_CHANGED

from credly_badges import lms


@dataclass(frozen=True)
class Course:
    """A course run of the LMS."""

    key: str
    title: str


@dataclass(frozen=True)
class Person:
    """A learner with an account at the LMS."""

    username: str
    name: str
    is_active: bool = True

    @property
    def email(self) -> str:
        """Where Credly writes to; nobody's, as the domain is kept for examples (RFC 2606)."""
        return f"{self.username}@example.org"

    @property
    def short(self) -> str:
        """What the story calls them."""
        return self.name.split()[0]


READING = Course("course-v1:ExampleU+DL101+2026", "Reading Data")
TELLING = Course("course-v1:ExampleU+DL102+2026", "Telling Stories with Data")
SHARING = Course("course-v1:ExampleU+OS101+2026", "Working in the Open")
TEACHING = Course("course-v1:ExampleU+ED201+2026", "Teaching Online")
FIRST_AID_LAST_YEAR = Course("course-v1:ExampleU+FA101+2025", "First Aid at Work (2025)")
FIRST_AID = Course("course-v1:ExampleU+FA101+2026", "First Aid at Work")
FIRST_AID_IN_ANY_RUN = "ExampleU+FA101"
COUNTING = Course("course-v1:ExampleU+ST101+2026", "Counting for Beginners")
CHARTS = Course("course-v1:ExampleU+ST102+2026", "Honest Charts")
MAPS = Course("course-v1:ExampleU+ST103+2026", "Maps and Places")
COURSES = (COUNTING, CHARTS, MAPS, READING, TELLING, SHARING, TEACHING, FIRST_AID, FIRST_AID_LAST_YEAR)

AMINA = Person("amina", "Amina Diallo")
JOSE = Person("jose", "José Núñez Álvarez")
MEI = Person("meiling", "Mei-Ling Tan")
PRIYA = Person("priya", "Priya Venkataraman")
SUHARTI = Person("suharti", "Suharti")  # Many people in Java have one name.
KWAME = Person("kwame", "Kwame Mensah")
TOMASZ = Person("tomasz", "Tomasz Wiśniewski", is_active=False)
SIOBHAN = Person("siobhan", "Siobhán Kelly")
NGOZI = Person("ngozi", "Ngozi Okafor")
LARS = Person("lars", "Lars Bakke")
OLENA = Person("olena", "Olena Kovalenko")
HASSAN = Person("hassan", "Hassan Rahimi")
WANJIRU = Person("wanjiru", "Wanjiru Kamau")
PEOPLE = (AMINA, JOSE, MEI, PRIYA, SUHARTI, KWAME, TOMASZ, SIOBHAN, NGOZI, LARS, OLENA, HASSAN, WANJIRU)


def settle_in() -> None:
    """Give the LMS its courses and learners."""
    backend: Any = lms.backend()
    for course in COURSES:
        backend.add_course(course.key, course.title)
    for person in PEOPLE:
        user = get_user_model().objects.create_user(person.username, person.email, is_active=person.is_active)
        backend.add_profile(user.pk, person.name)


def present() -> list[Person]:
    """Those who still have an account at the LMS."""
    names = set(get_user_model().objects.values_list("username", flat=True))
    return [person for person in PEOPLE if person.username in names]


def user_of(person: Person) -> Any:
    """The account of a learner."""
    return get_user_model().objects.get(username=person.username)


def retire(person: Person) -> None:
    """Have the LMS forget a learner, as edx-platform does: it sends signals, and leaves an account without a name."""
    user = user_of(person)
    for signal in lms.retirement_signals():
        signal.send(sender=None, user=user)
    backend: Any = lms.backend()
    backend.add_profile(user.pk)
    user.username = f"retired__user_{user.pk}"
    user.email = f"{user.username}@retired.invalid"
    user.is_active = False
    user.save()


def tell_passing(user: Any, course_key: str, *, at: datetime, is_passing: bool = True) -> None:
    """Say that a learner passes a course, or fails it, in edx-platform's own way: the signal that it sends.

    It does so at every recalculation of a grade, with the course key and without a name.
    """
    COURSE_PASSING_STATUS_UPDATED.send_event(
        time=at,
        course_passing_status=CoursePassingStatusData(
            is_passing=is_passing,
            course=CourseData(course_key=CourseKey.from_string(course_key)),
            user=UserData(
                id=user.pk,
                is_active=user.is_active,
                pii=UserPersonalData(username=user.username, email=user.email, name=""),
            ),
        ),
    )


def tell_grade(user: Any, course_key: str, *, at: datetime, percent: int, is_passing: bool) -> None:
    """Say what a learner's grade in a course is, by the signal that edx-platform sends whenever it saves one.

    There a grade is a number from 0 to 1.
    """
    PERSISTENT_GRADE_SUMMARY_CHANGED.send_event(
        time=at,
        grade=PersistentCourseGradeData(
            user_id=user.pk,
            course=CourseData(course_key=CourseKey.from_string(course_key)),
            course_edited_timestamp=at,
            course_version="",
            grading_policy_hash="",
            percent_grade=percent / 100,
            letter_grade="Pass" if is_passing else "",
            passed_timestamp=at if is_passing else None,
        ),
    )
