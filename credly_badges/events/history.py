"""What the LMS's history can tell: each row made into the learning event that the live signal would have been.

Live events and history derive the same identity and the same words from the same columns, so that whichever comes
second changes nothing; only the time is the original one. What a row cannot tell is left out rather than guessed: an
enrollment that has ended does not say whether it was ever active, and a certificate that was revoked does not say
when, so neither is told here. Penalties therefore start with what happens from now on, except for what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from opaque_keys.edx.keys import CourseKey

from .. import lms
from ..learning_event import ANYWHERE, LearningEvent
from . import readings
from .normalize import Place, course

ORIGIN = "credly"
"""What BADGE_AWARDED says a badge of ours was issued through."""
BADGES = "badges"
"""The one source of history that is ours: badges that Credly has confirmed, and that stand."""
PASSED = frozenset({"downloadable", "generating"})
"""The statuses of a certificate with which the LMS says that it was awarded."""
CCX = "ccx-v1:"


class BadgeRow(NamedTuple):
    """A badge of this plugin that a learner holds."""

    user_id: int
    template: str
    issued_at: datetime


Told: TypeAlias = tuple[datetime, dict[str, Any]]
Tell: TypeAlias = Callable[[Any, Place], Told | None]


@dataclass(frozen=True)
class Telling:
    """One kind of event that can be told from history: from which source, and how; None where a row says nothing."""

    source: str
    tell: Tell


def event(kind: str, row: Any, place: Place) -> LearningEvent | None:
    """What a row of history says, as the live signal would have said it; None where it says nothing of this kind."""
    told = HISTORY[kind].tell(row, place)
    if told is None:
        return None
    occurred_at, attributes = told
    return LearningEvent(row[0], kind, place.name, occurred_at, attributes, place.scopes, place.course_key)


def place_of(row: Any) -> Place:
    """Where the event of a row happened; two rows of one course or badge have one place."""
    name = row[1]
    if isinstance(row, BadgeRow):
        return Place(name, "", (name, ANYWHERE))
    return course(CourseKey.from_string(name))


def _passing(row: lms.GradeRow, place: Place) -> Told | None:
    if row.course_key.startswith(CCX):
        return None  # The LMS has an event of its own for these.
    return _when_passed(row), {"is_passing": bool(row.letter), **_of_course(place)}


def _ccx_passing(row: lms.GradeRow, place: Place) -> Told | None:
    if not row.course_key.startswith(CCX):
        return None
    keys = {"ccx_course_key": place.name, "master_course_key": place.scopes[1]}
    return _when_passed(row), {"is_passing": bool(row.letter), "course": keys}


def _when_passed(row: lms.GradeRow) -> datetime:
    return _utc(row.passed_at if row.letter and row.passed_at else row.modified)


def _grade(row: lms.GradeRow, place: Place) -> Told:
    grade: dict[str, Any] = {"percent": _percent(row.percent)}
    if row.letter:
        grade["letter_grade"] = row.letter
    if row.passed_at:
        grade["passed_timestamp"] = readings.moment(row.passed_at)
    return _utc(row.modified), {"grade": grade, **_of_course(place)}


def _certificate_created(row: lms.CertificateRow, place: Place) -> Told | None:
    return _certificate(row, place) if row.status in PASSED else None


def _certificate(row: lms.CertificateRow, place: Place) -> Told:
    found = {"mode": row.mode, "current_status": row.status, "percent": readings.percent(row.percent)}
    said = {name: value for name, value in found.items() if value is not None and value != ""}
    return _utc(row.modified), {**({"certificate": said} if said else {}), **_of_course(place)}


def _enrolled(row: lms.EnrollmentRow, place: Place) -> Told | None:
    if not row.is_active:
        return None
    enrollment: dict[str, Any] = {"mode": row.mode} if row.mode else {}
    enrollment |= {"is_active": True, "creation_date": readings.moment(row.created)}
    return _utc(row.created), {"enrollment": enrollment, **_of_course(place)}


def _badge(row: BadgeRow, place: Place) -> Told:
    return _utc(row.issued_at), {"template": {"uuid": place.name, "origin": ORIGIN}}


def _of_course(place: Place) -> dict[str, Any]:
    return {"course": {"course_key": place.name}}


def _percent(percent: float) -> int | float:
    """As ``readings.percent`` has it, from what is percent already."""
    exact = Decimal(str(percent)).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_HUNDREDTH = Decimal("0.01")

HISTORY: Mapping[str, Telling] = MappingProxyType(
    {
        "org.openedx.learning.course.passing.status.updated.v1": Telling(lms.Source.GRADES, _passing),
        "org.openedx.learning.ccx.course.passing.status.updated.v1": Telling(lms.Source.GRADES, _ccx_passing),
        "org.openedx.learning.course.persistent_grade_summary.changed.v1": Telling(lms.Source.GRADES, _grade),
        "org.openedx.learning.certificate.created.v1": Telling(lms.Source.CERTIFICATES, _certificate_created),
        "org.openedx.learning.certificate.changed.v1": Telling(lms.Source.CERTIFICATES, _certificate),
        "org.openedx.learning.course.enrollment.created.v1": Telling(lms.Source.ENROLLMENTS, _enrolled),
        "org.openedx.learning.badge.awarded.v1": Telling(BADGES, _badge),
    }
)
"""The kinds of events that history can tell. Of all others there is only what is stored since a badge listens."""
