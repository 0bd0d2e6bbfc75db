"""Learners go on earning badges while Credly is down or only takes so many."""

from __future__ import annotations

from django.utils import timezone

from credly_badges import pacing
from credly_badges.models import AuditEntry, BadgeAward, DeliveryAttempt, OutboxMessage, Pace

from .conftest import FIRST, run_outbox_until_quiet


def test_credly_is_down_for_a_while_and_everyone_gets_their_badge_with_few_attempts_spent(world):
    world.badge_for_passing(FIRST, allow_duplicate_badges=True)  # Credly itself would not refuse a second one.
    learners = [world.learner() for _ in range(30)]
    world.credly.before_acting("*", status=503, times=None)

    for learner in learners:
        learner.passes(FIRST)
    assert pacing.state(world.here).open
    asked = len(world.credly.requests())
    assert asked == pacing.state(world.here).failures  # Five, and one each time it was looked whether Credly is back.
    world.credly.clear_faults()
    run_outbox_until_quiet()

    assert sorted(world.credly.counters().values()) == [1] * 30
    assert set(BadgeAward.objects.values_list("state", flat=True)) == {"offered"}
    assert DeliveryAttempt.objects.filter(outcome="unavailable").count() == asked
    assert DeliveryAttempt.objects.count() == 30 + asked
    log = AuditEntry.objects.filter(action__contains="breaker").order_by("pk")
    assert list(log.values_list("action", flat=True)) == ["organization.breaker_opened", "organization.breaker_closed"]


def test_a_site_that_may_send_little_at_once_sends_all_of_it(world):
    world.here.rate_limit = 200
    world.here.save()
    Pace.objects.create(organization=world.here, tokens=1, filled_at=timezone.now())
    world.badge_for_passing(FIRST)
    learners = [world.learner() for _ in range(20)]

    for learner in learners:
        learner.passes(FIRST)
    assert OutboxMessage.objects.filter(open=True).exists()
    run_outbox_until_quiet()

    assert sorted(email for email, _ in world.credly.counters()) == sorted(each.user.email for each in learners)
    assert DeliveryAttempt.objects.count() == 20
