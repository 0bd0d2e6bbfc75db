"""Learners whom the LMS retires, from the signal to what is left of them here and at Credly."""

import json

import pytest
from django.apps import apps
from django.core import serializers
from django.core.management import call_command

from credly_badges import audit, awards
from credly_badges.issuing import deliver
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    DeliveryAttempt,
    EarnerIdentifier,
    HistoryRun,
    OutboxMessage,
    ReceivedEvent,
)
from credly_badges.retirement import forget, forget_again
from credly_badges.testing.factories import MessageFactory
from credly_badges.testing.lms import USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC

from .conftest import FIRST, SECOND, run_outbox_until_quiet

pytestmark = pytest.mark.django_db(transaction=True)

ANA = "ana.ng@example.com"


@pytest.fixture
def ana(world):
    return world.learner(username="ana_ng", email=ANA)


def retire(learner):
    """The LMS retires somebody: both signals are sent, while the user is still there."""
    USER_RETIRE_LMS_MISC.send(sender=None, user=learner.user)
    USER_RETIRE_LMS_CRITICAL.send(sender=None, user=learner.user)


def everything_kept() -> str:
    """All rows of all tables of ours, as text."""
    tables = [table for table in apps.get_app_config("credly_badges").get_models() if table is not AuditEntry]
    return "".join(serializers.serialize("json", table.objects.all()) for table in tables)


def test_a_learner_who_leaves_is_forgotten_here_and_at_credly(world, ana):
    world.badge_for_passing(FIRST)
    ana.passes(FIRST)
    run_outbox_until_quiet()
    earner_id = str(EarnerIdentifier.objects.get().value)
    badge_id = str(BadgeAward.objects.get().credly_id)

    retire(ana)
    run_outbox_until_quiet()

    award = BadgeAward.objects.get()
    assert world.credly.badges() == []
    assert (award.learner, award.state, award.live, award.credly_id) == (None, "deleted", None, None)
    assert not (ReceivedEvent.objects.exists() or BadgeProgress.objects.exists() or EarnerIdentifier.objects.exists())
    kept = everything_kept()
    assert not [trace for trace in (earner_id, badge_id, ANA, "ana_ng", "Ana") if trace in kept]
    assert AuditEntry.objects.filter(action="award.erased_at_credly").count() == 1


def test_a_site_may_erase_the_awards_themselves(world, ana, settings):
    settings.CREDLY_BADGES_RETIREMENT_ERASES_AWARDS = True
    world.badge_for_passing(FIRST)
    ana.passes(FIRST)
    run_outbox_until_quiet()

    retire(ana)
    run_outbox_until_quiet()

    assert world.credly.badges() == []
    assert not (BadgeAward.objects.exists() or OutboxMessage.objects.exists() or DeliveryAttempt.objects.exists())


def test_a_site_may_leave_badges_at_credly(world, ana, settings):
    settings.CREDLY_BADGES_RETIREMENT_DELETES_AT_CREDLY = False
    world.badge_for_passing(FIRST)
    ana.passes(FIRST)
    run_outbox_until_quiet()

    retire(ana)
    run_outbox_until_quiet()

    award = BadgeAward.objects.get()
    assert len(world.credly.badges()) == 1
    assert (award.learner, award.state, award.live) == (None, "offered", True)
    assert award.badge_url == award.issuer_earner_id == award.recipient_mark == ""


def test_retiring_again_and_again_changes_nothing_more(world, ana):
    world.badge_for_passing(FIRST)
    ana.passes(FIRST)
    run_outbox_until_quiet()
    retire(ana)
    retire(ana)
    run_outbox_until_quiet()
    before = everything_kept()

    retire(ana)
    run_outbox_until_quiet()

    assert everything_kept() == before
    assert len(world.credly.requests("DELETE", "/badges/")) == 1


def test_a_badge_that_is_not_sent_yet_is_never_sent(world, ana):
    world.badge_for_passing(FIRST)
    world.credly.before_acting("POST /badges", status=503)
    ana.passes(FIRST)
    orders = len(world.credly.requests("POST", "/badges"))

    forget(ana.user.pk)
    run_outbox_until_quiet()

    assert len(world.credly.requests("POST", "/badges")) == orders
    assert world.credly.badges() == []
    assert not OutboxMessage.objects.filter(open=True).exists()


def test_a_badge_whose_answer_was_lost_is_found_and_deleted(world, ana):
    world.badge_for_passing(FIRST)
    world.credly.after_acting("POST /badges", lose_the_answer=True)
    ana.passes(FIRST)
    issued = len(world.credly.badges())

    forget(ana.user.pk)
    run_outbox_until_quiet()

    assert issued == 1
    assert world.credly.badges() == []
    assert ANA not in everything_kept()


