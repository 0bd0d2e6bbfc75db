"""Credly at its worst, and the site still gives every learner one badge."""

from __future__ import annotations

import pytest

from credly_badges import keys
from credly_badges.models import BadgeAward, CredlyOrganization, DeliveryAttempt, OutboxMessage, Pulse

from .conftest import FIRST, is_quiet, offered

LEARNERS = 200


def test_two_hundred_learners_get_one_badge_each_while_a_fifth_of_all_calls_fails(site):
    badge = site.badge_for_passing(FIRST, allow_duplicate_badges=True)  # Credly itself would not refuse a second one.
    learners = site.learners(LEARNERS)
    site.credly.fail_randomly(0.2, ("500", "429", "timeout_before", "timeout_after"), seed=7, timeout_seconds=1.5)
    site.start_workers(2)
    first, second = site.start_lms(2)

    happenings = [[learner.pk, FIRST, 0, True] for learner in learners]
    first.begin(happenings[::2])
    second.begin(happenings[1::2])
    first.answer(), second.answer()
    site.wait_until_quiet(seconds=150)

    assert not Pulse.objects.filter(source="beat").exists()  # Nobody swept.
    assert site.credly.counters() == {(learner.email, str(badge.uuid)): 1 for learner in learners}
    assert offered() == LEARNERS
    assert {str(each) for each in BadgeAward.objects.values_list("credly_id", flat=True)} == {
        each["id"] for each in site.credly.badges()
    }
    happened = site.credly.faults_happened()
    assert set(happened) == {"500 before acting", "429 before acting", "timeout before acting", "timeout after acting"}
    assert sum(happened.values()) >= 0.1 * len(site.credly.requests())


def test_credly_asks_to_slow_down_again_and_again_and_the_workers_alone_bring_every_badge_there(site):
    badge = site.badge_for_passing(FIRST)
    learners = site.learners(30)
    site.credly.fail_randomly(0.3, ("429", "429_without_retry_after"), seed=3)
    site.start_workers(2)
    (lms,) = site.start_lms()

    lms.begin([[learner.pk, FIRST, 0, True] for learner in learners])
    lms.answer()
    site.wait_until("every badge is offered", lambda: offered() == len(learners), seconds=60)

    assert site.credly.counters() == {(learner.email, str(badge.uuid)): 1 for learner in learners}
    assert not Pulse.objects.filter(source="beat").exists()  # Nobody swept.


def test_a_rejected_key_stops_the_queue_under_load_and_a_new_key_drains_it(site):
    badge = site.badge_for_passing(FIRST)
    learners = site.learners(60)
    site.start_workers(2)
    (lms,) = site.start_lms()

    lms.begin([[learner.pk, FIRST, 0, True] for learner in learners])
    site.wait_until("some badges are offered", lambda: offered() > 5)
    site.credly.revoke_key(site.there)
    lms.answer()
    site.wait_until("the queue stands still", lambda: stands_still(len(learners)))

    waiting = OutboxMessage.objects.filter(open=True)
    rejections = DeliveryAttempt.objects.filter(outcome="unauthorized").count()
    assert CredlyOrganization.objects.get().paused == CredlyOrganization.Pause.KEY_REJECTED
    assert set(waiting.values_list("state", "attempts")) == {("waiting", 0)}
    assert 1 <= rejections <= 4  # One for each process that had a message in hand.
    asked = len(site.credly.requests())
    site.sweep()
    site.wait_until("the sweep was done", swept)
    assert len(site.credly.requests()) == asked

    organization = CredlyOrganization.objects.get()
    organization.api_key = site.credly.new_key(site.there)
    organization.save()
    assert keys.check(organization, by=None).answer.ok
    site.wait_until("every badge is offered", lambda: offered() == len(learners))

    assert site.credly.counters() == {(learner.email, str(badge.uuid)): 1 for learner in learners}


def stands_still(number: int) -> bool:
    """Whether every learner has an award, and what is not delivered waits for a key."""
    delivering = OutboxMessage.objects.filter(state=OutboxMessage.State.DELIVERING)
    return is_quiet() and BadgeAward.objects.count() == number and not delivering.exists()


def swept() -> bool:
    """Whether a beat was heard from."""
    return Pulse.objects.filter(source="beat").exists()


@pytest.mark.parametrize("victim", ["worker", "pool process"])
def test_a_worker_killed_during_the_post_leaves_its_badge_to_another_which_issues_it_once(site, victim):
    badge = site.badge_for_passing(FIRST, allow_duplicate_badges=True)  # Credly itself would not refuse a second one.
    (learner,) = site.learners(1)
    site.set(CREDLY_BADGES_READ_TIMEOUT=3, CREDLY_BADGES_LEASE_SECONDS=5)
    # Credly acts at once and takes long to answer.
    site.credly.after_acting("POST /badges", lose_the_answer="timeout", timeout_seconds=4)
    (doomed,) = site.start_workers(1)
    (lms,) = site.start_lms()

    lms.begin([[learner.pk, FIRST, 0, True]])
    lms.answer()
    site.wait_until("Credly has the order", lambda: bool(site.credly.badges()))
    if victim == "worker":
        doomed.kill()
        site.start_workers(1)
    else:
        doomed.kill_pool()
    assert OutboxMessage.objects.get().state == OutboxMessage.State.DELIVERING
    # Redis gives a dead worker's task to another after an hour; until then a sweep has to find it. Where only a process
    # of the worker dies, the worker itself puts the task back.
    site.wait_until("the badge is offered", lambda: offered() == 1, sweep_every=1 if victim == "worker" else 0)

    assert list(DeliveryAttempt.objects.values_list("outcome", flat=True)) == ["started", "found"]
    assert site.credly.issued_count(learner.email, str(badge.uuid)) == 1
