"""Editing what a badge takes, while learners are on their way to it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from credly_badges import progress, requirements
from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import BadgeAward, Fulfillment, ReceivedEvent
from credly_badges.testing.factories import COURSE_KEY, PASSING_STATUS, RuleFactory, UserFactory, a_badge_for_passing

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND, THIRD = "course-v1:edX+Second+2026", "course-v1:edX+Third+2026"


def passes(learner, course_key):
    intake.receive(
        LearningEvent(learner.pk, PASSING_STATUS, course_key, NOON, {"is_passing": True}, (course_key, "edX", ""))
    )
    progress.record(ReceivedEvent.objects.get(waiting=True).pk)


def change_the_first(badge, **fields):
    """Save the badge's requirements with the first of them changed."""
    groups = requirements.stored(badge)
    first = replace(groups[0].requirements[0], **fields)
    changed = (replace(groups[0], requirements=(first,)), *groups[1:])
    return requirements.save(badge, changed, by=None, seen=requirements.fingerprint(groups))


def test_a_requirement_that_moves_to_another_course_is_not_met_by_the_one_it_left():
    learner = UserFactory()
    badge = a_badge_for_passing(COURSE_KEY)
    RuleFactory(requirement__group__template=badge, requirement__scope=SECOND)
    passes(learner, COURSE_KEY)

    assert change_the_first(badge, scope=THIRD)
    passes(learner, SECOND)

    assert not BadgeAward.objects.exists()
    passes(learner, THIRD)
    assert BadgeAward.objects.get().template == badge


def test_a_requirement_that_is_only_worded_anew_stays_met():
    learner = UserFactory()
    badge = a_badge_for_passing(COURSE_KEY)
    RuleFactory(requirement__group__template=badge, requirement__scope=SECOND)
    passes(learner, COURSE_KEY)

    assert change_the_first(badge, description="Pass the first course")

    assert Fulfillment.objects.get().holds
    passes(learner, SECOND)
    assert BadgeAward.objects.get().template == badge
