"""Grades, certificates and enrollments as edx-platform keeps them, read by the user's number.

Course keys are read as text: parsing one for each of a million rows would take longer than everything else.
"""

# ruff: noqa: PLC0415
# Importing edx-platform is left until something is asked of it: tests, demos and tools run without it.

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import CharField, ExpressionWrapper, F
from opaque_keys.edx.keys import CourseKey

from ..rules import shares
from .edx_asking import asking_edx_platform
from .rows import CertificateRow, EnrollmentRow, GradeRow, Row, Source

_USER = "user_id"
_COURSE = ExpressionWrapper(F("course_id"), output_field=CharField())


class PlatformRows:
    """The rows of learners in courses."""

    def history(self, source: Source, courses: Collection[CourseKey] | None, after: int, limit: int) -> Sequence[Row]:
        """One query; two where a single learner has more rows than were asked for."""
        found = _rows(source, courses, limit + 1, user_id__gt=after)
        if len(found) <= limit:
            return found
        last = found[-1].user_id
        whole = [row for row in found if row.user_id != last]
        return whole or _rows(source, courses, None, user_id=last)

    def rows_of(
        self, source: Source, user_ids: Collection[int], courses: Collection[CourseKey] | None
    ) -> Sequence[Row]:
        """One query."""
        return _rows(source, courses, None, user_id__in=user_ids)


@dataclass(frozen=True)
class _Table:
    """Where a source is: its rows, its columns after user and course, and what makes a row of them."""

    rows: Callable[[], Any]
    columns: tuple[str, ...]
    make: Callable[[tuple[Any, ...]], Row]


def _rows(source: Source, courses: Collection[CourseKey] | None, limit: int | None, **which: Any) -> list[Row]:
    table = _TABLES[source]
    rows = table.rows().filter(**which)
    if courses is not None:
        rows = rows.filter(course_id__in=courses)
    # By the user alone, whom every one of these tables has an index for: nothing is sorted.
    values = rows.order_by(_USER).values_list(_USER, _COURSE, *table.columns)
    return list(map(table.make, values[:limit] if limit else values))


def _grades() -> Any:
    with asking_edx_platform():
        from lms.djangoapps.grades.models import PersistentCourseGrade

    return PersistentCourseGrade.objects


def _certificates() -> Any:
    with asking_edx_platform():
        from lms.djangoapps.certificates.models import GeneratedCertificate

    return GeneratedCertificate.objects


def _enrollments() -> Any:
    with asking_edx_platform():
        from common.djangoapps.student.models import CourseEnrollment

    return CourseEnrollment.objects.exclude(created=None)  # Of the first year of edX, some have no date.


_percent = lru_cache(maxsize=20_000)(shares.percent)
"""A site has some ten thousand different grades and millions of them."""


def _grade_row(values: tuple[Any, ...]) -> GradeRow:
    user_id, course_key, share, letter, passed_at, modified = values
    return GradeRow(user_id, course_key, _percent(share) or 0, letter, passed_at, modified)


_TABLES: Mapping[Source, _Table] = {
    Source.GRADES: _Table(_grades, ("percent_grade", "letter_grade", "passed_timestamp", "modified"), _grade_row),
    Source.CERTIFICATES: _Table(
        _certificates, ("status", "mode", "grade", "created_date", "modified_date"), CertificateRow._make
    ),
    Source.ENROLLMENTS: _Table(_enrollments, ("mode", "is_active", "created"), EnrollmentRow._make),
}
