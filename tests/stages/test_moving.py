"""Requirements change while learners are on their way: who is judged by which version, and what they keep."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credly_badges import progress
from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import (
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    DataRule,
    Fulfillment,
    ListeningPlace,
    ReceivedEvent,
    Regression,
    RequirementGroup,
)
from credly_badges.progress import moving
from credly_badges.testing.factories import (
    PASSING_STATUS,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
A, B, C = (f"course-v1:edX+{name}+1" for name in "ABC")


def happens(learner, course, hour=0, kind=PASSING_STATUS, **attributes):
    scopes = (course, course.removeprefix("course-v1:").rpartition("+")[0], "edX", "")
    at = NOON + timedelta(hours=hour)
    intake.receive(LearningEvent(learner.pk, kind, course, at, attributes or {"is_passing": True}, scopes))
    for event_id in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
        progress.record(event_id)


def version(badge, number, *courses, **group):
    """That version of a badge's requirements: to pass all of these courses. It is valid from now on."""
    row = GroupFactory(template=badge, version=number, key="g", **group)
    for course in courses:
        RuleFactory(requirement__group=row, requirement__scope=course, requirement__key=course)
    badge.version = number
    badge.save(update_fields=["version"])


def a_badge(*courses, **template):
    badge = TemplateFactory(active=True, **template)
    version(badge, 1, *courses)
    return badge


def where(learner):
    mine = BadgeProgress.objects.get(learner=learner)
    return mine.version, mine.percent


def test_who_begins_now_is_judged_by_the_version_that_is_valid_now():
    badge = a_badge(A, B)
    version(badge, 2, A)
    learner = UserFactory()

    happens(learner, A)

    assert where(learner) == (2, 100)
    assert BadgeAward.objects.get().version == 2


def test_who_is_on_the_way_keeps_to_the_version_that_they_began_with():
    badge = a_badge(A, B, on_change="keep")
    learner = UserFactory()
    happens(learner, A)
    version(badge, 2, A, C)

    progress.sweep()
    happens(learner, B, 1)

    assert where(learner) == (1, 100)
    assert BadgeAward.objects.get().version == 1


def test_who_is_on_the_way_is_moved_and_judged_anew_from_what_is_stored():
    badge = a_badge(A, B, C)
    learner = UserFactory()
    happens(learner, A, 1)
    happens(learner, B, 2)
    version(badge, 2, A, B)

    assert progress.move_on() == 1

    assert where(learner) == (2, 100)
    award = BadgeAward.objects.get()
    assert (award.version, award.earned_at) == (2, NOON + timedelta(hours=2))
    assert progress.move_on() == 0


def test_what_was_asked_newly_counts_from_before():
    """An event that met nothing of the old version, but was stored for it, meets the new one."""
    badge = a_badge(A)
    row = badge.groups.get().requirements.get()
    DataRule.objects.update(path="grade", field_type="number", operator="gte", value="80")
    other = GroupFactory(template=badge)
    RuleFactory(requirement__group=other, requirement__scope=B)
    learner = UserFactory()
    happens(learner, B)
    happens(learner, A, 1, grade=70)
    group = GroupFactory(template=badge, version=2)
    RuleFactory(
        requirement__group=group,
        requirement__scope=A,
        requirement__key=row.key,
        path="grade",
        field_type="number",
        operator="gte",
        value="60",
    )
    BadgeTemplate.objects.update(version=2)

    progress.sweep()

    assert where(learner) == (2, 100)


def test_who_has_completed_stays_with_the_version_that_they_completed():
    badge = a_badge(A)
    learner = UserFactory()
    happens(learner, A)
    version(badge, 2, A, B)

    assert progress.move_on() == 0
    progress.judge_anew(BadgeProgress.objects.get().pk)

    assert where(learner) == (1, 100)
    assert BadgeAward.objects.get().live


def test_what_was_met_stays_met_though_its_event_is_no_longer_kept():
    badge = a_badge(A, B)
    learner = UserFactory()
    happens(learner, A, 3)
    before = Fulfillment.objects.get()
    ReceivedEvent.objects.all().delete()
    version(badge, 2, A, B, C)

    progress.move_on()

    now = Fulfillment.objects.get()
    assert (now.requirement.group.version, now.decided_at, now.evidence, now.course) == (
        2,
        NOON + timedelta(hours=3),
        before.evidence,
        "edX+A",
    )
    assert where(learner) == (2, 33)


def test_what_is_asked_otherwise_is_not_met_by_what_is_no_longer_kept():
    badge = a_badge(A, B)
    learner = UserFactory()
    happens(learner, A)
    ReceivedEvent.objects.all().delete()
    version(badge, 2, A, B, closes_on=date(2026, 12, 31))

    progress.move_on()

    assert where(learner) == (2, 0)


def test_what_was_met_in_time_is_carried_over_though_it_was_stated_again_too_late():
    badge = TemplateFactory(active=True)
    version(badge, 1, A, B, closes_on=date(2026, 5, 1))
    learner = UserFactory()
    happens(learner, A, 1, is_passing=True, grade=80)
    happens(learner, A, 48, is_passing=True, grade=90)
    assert where(learner) == (1, 50)
    version(badge, 2, A, C, closes_on=date(2026, 5, 1))

    progress.move_on()

    assert where(learner) == (2, 50)


