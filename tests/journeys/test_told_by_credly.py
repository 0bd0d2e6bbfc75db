"""What happens at Credly arrives here by itself: by webhook, and where that is lost, by the events feed."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.test import Client

from credly_badges import notices
from credly_badges.issuing import outbox
from credly_badges.models import BadgeAward, BadgeRequirement, BadgeTemplate, CredlyNotice, OutboxMessage
from tests.journeys.conftest import FIRST, run_outbox_until_quiet

State = BadgeAward.State


@pytest.fixture(autouse=True)
def _a_quiet_minute():
    cache.clear()


@pytest.fixture
def hears(world, live_server):
    """Have Credly send its notices to the running LMS from now on, and give a way to wait until it has.

    The test and the LMS share one connection to SQLite, so nothing may be issued while a notice comes in.
    """

    def begin():
        world.credly.configure(webhook_interval_scale=0.001)
        world.credly.set_webhook(world.there, f"{live_server.url}{notices.webhook_path(world.here)}")
        return world.credly.wait_for_webhooks

    return begin


def deliver_each(world) -> None:
    """Every event so far, as Credly posts it."""
    where = notices.webhook_path(world.here)
    for each in world.credly.notices():
        assert Client().post(where, each, content_type="application/json").status_code == 200


def test_a_badge_that_its_learner_accepts_at_credly_is_accepted_here_without_anybody_doing_anything(world, hears):
    world.badge_for_passing(FIRST)
    learner = world.learner()
    learner.passes(FIRST)
    run_outbox_until_quiet()
    award = BadgeAward.objects.get()
    has_told = hears()

    world.credly.accept_badge(str(award.credly_id))

    assert has_told()
    award.refresh_from_db()
    assert award.state == State.ACCEPTED
    # On a busy machine SQLite may have been locked for a moment; Credly comes again then.
    assert world.credly.deliveries()[-1].status == 200


def test_what_credly_is_told_to_send_again_it_sends_again_and_it_counts_once(world, hears, settings):
    settings.CREDLY_BADGES_WEBHOOK_RATE = 0
    has_told = hears()
    remote = world.credly.add_template(world.there, "Told later")
    turned_away = _wait_for_an_answer(world)

    settings.CREDLY_BADGES_WEBHOOK_RATE = 120
    assert has_told()

    assert turned_away == 429
    assert [attempt.status for attempt in world.credly.deliveries()][-1] == 200
    assert str(BadgeTemplate.objects.get(name="Told later").uuid) == remote.uuid
    assert CredlyNotice.objects.count() == 1


def _wait_for_an_answer(world) -> int:
    end = time.monotonic() + 10
    while not world.credly.deliveries():
        assert time.monotonic() < end, "Credly told nothing."
        time.sleep(0.01)
    return world.credly.deliveries()[0].status


def test_a_badge_that_somebody_revokes_at_credly_is_revoked_here(world):
    world.badge_for_passing(FIRST)
    learner = world.learner()
    learner.passes(FIRST)
    run_outbox_until_quiet()
    first = BadgeAward.objects.get()

    world.credly.revoke_badge(str(first.credly_id))
    deliver_each(world)

    first.refresh_from_db()
    assert (first.state, first.live) == (State.REVOKED, None)


def test_what_happened_while_the_webhook_was_lost_arrives_by_the_feed(world):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()
    learner.passes(FIRST)
    run_outbox_until_quiet()
    award = BadgeAward.objects.get()
    deliver_each(world)
    world.credly.accept_badge(str(award.credly_id))
    world.archive(badge)

    result = notices.read_feed(world.here)

    award.refresh_from_db(), badge.refresh_from_db()
    assert (result.new, result.problems) == (2, [])
    assert award.state == State.ACCEPTED
    assert (badge.credly_state, badge.is_active) == ("archived", False)


def test_a_template_archived_with_a_queue_behind_it_and_then_back_loses_nobody(world):
    badge = world.badge_for_passing(FIRST)
    requirements = BadgeRequirement.objects.count()
    learners = [world.learner() for _number in range(3)]
    world.credly.before_acting("POST /badges", status=503, times=3)
    for learner in learners:
        learner.passes(FIRST)
    world.archive(badge)
    deliver_each(world)
    badge.refresh_from_db()
    archived = (badge.credly_state, badge.is_active, badge.deactivated_because)

    run_outbox_until_quiet()
    stuck = OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD)
    refused = stuck.count()
    world.restore(badge)
    deliver_each(world)
    outbox.redrive(stuck, by=None)
    run_outbox_until_quiet()

    badge.refresh_from_db()
    assert archived == ("archived", False, "At Credly it is archived.")
    assert refused == 3
    assert (badge.credly_state, badge.is_active) == ("active", False)  # Active again is for a person to say.
    assert BadgeRequirement.objects.count() == requirements
    assert set(BadgeAward.objects.values_list("state", flat=True)) == {State.OFFERED}
    assert all(world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1 for learner in learners)
