"""A site with an LMS and a worker and nothing else: no beat, no cron. What is done again and again is done."""

from __future__ import annotations

from credly_badges.models import CredlyNotice, CredlyOrganization, Pulse

from .conftest import FIRST, offered


def test_one_thing_that_a_learner_does_sets_off_rounds_that_go_on_by_themselves(site):
    site.badge_for_passing(FIRST)
    (learner,) = site.learners(1)
    Pulse.objects.all().delete()
    site.set(CREDLY_BADGES_SWEEP_SECONDS=1, CREDLY_BADGES_FEED_MINUTES=0.01, CREDLY_BADGES_RECONCILE_HOURS=24)
    site.start_workers(1)
    (lms,) = site.start_lms()

    lms.begin([[learner.pk, FIRST, 0, True]])
    lms.answer()
    site.wait_until("the badge is offered", lambda: offered() == 1)
    site.wait_until("the feed was read", lambda: CredlyOrganization.objects.filter(feed_read_at__isnull=False).exists())

    # From here on no learner does anything.
    added = site.credly.add_template(site.there, name="Another")
    site.wait_until("the feed told of it", lambda: CredlyNotice.objects.filter(subject_id=added.uuid).exists())

    heard = set(Pulse.objects.values_list("source", flat=True))
    assert heard >= {"worker", "feed", "keys", "reconcile", "purge", "notices"}
    assert not heard & {"beat", "command"}
