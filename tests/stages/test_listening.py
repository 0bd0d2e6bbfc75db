"""Where events find a requirement: the places that were typed, and for a program the course runs that it has now."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from credly_badges import listening, lms, progress, rounds
from credly_badges.models import BadgeAward, BadgeProgress, BadgeRequirement, ListeningPlace, Pulse
from credly_badges.testing.factories import (
    PASSING_STATUS,
    FulfillmentFactory,
    GroupFactory,
    OrganizationFactory,
    ProgressFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PROGRAM = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"
OTHER_PROGRAM = "9a2b6f4e-5d0c-4c1a-8f43-6f1f5b1c2d3e"
FIRST, SECOND, THIRD = (f"course-v1:edX+{name}+2026" for name in ("First", "Second", "Third"))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
PROGRAM_CERTIFICATE = "org.openedx.learning.program.certificate.awarded.v1"


@pytest.fixture(autouse=True)
def edx():
    """An LMS with one program of two courses."""
    lms.backend().clear()
    lms.backend().add_program(PROGRAM, FIRST, SECOND)
    yield lms.backend()
    lms.backend().clear()


def a_requirement(*places, event_type=PASSING_STATUS, **template):
    template.setdefault("active", True)
    group = GroupFactory(template=TemplateFactory(**template))
    return BadgeRequirement.objects.create(group=group, event_type=event_type, scope="\n".join(places))


def heard_at(requirement, event_type=PASSING_STATUS):
    return set(
        ListeningPlace.objects.filter(requirement=requirement, event_type=event_type).values_list("scope", flat=True)
    )


def test_several_places_are_listened_at_and_a_program_at_its_course_runs():
    requirement = a_requirement("edX+Other", THIRD, PROGRAM)

    changed = listening.write([requirement])

    assert heard_at(requirement) == {"edX+Other", THIRD, FIRST, SECOND}
    assert changed == 4
    assert listening.write([requirement]) == 0


def test_a_requirement_without_a_place_listens_everywhere():
    requirement = a_requirement()

    listening.write([requirement])

    assert heard_at(requirement) == {""}


def test_the_certificate_of_a_program_is_about_the_program_and_not_its_courses():
    requirement = a_requirement(PROGRAM, event_type=PROGRAM_CERTIFICATE)

    listening.write([requirement])

    assert heard_at(requirement, PROGRAM_CERTIFICATE) == {PROGRAM}


def test_a_program_that_gets_another_course_is_listened_for_there_and_no_longer_where_it_lost_one(edx):
    requirement = a_requirement(PROGRAM)
    listening.write([requirement])
    edx.add_program(PROGRAM, FIRST, THIRD)

    changed = listening.refresh()

    assert heard_at(requirement) == {FIRST, THIRD}
    assert changed == 2


def test_while_the_lms_does_not_know_a_program_it_keeps_its_courses(edx, caplog):
    requirement = a_requirement(PROGRAM, OTHER_PROGRAM)
    edx.add_program(OTHER_PROGRAM, THIRD)
    listening.write([requirement])
    edx.clear()

    with caplog.at_level(logging.WARNING):
        changed = listening.refresh()

    assert heard_at(requirement) == {FIRST, SECOND, THIRD}
    assert changed == 0
    assert f"Requirement {requirement.pk} asks for a program that this LMS does not know." in caplog.text


def test_a_program_that_the_lms_never_knew_is_heard_nowhere_rather_than_everywhere():
    requirement = a_requirement(OTHER_PROGRAM)

    listening.write([requirement])

    assert heard_at(requirement) == set()


def test_places_that_were_taken_out_are_not_listened_at_any_more():
    requirement = a_requirement(FIRST, SECOND)
    listening.write([requirement])
    requirement.scope = f"{SECOND}\n{THIRD}"

    changed = listening.write([requirement])

    assert heard_at(requirement) == {SECOND, THIRD}
    assert changed == 2


def test_another_event_is_listened_for_at_the_same_places():
    requirement = a_requirement(FIRST, SECOND)
    listening.write([requirement])
    requirement.event_type = GRADE

    changed = listening.write([requirement])

    assert heard_at(requirement, GRADE) == {FIRST, SECOND}
    assert heard_at(requirement) == set()
    assert changed == 2


def test_another_event_keeps_the_courses_of_a_program_that_is_not_known_at_the_moment(edx):
    requirement = a_requirement(PROGRAM)
    listening.write([requirement])
    requirement.event_type = GRADE
    edx.clear()

    listening.write([requirement])

    assert heard_at(requirement, GRADE) == {FIRST, SECOND}


@pytest.mark.parametrize(
    ("status", "expected"), [("draft", {FIRST}), ("retired", {FIRST}), ("paused", {FIRST, SECOND})]
)
def test_programs_are_looked_up_again_for_badges_that_listen(edx, status, expected):
    edx.add_program(PROGRAM, FIRST)
    requirement = a_requirement(PROGRAM, active=False, status=status)
    listening.write([requirement])
    edx.add_program(PROGRAM, FIRST, SECOND)

    listening.refresh()

    assert heard_at(requirement) == expected


def test_the_lms_is_asked_once_however_many_requirements_name_a_program(edx, monkeypatch):
    asked = []
    monkeypatch.setattr(type(edx), "runs_of_programs", lambda _lms, uuids: asked.append(set(uuids)) or {})
    rows = [a_requirement(PROGRAM), a_requirement(OTHER_PROGRAM), a_requirement(PROGRAM, FIRST), a_requirement(FIRST)]

    listening.write(rows)

    assert asked == [{PROGRAM, OTHER_PROGRAM}]


def test_once_a_day_the_courses_of_programs_are_looked_up_again(edx):
    requirement = a_requirement(PROGRAM, organization=OrganizationFactory(key_rejected=True))
    listening.write([requirement])
    edx.add_program(PROGRAM, FIRST, SECOND, THIRD)

    done = {each.pulse: each.failure for each in rounds.due(Pulse.Source.COMMAND)}

    assert done[Pulse.Source.PLACES] == ""
    assert heard_at(requirement) == {FIRST, SECOND, THIRD}
    assert Pulse.Source.PLACES not in {each.pulse for each in rounds.due(Pulse.Source.COMMAND)}


def test_who_has_passed_all_that_a_program_has_left_earns_the_badge(edx):
    requirement = a_requirement(PROGRAM)
    requirement.times = None
    requirement.save()
    listening.write([requirement])
    learner, beginner = UserFactory.create_batch(2)
    for whose in (learner, beginner):
        mine = ProgressFactory(learner=whose, template=requirement.group.template, percent=50)
        FulfillmentFactory(
            progress=mine,
            requirement=requirement,
            subject=FIRST if whose is learner else SECOND,
            course="edX+First" if whose is learner else "edX+Second",
            decided_at=NOON,
        )
    edx.add_program(PROGRAM, FIRST)

    rounds.due(Pulse.Source.COMMAND)
    progress.sweep()

    award = BadgeAward.objects.get()
    assert (award.learner, award.earned_at) == (learner, NOON)
    assert set(BadgeProgress.objects.values_list("learner", "percent", "try_again_at")) == {
        (learner.pk, 100, None),
        (beginner.pk, 0, None),
    }
