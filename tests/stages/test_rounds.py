"""What is done again and again: each in its turn, by one of several, whatever becomes of the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from credly_badges import notices, rounds, tasks, waking
from credly_badges.models import BadgeTemplate, CredlyNotice, CredlyOrganization, Pulse, ReconcileRun
from credly_badges.testing.factories import OrganizationFactory

pytestmark = pytest.mark.django_db

Source = Pulse.Source
EVERYTHING = {
    Source.FEED,
    Source.KEYS,
    Source.PURGE,
    Source.NOTICES,
    Source.LOSSES,
    Source.SEALS,
    Source.TEMPLATES,
    Source.PLACES,
    Source.FAULTS,
    Source.EVENTS,
    Source.HISTORY,
    Source.LISTS,
    Source.EXPIRIES,
    Source.SUBSCRIBERS,
    Source.ANSWERS,
    Source.RECONCILE,
}
EACH_TIME = {Source.NOTICES, Source.SUBSCRIBERS, Source.RECONCILE}


def names(done):
    return {each.pulse for each in done}


def ago(source, **time):
    Pulse.objects.filter(source=source).update(heard_at=timezone.now() - timedelta(**time))


def test_the_first_time_everything_is_done_and_leaves_its_pulse(organization):
    done = rounds.due(Source.COMMAND)

    assert names(done) == EVERYTHING
    assert [each.failure for each in done] == [""] * len(EVERYTHING)
    assert set(Pulse.objects.values_list("source", flat=True)) == EVERYTHING
    organization.refresh_from_db()
    assert organization.feed_read_at is not None
    assert ReconcileRun.objects.filter(organization=organization).exists()


def test_what_was_done_just_now_waits_for_its_time(organization):
    rounds.due(Source.COMMAND)

    assert names(rounds.due(Source.COMMAND)) == EACH_TIME

    ago(Source.FEED, minutes=16)
    assert names(rounds.due(Source.COMMAND)) == EACH_TIME | {Source.FEED}

    ago(Source.KEYS, minutes=61)
    ago(Source.PURGE, hours=25)
    assert names(rounds.due(Source.COMMAND)) == EACH_TIME | {Source.KEYS, Source.PURGE}

    ago(Source.SEALS, minutes=61)
    ago(Source.TEMPLATES, minutes=61)
    assert names(rounds.due(Source.COMMAND)) == EACH_TIME | {Source.SEALS, Source.TEMPLATES}


def test_the_feed_is_read_as_often_as_the_settings_say(organization, settings):
    settings.CREDLY_BADGES_FEED_MINUTES = 60
    rounds.due(Source.BEAT)
    ago(Source.FEED, minutes=59)

    assert Source.FEED not in names(rounds.due(Source.BEAT))


def test_of_several_that_come_at_once_one_does_it():
    feed = next(each for each in rounds.ROUNDS if each.pulse == Source.FEED)
    now = timezone.now()

    assert [rounds._is_mine(feed, now) for _worker in range(3)] == [True, False, False]


def test_one_that_fails_is_kept_for_the_doctor_and_does_not_keep_the_next_from_its_turn(organization, settings):
    settings.CREDLY_BADGES_NOTICE_DAYS = "many"

    done = {each.pulse: each.failure for each in rounds.due(Source.COMMAND)}

    assert done[Source.PURGE] == "ImproperlyConfigured"
    assert done[Source.RECONCILE] == ""
    assert Pulse.objects.get(source=Source.PURGE).failure == "ImproperlyConfigured"

    settings.CREDLY_BADGES_NOTICE_DAYS = 90
    ago(Source.PURGE, days=2)
    rounds.due(Source.COMMAND)
    assert Pulse.objects.get(source=Source.PURGE).failure == ""


def test_when_the_time_is_up_the_rest_is_left_for_the_next_round(organization):
    assert rounds.due(Source.COMMAND, patience=timedelta(0)) == []
    assert names(rounds.due(Source.COMMAND)) == EVERYTHING


def test_an_organization_that_cannot_be_asked_does_not_keep_the_next_from_its_turn(credly, organization):
    broken = OrganizationFactory(name="A broken one", environment="simulator", api_key="nobody-s-key")
    CredlyOrganization.objects.filter(pk=organization.pk).update(feed_read_at=timezone.now() - timedelta(days=1))

    rounds.due(Source.COMMAND)

    organization.refresh_from_db()
    broken.refresh_from_db()
    assert organization.feed_read_at > timezone.now() - timedelta(minutes=5)
    assert broken.feed_read_at is None


def test_one_that_fails_each_time_does_not_come_first_each_time(credly, organization):
    rounds.due(Source.COMMAND)
    ago(Source.FEED, hours=1)
    there = credly.add_organization("Broken")
    broken = OrganizationFactory(uuid=there.uuid, environment="simulator", api_key=there.key)
    credly.before_acting(f"GET */organizations/{there.uuid}/events*", status=503, times=None)
    assert not notices.read_feed(broken).ok  # In a round whose time was up after it.
    asked_before = len(credly.requests())

    rounds.due(Source.COMMAND)

    asked = [each.path for each in credly.requests()[asked_before:] if "/events" in each.path]
    assert [str(owner.uuid) in path for owner, path in zip((organization, broken), asked, strict=True)] == [True, True]


def test_a_paused_organization_is_not_asked_about(credly, organization):
    CredlyOrganization.objects.update(paused=CredlyOrganization.Pause.BY_HAND)

    rounds.due(Source.COMMAND)

    assert not [request for request in credly.requests() if "/events" in request.path]


def test_what_the_feed_brings_is_done(credly, at_credly, organization):
    template = credly.add_template(at_credly, "Python")
    rounds.due(Source.COMMAND)
    credly.archive_template(template)
    ago(Source.FEED, hours=1)

    rounds.due(Source.COMMAND)

    assert CredlyNotice.objects.filter(source=CredlyNotice.Source.FEED).exists()
    assert BadgeTemplate.objects.get(uuid=template.uuid).credly_state == "archived"


class TestSweep:
    """The task behind the beat, and behind the workers' own follow-ups."""

    def test_a_beat_is_heard_and_everything_is_done(self, organization):
        tasks.sweep()

        assert set(Pulse.objects.values_list("source", flat=True)) == EVERYTHING | {Source.BEAT}

    def test_a_worker_s_follow_up_is_heard_as_one(self, organization):
        tasks.sweep(Source.WORKER.value)

        assert set(Pulse.objects.values_list("source", flat=True)) == EVERYTHING | {Source.WORKER}

    def test_a_second_follow_up_at_the_same_time_does_nothing(self, organization):
        tasks.sweep(Source.WORKER.value)
        ago(Source.FEED, hours=1)

        tasks.sweep(Source.WORKER.value)

        assert Pulse.objects.get(source=Source.FEED).heard_at < timezone.now() - timedelta(minutes=30)

    def test_a_worker_leaves_a_task_for_the_next_round_unless_a_beat_or_cron_is_there(self, sent):
        waking.follow_up()
        assert sent() == [(waking.SWEEP, ["worker"])]

        Pulse.objects.create(source=Source.COMMAND, heard_at=timezone.now())
        waking.follow_up()
        assert sent() == []

        ago(Source.COMMAND, hours=1)
        waking.follow_up()
        assert sent() == [(waking.SWEEP, ["worker"])]

    def test_a_worker_that_is_awake_begins_the_rounds_and_asks_the_database_once_in_a_while(
        self, sent, django_assert_num_queries
    ):
        waking.keep_going()
        assert sent() == [(waking.SWEEP, ["worker"])]

        with django_assert_num_queries(0):
            waking.keep_going()
        assert sent() == []

    def test_a_worker_that_is_awake_leaves_rounds_alone_that_are_under_way(self, sent):
        Pulse.objects.create(source=Source.WORKER, heard_at=timezone.now())

        waking.keep_going()

        assert sent() == []


@pytest.fixture
def sent():
    """Celery as on a site with workers, at a broker in memory; gives what was sent since it was last asked."""
    before = (current_app.conf.task_always_eager, current_app.conf.broker_url)
    current_app.conf.task_always_eager, current_app.conf.broker_url = False, "memory://"
    waking._rounds = waking.Rounds()
    current_app.loader.import_default_modules()
    connection = current_app.connection_for_write()
    queue = connection.SimpleQueue(current_app.conf.task_default_queue)
    queue.clear()

    def taken():
        found = []
        while queue.qsize():
            message = queue.get_nowait()
            message.ack()
            found.append((message.headers["task"], message.payload[0]))
        return found

    yield taken
    queue.close()
    connection.release()
    current_app.conf.task_always_eager, current_app.conf.broker_url = before