def test_a_penalty_is_carried_over_to_what_it_undoes_now():
    badge = a_badge(A, B)
    rejected = "org.openedx.learning.exam.attempt.rejected.v1"
    undo = {"event_type": rejected, "scope": "", "key": "penalty", "undoes": [A]}
    RequirementFactory(group=GroupFactory(template=badge, needs="undo"), **undo)
    learner = UserFactory()
    happens(learner, A, 1)
    happens(learner, A, 2, kind=rejected)
    ReceivedEvent.objects.all().delete()
    version(badge, 2, A, B, C)
    RequirementFactory(group=GroupFactory(template=badge, needs="undo", version=2), **undo)

    progress.move_on()

    assert where(learner) == (2, 0)


def test_who_holds_the_badge_and_lost_ground_is_judged_by_what_it_was_earned_by():
    badge = a_badge(A, on_loss="hold")
    learner = UserFactory()
    happens(learner, A)
    happens(learner, A, 1, is_passing=False)
    version(badge, 2, A, B)

    assert progress.move_on() == 0
    happens(learner, A, 2)

    assert where(learner) == (1, 100)
    assert Regression.objects.get().state == "recovered"


def test_who_completed_a_program_stays_complete_when_it_gets_another_course():
    badge = TemplateFactory(active=True, on_loss="revoke")
    courses = RequirementFactory(group=GroupFactory(template=badge), scope="\n".join((A, B)), times=None)
    RuleFactory(requirement=courses)
    learner = UserFactory()
    happens(learner, A)
    happens(learner, B)
    ListeningPlace.objects.create(requirement=courses, event_type=PASSING_STATUS, scope=C)

    happens(learner, C, is_passing=False)
    happens(learner, "course-v1:edX+A+1", 1, is_passing=True, grade=90)
    assert where(learner) == (1, 100)
    happens(learner, B, 2, is_passing=False)

    assert where(learner) == (1, 33)
    assert Regression.objects.get().state == "revoked"


def test_while_the_badge_is_paused_nobody_is_moved():
    badge = a_badge(A, B)
    learner = UserFactory()
    happens(learner, A)
    version(badge, 2, A)
    BadgeTemplate.objects.update(status="paused")

    assert progress.move_on() == 0

    BadgeTemplate.objects.update(status="active")
    progress.sweep()
    assert where(learner) == (2, 100)


def test_one_who_cannot_be_moved_does_not_hold_up_the_others(caplog):
    badge = a_badge(A, B)
    broken, sound = UserFactory.create_batch(2)
    for learner in (broken, sound):
        happens(learner, A)
    ReceivedEvent.objects.filter(learner=broken).update(scopes=7)
    version(badge, 2, A)

    progress.move_on()

    assert where(sound) == (2, 100)
    assert where(broken) == (1, 50)
    assert "could not be moved" in caplog.text


def test_one_who_cannot_be_moved_does_not_end_the_chain(monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(moving, "PORTION", 2)
    badge = a_badge(A, B)
    broken, *sound = UserFactory.create_batch(6)
    for learner in (broken, *sound):
        happens(learner, A)
    ReceivedEvent.objects.filter(learner=broken).update(scopes=7)
    version(badge, 2, A)

    with django_capture_on_commit_callbacks(execute=True):
        progress.wake_to_move()

    assert [where(learner) for learner in sound] == [(2, 100)] * 5
    assert where(broken) == (1, 50)


def test_moving_a_learner_costs_no_more_for_many_requirements():
    costs = []
    for count in (2, 50):
        badge = TemplateFactory(active=True)
        courses = [f"course-v1:edX+{number}+1" for number in range(count)]
        version(badge, 1, *courses)
        learner = UserFactory()
        for course in courses[:2]:
            happens(learner, course)
        version(badge, 2, *courses, A)
        moving = BadgeProgress.objects.get(learner=learner, template=badge)
        BadgeProgress.objects.filter(pk=moving.pk).update(completed_at=None, percent=50)
        with CaptureQueriesContext(connection) as asked:
            progress.judge_anew(moving.pk)
        costs.append(len([query for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]]))

    assert costs[0] == costs[1]


def test_rows_of_another_version_hear_nothing():
    badge = a_badge(A)
    version(badge, 2, B)
    learner = UserFactory()

    happens(learner, A)

    assert not BadgeProgress.objects.exists()
    assert RequirementGroup.objects.current().get().version == 2


def test_who_was_only_recorded_in_shadow_is_judged_by_what_was_changed_since():
    badge = TemplateFactory(status="shadow")
    version(badge, 1, A, B, needs="any")
    half, both = UserFactory.create_batch(2)
    for learner, course, hour in ((half, A, 0), (both, A, 0), (both, B, 1)):
        happens(learner, course, hour)
    version(badge, 2, A, B)

    assert progress.move_on() == 2
    assert progress.move_on() == 0
    assert (where(half), where(both)) == ((2, 50), (2, 100))
    BadgeTemplate.objects.update(status="active")
    progress.release_withheld(badge)
    progress.sweep()

    award = BadgeAward.objects.get()
    assert (award.learner, award.version, award.earned_at) == (both, 2, NOON + timedelta(hours=1))


def test_who_holds_a_badge_that_is_in_shadow_stays_with_what_it_was_earned_by():
    badge = a_badge(A)
    learner = UserFactory()
    happens(learner, A)
    BadgeTemplate.objects.update(status="shadow")
    badge.refresh_from_db()
    version(badge, 2, A, B)

    assert progress.move_on() == 0
    progress.judge_anew(BadgeProgress.objects.get().pk)

    assert where(learner) == (1, 100)
