"""What was taken back and given again: the LMS says the same words as the first time, and this time they are news."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from credly_badges.models import BadgeAward, RequirementGroup
from credly_badges.testing.factories import GroupFactory, RequirementFactory
from tests.lms_events import LEARNER, expected, received, signal_of

from .conftest import NOON, run_outbox_until_quiet

PAIRS = {
    "certificate": ("org.openedx.learning.certificate.created.v1", "org.openedx.learning.certificate.revoked.v1"),
    "program certificate": (
        "org.openedx.learning.program.certificate.awarded.v1",
        "org.openedx.learning.program.certificate.revoked.v1",
    ),
    "enrollment": (
        "org.openedx.learning.course.enrollment.created.v1",
        "org.openedx.learning.course.unenrollment.completed.v1",
    ),
    "badge": ("org.openedx.learning.badge.awarded.v1", "org.openedx.learning.badge.revoked.v1"),
    "exam": ("org.openedx.learning.exam.attempt.verified.v1", "org.openedx.learning.exam.attempt.reset.v1"),
    "identity": ("org.openedx.learning.idv_attempt.approved.v1", "org.openedx.learning.idv_attempt.denied.v1"),
}


def happens(kind: str, hours: int) -> None:
    """The LMS says it, at that hour of the day."""
    data, _ = received(kind)
    signal_of(kind).send_event(send_robust=False, time=NOON + timedelta(hours=hours), **data)


@pytest.fixture(params=PAIRS.values(), ids=PAIRS)
def pair(request):
    return request.param


@pytest.fixture
def badge(world, pair):
    """A badge for the one, which the other takes back; who loses it has it revoked at once."""
    given, taken = pair
    badge = world.badge_for_passing()
    badge.on_loss = badge.OnLoss.REVOKE
    badge.save()
    wanted = RequirementFactory(group__template=badge, event_type=given, scope=expected(given).scopes[0])
    penalties = GroupFactory(template=badge, needs=RequirementGroup.Needs.UNDO)
    RequirementFactory(
        group=penalties, event_type=taken, scope=expected(taken).scopes[0], undoes=[wanted.key], same_course=False
    )
    return badge


def test_taken_back_and_given_again_the_badge_is_held_once_more(world, badge, pair):
    given, taken = pair
    learner = world.learner(pk=LEARNER)

    happens(given, 0)
    run_outbox_until_quiet()
    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]

    happens(taken, 1)
    run_outbox_until_quiet()
    assert world.credly.badges_of(learner.user.email) == []

    happens(given, 2)
    run_outbox_until_quiet()
    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]

    happens(taken, 3)
    run_outbox_until_quiet()
    assert world.credly.badges_of(learner.user.email) == []


@pytest.mark.parametrize("order", list(permutations([(0, 0), (1, 1), (0, 2)])))
def test_the_order_of_arrival_changes_nothing_of_who_holds_the_badge(world, badge, pair, order):
    learner = world.learner(pk=LEARNER)

    for which, hours in order:
        happens(pair[which], hours)
        run_outbox_until_quiet()

    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]
    assert BadgeAward.objects.filter(live=True).count() == 1
