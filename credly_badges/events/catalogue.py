"""Every kind of event that a requirement can listen to.

An entry says which openedx-events signal tells of it, whom and what it is about, when it happened, and which of its
facts a rule can ask about. Nothing else of an event is kept: names, e-mail addresses and links to documents stay
behind, and so do facts that change although the learner did nothing (course versions, titles), as every change is one
more event to hold against the requirements. To support one more, add an entry here and a pair of fixtures in
``tests/fixtures/events``.

Source of the shapes: ``openedx_events/learning/data.py``; of when they are sent: edx-platform, July and September 2025.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy as _

from ..rules.evaluate import OCCURRED_AT
from ..rules.fields import Field, FieldType
from . import readings


class ScopeKind(StrEnum):
    """What an event is about, and with it what a requirement can be narrowed to."""

    COURSE = "course"
    """A course run: that run, for a CCX also its original course run, the course in any run, the organization."""
    PROGRAM = "program"
    """A program, by its UUID."""


@dataclass(frozen=True)
class Fact:
    """A field that rules can ask about, where openedx-events carries it (``grade.percent_grade``), how it is read."""

    field: Field
    source: str
    read: readings.Reading


WHEN = Field(OCCURRED_AT, _("Time of the event"), FieldType.DATE, sample="2026-03-01T12:00:00+00:00")
"""Every event has a time, and rules can ask about it although it is no fact of its own."""


@dataclass(frozen=True)
class EventType:
    """One kind of event.

    ``learner`` and ``subject`` are paths into the signal's data: to the LMS user id, and to the course key or program
    UUID. ``time`` is the path of the time at which it happened; empty for the time that the event is stamped with.
    ``label``, ``description`` and ``time_meaning`` are shown to people and translated when shown.
    """

    kind: str
    signal: str
    label: Any
    description: Any
    learner: str
    subject: str
    scope_kind: ScopeKind
    facts: tuple[Fact, ...]
    time_meaning: Any
    time: str = ""

    @property
    def fields(self) -> tuple[Field, ...]:
        """What a rule can ask about, in the order in which it is offered."""
        return (*(fact.field for fact in self.facts), WHEN)


def field(kind: str, path: str) -> Field | None:
    """The field at ``path`` of an event, or None where the catalogue has no such event or field."""
    event_type = CATALOGUE.get(kind)
    return next((each for each in event_type.fields if each.path == path), None) if event_type else None


def _yes_no(path: str, source: str, label: Any) -> Fact:
    return Fact(Field(path, label, FieldType.BOOLEAN, sample=True), source, readings.boolean)


def _text(path: str, source: str, label: Any, sample: str) -> Fact:
    return Fact(Field(path, label, FieldType.TEXT, sample=sample), source, readings.text)


def _percent(path: str, source: str, label: Any) -> Fact:
    return Fact(Field(path, label, FieldType.NUMBER, unit="%", sample=85), source, readings.percent)


def _moment(path: str, source: str, label: Any) -> Fact:
    return Fact(Field(path, label, FieldType.DATE, sample="2026-03-01T12:00:00+00:00"), source, readings.moment)


def _course_key(path: str, source: str, label: Any, sample: str = "course-v1:edX+DemoX+2026") -> Fact:
    return Fact(Field(path, label, FieldType.COURSE_KEY, sample=sample), source, readings.text)


_TOLD = _("The moment at which the LMS stated it.")
_SAVED = _("The moment at which the certificate was saved like this.")

_PASSING = EventType(
    kind="org.openedx.learning.course.passing.status.updated.v1",
    signal="openedx_events.learning.signals.COURSE_PASSING_STATUS_UPDATED",
    label=_("Course passing status"),
    description=_(
        "A learner's course grade was calculated, and is enough to pass or is not. "
        "It is repeated at every recalculation."
    ),
    learner="course_passing_status.user.id",
    subject="course_passing_status.course.course_key",
    scope_kind=ScopeKind.COURSE,
    time_meaning=_TOLD,
    facts=(
        _yes_no("is_passing", "course_passing_status.is_passing", _("learner is passing")),
        _course_key("course.course_key", "course_passing_status.course.course_key", _("course")),
    ),
)

_CCX_PASSING = EventType(
    kind="org.openedx.learning.ccx.course.passing.status.updated.v1",
    signal="openedx_events.learning.signals.CCX_COURSE_PASSING_STATUS_UPDATED",
    label=_("CCX course passing status"),
    description=_("The course passing status, for a custom course (CCX) that a coach runs on top of another course."),
    learner="course_passing_status.user.id",
    subject="course_passing_status.course.ccx_course_key",
    scope_kind=ScopeKind.COURSE,
    time_meaning=_TOLD,
    facts=(
        _yes_no("is_passing", "course_passing_status.is_passing", _("learner is passing")),
        _course_key(
            "course.ccx_course_key",
            "course_passing_status.course.ccx_course_key",
            _("custom course"),
            sample="ccx-v1:edX+DemoX+2026+ccx@1",
        ),
        _course_key(
            "course.master_course_key", "course_passing_status.course.master_course_key", _("course it is made from")
        ),
    ),
)

_GRADE = EventType(
    kind="org.openedx.learning.course.persistent_grade_summary.changed.v1",
    signal="openedx_events.learning.signals.PERSISTENT_GRADE_SUMMARY_CHANGED",
    label=_("Course grade"),
    description=_("A learner's grade in a course was calculated and saved. It is repeated at every recalculation."),
    learner="grade.user_id",
    subject="grade.course.course_key",
    scope_kind=ScopeKind.COURSE,
    # Not passed_timestamp: that is the first pass and never moves, so a grade that fell later would look as old.
    time_meaning=_("The moment at which the grade was saved. When the learner first passed is a field of its own."),
    facts=(
        _percent("grade.percent", "grade.percent_grade", _("grade")),
        _text("grade.letter_grade", "grade.letter_grade", _("letter grade"), sample="A"),
        _moment("grade.passed_timestamp", "grade.passed_timestamp", _("first passed at")),
        _course_key("course.course_key", "grade.course.course_key", _("course")),
    ),
)

_CERTIFICATE_FACTS = (
    _text("certificate.mode", "certificate.mode", _("enrollment track"), sample="verified"),
    _text("certificate.current_status", "certificate.current_status", _("certificate status"), sample="downloadable"),
    _percent("certificate.percent", "certificate.grade", _("grade on the certificate")),
    _course_key("course.course_key", "certificate.course.course_key", _("course")),
)


def _certificate(word: str, label: Any, description: Any) -> EventType:
    return EventType(
        kind=f"org.openedx.learning.certificate.{word}.v1",
        signal=f"openedx_events.learning.signals.CERTIFICATE_{word.upper()}",
        label=label,
        description=description,
        learner="certificate.user.id",
        subject="certificate.course.course_key",
        scope_kind=ScopeKind.COURSE,
        time_meaning=_SAVED,
        facts=_CERTIFICATE_FACTS,
    )


_PROGRAM_FACTS = (
    Fact(
        Field("program.uuid", _("program ID"), FieldType.TEXT, sample="1f301a72-f344-4a31-9e9a-e0b04d8d86b2"),
        "program_certificate.program.uuid",
        readings.uuid,
    ),
    _text("program.program_type", "program_certificate.program.program_type", _("program type"), "micromasters"),
    _text("certificate.status", "program_certificate.status", _("certificate status"), sample="awarded"),
    _moment(
        "certificate.certificate_available_date",
        "program_certificate.certificate_available_date",
        _("certificate available from"),
    ),
)


def _program_certificate(word: str, label: Any, description: Any) -> EventType:
    return EventType(
        kind=f"org.openedx.learning.program.certificate.{word}.v1",
        signal=f"openedx_events.learning.signals.PROGRAM_CERTIFICATE_{word.upper()}",
        label=label,
        description=description,
        learner="program_certificate.user.id",
        subject="program_certificate.program.uuid",
        scope_kind=ScopeKind.PROGRAM,
        time_meaning=_("The moment at which the Credentials service saved the program certificate like this."),
        facts=_PROGRAM_FACTS,
    )


_ENROLLMENT = EventType(
    kind="org.openedx.learning.course.enrollment.created.v1",
    signal="openedx_events.learning.signals.COURSE_ENROLLMENT_CREATED",
    label=_("Enrollment"),
    description=_("A learner enrolled in a course, for the first time or again."),
    learner="enrollment.user.id",
    subject="enrollment.course.course_key",
    scope_kind=ScopeKind.COURSE,
    # Not creation_date: enrolling again sends the event with the date of the first time.
    time_meaning=_("The moment of enrolling. When the learner first enrolled is a field of its own."),
    facts=(
        _text("enrollment.mode", "enrollment.mode", _("enrollment track"), sample="verified"),
        _yes_no("enrollment.is_active", "enrollment.is_active", _("enrollment is active")),
        _moment("enrollment.creation_date", "enrollment.creation_date", _("first enrolled at")),
        _course_key("course.course_key", "enrollment.course.course_key", _("course")),
    ),
)

_EVENT_TYPES = (
    _PASSING,
    _CCX_PASSING,
    _GRADE,
    _certificate(
        "created",
        _("Certificate awarded"),
        _("A learner holds a course certificate. It is repeated whenever the certificate is saved."),
    ),
    _certificate(
        "changed",
        _("Certificate changed"),
        _("A course certificate was saved, in whatever status it then was."),
    ),
    _certificate("revoked", _("Certificate revoked"), _("A learner's course certificate was invalidated.")),
    _program_certificate(
        "awarded",
        _("Program certificate awarded"),
        _("A learner was awarded a program certificate. It comes from the Credentials service, over an event bus."),
    ),
    _program_certificate(
        "revoked",
        _("Program certificate revoked"),
        _("A program certificate was taken back. It comes from the Credentials service, over an event bus."),
    ),
    _ENROLLMENT,
)

CATALOGUE: Mapping[str, EventType] = MappingProxyType({each.kind: each for each in _EVENT_TYPES})
"""Every supported event by its kind, in the order in which people are offered them."""
