"""After a pause: what learners did meanwhile is held against the badge, once it is resumed and somebody asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from credly_badges import lms, progress
from credly_badges.events import intake, replay, runs
from credly_badges.learning_event import LearningEvent
from credly_badges.models import BadgeAward, BadgeTemplate, HistoryRun, ReceivedEvent
from credly_badges.testing.factories import PASSING_STATUS, UserFactory, a_badge_for_passing

pytestmark = pytest.mark.django_db

MATHS, ART = "course-v1:edX+Maths+2024", "course-v1:edX+Art+2024"
MARCH = datetime(2024, 3, 5, 12, tzinfo=UTC)
State = HistoryRun.State


@pytest.fixture(autouse=True)
def _nothing_happened_before() -> None:
    lms.backend().clear()


def tell(learner: Any, course: str = MATHS) -> None:
    name = course.split("+")[1]
    scopes = (course, f"edX+{name}", "edX", "")
    intake.receive(LearningEvent(learner.pk, PASSING_STATUS, course, MARCH, {"is_passing": True}, scopes, course))
    for pk in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
        progress.record(pk)


def set_status(template: BadgeTemplate, status: str) -> None:
    BadgeTemplate.objects.filter(pk=template.pk).update(status=status)
    template.refresh_from_db()


def replayed(template: BadgeTemplate, since: datetime) -> HistoryRun:
    return replay.go_on(replay.begin(template, None, since, wake=False))


def test_what_happened_in_a_pause_is_counted_and_then_awarded_with_its_date() -> None:
    template = a_badge_for_passing(MATHS)
    set_status(template, "paused")
    a_badge_for_passing(ART)
    since = timezone.now()
    ada, ben = UserFactory.create_batch(2)
    tell(ada)
    tell(ben)
    tell(ben, ART)
    assert not BadgeAward.objects.filter(template=template).exists()

    assert replay.count(template, since) == (2, 2)
    set_status(template, "active")
    run = replayed(template, since)

    assert run.state == State.DONE
    assert run.counts["events"] == 2
    awards = BadgeAward.objects.filter(template=template)
    assert sorted(awards.values_list("learner", "earned_at")) == [(ada.pk, MARCH), (ben.pk, MARCH)]


def test_what_was_told_before_the_pause_and_passed_over_in_it_is_replayed() -> None:
    template = a_badge_for_passing(MATHS)
    learner = UserFactory()
    scopes = (MATHS, "edX+Maths", "edX", "")
    intake.receive(LearningEvent(learner.pk, PASSING_STATUS, MATHS, MARCH, {"is_passing": True}, scopes, MATHS))
    since = timezone.now()
    set_status(template, "paused")
    progress.record(ReceivedEvent.objects.get().pk)  # The worker comes only now.
    set_status(template, "active")

    replayed(template, since)

    assert BadgeAward.objects.get().learner == learner


def test_what_was_kept_before_the_pause_is_left_alone() -> None:
    template = a_badge_for_passing(MATHS)
    set_status(template, "paused")
    tell(UserFactory())
    since = timezone.now() + timedelta(seconds=1)

    assert replay.count(template, since) == (0, 0)
    set_status(template, "active")
    assert replayed(template, since).state == State.DONE
    assert not BadgeAward.objects.exists()


def test_replaying_twice_awards_once() -> None:
    template = a_badge_for_passing(MATHS)
    set_status(template, "paused")
    since = timezone.now()
    tell(UserFactory())
    set_status(template, "active")

    replayed(template, since)
    replayed(template, since)

    assert BadgeAward.objects.count() == 1


def test_it_goes_on_where_it_was_left(monkeypatch) -> None:
    monkeypatch.setattr(replay, "AT_ONCE", 2)
    template = a_badge_for_passing(MATHS)
    set_status(template, "paused")
    since = timezone.now()
    for learner in UserFactory.create_batch(5):
        tell(learner)
    set_status(template, "active")

    run = replay.go_on(replay.begin(template, None, since, wake=False), until=0.0)

    assert run.state == State.RUNNING
    assert BadgeAward.objects.count() == 2
    run = replay.go_on(run)
    assert run.state == State.DONE
    assert run.counts["events"] == 5
    assert BadgeAward.objects.count() == 5


def test_a_badge_that_is_still_paused_is_not_replayed() -> None:
    template = a_badge_for_passing(MATHS)
    set_status(template, "paused")
    since = timezone.now()
    tell(UserFactory())

    run = replayed(template, since)

    assert run.state == State.STOPPED
    assert "Resume it" in run.error


def test_what_nobody_works_on_any_more_is_gone_on_with(django_capture_on_commit_callbacks) -> None:
    template = a_badge_for_passing(MATHS)
    set_status(template, "paused")
    since = timezone.now()
    tell(UserFactory())
    set_status(template, "active")
    run = replay.begin(template, None, since, wake=False)
    runs.Hold.take(run)  # By a process that dies.
    assert runs.wake_left() == 0

    HistoryRun.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert runs.wake_left() == 1

    run.refresh_from_db()
    assert run.state == State.DONE
    assert BadgeAward.objects.count() == 1
