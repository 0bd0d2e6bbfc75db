"""A learner passes, and Credly has a badge."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

from credly_badges import awards, keys
from credly_badges.issuing import outbox
from credly_badges.models import BadgeAward, BadgeProgress, CredlyOrganization, DeliveryAttempt, OutboxMessage
from credly_badges.testing.factories import RequirementFactory

from .conftest import FIRST, NOON, SECOND, run_outbox_until_quiet

State = BadgeAward.State


@pytest.fixture
def announced():
    """The badge events that the rest of Open edX got to hear."""
    heard = []

    def hear(signal, badge, **kwargs):
        heard.append((signal.event_type.split(".")[-2], badge))

    for signal in (BADGE_AWARDED, BADGE_REVOKED):
        signal.connect(hear)
    yield heard
    for signal in (BADGE_AWARDED, BADGE_REVOKED):
        signal.disconnect(hear)


def test_one_of_two_courses_sends_nothing_and_the_second_issues_the_badge(world, announced):
    badge = world.badge_for_passing(FIRST, SECOND)
    learner = world.learner()

    learner.passes(FIRST, at=NOON)

    assert BadgeProgress.objects.get().percent == 50
    assert not world.credly.requests()

    learner.passes(SECOND, at=NOON + timedelta(days=1))

    (issued,) = world.credly.badges()
    award = BadgeAward.objects.get()
    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]
    assert (issued["issued_to_first_name"], issued["issued_to_last_name"]) == ("Ana Maria", "Ng")
    assert issued["issued_at"] == "2026-05-02T12:00:00.000Z"
    assert (str(award.credly_id), award.state, award.accept_url) == (
        issued["id"],
        State.OFFERED,
        issued["accept_badge_url"],
    )
    assert issued["issuer_earner_id"] == award.issuer_earner_id
    assert [(what, data.uuid, data.user.id, data.template.uuid) for what, data in announced] == [
        ("awarded", str(award.uuid), learner.user.pk, str(badge.uuid))
    ]


def test_a_requirement_without_rules_fires(world):
    badge = world.badge_for_passing()
    RequirementFactory(group__template=badge, scope=FIRST)
    learner = world.learner()

    learner.fails(FIRST)

    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]


def test_credly_is_away_and_comes_back_and_the_badge_is_issued_once(world):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()
    world.credly.before_acting("POST /badges", status=503, times=3)

    learner.passes(FIRST)
    assert BadgeAward.objects.get().state == State.QUEUED
    run_outbox_until_quiet()

    assert BadgeAward.objects.get().state == State.OFFERED
    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1
    outcomes = list(DeliveryAttempt.objects.values_list("outcome", flat=True))
    assert outcomes == ["unavailable"] * 3 + ["delivered"]


@pytest.mark.parametrize("lost", ["reset", "timeout"])
def test_a_lost_answer_does_not_issue_the_badge_twice(world, lost):
    badge = world.badge_for_passing(FIRST, allow_duplicate_badges=True)  # Credly itself would not refuse a second one.
    learner = world.learner()
    world.credly.after_acting("POST /badges", lose_the_answer=lost)

    learner.passes(FIRST)
    run_outbox_until_quiet()

    award = BadgeAward.objects.get()
    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1
    assert (award.state, str(award.credly_id)) == (State.OFFERED, world.credly.badges()[0]["id"])
    assert list(DeliveryAttempt.objects.values_list("outcome", flat=True)) == ["unanswered", "found"]


@pytest.mark.parametrize("spoilt", [{"truncate": True}, {"malformed": True}])
def test_an_answer_that_cannot_be_read_is_looked_up(world, spoilt):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()
    world.credly.after_acting("POST /badges", **spoilt)

    learner.passes(FIRST)
    run_outbox_until_quiet()

    assert BadgeAward.objects.get().state == State.OFFERED
    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1


@pytest.mark.parametrize("order", list(permutations([("passes", 0), ("fails", 1), ("passes", 2)])))
def test_pass_fail_pass_ends_with_one_badge_in_any_order_of_arrival(world, order):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()

    for verb, hours in order:
        getattr(learner, verb)(FIRST, at=NOON + timedelta(hours=hours))
    run_outbox_until_quiet()

    assert BadgeProgress.objects.get().percent == 100
    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1


def test_a_rejected_key_stops_the_queue_without_using_up_attempts_and_a_new_key_drains_it(world):
    badge = world.badge_for_passing(FIRST)
    learners = [world.learner() for _ in range(3)]
    world.credly.revoke_key(world.there)

    for learner in learners:
        learner.passes(FIRST)
    run_outbox_until_quiet()

    organization = CredlyOrganization.objects.get()
    assert organization.paused == CredlyOrganization.Pause.KEY_REJECTED
    assert not world.credly.badges()
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("waiting", 0)}
    assert DeliveryAttempt.objects.count() == 1  # The first rejection spoke for all.

    organization.api_key, organization.paused, organization.pause_reason = world.credly.new_key(world.there), "", ""
    organization.save()
    assert outbox.wake_all(organization) == 3
    run_outbox_until_quiet()

    for learner in learners:
        assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1


def test_without_a_key_the_queue_waits_and_says_so(world):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()
    key, world.here.api_key = world.here.api_key, ""
    world.here.save()

    learner.passes(FIRST)

    organization, message = CredlyOrganization.objects.get(), OutboxMessage.objects.get()
    assert "no API key" in organization.pause_reason
    assert (message.state, message.attempts) == ("waiting", 0)

    organization.api_key = key
    organization.save()
    keys.check(organization, by=None)
    run_outbox_until_quiet()

    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]


def test_the_badge_of_a_learner_who_left_waits_for_a_person(world):
    world.badge_for_passing(FIRST)
    learner = world.learner(is_active=False)
    learner.passes(FIRST)

    learner.user.delete()
    OutboxMessage.objects.update(not_before=NOON)
    run_outbox_until_quiet()

    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == ("dead", 0)
    assert "no account any more" in message.error


def test_credly_asks_to_slow_down_and_is_obeyed(world, settings):
    settings.CREDLY_BADGES_LONGEST_WAIT = 60
    badge = world.badge_for_passing(FIRST)
    first, second = world.learner(), world.learner()
    world.credly.before_acting("POST /badges", status=429, headers={"Retry-After": "1"})

    first.passes(FIRST)
    asked_at = world.credly.requests()[-1].time
    second.passes(FIRST)

    assert len(world.credly.requests()) == 1  # The second learner's badge waits as well.
    run_outbox_until_quiet()
    assert OutboxMessage.objects.values_list("attempts", flat=True)[0] == 0
    assert world.credly.requests()[1].time - asked_at >= timedelta(seconds=1)
    assert {world.credly.issued_count(who.user.email, str(badge.uuid)) for who in (first, second)} == {1}


def test_what_credly_refuses_waits_for_a_person_with_credlys_own_words(world):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()
    world.archive(badge)

    learner.passes(FIRST)
    run_outbox_until_quiet()

    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == ("dead", 1)
    assert "Badge template is archived" in message.error
    assert BadgeAward.objects.get().state == State.FAILED

    world.restore(badge)
    assert outbox.redrive(OutboxMessage.objects.all(), by=None) == 1
    run_outbox_until_quiet()
    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]


def test_after_the_last_attempt_it_waits_for_a_person(world, settings):
    settings.CREDLY_BADGES_MAX_ATTEMPTS = 3
    world.badge_for_passing(FIRST)
    world.credly.before_acting("POST /badges", status=503, times=None)

    world.learner().passes(FIRST)
    run_outbox_until_quiet()

    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == ("dead", 3)
    assert "503" in message.error


def test_the_badge_of_an_inactive_learner_waits_until_the_account_is_active(world):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner(is_active=False)

    learner.passes(FIRST)

    message = OutboxMessage.objects.get()
    assert not world.credly.badges()
    assert (message.state, message.attempts) == ("waiting", 0)
    assert "not active" in message.waiting_for

    learner.user.is_active = True
    learner.user.save()
    run_outbox_until_quiet()

    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]


def test_a_badge_is_revoked_at_credly_and_announced_once(world, announced):
    world.badge_for_passing(FIRST)
    learner = world.learner()
    learner.passes(FIRST)

    awards.revoke(BadgeAward.objects.get(), "Issued to the wrong person", by=None)

    award = BadgeAward.objects.get()
    (remote,) = world.credly.badges()
    assert (remote["state"], remote["revocation_reason"]) == ("revoked", "Issued to the wrong person")
    assert (award.state, award.live) == (State.REVOKED, None)
    assert [what for what, _ in announced] == ["awarded", "revoked"]


def test_a_badge_that_credly_never_heard_of_is_revoked_on_the_spot(world, announced):
    world.badge_for_passing(FIRST)
    learner = world.learner()
    world.here.paused = CredlyOrganization.Pause.BY_HAND
    world.here.save()
    learner.passes(FIRST)

    awards.revoke(BadgeAward.objects.get(), "Too early", by=None)

    assert BadgeAward.objects.get().state == State.REVOKED
    assert OutboxMessage.objects.get().state == "dropped"
    assert not world.credly.requests()
    assert not announced


def test_revoking_while_the_answer_to_the_issue_is_lost_leaves_no_badge_standing(world):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()
    world.credly.after_acting("POST /badges", lose_the_answer=True)
    learner.passes(FIRST)

    awards.revoke(BadgeAward.objects.get(), "A mistake", by=None)
    run_outbox_until_quiet()

    assert BadgeAward.objects.get().state == State.REVOKED
    assert world.credly.badges_of(learner.user.email) == []
    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1


def test_a_worker_that_died_during_the_post_left_enough_for_the_next_to_look_first(world, settings):
    settings.CREDLY_BADGES_LEASE_SECONDS = 0.05
    badge = world.badge_for_passing(FIRST, allow_duplicate_badges=True)
    learner = world.learner()
    world.credly.after_acting("POST /badges", lose_the_answer=True)
    learner.passes(FIRST)
    # As the row stands when the process is killed between the POST and its answer.
    OutboxMessage.objects.update(state="delivering", look_first=True)

    run_outbox_until_quiet()

    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1
    assert BadgeAward.objects.get().state == State.OFFERED
