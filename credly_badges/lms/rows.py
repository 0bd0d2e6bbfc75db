"""What the LMS keeps of learners in courses: one row for each grade, certificate and enrollment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias


class Source(StrEnum):
    """Where history is read from."""

    GRADES = "grades"
    CERTIFICATES = "certificates"
    ENROLLMENTS = "enrollments"


class GradeRow(NamedTuple):
    """A learner's grade in a course run, ``percent`` from 0 to 100; without a letter it does not pass.

    ``passed_at`` is the first time that they passed, also of one who no longer does.
    """

    user_id: int
    course_key: str
    percent: float
    letter: str
    passed_at: datetime | None
    modified: datetime


class CertificateRow(NamedTuple):
    """A learner's certificate of a course run, whatever its status; ``percent`` is the text that the LMS keeps."""

    user_id: int
    course_key: str
    status: str
    mode: str
    percent: str
    created: datetime
    modified: datetime


class EnrollmentRow(NamedTuple):
    """A learner's enrollment in a course run; ``created`` is the first time, also of one who came back."""

    user_id: int
    course_key: str
    mode: str
    is_active: bool
    created: datetime


Row: TypeAlias = GradeRow | CertificateRow | EnrollmentRow

ROWS: Mapping[Source, type[Row]] = MappingProxyType(
    {Source.GRADES: GradeRow, Source.CERTIFICATES: CertificateRow, Source.ENROLLMENTS: EnrollmentRow}
)
"""The rows that each source has."""


@dataclass(frozen=True)
class Course:
    """A course run: its title (its key where it has none), its organization, and its dates, where it has them."""

    key: str
    title: str
    org: str
    start: datetime | None = None
    end: datetime | None = None
