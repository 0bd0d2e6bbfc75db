"""What the LMS's history tells is what its live signals would have told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credly_badges.events import history
from credly_badges.events.normalize import normalize
from credly_badges.learning_event import LearningEvent
from credly_badges.lms import CertificateRow, EnrollmentRow, GradeRow
from tests.lms_events import LEARNER, received

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
CCX_PASSING = "org.openedx.learning.ccx.course.passing.status.updated.v1"
GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
CREATED = "org.openedx.learning.certificate.created.v1"
CHANGED = "org.openedx.learning.certificate.changed.v1"
ENROLLED = "org.openedx.learning.course.enrollment.created.v1"
BADGE = "org.openedx.learning.badge.awarded.v1"
LONG_AGO = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
LATER = LONG_AGO + timedelta(days=30)


def live(kind: str, **changes: Any) -> tuple[LearningEvent, dict[str, Any]]:
    """What the corridor makes of the live signal, and what the signal carried."""
    payload, told_at = received(kind, **changes)
    event = normalize(kind, payload, told_at)
    assert event is not None
    return event, payload


def from_history(kind: str, row: Any) -> LearningEvent | None:
    return history.event(kind, row, history.place_of(row))


def says_the_same(told: LearningEvent | None, live_one: LearningEvent) -> bool:
    """Everything but the time, which history has the original of."""
    assert told is not None
    return (told.identity, told.fingerprint, told.attributes, told.scopes, told.course_key) == (
        live_one.identity,
        live_one.fingerprint,
        live_one.attributes,
        live_one.scopes,
        live_one.course_key,
    )


@pytest.mark.parametrize(("is_passing", "letter"), [(True, "Pass"), (False, "")])
@pytest.mark.parametrize("kind", [PASSING, CCX_PASSING])
def test_a_grade_tells_who_passes(kind: str, is_passing: bool, letter: str) -> None:
    event, _payload = live(kind, is_passing=is_passing)

    row = GradeRow(LEARNER, event.subject, 71.5, letter, None, LATER)

    assert says_the_same(from_history(kind, row), event)


def test_a_custom_course_has_an_event_of_its_own() -> None:
    ccx, usual = live(CCX_PASSING)[0].subject, live(PASSING)[0].subject

    assert from_history(PASSING, GradeRow(LEARNER, ccx, 80, "Pass", LONG_AGO, LATER)) is None
    assert from_history(CCX_PASSING, GradeRow(LEARNER, usual, 80, "Pass", LONG_AGO, LATER)) is None


@pytest.mark.parametrize(
    ("letter", "passed_at", "expected"),
    [("Pass", LONG_AGO, LONG_AGO), ("Pass", None, LATER), ("", LONG_AGO, LATER), ("", None, LATER)],
)
def test_passing_counts_from_the_first_pass_and_failing_from_the_last_change(
    letter: str, passed_at: datetime | None, expected: datetime
) -> None:
    told = from_history(PASSING, GradeRow(LEARNER, "course-v1:edX+DemoX+2026", 80, letter, passed_at, LATER))

    assert told is not None
    assert told.occurred_at == expected


@pytest.mark.parametrize("share", [0.57, 0.7, 1.0, 0.0, 0.12, 0.835, 0.6666])
def test_a_grade_in_percent_is_the_same_number(share: float) -> None:
    event, payload = live(GRADE, percent_grade=share)
    grade = payload["grade"]

    row = GradeRow(LEARNER, event.subject, share * 100, grade.letter_grade, grade.passed_timestamp, LATER)

    told = from_history(GRADE, row)
    assert says_the_same(told, event)
    assert told is not None
    assert told.occurred_at == LATER


def test_a_grade_that_never_passed_has_no_letter_and_no_time() -> None:
    event, _payload = live(GRADE, letter_grade="", passed_timestamp=None)

    told = from_history(GRADE, GradeRow(LEARNER, event.subject, event.attributes["grade"]["percent"], "", None, LATER))

    assert says_the_same(told, event)


@pytest.mark.parametrize("kind", [CREATED, CHANGED])
def test_a_certificate_is_told_as_it_was_saved(kind: str) -> None:
    event, payload = live(kind)
    there = payload["certificate"]

    row = CertificateRow(LEARNER, event.subject, there.current_status, there.mode, there.grade, LONG_AGO, LATER)

    told = from_history(kind, row)
    assert says_the_same(told, event)
    assert told is not None
    assert told.occurred_at == LATER


@pytest.mark.parametrize("status", ["unavailable", "notpassing", "requesting"])
def test_a_certificate_that_does_not_stand_was_not_awarded(status: str) -> None:
    row = CertificateRow(LEARNER, "course-v1:edX+DemoX+2026", status, "honor", "0.9", LONG_AGO, LATER)

    assert from_history(CREATED, row) is None
    assert from_history(CHANGED, row) is not None


def test_an_enrollment_is_told_with_its_first_day() -> None:
    event, payload = live(ENROLLED, is_active=True)
    enrollment = payload["enrollment"]

    row = EnrollmentRow(LEARNER, event.subject, enrollment.mode, True, enrollment.creation_date)

    told = from_history(ENROLLED, row)
    assert says_the_same(told, event)
    assert told is not None
    assert told.occurred_at.isoformat() == event.attributes["enrollment"]["creation_date"]


def test_an_enrollment_that_has_ended_tells_nothing() -> None:
    row = EnrollmentRow(LEARNER, "course-v1:edX+DemoX+2026", "audit", False, LONG_AGO)

    assert from_history(ENROLLED, row) is None


def test_a_badge_of_ours_is_told_as_it_was_announced() -> None:
    event, payload = live(BADGE)

    told = from_history(BADGE, history.BadgeRow(LEARNER, payload["badge"].template.uuid, LONG_AGO))

    assert says_the_same(told, event)
    assert told is not None
    assert told.occurred_at == LONG_AGO
