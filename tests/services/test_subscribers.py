"""A subscriber that hangs, and one worker with one process: Credly hears of every badge at once all the same."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from credly_badges.models import Subscriber, SubscriberAttempt, SubscriberMessage
from credly_badges.testing.factories import SubscriberFactory
from tests.receiver import hang, receiving

from .conftest import FIRST, offered

BADGES = 20
TIMEOUT = 3


@pytest.fixture
def there(site):
    site.set(CREDLY_BADGES_SUBSCRIBER_HOSTS=["127.0.0.1"], CREDLY_BADGES_SUBSCRIBER_TIMEOUT=TIMEOUT)
    with receiving() as receiver:
        yield receiver


def pass_all(site, number=BADGES):
    """So many learners pass; how many seconds it takes until Credly has issued every badge."""
    badge = site.badge_for_passing(FIRST)
    learners = site.learners(number)
    (lms,) = site.start_lms()
    begun = time.monotonic()
    lms.begin([[learner.pk, FIRST, 0, True] for learner in learners])
    lms.answer()
    site.wait_until("every badge is offered", lambda: offered() == number, seconds=60)
    took = time.monotonic() - begun
    assert site.credly.counters() == {(learner.email, str(badge.uuid)): 1 for learner in learners}
    return took


def time_passes():
    """What waits for its next try has waited long enough."""
    past = timezone.now() - timedelta(seconds=1)
    SubscriberMessage.objects.filter(open=True).update(not_before=past)
    Subscriber.objects.update(wait_until=None)


def all_told():
    time_passes()
    return not SubscriberMessage.objects.filter(open=True).exists()


def test_a_subscriber_that_hangs_does_not_delay_a_single_badge(site, there):
    there.always = hang
    SubscriberFactory(url=there.url(), events=["award.issued"])
    site.start_workers(1, pool=1)

    took = pass_all(site)

    hung = SubscriberAttempt.objects.count()
    print(f"{BADGES} badges issued in {took:.2f} s beside a subscriber that hangs for {TIMEOUT} s at a time ({hung})")
    assert took < BADGES * TIMEOUT / 4, "Were they waited for, it would be a minute."
    assert SubscriberMessage.objects.filter(open=True).count() == BADGES

    there.always = 204
    site.wait_until("all is told", all_told, seconds=60, sweep_every=0.5)
    ids = {str(each) for each in SubscriberMessage.objects.values_list("uuid", flat=True)}
    assert {each.headers["webhook-id"] for each in there.heard} == ids
    assert len(ids) == BADGES
    assert len({each.json["data"]["awardId"] for each in there.heard}) == BADGES
    taken = SubscriberAttempt.objects.filter(succeeded=True)
    assert taken.count() == taken.values("message").distinct().count() == BADGES


def test_what_a_killed_worker_was_telling_is_told_by_the_next(site, there):
    there.always = hang
    subscriber = SubscriberFactory(url=there.url(), events=["award.issued"])
    (first,) = site.start_workers(1, pool=1)
    pass_all(site, 3)
    time_passes()
    site.sweep()
    site.wait_until("it is being told", lambda: SubscriberAttempt.objects.filter(finished_at=None).exists())
    first.kill()
    there.always = 204
    assert Subscriber.objects.exclude(lease=None).exists(), "The worker has not let go of it."

    site.start_workers(1, pool=1)

    site.wait_until("all is told", all_told, seconds=60, sweep_every=0.5)
    subscriber.refresh_from_db()
    assert (subscriber.lease, subscriber.failures) == (None, 0)
    assert len({each.headers["webhook-id"] for each in there.heard}) == 3
    assert set(SubscriberMessage.objects.values_list("state", flat=True)) == {"delivered"}
