"""History is read in slices: each has whole learners, in the order of their numbers, and is as small as it can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credly_badges import criteria, lms
from credly_badges.events.slices import Listening, Slice, slices
from credly_badges.models import BadgeTemplate
from credly_badges.testing.factories import (
    PASSING_STATUS,
    GroupFactory,
    ProgressFactory,
    ReceivedEventFactory,
    RequirementFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

MARCH = datetime(2024, 3, 5, 12, tzinfo=UTC)
COURSES = [f"course-v1:edX+C{number}+1" for number in range(4)]
CERTIFICATE = "org.openedx.learning.certificate.created.v1"
EXAM = "org.openedx.learning.exam.attempt.verified.v1"


@pytest.fixture
def badge() -> BadgeTemplate:
    """One that asks for grades, certificates and exams, of which the LMS's history knows nothing."""
    lms.backend().clear()
    group = GroupFactory(template=TemplateFactory())
    for kind in (PASSING_STATUS, CERTIFICATE, EXAM):
        RequirementFactory(group=group, event_type=kind, scope="")
    return group.template


def read(badge: BadgeTemplate, at_once: int, after: int = 0) -> list[Slice]:
    listening = Listening([criteria.load(badge.pk, 1)])
    return list(slices(badge.pk, listening, [1], after=after, at_once=at_once))


def some_history(badge: BadgeTemplate) -> dict[int, int]:
    """How many statements there are of each of nine learners."""
    there: Any = lms.backend()
    learners = UserFactory.create_batch(9)
    for number, learner in enumerate(learners):
        for course in COURSES[: number % 5]:
            there.add_grade(learner.pk, course, 80, passed_at=MARCH)
        for course in COURSES[: number % 3]:
            there.add_certificate(learner.pk, course, MARCH)
        if number % 4 == 0:
            ReceivedEventFactory(learner=learner, kind=EXAM, subject=f"exam {number}", course_key=None, scopes=[""])
    ProgressFactory(learner=learners[0], template=badge)
    return {
        learner.pk: count
        for number, learner in enumerate(learners)
        if (count := number % 5 + number % 3 + (number % 4 == 0))
    }


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 100])
def test_each_learner_comes_once_and_whole(badge: BadgeTemplate, at_once: int) -> None:
    expected = some_history(badge)

    parts = read(badge, at_once)

    found = [(learner, len(said)) for part in parts for learner, said in sorted(part.statements.items())]
    assert found == sorted(expected.items())
    ends = [part.up_to for part in parts]
    assert ends == sorted(set(ends))
    assert all(max(part.statements, default=0) <= part.up_to for part in parts)
    assert sum(part.rows for part in parts) == sum(expected.values())


def test_after_any_slice_it_goes_on_with_the_next_learner(badge: BadgeTemplate) -> None:
    some_history(badge)
    parts = read(badge, at_once=2)

    for number, part in enumerate(parts[:-1]):
        rest = read(badge, at_once=2, after=part.up_to)
        assert [sorted(each.statements) for each in rest if each.statements] == [
            sorted(each.statements) for each in parts[number + 1 :] if each.statements
        ]


def test_a_slice_is_no_larger_than_what_was_asked_for_of_each_source(badge: BadgeTemplate) -> None:
    there: Any = lms.backend()
    for learner in UserFactory.create_batch(50):
        there.add_grade(learner.pk, COURSES[0], 80, passed_at=MARCH)
        there.add_certificate(learner.pk, COURSES[0], MARCH + timedelta(days=1))

    parts = read(badge, at_once=10)

    assert max(part.rows for part in parts) <= 20
    assert sum(part.rows for part in parts) == 100


def test_of_nobody_there_is_nothing(badge: BadgeTemplate) -> None:
    assert read(badge, at_once=10) == []
