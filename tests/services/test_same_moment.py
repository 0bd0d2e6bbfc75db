"""Two processes do the same thing, or things that get in each other's way, at the same moment."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from credly_badges.models import BadgeAward, BadgeProgress, Fulfillment, ReceivedEvent

from .conftest import FIRST, offered

COURSES = [f"course-v1:edX+C{number}+2026" for number in range(6)]


def test_a_hundred_identical_events_from_two_processes_make_one_badge(site):
    badge = site.badge_for_passing(FIRST, allow_duplicate_badges=True)
    (learner,) = site.learners(1)
    site.start_workers(2)
    first, second = site.start_lms(2)

    first.begin([[learner.pk, FIRST, 0, True]] * 50)
    second.begin([[learner.pk, FIRST, 0, True]] * 50)
    first.answer(), second.answer()
    site.wait_until("the badge is offered", lambda: offered() == 1)
    site.wait_until_quiet()

    assert ReceivedEvent.objects.count() == BadgeProgress.objects.count() == Fulfillment.objects.count() == 1
    assert BadgeAward.objects.count() == 1
    assert site.credly.counters() == {(learner.email, str(badge.uuid)): 1}


def test_passing_failing_and_passing_again_ends_right_in_whatever_order_two_processes_say_it(site):
    site.badge_for_passing(FIRST)
    story = [(0, True), (1, False), (2, True), (3, False)]
    orders = list(permutations(story))
    learners = site.learners(len(orders))
    site.start_workers(2)
    first, second = site.start_lms(2)

    told = [[learner.pk, FIRST, *each] for learner, order in zip(learners, orders, strict=True) for each in order]
    first.begin(told[::2])
    second.begin(told[1::2])
    first.answer(), second.answer()
    site.wait_until_quiet()

    assert set(ReceivedEvent.objects.values_list("confirmed_at__hour", "attributes__is_passing")) == {(15, False)}
    assert not Fulfillment.objects.filter(holds=True).exists()
    assert set(BadgeProgress.objects.values_list("percent", flat=True)) <= {0}

    first.begin([[learner.pk, FIRST, 4, True] for learner in learners])
    first.answer()
    site.wait_until_quiet()

    assert set(BadgeProgress.objects.values_list("percent", flat=True)) == {100}
    assert sorted(site.credly.counters().values()) == [1] * len(learners)


@pytest.mark.parametrize("seed", [1, 2])
def test_many_learners_in_overlapping_badges_are_all_recorded(site, seed):
    badges = [site.badge_for_passing(*COURSES[at : at + 3]) for at in range(4)]
    learners = site.learners(15)
    site.start_workers(2)
    first, second = site.start_lms(2)

    told = [[learner.pk, course, 0, True] for learner in learners for course in COURSES]
    random.Random(seed).shuffle(told)
    first.begin(told)
    second.begin(told[::-1])
    first.answer(), second.answer()
    site.wait_until_quiet(seconds=60)

    assert set(BadgeProgress.objects.values_list("percent", flat=True)) == {100}
    assert Fulfillment.objects.count() == len(learners) * 3 * len(badges)
    assert site.credly.counters() == {(learner.email, str(badge.uuid)): 1 for learner in learners for badge in badges}
