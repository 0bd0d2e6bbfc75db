"""Two workers of two processes each keep to one pace, and leave a Credly that is down alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from credly_badges import pacing
from credly_badges.models import AuditEntry, CredlyOrganization, DeliveryAttempt, OutboxMessage

from .conftest import FIRST, offered

PROCESSES = 4
"""Each may have one request under way that it was let through for."""


def most_within(times, seconds: float) -> int:
    """The most that happened in any stretch of so many seconds."""
    length = timedelta(seconds=seconds)
    return max(sum(first <= each < first + length for each in times) for first in times)


def earned_by(site, number: int):
    """So many learners pass, with two workers at work."""
    badge = site.badge_for_passing(FIRST, allow_duplicate_badges=True)  # Credly itself would not refuse a second one.
    learners = site.learners(number)
    site.start_workers(2)
    (lms,) = site.start_lms()
    lms.begin([[learner.pk, FIRST, 0, True] for learner in learners])
    lms.answer()
    return {(learner.email, str(badge.uuid)): 1 for learner in learners}


def test_two_hundred_badges_leave_no_faster_than_the_limit_lets_them(site):
    CredlyOrganization.objects.update(rate_limit=600)

    due = earned_by(site, 200)
    site.wait_until("every badge is offered", lambda: offered() == len(due), seconds=90)

    times = [request.time for request in site.credly.requests()]
    burst, each_second = 60, 10
    for seconds in (1, 2, 5, 10, 60):
        assert most_within(times, seconds) <= burst + each_second * seconds + PROCESSES
    assert site.credly.counters() == due
    assert len(times) == DeliveryAttempt.objects.count() == len(due)  # Nothing that was held back was taken up.
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("delivered", 0)}


def test_no_more_badges_are_under_way_than_may_be(site):
    CredlyOrganization.objects.update(concurrency=2)
    site.credly.always(latency=0.3)

    due = earned_by(site, 30)
    site.wait_until("every badge is offered", lambda: offered() == len(due), seconds=60)

    assert most_within([request.time for request in site.credly.requests()], 0.28) == 2
    assert site.credly.counters() == due
    assert DeliveryAttempt.objects.count() == len(due)


@pytest.mark.parametrize("rate_limit", [None, 1200])
def test_credly_is_down_and_is_left_alone_and_all_is_sent_once_it_is_well_again(site, rate_limit):
    CredlyOrganization.objects.update(rate_limit=rate_limit)
    site.set(CREDLY_BADGES_BREAKER_SECONDS=1)
    site.credly.before_acting("*", status=503, times=None)

    due = earned_by(site, 60)
    site.wait_until("three probes have failed", lambda: pacing.state(site.here).failures >= 8)

    asked = len(site.credly.requests())
    counted = pacing.state(site.here).failures
    assert asked <= counted + PROCESSES  # Under way when the rest was stopped, or finding out at this moment.
    assert DeliveryAttempt.objects.count() <= counted + 2 * PROCESSES
    assert not OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD).exists()

    site.credly.clear_faults()
    site.wait_until("every badge is offered", lambda: offered() == len(due))

    assert site.credly.counters() == due
    log = AuditEntry.objects.filter(action__contains="breaker").order_by("pk")
    assert list(log.values_list("action", flat=True)) == ["organization.breaker_opened", "organization.breaker_closed"]
    assert CredlyOrganization.objects.get().wait_until is None
