"""What is known of a learner beside the event: an event says when to look, and these facts say how things stand.

A rule asks for one by a path that begins with ``state.``. Only what is asked for is read, and each kind of fact with
one question, for however many learners, requirements and templates. What is not known is left out, so that rules about
it do not hold, with one exception: a course of which no end is known has not ended.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from . import lms
from .models import BadgeAward
from .rules.fields import Field, FieldType
from .rules.language import Condition

PREFIX = "state."

SUBSECTION = "subsection"
BADGE = "badge"

Asked = tuple[str, str]
"""A path, and what it is about: the usage key of a subsection, the UUID of a badge template, or nothing."""


@dataclass(frozen=True)
class StateField:
    """One fact that rules can ask for.

    ``needs_course``: it is about the course in which the event happened, and not known for an event without one.
    ``about`` says what else a rule has to name: a subsection (its usage key) or a badge (its template's UUID).
    """

    field: Field
    needs_course: bool = True
    about: str = ""


class Question(NamedTuple):
    """Of whom, in which course run (empty for none), and at what time: that of the event."""

    learner_id: int
    course_key: str
    at: datetime


def field(path: str) -> Field | None:
    """The field at a path that begins with ``state.``, or None where there is none."""
    found = STATE.get(path)
    return found.field if found else None


def asked(conditions: Iterable[Condition]) -> frozenset[Asked]:
    """What these conditions ask for; nothing where all of them look at the event alone."""
    rules = (rule for condition in conditions for rule in condition.rules)
    return frozenset((rule.path, rule.about) for rule in rules if rule.path.startswith(PREFIX))


def read(questions: Collection[Question], asked: Collection[Asked]) -> dict[Question, dict[str, Any]]:
    """For each question ``{"state": …}`` with what was asked for, to be merged into the event's attributes.

    One question to the LMS for each kind of fact, and one to our own tables for badges; none where nothing is asked.
    Values are those of JSON. Under a path that is about something, they are by what they are about.
    """
    found: dict[Question, dict[str, Any]] = {question: {} for question in questions}
    if not found:
        return {}
    by_kind: dict[str, list[Asked]] = {}
    for path, about in sorted(asked):
        if path in STATE:
            by_kind.setdefault(path.split(".")[1], []).append((path, about))
    for kind, wanted in by_kind.items():
        for question, path, about, value in _READ[kind](found, wanted):
            if value is not None:
                _put(found[question], path, about, value)
    return {question: {"state": facts} for question, facts in found.items()}


Fact = tuple[Question, str, str, Any]
Questions = Collection[Question]


def _put(facts: dict[str, Any], path: str, about: str, value: Any) -> None:
    *folders, name = path.removeprefix(PREFIX).split(".")
    for folder in (*folders, name) if about else folders:
        facts = facts.setdefault(folder, {})
    facts[about or name] = value


def _rows(source: lms.Source, facts: Mapping[str, Callable[[Any, Question], Any]]) -> Callable[..., Iterator[Fact]]:
    """A reader of facts that stand in the row that a source has of a learner in a course."""

    def read_rows(questions: Questions, wanted: Iterable[Asked]) -> Iterator[Fact]:
        found = lms.rows_of(source, *_learners_and_courses(questions))
        rows = {(row.user_id, row.course_key): row for row in found}
        paths = [path for path, _about in wanted]
        for question in questions:
            row = rows.get((question.learner_id, question.course_key))
            if row is not None:
                yield from ((question, path, "", facts[path](row, question)) for path in paths)

    return read_rows


def _subsections(questions: Questions, wanted: Collection[Asked]) -> Iterator[Fact]:
    keys = {about: key for _path, about in wanted if (key := _usage_key(about))}
    grades = lms.subsection_grades({each.learner_id for each in questions}, set(keys.values()))
    for question in questions:
        for path, about in wanted:
            if about in keys:
                yield question, path, about, grades.get((question.learner_id, str(keys[about])))


def _completion(questions: Questions, wanted: Collection[Asked]) -> Iterator[Fact]:
    found = lms.completions({(each.learner_id, each.course_key) for each in questions if each.course_key})
    for question in questions:
        for path, _about in wanted:
            yield question, path, "", found.get((question.learner_id, question.course_key))


def _cohort(questions: Questions, wanted: Collection[Asked]) -> Iterator[Fact]:
    found = lms.cohorts(*_learners_and_courses(questions))
    for question in questions:
        for path, _about in wanted:
            yield question, path, "", found.get((question.learner_id, question.course_key))


def _team(questions: Questions, wanted: Collection[Asked]) -> Iterator[Fact]:
    found = lms.teams(*_learners_and_courses(questions))
    for question in questions:
        names = found.get((question.learner_id, question.course_key))
        for path, _about in wanted:
            yield question, path, "", ", ".join(sorted(names)) if names else None


def _course(questions: Questions, wanted: Collection[Asked]) -> Iterator[Fact]:
    found = lms.courses({each.course_key for each in questions if each.course_key})
    for question in questions:
        if question.course_key:
            course = found.get(question.course_key)
            yield from ((question, path, "", _COURSE[path](course, question)) for path, _about in wanted)


def _badges(questions: Questions, wanted: Collection[Asked]) -> Iterator[Fact]:
    templates = {about: template for _path, about in wanted if (template := _uuid(about))}
    if not templates:
        return
    awards = BadgeAward.objects.filter(
        learner__in={each.learner_id for each in questions}, template__uuid__in=set(templates.values()), live=True
    )
    held: set[tuple[str, int, uuid.UUID]] = set()
    for learner_id, template, state, source in awards.values_list("learner", "template__uuid", "state", "source"):
        held |= {(path, learner_id, template) for path, counts in _BADGE.items() if counts(state, source)}
    for question in questions:
        for path, about in wanted:
            if about in templates:
                yield question, path, about, (path, question.learner_id, templates[about]) in held


def _learners_and_courses(questions: Questions) -> tuple[set[int], set[str]]:
    placed = [each for each in questions if each.course_key]
    return {each.learner_id for each in placed}, {each.course_key for each in placed}


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _usage_key(text: str) -> UsageKey | None:
    try:
        return UsageKey.from_string(text)
    except InvalidKeyError:
        return None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


_COURSE: Mapping[str, Callable[[lms.Course | None, Question], Any]] = {
    "state.course.start": lambda course, _question: _text(course.start) if course else None,
    "state.course.end": lambda course, _question: _text(course.end) if course else None,
    "state.course.has_ended": lambda course, question: bool(course and course.end and course.end < question.at),
}

_STANDS = (BadgeAward.State.QUEUED, BadgeAward.State.OFFERED, BadgeAward.State.ACCEPTED)
_BADGE: Mapping[str, Callable[[str, str], bool]] = {
    "state.badge.held": lambda state, source: state in _STANDS and source != BadgeAward.Source.FOUND,
    "state.badge.accepted": lambda state, _source: state == BadgeAward.State.ACCEPTED,
}

_READ: Mapping[str, Callable[[Questions, Collection[Asked]], Iterator[Fact]]] = {
    "grade": _rows(
        lms.Source.GRADES,
        {
            "state.grade.percent": lambda row, _question: row.percent,
            "state.grade.letter": lambda row, _question: row.letter or None,
        },
    ),
    "certificate": _rows(
        lms.Source.CERTIFICATES,
        {
            "state.certificate.status": lambda row, _question: row.status,
            "state.certificate.mode": lambda row, _question: row.mode,
        },
    ),
    "enrollment": _rows(
        lms.Source.ENROLLMENTS,
        {
            "state.enrollment.mode": lambda row, _question: row.mode,
            "state.enrollment.is_active": lambda row, _question: row.is_active,
            "state.enrollment.created": lambda row, _question: _text(row.created),
            "state.enrollment.days": lambda row, question: (question.at - row.created).days,
        },
    ),
    "subsection": _subsections,
    "completion": _completion,
    "cohort": _cohort,
    "team": _team,
    "course": _course,
    "badge": _badges,
}

_MOMENT = "2026-03-01T12:00:00+00:00"


def _number(path: str, label: Any, unit: Any, sample: int) -> Field:
    return Field(path, label, FieldType.NUMBER, unit=unit, sample=sample)


_FIELDS = (
    StateField(_number("state.grade.percent", _("grade in the course now"), "%", 85)),
    StateField(Field("state.grade.letter", _("letter grade in the course now"), FieldType.TEXT, sample="A")),
    StateField(
        _number("state.subsection.percent", _("grade in the subsection"), "%", 85), needs_course=False, about=SUBSECTION
    ),
    StateField(_number("state.completion.percent", _("share of the course completed"), "%", 100)),
    StateField(
        Field("state.certificate.status", _("status of the certificate now"), FieldType.TEXT, sample="downloadable")
    ),
    StateField(Field("state.certificate.mode", _("track of the certificate"), FieldType.TEXT, sample="verified")),
    StateField(Field("state.enrollment.mode", _("enrollment track now"), FieldType.TEXT, sample="verified")),
    StateField(Field("state.enrollment.is_active", _("enrolled now"), FieldType.BOOLEAN, sample=True)),
    StateField(Field("state.enrollment.created", _("first enrolled at"), FieldType.DATE, sample=_MOMENT)),
    StateField(_number("state.enrollment.days", _("days since the first enrollment"), _("days"), 30)),
    StateField(Field("state.cohort", _("cohort"), FieldType.TEXT, sample="Evening class")),
    StateField(Field("state.team", _("team (several with commas between them)"), FieldType.TEXT, sample="Blue")),
    StateField(Field("state.course.start", _("start of the course"), FieldType.DATE, sample=_MOMENT)),
    StateField(Field("state.course.end", _("end of the course"), FieldType.DATE, sample=_MOMENT)),
    StateField(Field("state.course.has_ended", _("course has ended"), FieldType.BOOLEAN, sample=False)),
    StateField(
        Field("state.badge.held", _("holds the badge"), FieldType.BOOLEAN, sample=True), needs_course=False, about=BADGE
    ),
    StateField(
        Field("state.badge.accepted", _("has accepted the badge at Credly"), FieldType.BOOLEAN, sample=True),
        needs_course=False,
        about=BADGE,
    ),
)

STATE: Mapping[str, StateField] = MappingProxyType({each.field.path: each for each in _FIELDS})
"""Every fact that can be asked for by its path, in the order in which people are offered them."""
