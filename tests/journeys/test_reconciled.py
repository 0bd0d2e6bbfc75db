"""What happened behind the LMS's back is found at night, and told or mended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from credly_badges import reconcile
from credly_badges.models import AuditEntry, BadgeAward, BadgeProgress, OutboxMessage, ReconcileRun
from tests.journeys.conftest import FIRST, run_outbox_until_quiet


@pytest.fixture(autouse=True)
def no_grace(settings):
    settings.CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 0


def a_day_later() -> ReconcileRun:
    """The night comes, with its round."""
    ReconcileRun.objects.update(started_at=timezone.now() - timedelta(days=2))
    reconcile.nightly("beat")
    return ReconcileRun.objects.latest("pk")


def fix_all() -> None:
    """Somebody at a terminal has everything mended."""
    call_command("credly_reconcile", "--fix-all-safe", verbosity=0)
    run_outbox_until_quiet()


def there(world, badge) -> list[dict]:
    return [each for each in world.credly.badges() if each["badge_template"]["id"] == str(badge.uuid)]


def test_a_badge_that_was_accepted_while_no_notice_came_is_accepted_in_the_morning(world):
    badge = world.badge_for_passing(FIRST)
    world.learner().passes(FIRST)
    run_outbox_until_quiet()
    world.credly.accept_badge(there(world, badge)[0]["id"])

    run = a_day_later()

    award = BadgeAward.objects.get()
    assert (award.state, run.counts) == ("accepted", {"state": 1})
    assert award.badge_url
    assert AuditEntry.objects.filter(action="award.followed", object_id=award.pk).exists()
    assert a_day_later().counts == {}


def test_a_badge_that_somebody_erased_at_credly_no_longer_stands_here_and_is_not_issued_again(world):
    badge = world.badge_for_passing(FIRST)
    world.learner().passes(FIRST)
    run_outbox_until_quiet()
    world.credly.delete_badge(there(world, badge)[0]["id"])

    a_day_later()
    run_outbox_until_quiet()

    award = BadgeAward.objects.get()
    assert (award.state, award.live) == ("deleted", None)
    assert there(world, badge) == []
    assert a_day_later().counts == {}


def test_a_database_from_before_the_badge_was_issued_takes_it_over_and_issues_nothing_twice(world):
    badge = world.badge_for_passing(FIRST)
    ana = world.learner()
    ana.passes(FIRST)
    run_outbox_until_quiet()
    before = BadgeProgress.objects.values("learner", "template", "percent", "completed_at").get()
    OutboxMessage.objects.all().delete()
    BadgeAward.objects.all().delete()

    run = a_day_later()
    assert run.counts == {"unknown_here": 1}
    assert not BadgeAward.objects.exists()  # At night, it is only told.
    fix_all()

    award = BadgeAward.objects.get()
    assert (award.learner, award.source, str(award.credly_id)) == (ana.user, "found", there(world, badge)[0]["id"])
    assert BadgeProgress.objects.values("learner", "template", "percent", "completed_at").get() == before
    assert world.credly.issued_count(ana.user.email, str(badge.uuid)) == 1
    assert a_day_later().counts == {}


def test_an_order_that_was_lost_is_given_again(world):
    badge = world.badge_for_passing(FIRST)
    ana = world.learner()
    world.credly.before_acting("POST /badges", 503, times=1)
    ana.passes(FIRST)
    OutboxMessage.objects.all().delete()

    assert a_day_later().counts == {"not_sent": 1}
    fix_all()

    assert world.credly.badges_of(ana.user.email) == [str(badge.uuid)]
    assert a_day_later().counts == {}


def test_a_badge_that_was_revoked_here_and_lives_on_at_credly_is_revoked_there(world):
    badge = world.badge_for_passing(FIRST)
    ana = world.learner()
    ana.passes(FIRST)
    run_outbox_until_quiet()
    BadgeAward.objects.update(state="revoked", live=None, revoked_at=timezone.now())

    assert a_day_later().counts == {"not_revoked": 1}
    assert there(world, badge)[0]["state"] == "pending"  # At night, it is only told.
    fix_all()

    assert there(world, badge)[0]["state"] == "revoked"
    assert a_day_later().counts == {}


def test_a_badge_that_waits_under_an_old_address_is_moved(world):
    badge = world.badge_for_passing(FIRST)
    ana = world.learner(email="ana@old.example.org")
    ana.passes(FIRST)
    run_outbox_until_quiet()
    type(ana.user).objects.update(email="ana@new.example.org")  # As in a bulk import, which nobody hears of.

    assert a_day_later().counts == {"address": 1}
    fix_all()

    assert world.credly.badges_of("ana@new.example.org") == [str(badge.uuid)]
    assert world.credly.badges_of("ana@old.example.org") == []
    assert a_day_later().counts == {}


def test_a_badge_that_was_replaced_at_credly_and_accepted_there_is_the_learners_award(world):
    badge = world.badge_for_passing(FIRST)
    world.learner().passes(FIRST)
    run_outbox_until_quiet()
    new = world.credly.replace_badge(there(world, badge)[0]["id"])
    world.credly.accept_badge(new["id"])

    run = a_day_later()

    award = BadgeAward.objects.get()
    assert run.counts == {"replaced": 1}
    assert (str(award.credly_id), award.state) == (new["id"], "accepted")
    assert a_day_later().counts == {}
