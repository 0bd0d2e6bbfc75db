"""What the LMS says is stored once, and the latest of it counts."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from django.db import IntegrityError

from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import BadgeAward, BadgeProgress, BadgeRequirement, BadgeTemplate, ReceivedEvent
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    RequirementFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
SCOPES = (COURSE_KEY, "edX+DemoX", "edX", "")


def passing(learner, is_passing=True, hour=0):
    return LearningEvent(
        learner.pk, PASSING_STATUS, COURSE_KEY, START + timedelta(hours=hour), {"is_passing": is_passing}, SCOPES
    )


def test_an_event_that_no_active_badge_listens_to_is_not_stored(django_assert_num_queries):
    learner = UserFactory()
    badge = a_badge_for_passing()
    badge.status = "draft"
    badge.save()

    with django_assert_num_queries(1):
        intake.receive(passing(learner))

    assert not ReceivedEvent.objects.exists()


@pytest.mark.parametrize("status", BadgeTemplate.Status.values)
@pytest.mark.parametrize("credly_state", BadgeTemplate.CredlyState.values)
@pytest.mark.parametrize("scope", ["", "edX", "edX+DemoX", COURSE_KEY, "MITx"])
@pytest.mark.parametrize("kind", [PASSING_STATUS, "org.openedx.learning.course.enrollment.created.v1"])
def test_what_intake_hears_is_what_requirements_listen_for(status, credly_state, scope, kind):
    learner = UserFactory()
    RequirementFactory(
        scope=scope, event_type=kind, group__template__status=status, group__template__credly_state=credly_state
    )
    event = passing(learner)

    intake.receive(event)

    listening = BadgeRequirement.objects.listening_for(event.kind, event.scopes)
    assert ReceivedEvent.objects.exists() == listening.exists()


def test_a_repetition_moves_one_time_stamp_and_nothing_else(django_assert_num_queries):
    learner = UserFactory()
    a_badge_for_passing()
    intake.receive(passing(learner))
    before = ReceivedEvent.objects.values().get()

    with django_assert_num_queries(2):
        intake.receive(passing(learner, hour=1))

    assert ReceivedEvent.objects.values().get() == {**before, "confirmed_at": START + timedelta(hours=1)}


def test_the_same_event_arriving_twice_writes_nothing(django_assert_num_queries):
    learner = UserFactory()
    a_badge_for_passing()
    intake.receive(passing(learner))

    with django_assert_num_queries(1):
        intake.receive(passing(learner))

    assert ReceivedEvent.objects.count() == 1


@pytest.mark.parametrize("order", list(permutations([(True, 0), (False, 1), (True, 2)])))
def test_pass_fail_pass_ends_passed_in_any_order_of_arrival(order, django_capture_on_commit_callbacks):
    learner = UserFactory()
    a_badge_for_passing()

    for is_passing, hour in order:
        with django_capture_on_commit_callbacks(execute=True):
            intake.receive(passing(learner, is_passing, hour))

    event = ReceivedEvent.objects.get()
    assert (event.attributes, event.confirmed_at) == ({"is_passing": True}, START + timedelta(hours=2))
    assert BadgeProgress.objects.get().percent == 100
    assert BadgeAward.objects.count() == 1


@pytest.mark.parametrize("order", list(permutations([(True, 0), (True, 1), (False, 2)])))
def test_pass_pass_fail_ends_failed_in_any_order_of_arrival(order, django_capture_on_commit_callbacks):
    learner = UserFactory()
    a_badge_for_passing()

    for is_passing, hour in order:
        with django_capture_on_commit_callbacks(execute=True):
            intake.receive(passing(learner, is_passing, hour))

    assert ReceivedEvent.objects.get().attributes == {"is_passing": False}
    assert set(BadgeProgress.objects.values_list("percent", flat=True)) <= {0}


def test_of_two_statements_made_at_one_moment_the_same_one_counts_whichever_comes_first():
    first, second = UserFactory.create_batch(2)
    a_badge_for_passing()

    for is_passing in (True, False):
        intake.receive(passing(first, is_passing))
    for is_passing in (False, True):
        intake.receive(passing(second, is_passing))

    assert len(set(ReceivedEvent.objects.values_list("fingerprint", flat=True))) == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_about_somebody_unknown_is_an_error_and_leaves_nothing():
    a_badge_for_passing()
    nobody = UserFactory.build(pk=999_999)

    with pytest.raises(IntegrityError):
        intake.receive(passing(nobody))

    assert not ReceivedEvent.objects.exists()
