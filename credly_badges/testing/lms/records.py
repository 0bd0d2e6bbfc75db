"""What a stand-in for edx-platform knows, and how to tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from ...lms import CertificateRow, Course, EnrollmentRow, GradeRow, Profile, Source
from .shelf import Shelf

ROOT_URL = "https://lms.example.com"
"""The address of this LMS, where its courses and certificates have their pages."""

InCourse = tuple[int, str]


class Records:
    """All of it in memory: what is added twice for one learner and course, counts as it was added last."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.grades: Shelf[GradeRow] = Shelf(GradeRow)
        self.certificates: Shelf[CertificateRow] = Shelf(CertificateRow)
        self.enrollments: Shelf[EnrollmentRow] = Shelf(EnrollmentRow)
        self._profiles: dict[int, Profile] = {}
        self._courses: dict[str, Course] = {}
        self._staff: set[tuple[int, str]] = set()
        self._programs: dict[str, frozenset[str]] = {}
        self._program_titles: dict[str, str] = {}
        self._certificate_pages: dict[InCourse, str] = {}
        self._subsection_grades: dict[InCourse, float] = {}
        self._completions: dict[InCourse, float] = {}
        self._cohorts: dict[InCourse, str] = {}
        self._teams: dict[InCourse, list[str]] = {}
        self._anonymous: dict[str, InCourse] = {}
        self._retirements: dict[int, str] = {}

    @property
    def shelves(self) -> Mapping[Source, Shelf[Any]]:
        """The sources of history."""
        return {
            Source.GRADES: self.grades,
            Source.CERTIFICATES: self.certificates,
            Source.ENROLLMENTS: self.enrollments,
        }

    def add_profile(self, user_id: int, name: str = "", *, verified_name: str = "", language: str = "") -> None:
        """Give a user a profile; a verified name is one that they chose to have on their certificates."""
        self._profiles[user_id] = Profile(name, verified_name, language)

    def add_course(
        self, course_key: CourseKey | str, title: str, *, start: datetime | None = None, end: datetime | None = None
    ) -> CourseKey:
        """Add a course run. Raises InvalidKeyError for a text that is no course key."""
        key = CourseKey.from_string(str(course_key))
        self._courses[str(key)] = Course(str(key), title, str(key.org), start, end)
        return key

    def add_program(self, uuid: str, *course_keys: CourseKey | str, title: str = "") -> None:
        """Add a program of the course catalog, with its course runs."""
        self._program_titles[uuid] = title
        self._programs[uuid] = frozenset(str(CourseKey.from_string(str(key))) for key in course_keys)

    def add_staff(self, user_id: int, course_key_or_organization: CourseKey | str) -> None:
        """Put a user on the staff of one course run, or of all that an organization has (``edX``)."""
        self._staff.add((user_id, str(course_key_or_organization)))

    def add_grade(
        self,
        user_id: int,
        course_key: CourseKey | str,
        percent: float,
        *,
        letter: str | None = None,
        passed_at: datetime | None = None,
        modified: datetime | None = None,
    ) -> None:
        """Give a user a grade in a course run. Without a letter, it is “Pass” where there is a time of passing."""
        kept = int(percent) if percent == int(percent) else percent
        letter = letter if letter is not None else "Pass" if passed_at else ""
        self.grades.add(
            GradeRow(user_id, str(course_key), kept, letter, passed_at, modified or passed_at or timezone.now())
        )

    def add_certificate(
        self,
        user_id: int,
        course_key: CourseKey | str,
        issued_at: datetime,
        *,
        status: str = "downloadable",
        mode: str = "verified",
        percent: str = "",
    ) -> str:
        """Give a user a certificate of a course run; returns the address of its page."""
        place = (user_id, str(course_key))
        self.certificates.add(CertificateRow(*place, status, mode, percent, issued_at, issued_at))
        url = f"{ROOT_URL}/certificates/{user_id}-{len(self._certificate_pages)}"
        return self._certificate_pages.setdefault(place, url)

    def add_enrollment(
        self,
        user_id: int,
        course_key: CourseKey | str,
        *,
        mode: str = "audit",
        is_active: bool = True,
        created: datetime | None = None,
    ) -> None:
        """Enroll a user in a course run, or change how they are enrolled."""
        self.enrollments.add(EnrollmentRow(user_id, str(course_key), mode, is_active, created or timezone.now()))

    def load_grades(self, rows: Iterable[GradeRow]) -> int:
        """Take in any number of grades, each learner and course once; how many."""
        return self.grades.load(rows)

    def load_certificates(self, rows: Iterable[CertificateRow]) -> int:
        """Take in any number of certificates, each learner and course once; how many."""
        return self.certificates.load(rows)

    def load_enrollments(self, rows: Iterable[EnrollmentRow]) -> int:
        """Take in any number of enrollments, each learner and course once; how many."""
        return self.enrollments.load(rows)

    def add_subsection_grade(self, user_id: int, usage_key: UsageKey | str, percent: float) -> None:
        """Give a user a grade in a subsection. Raises InvalidKeyError for a text that is no usage key."""
        self._subsection_grades[user_id, str(UsageKey.from_string(str(usage_key)))] = percent

    def add_completion(self, user_id: int, course_key: CourseKey | str, percent: float) -> None:
        """Say how much of a course run a user has completed."""
        self._completions[user_id, str(course_key)] = percent

    def add_cohort(self, user_id: int, course_key: CourseKey | str, name: str) -> None:
        """Put a user into a cohort of a course run; they are in one at a time."""
        self._cohorts[user_id, str(course_key)] = name

    def add_team(self, user_id: int, course_key: CourseKey | str, name: str) -> None:
        """Put a user into a team of a course run; they may be in several."""
        self._teams.setdefault((user_id, str(course_key)), []).append(name)

    def add_anonymous_id(self, anonymous_id: str, user_id: int, course_key: CourseKey | str = "") -> None:
        """Say how a user is called where their name must not be seen: in one course run, or everywhere."""
        self._anonymous[anonymous_id] = (user_id, str(course_key))

    def add_retirement(self, user_id: int, email: str) -> None:
        """Say which e-mail address the account of a user had before it was retired."""
        self._retirements[user_id] = email
