"""Badges for what learners did before, by real workers: killed on the way, beside live events, and within a limit."""

from __future__ import annotations

import time
from collections import Counter

from django.contrib.auth import get_user_model
from django.utils import timezone

from credly_badges import activation, lms
from credly_badges.events import backfill, rehearsal, runs
from credly_badges.models import BadgeAward, BadgeProgress, BadgeTemplate, Fulfillment, HistoryRun, OutboxMessage
from credly_badges.testing.factories import UserFactory

from .conftest import FIRST
from .registrar import ONE_IN

REGISTRAR = {"CREDLY_BADGES_LMS_BACKEND": "tests.services.registrar.Registrar"}
MANY = 20_000


def enroll(number: int) -> list[int]:
    """So many accounts; who of them has passed."""
    users = get_user_model()
    users.objects.bulk_create(
        [UserFactory.build(username=f"many{place}", email=f"many{place}@example.com") for place in range(number)],
        batch_size=1000,
    )
    numbers = users.objects.filter(username__startswith="many").values_list("pk", flat=True)
    return sorted(pk for pk in numbers if pk % ONE_IN == 0)


def awarded() -> list[int]:
    return sorted(BadgeAward.objects.values_list("learner", flat=True))


def test_workers_that_are_killed_on_the_way_leave_no_gap_and_no_second_badge(site):
    badge = site.badge_for_passing(FIRST)
    site.here.paused = "by_hand"  # So that no badge leaves, which is not what this is about.
    site.here.save()
    passed = enroll(MANY)
    site.set(**REGISTRAR)
    workers = site.start_workers(2)

    run = backfill.begin(badge)
    for _ in range(3):
        reached = HistoryRun.objects.get(pk=run.pk).cursor
        site.wait_until("it goes on", lambda since=reached: _stands_after(run, since), seconds=60)
        for worker in workers:
            worker.kill_pool()
        HistoryRun.objects.filter(pk=run.pk).update(leased_until=timezone.now())  # As if two minutes had passed.
        runs.wake_left()
    site.wait_until("it is done", lambda: HistoryRun.objects.get(pk=run.pk).state == "done", seconds=120)

    done = HistoryRun.objects.get(pk=run.pk)
    assert awarded() == passed
    assert done.counts["awarded"] == done.counts["completed"] == len(passed)
    assert done.counts["rows"] == MANY
    assert BadgeProgress.objects.count() == Fulfillment.objects.count() == OutboxMessage.objects.count() == len(passed)


def _stands_after(run: HistoryRun, since: int) -> bool:
    now = HistoryRun.objects.get(pk=run.pk)
    return now.cursor > since or now.state == "done"


def test_learners_pass_while_their_history_is_read_and_everybody_has_one_badge(site):
    badge = site.badge_for_passing(FIRST)
    site.here.paused = "by_hand"
    site.here.save()
    passed = enroll(3000)
    site.set(**REGISTRAR)
    site.start_workers(2)
    (web,) = site.start_lms()

    web.begin([[pk, FIRST, 0, True] for pk in passed])
    run = backfill.begin(badge)
    web.answer()
    site.wait_until("it is done", lambda: HistoryRun.objects.get(pk=run.pk).state == "done", seconds=60)
    site.wait_until("every event is recorded", lambda: len(awarded()) >= len(passed), seconds=60)

    assert awarded() == passed
    assert BadgeProgress.objects.count() == len(passed)
    assert Counter(BadgeAward.objects.values_list("live", flat=True)) == {True: len(passed)}


def test_what_was_rehearsed_is_what_is_awarded_and_reaches_credly(site, settings):
    settings.CREDLY_BADGES_LMS_BACKEND = REGISTRAR["CREDLY_BADGES_LMS_BACKEND"]
    badge = site.badge_for_passing(FIRST)
    BadgeTemplate.objects.filter(pk=badge.pk).update(status="draft")
    badge.refresh_from_db()
    passed = enroll(600)
    lms.backend().add_course(FIRST, "First")
    site.set(**REGISTRAR)
    site.start_workers(2)

    rehearsed = rehearsal.begin(badge)
    site.wait_until("it is rehearsed", lambda: HistoryRun.objects.get(pk=rehearsed.pk).state == "done")
    expected = HistoryRun.objects.get(pk=rehearsed.pk).counts["would_get"]
    activation.activate(badge, by=None)
    backfill.begin(badge)
    site.wait_until("every badge is at Credly", lambda: len(site.credly.badges()) >= expected, seconds=60)
    site.wait_until_quiet(seconds=60)

    assert expected == len(passed)
    assert len(site.credly.badges()) == expected
    assert {badge["issued_at"] for badge in site.credly.badges()} == {"2026-05-01T12:00:00.000Z"}


def test_a_limit_holds_for_all_workers_together(site):
    badge = site.badge_for_passing(FIRST)
    BadgeTemplate.objects.filter(pk=badge.pk).update(limit_per_hour=25)
    learners = site.learners(120)
    site.start_workers(2)
    webs = site.start_lms(2)

    for number, web in enumerate(webs):
        web.begin([[learner.pk, FIRST, 0, True] for learner in learners[number::2]])
    for web in webs:
        web.answer()
    site.wait_until("it is paused", lambda: BadgeTemplate.objects.get(pk=badge.pk).status == "paused")
    time.sleep(2)

    issued = len(site.credly.badges())
    assert BadgeAward.objects.count() == 25
    assert issued <= 25
    BadgeTemplate.objects.filter(pk=badge.pk).update(limit_per_hour=None)
    badge.refresh_from_db()
    activation.move(badge, "active", by=None, replay=True)
    site.wait_until("everybody has it", lambda: len(site.credly.badges()) >= 120, seconds=90, sweep_every=1)
    site.wait_until_quiet(seconds=60, sweep_every=1)
    assert Counter(BadgeAward.objects.values_list("learner", flat=True)).most_common(1)[0][1] == 1
    assert len(site.credly.badges()) == BadgeAward.objects.count() == 120