def test_what_a_badge_replaced_is_deleted_as_well(world, ana):
    badge = world.badge_for_passing(FIRST)
    ana.passes(FIRST)
    run_outbox_until_quiet()
    award = BadgeAward.objects.get(template=badge)
    awards.replace(award, cause="correction", because="A spelling mistake.", by=None)
    run_outbox_until_quiet()
    held = len(world.credly.badges())

    retire(ana)
    run_outbox_until_quiet()

    assert held == 2
    assert world.credly.badges() == []


def test_while_credly_is_down_the_deletion_waits_and_is_tried_again(world, ana):
    world.badge_for_passing(FIRST)
    ana.passes(FIRST)
    run_outbox_until_quiet()
    world.credly.before_acting("DELETE /badges/*", status=503, times=2)

    retire(ana)
    run_outbox_until_quiet()

    assert world.credly.badges() == []
    outcomes = DeliveryAttempt.objects.filter(message__kind="delete").values_list("outcome", flat=True)
    assert list(outcomes) == ["unavailable", "unavailable", "delivered"]


def test_a_key_that_may_not_delete_needs_a_person_and_stops_nothing_else(world, ana):
    world.badge_for_passing(FIRST)
    ana.passes(FIRST)
    run_outbox_until_quiet()
    world.here.api_key = world.credly.new_key(world.there, delete_enabled=False)
    world.here.save()

    retire(ana)
    run_outbox_until_quiet()

    message = OutboxMessage.objects.get(kind="delete")
    world.here.refresh_from_db()
    assert (message.state, world.here.paused) == ("dead", "")
    assert "may not delete badges" in message.error
    assert deliver.due(10).count() == 0


def test_others_keep_what_is_theirs(world, ana):
    world.badge_for_passing(FIRST)
    ben = world.learner(username="ben", email="ben@example.com")
    ana.passes(FIRST)
    ben.passes(FIRST)
    run_outbox_until_quiet()

    retire(ana)
    run_outbox_until_quiet()

    assert [badge["recipient_email"] for badge in world.credly.badges()] == ["ben@example.com"]
    assert list(BadgeAward.objects.filter(live=True).values_list("learner", flat=True)) == [ben.user.pk]
    assert BadgeProgress.objects.get().learner_id == ben.user.pk


def test_what_somebody_decided_stays_and_their_name_goes(world, ana):
    badge = world.badge_for_passing(FIRST)
    audit.record("template.activated", badge, actor=ana.user)
    HistoryRun.objects.create(
        kind="rehearsal", template=badge, sample=[{"learner_id": ana.user.pk}, {"learner_id": ana.user.pk + 1}]
    )

    retire(ana)

    assert AuditEntry.objects.get(action="template.activated").actor is None
    assert HistoryRun.objects.get().sample == [{"learner_id": ana.user.pk + 1}]


def test_the_command_forgets_somebody_and_says_what_it_did(world, ana, capsys):
    world.badge_for_passing(FIRST)
    ana.passes(FIRST)
    run_outbox_until_quiet()

    call_command("credly_retire", "ana_ng", "--dry-run", "--json")
    would = json.loads(capsys.readouterr().out)
    still = ReceivedEvent.objects.count()
    call_command("credly_retire", "ana_ng", "--json")
    did = json.loads(capsys.readouterr().out)
    run_outbox_until_quiet()

    assert would == did == {"events": 1, "progress": 1, "awards": 1, "asked_credly": 1}
    assert still == 1
    assert world.credly.badges() == []


def test_what_the_lms_tells_of_somebody_later_is_forgotten_again(world, ana):
    world.badge_for_passing(FIRST)
    ana.user.username, ana.user.is_active = "retired__user_0123", False
    ana.user.save()
    retire(ana)

    ana.passes(FIRST)
    told = ReceivedEvent.objects.count()
    again = forget_again()
    run_outbox_until_quiet()

    assert (told, again, forget_again()) == (1, 1, 0)
    assert not (ReceivedEvent.objects.exists() or BadgeProgress.objects.exists())
    assert not BadgeAward.objects.exclude(learner=None).exists()
    assert world.credly.requests("POST", "/badges") == []


def test_one_who_cannot_be_forgotten_does_not_hold_up_the_others(world, ana, caplog):
    world.badge_for_passing(FIRST)
    broken = world.learner(username="retired__user_0001", email="one@example.com")
    ana.user.username = "retired__user_0002"
    ana.user.save()
    for learner in (broken, ana):
        learner.passes(FIRST)
    run_outbox_until_quiet()
    MessageFactory(kind="delete", award=BadgeAward.objects.get(learner=broken.user))  # Ordered some other way.

    assert forget_again() == 1

    assert not ReceivedEvent.objects.filter(learner=ana.user).exists()
    assert f"Learner {broken.user.pk}, whom the LMS has retired, could not be forgotten." in caplog.text


def test_another_user_name_loses_nothing(world, ana):
    world.badge_for_passing(FIRST, SECOND)
    ana.passes(FIRST)

    ana.user.username = "ana_de_souza"
    ana.user.save()
    ana.passes(SECOND)
    run_outbox_until_quiet()

    assert [badge["recipient_email"] for badge in world.credly.badges()] == [ANA]
