"""Subscribers in the admin: set up, tried, given another secret, and told again."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from credly_badges.models import AuditEntry, BadgeProgram, Subscriber, SubscriberAttempt, SubscriberMessage
from credly_badges.testing.factories import OrganizationFactory, SubscriberFactory, SubscriberMessageFactory
from tests.receiver import receiving

from .admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(settings):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1"]
    settings.CREDLY_BADGES_SUBSCRIBER_TIMEOUT = 1
    with receiving() as receiver:
        yield receiver


def added(browser, there, **said):
    return browser.post(url("subscriber", "add"), {"name": "Student records", "url": there.url(), **said})


def test_the_secret_of_a_new_one_is_shown_once_and_fits(there):
    browser = manager()

    page = added(browser, there, events=["award.issued"], fields=["email"])

    subscriber = Subscriber.objects.get()
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", text_of(page)).group()
    assert secret == subscriber.secret.reveal()
    assert "no-store" in page["Cache-Control"]
    assert (subscriber.events, subscriber.fields) == (["award.issued"], ["email"])
    assert subscriber.created_by is not None
    assert AuditEntry.objects.get().action == "subscriber.added"
    for later in (url("subscriber", "change", subscriber.pk), url("subscriber")):
        assert secret not in browser.get(later).content.decode()

    browser.post(url("subscriber", "test", subscriber.pk))
    assert Webhook(secret).verify(there.heard[0].body, there.heard[0].headers)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://hooks.example.com/", "has to begin with https://"),
        ("https://10.0.0.1/", "CREDLY_BADGES_SUBSCRIBER_HOSTS"),
        ("https://2130706433/", "names no host"),
    ],
)
def test_an_address_to_which_nothing_may_be_sent_is_refused(there, address, sentence):
    page = manager().post(url("subscriber", "add"), {"name": "Records", "url": address})

    assert page.status_code == 200
    assert sentence in text_of(page)
    assert not Subscriber.objects.exists()


def test_a_program_of_another_organization_is_refused(there):
    program = BadgeProgram.objects.create(organization=OrganizationFactory(), name="Data", slug="data")

    page = added(manager(), there, organization=OrganizationFactory().pk, program=program.pk)

    assert "belongs to another organization" in text_of(page)
    added(manager(), there, organization=program.organization.pk, program=program.pk)
    assert (Subscriber.objects.get().program, Subscriber.objects.get().organization) == (program, None)


def test_a_change_is_written_down_and_the_secret_stays(there):
    subscriber = SubscriberFactory(url=there.url(), events=["award.issued"])

    page = manager().post(
        url("subscriber", "change", subscriber.pk),
        {"name": "Records", "url": there.url("/new"), "events": ["award.revoked"]},
    )

    assert page.status_code == 302
    row = Subscriber.objects.get()
    assert (row.name, row.url, row.events) == ("Records", there.url("/new"), ["award.revoked"])
    assert row.secret.reveal() == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
    entry = AuditEntry.objects.get()
    assert entry.action == "subscriber.changed"
    assert entry.after["events"] == ["award.revoked"]


def test_what_came_of_a_test_is_said(there):
    subscriber = SubscriberFactory(url=there.url())
    there.next = [500]
    browser = manager()

    failed = browser.post(url("subscriber", "test", subscriber.pk), follow=True)
    taken = browser.post(url("subscriber", "test", subscriber.pk), follow=True)

    assert "It did not take the test. It answered 500." in text_of(failed)
    assert "It took the test, and answered 204." in text_of(taken)
    assert browser.get(url("subscriber", "test", subscriber.pk)).status_code == 405


def test_a_new_secret_is_asked_for_first_and_shown_once(there):
    subscriber = SubscriberFactory(url=there.url())
    browser = manager()

    question = browser.get(url("subscriber", "rotate", subscriber.pk))
    page = browser.post(url("subscriber", "rotate", subscriber.pk))

    assert "Make a new secret" in question.content.decode()
    row = Subscriber.objects.get()
    assert row.secret.reveal() in text_of(page)
    assert row.previous_secret.reveal() not in text_of(page)
    assert "the old secret as well" in text_of(page)


def test_one_is_paused_and_resumed(there):
    subscriber = SubscriberFactory(url=there.url())
    browser = manager()

    browser.post(url("subscriber", "pause", subscriber.pk))
    page = browser.get(url("subscriber", "change", subscriber.pk))
    assert "It is told nothing." in text_of(page)
    browser.post(url("subscriber", "resume", subscriber.pk))

    assert Subscriber.objects.get().is_active
    assert {each.action for each in AuditEntry.objects.all()} == {"subscriber.paused", "subscriber.resumed"}


@pytest.mark.parametrize("page", ["test", "rotate", "pause", "resume"])
def test_who_may_only_look_does_nothing(there, page):
    subscriber = SubscriberFactory(url=there.url())
    browser = at_the_desk("view_subscriber")

    assert browser.get(url("subscriber", "change", subscriber.pk)).status_code == 200
    assert browser.post(url("subscriber", page, subscriber.pk)).status_code == 403
    assert there.heard == []


def test_who_may_not_read_learners_data_does_not_have_them_sent_anywhere(there):
    browser = at_the_desk("view_subscriber", "add_subscriber", "change_subscriber")
    subscriber = SubscriberFactory(url=there.url(), fields=["email"])

    added(browser, there, fields=["email"])
    browser.post(
        url("subscriber", "change", subscriber.pk),
        {"name": "Mine", "url": there.url("/mine"), "fields": ["email", "name"]},
    )

    subscriber.refresh_from_db()
    assert (subscriber.name, subscriber.url, subscriber.fields) == ("Mine", there.url(), ["email"])
    assert Subscriber.objects.exclude(pk=subscriber.pk).get().fields == []


class TestMessages:
    """What was told."""

    def test_a_page_shows_every_attempt(self):
        told = SubscriberMessageFactory(dead=True)
        SubscriberAttempt.objects.create(
            message=told, started_at=timezone.now(), finished_at=timezone.now(), status=500, said="It answered 500."
        )
        browser = manager()

        page = text_of(browser.get(url("subscribermessage", "change", told.pk)))

        assert "not taken 500 It answered 500." in page
        assert told.payload["awardId"] in page
        assert "given up" in text_of(browser.get(url("subscribermessage")))

    def test_one_and_many_are_sent_again(self, there, django_capture_on_commit_callbacks):
        subscriber = SubscriberFactory(url=there.url())
        dead = SubscriberMessageFactory.create_batch(3, subscriber=subscriber, dead=True)
        browser = manager()

        with django_capture_on_commit_callbacks(execute=True):
            browser.post(url("subscribermessage", "redeliver", dead[0].pk))
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(
                url("subscribermessage"),
                {"action": "redeliver_selected", "_selected_action": [each.pk for each in dead[1:]]},
            )

        assert [each.headers["webhook-id"] for each in there.heard] == [str(each.uuid) for each in dead]
        assert set(SubscriberMessage.objects.values_list("state", flat=True)) == {"delivered"}

    def test_who_may_only_look_sends_nothing(self, there):
        dead = SubscriberMessageFactory(subscriber__url=there.url(), dead=True)
        browser = at_the_desk("view_subscribermessage")

        assert browser.get(url("subscribermessage", "change", dead.pk)).status_code == 200
        assert browser.post(url("subscribermessage", "redeliver", dead.pk)).status_code == 403

    def test_many_take_as_many_queries_as_one(self, django_assert_max_num_queries):
        browser = manager()
        SubscriberMessageFactory.create_batch(50)

        with django_assert_max_num_queries(12):
            assert browser.get(url("subscribermessage")).status_code == 200
