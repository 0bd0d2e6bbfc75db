"""Other systems are told what happens: who hears what, signed how, in which order, and for how long it is tried."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import timedelta

import jwt
import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from credly_badges import awards, retirement, subscribers
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgram,
    Pulse,
    Subscriber,
    SubscriberAttempt,
    SubscriberMessage,
)
from credly_badges.subscribers import Event, deliver, schedule
from credly_badges.testing.factories import (
    AwardFactory,
    OrganizationFactory,
    SubscriberFactory,
    SubscriberMessageFactory,
    TemplateFactory,
    UserFactory,
)
from tests import receiver as behaviors
from tests.receiver import receiving

pytestmark = pytest.mark.django_db

State = SubscriberMessage.State
PERSONAL = ["learnerId", "username", "name", "email"]


@pytest.fixture
def there(settings):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1"]
    settings.CREDLY_BADGES_SUBSCRIBER_TIMEOUT = 1
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def subscriber(there):
    return SubscriberFactory(url=there.url())


def message(subscriber, subject="award:1", **columns):
    return SubscriberMessageFactory(subscriber=subscriber, subject=subject, **columns)


def tell(template, **about):
    award = AwardFactory(template=template, offered=True)
    return subscribers.tell(
        Event.AWARD_ISSUED,
        template=template,
        subject=f"award:{award.pk}",
        data=subscribers.award_data(award),
        award=award,
        learner_id=award.learner_id,
        **about,
    )


def time_has_come():
    """As if whatever waits had waited long enough."""
    past = timezone.now() - timedelta(seconds=1)
    SubscriberMessage.objects.filter(open=True).update(not_before=past)
    Subscriber.objects.update(wait_until=None)


class TestWhoHears:
    """At the level of a badge and at those above it."""

    def test_the_site_the_organization_and_the_program_of_a_badge_hear_of_it_and_no_others(self):
        badge = TemplateFactory()
        program = BadgeProgram.objects.create(organization=badge.organization, name="Data", slug="data")
        program.templates.add(badge)
        empty = BadgeProgram.objects.create(organization=badge.organization, name="Law", slug="law")
        hear = {
            SubscriberFactory(),
            SubscriberFactory(organization=badge.organization),
            SubscriberFactory(organization=badge.organization, program=program),
        }
        SubscriberFactory(organization=OrganizationFactory())
        SubscriberFactory(organization=badge.organization, program=empty)
        SubscriberFactory(is_active=False)

        assert tell(badge) == 3
        assert {each.subscriber for each in SubscriberMessage.objects.all()} == hear

    def test_each_hears_what_it_asked_for(self):
        SubscriberFactory(events=["award.revoked"])
        SubscriberFactory(events=["award.issued", "award.revoked"])

        assert tell(TemplateFactory()) == 1

    def test_where_nobody_subscribed_it_takes_one_query(self, django_assert_num_queries):
        badge = TemplateFactory()
        award = AwardFactory(template=badge, offered=True)

        with django_assert_num_queries(1):
            assert subscribers.tell_of_award(Event.AWARD_ISSUED, award.pk, badge.pk) == 0

    def test_what_is_no_badge_s_affair_is_heard_at_the_organization(self):
        organization = OrganizationFactory()
        SubscriberFactory(organization=organization)
        SubscriberFactory(organization=OrganizationFactory())

        told = subscribers.tell(
            Event.KEY_EXPIRING, template=None, organization_id=organization.pk, subject="organization:1", data={}
        )

        assert told == 1

    def test_what_was_told_in_a_transaction_that_failed_was_never_told(self):
        SubscriberFactory()
        with transaction.atomic():
            tell(TemplateFactory())
            transaction.set_rollback(True)

        assert not SubscriberMessage.objects.exists()


class TestWhatTheyAreTold:
    """The envelope, and nothing of a learner that was not chosen."""

    def test_a_badge_that_was_issued(self, there, subscriber):
        badge = TemplateFactory()
        tell(badge)
        award = BadgeAward.objects.get()

        deliver.deliver(subscriber.pk)

        (heard,) = there.heard
        body = heard.json
        assert list(body) == ["type", "timestamp", "data"]
        assert body["type"] == "award.issued"
        assert body["timestamp"].endswith("Z")
        assert set(body["data"]) == {
            *("awardId", "badgeId", "issuerId", "state", "earnedAt", "issuedAt", "expiresAt"),
        }
        assert (body["data"]["awardId"], body["data"]["badgeId"]) == (str(award.uuid), str(badge.uuid))
        assert body["data"]["issuerId"] == str(badge.organization.uuid)
        assert heard.headers["content-type"] == "application/json"

    @pytest.mark.parametrize("fields", [[], ["learnerId"], ["name", "email"], PERSONAL])
    def test_of_the_learner_it_hears_what_was_chosen(self, there, subscriber, fields):
        Subscriber.objects.update(fields=fields)
        tell(TemplateFactory())
        learner = BadgeAward.objects.get().learner
        everything = {
            "learnerId": learner.pk,
            "username": learner.username,
            "name": f"{learner.first_name} {learner.last_name}",
            "email": learner.email,
        }

        deliver.deliver(subscriber.pk)

        assert {name: value for name, value in there.heard[0].json["data"].items() if name in PERSONAL} == {
            name: everything[name] for name in fields
        }
        if not fields:
            assert learner.username not in there.heard[0].body.decode()

    def test_nothing_of_a_learner_lies_in_the_table(self):
        SubscriberFactory(fields=[])
        SubscriberFactory(fields=PERSONAL)

        tell(TemplateFactory())

        learner = BadgeAward.objects.get().learner
        for each in SubscriberMessage.objects.all():
            assert not set(each.payload) & set(PERSONAL)
            assert learner.email not in json.dumps(each.payload)
        assert sorted(map(bool, SubscriberMessage.objects.values_list("learner", flat=True))) == [False, True]

    def test_whoever_chose_less_meanwhile_hears_less(self, there, subscriber):
        Subscriber.objects.update(fields=["email", "badgeUrl"])
        award = AwardFactory(offered=True, badge_url="https://www.credly.com/badges/1")
        subscribers.tell_of_award(Event.AWARD_ISSUED, award.pk, award.template_id)
        Subscriber.objects.update(fields=[])

        deliver.deliver(subscriber.pk)

        assert {"email", "badgeUrl"}.isdisjoint(there.heard[0].json["data"])

    def test_the_address_of_now_is_told_and_not_that_of_then(self, there, subscriber):
        Subscriber.objects.update(fields=["email"])
        tell(TemplateFactory())
        learner = BadgeAward.objects.get().learner
        learner.email = "new@example.com"
        learner.save()

        deliver.deliver(subscriber.pk)

        assert there.heard[0].json["data"]["email"] == "new@example.com"


class TestSignatures:
    """Verified by the library of Standard Webhooks, as receivers do."""

    def test_a_receiver_can_verify_it(self, there):
        made = subscribers.make(name="Records", url=there.url())
        message(made.subscriber)

        deliver.deliver(made.subscriber.pk)

        (heard,) = there.heard
        assert Webhook(made.secret).verify(heard.body, heard.headers) == heard.json
        assert heard.headers["webhook-id"] == str(SubscriberMessage.objects.get().uuid)
        with pytest.raises(WebhookVerificationError):
            Webhook(made.secret).verify(heard.body + b" ", heard.headers)
        assert "authorization" not in heard.headers

    def test_during_the_overlap_both_secrets_verify_it_and_then_the_new_one_alone(self, there):
        first = subscribers.make(name="Records", url=there.url())
        second = subscribers.rotate(first.subscriber)
        message(first.subscriber, "award:1")
        deliver.deliver(first.subscriber.pk)
        Subscriber.objects.update(previous_until=timezone.now() - timedelta(seconds=1))
        message(first.subscriber, "award:2")
        deliver.deliver(first.subscriber.pk)

        during, after = there.heard
        assert len(during.headers["webhook-signature"].split(" ")) == 2
        assert Webhook(first.secret).verify(during.body, during.headers)
        assert Webhook(second.secret).verify(during.body, during.headers)
        assert Webhook(second.secret).verify(after.body, after.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(first.secret).verify(after.body, after.headers)

    def test_a_secret_that_got_known_is_replaced_at_once(self, there):
        first = subscribers.make(name="Records", url=there.url())
        subscribers.rotate(first.subscriber, overlap=timedelta(0))
        message(first.subscriber)
        deliver.deliver(first.subscriber.pk)

        with pytest.raises(WebhookVerificationError):
            Webhook(first.secret).verify(there.heard[0].body, there.heard[0].headers)

    def test_secrets_are_stored_encrypted_and_are_in_no_log(self, there):
        made = subscribers.make(name="Records", url=there.url("/secret-part"))
        again = subscribers.rotate(made.subscriber)

        kept = str(list(Subscriber.objects.values())) + str(list(AuditEntry.objects.values()))
        assert made.secret not in kept
        assert again.secret not in kept
        assert "secret-part" not in str(list(AuditEntry.objects.values()))
        assert made.secret.startswith("whsec_")

    def test_badgekit_s_header_is_sent_to_those_who_chose_it(self, there):
        made = subscribers.make(name="Records", url=there.url("/hook?a=b"), signs_like_badgekit=True)
        message(made.subscriber)

        deliver.deliver(made.subscriber.pk)

        (heard,) = there.heard
        header = heard.headers["authorization"]
        assert header.startswith('JWT token="')
        claims = jwt.decode(header.removeprefix('JWT token="').removesuffix('"'), made.secret, algorithms=["HS256"])
        assert claims["body"] == {"alg": "sha256", "hash": hashlib.sha256(heard.body).hexdigest()}
        assert (claims["method"], claims["path"], claims["key"]) == ("POST", "/hook?a=b", str(made.subscriber.uuid))
        assert claims["exp"] > timezone.now().timestamp()


class TestDelivery:
    """In order, one at a time, again and again for three days."""

    def test_what_is_taken_is_done(self, there, subscriber):
        told = message(subscriber)

        assert deliver.deliver(subscriber.pk) == 1
        assert deliver.deliver(subscriber.pk) == 0

        told.refresh_from_db()
        subscriber.refresh_from_db()
        assert (told.state, told.open, told.error) == (State.DELIVERED, None, "")
        assert (subscriber.lease, subscriber.failures) == (None, 0)
        assert subscriber.last_delivered_at is not None
        attempt = SubscriberAttempt.objects.get()
        assert (attempt.succeeded, attempt.status, attempt.said) == (True, 204, "")

    @pytest.mark.parametrize("answer", [500, 503, 404, 400, 302, behaviors.babble, behaviors.hang])
    def test_what_is_not_taken_is_tried_again_later(self, there, subscriber, answer):
        there.next = [answer]
        told = message(subscriber)

        deliver.deliver(subscriber.pk)
        told.refresh_from_db()
        assert (told.state, told.attempts) == (State.WAITING, 1)
        assert told.not_before > timezone.now()
        assert told.error
        subscriber.refresh_from_db()
        assert subscriber.failures == 1
        assert subscriber.wait_until > timezone.now()
        assert deliver.deliver(subscriber.pk) == 0, "It is left alone for a while."

        time_has_come()
        deliver.deliver(subscriber.pk)
        told.refresh_from_db()
        subscriber.refresh_from_db()
        assert (told.state, subscriber.failures, subscriber.wait_until) == (State.DELIVERED, 0, None)
        assert len({each.headers["webhook-id"] for each in there.heard}) == 1

    def test_what_the_receiver_wrote_is_not_kept(self, there, subscriber):
        def answer(handler):
            handler.wfile.write(b"HTTP/1.1 500 Oh dear ada@example.com\r\nContent-Length: 3\r\n\r\nada")

        there.next = [answer]
        message(subscriber)

        deliver.deliver(subscriber.pk)

        assert "ada" not in str(list(SubscriberAttempt.objects.values())) + str(
            list(SubscriberMessage.objects.values())
        )

    def test_after_three_days_it_is_given_up(self, there, subscriber):
        there.always = 500
        told = message(subscriber, give_up_at=timezone.now())

        deliver.deliver(subscriber.pk)

        told.refresh_from_db()
        assert (told.state, told.open) == (State.DEAD, None)
        assert told.finished_at is not None

    def test_what_waits_behind_others_at_a_subscriber_that_takes_nothing_is_given_up_in_time_as_well(self, subscriber):
        late = message(subscriber, give_up_at=timezone.now() - timedelta(seconds=1))
        Subscriber.objects.update(failures=3, wait_until=timezone.now() + timedelta(hours=1))

        subscribers.due(Pulse.Source.BEAT, until=float("inf"))

        late.refresh_from_db()
        assert late.state == State.DEAD

    def test_what_nobody_has_tried_yet_is_not_given_up(self, there, subscriber):
        """As when the workers were away for a week."""
        told = message(subscriber, give_up_at=timezone.now() - timedelta(days=4))

        subscribers.due(Pulse.Source.COMMAND, until=float("inf"))

        told.refresh_from_db()
        assert told.state == State.DELIVERED

    def test_about_one_thing_the_first_comes_first(self, there, subscriber):
        there.next = [500]
        first = message(subscriber, "award:1", payload={"n": 1})
        time_of_others = timezone.now() - timedelta(milliseconds=500)
        message(subscriber, "award:1", payload={"n": 2}, not_before=time_of_others)
        message(subscriber, "award:2", payload={"n": 3}, not_before=time_of_others)

        deliver.deliver(subscriber.pk)
        Subscriber.objects.update(wait_until=None)
        deliver.deliver(subscriber.pk)

        assert [each.json["data"]["n"] for each in there.heard] == [1, 3], "The second about the first award waits."
        SubscriberMessage.objects.filter(pk=first.pk).update(not_before=time_of_others)
        deliver.deliver(subscriber.pk)
        assert [each.json["data"]["n"] for each in there.heard] == [1, 3, 1, 2]

    def test_one_that_was_given_up_blocks_nothing(self, there, subscriber):
        message(subscriber, "award:1", dead=True)
        message(subscriber, "award:1")

        assert deliver.deliver(subscriber.pk) == 1

    def test_one_that_says_it_is_gone_is_told_nothing_more(self, there, subscriber):
        there.next = [410]
        told = message(subscriber, "award:1")
        message(subscriber, "award:2")

        deliver.deliver(subscriber.pk)

        subscriber.refresh_from_db()
        told.refresh_from_db()
        assert (subscriber.is_active, told.state, len(there.heard)) == (False, State.DEAD, 1)
        assert AuditEntry.objects.get().action == "subscriber.gone"

    @pytest.mark.parametrize("status", [429, 503])
    def test_one_that_asks_for_time_gets_it(self, there, subscriber, status):
        there.next = [(status, {"Retry-After": "3600"})]
        told = message(subscriber)

        deliver.deliver(subscriber.pk)

        subscriber.refresh_from_db()
        told.refresh_from_db()
        hour = timezone.now() + timedelta(minutes=59)
        assert subscriber.wait_until > hour
        assert told.not_before > hour

    def test_nobody_can_ask_for_longer_than_some_hours(self, there, subscriber):
        there.next = [(503, {"Retry-After": "999999999"})]
        message(subscriber)

        deliver.deliver(subscriber.pk)

        subscriber.refresh_from_db()
        assert subscriber.wait_until <= timezone.now() + schedule.LONGEST_WAIT

    def test_while_another_worker_tells_it_nobody_else_does(self, there, subscriber):
        Subscriber.objects.update(lease=uuid.uuid4(), leased_until=timezone.now() + timedelta(seconds=30))
        message(subscriber)

        assert deliver.deliver(subscriber.pk) == 0
        assert there.heard == []

    def test_what_a_killed_worker_had_in_hand_is_sent_once_its_lease_is_over(self, there, subscriber):
        Subscriber.objects.update(lease=uuid.uuid4(), leased_until=timezone.now() - timedelta(seconds=1))
        message(subscriber)

        subscribers.due(Pulse.Source.BEAT, until=float("inf"))

        assert len(there.heard) == 1

    def test_an_address_that_became_private_is_not_asked(self, there, subscriber, settings):
        settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = []
        told = message(subscriber)

        deliver.deliver(subscriber.pk)

        told.refresh_from_db()
        assert there.heard == []
        assert told.state == State.WAITING
        assert "https" in told.error

    def test_a_secret_that_cannot_be_read_is_said_so(self, there, subscriber, settings):
        told = message(subscriber)
        settings.CREDLY_BADGES_ENCRYPTION_KEYS = ["bm9ib2R5J3Mga2V5IG5vYm9keSdzIGtleSBub2JvZHk="]

        deliver.deliver(subscriber.pk)

        told.refresh_from_db()
        assert "secret cannot be read" in told.error
        assert there.heard == []

    def test_what_was_committed_is_sent_at_once(self, there, subscriber, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            tell(TemplateFactory())

        assert there.types == ["award.issued"]


class TestByHand:
    """What people do with subscribers."""

    def test_a_dead_one_is_sent_again_under_the_same_id(self, there, subscriber, django_capture_on_commit_callbacks):
        dead = message(subscriber, dead=True, attempts=20, give_up_at=timezone.now() - timedelta(days=1))
        Subscriber.objects.update(failures=9, wait_until=timezone.now() + timedelta(hours=1))
        admin = UserFactory(admin=True)

        with django_capture_on_commit_callbacks(execute=True):
            subscribers.redeliver(dead, by=admin)

        dead.refresh_from_db()
        assert dead.state == State.DELIVERED
        assert there.heard[0].headers["webhook-id"] == str(dead.uuid)
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.actor) == ("subscriber_message.redelivered", admin)
        assert entry.before == {"state": "dead", "attempts": 20}

    def test_a_test_is_sent_once_whatever_comes_of_it(self, there, subscriber):
        there.next = [500]

        failed = subscribers.send_test(subscriber)
        taken = subscribers.send_test(subscriber)

        assert (failed.succeeded, failed.said) == (False, "It answered 500.")
        assert taken.succeeded
        assert there.types == ["test", "test"]
        assert deliver.deliver(subscriber.pk) == 0

    def test_a_paused_one_hears_nothing_and_then_what_still_waits(self, there, subscriber):
        message(subscriber)
        subscribers.pause(subscriber)
        assert tell(TemplateFactory()) == 0
        assert deliver.deliver(subscriber.pk) == 0

        subscribers.resume(subscriber)
        deliver.deliver(subscriber.pk)

        assert len(there.heard) == 1
        assert [each.action for each in AuditEntry.objects.order_by("pk")] == [
            "subscriber.paused",
            "subscriber.resumed",
        ]

    @pytest.mark.parametrize("wrong", [{"events": ["award.stolen"]}, {"fields": ["password"]}])
    def test_what_there_is_not_cannot_be_chosen(self, wrong):
        with pytest.raises(ValueError, match=next(iter(wrong.values()))[0]):
            subscribers.make(name="Records", url="https://example.com/", **wrong)


class TestWhatHappens:
    """Every change of an award is told where it is written."""

    @pytest.fixture(autouse=True)
    def _listening(self, there):
        SubscriberFactory(url=there.url(), fields=["reason"])

    def told(self):
        return list(SubscriberMessage.objects.order_by("pk").values_list("event", flat=True))

    def test_a_badge_that_was_taken_back_before_credly_heard_of_it(self):
        award = AwardFactory()

        awards.revoke(award, "A mistake", by=None)

        assert self.told() == ["award.revoked"]
        assert SubscriberMessage.objects.get().payload["reason"] == "A mistake"

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            ({}, ["award.expired"]),
            ({"state": "accepted"}, ["award.expired"]),
            ({"state": "revoked", "live": None}, []),
            ({"state": "declined"}, []),
            ({"expires_at": timezone.now() + timedelta(hours=1)}, []),
            ({"expires_at": timezone.now() - timedelta(days=400)}, []),
            ({"expiry_told": True}, []),
        ],
    )
    def test_a_badge_whose_time_has_come_is_told_once(self, columns, told):
        AwardFactory(**{"offered": True, "expires_at": timezone.now() - timedelta(hours=1), **columns})

        subscribers.expiries(until=float("inf"))
        subscribers.expiries(until=float("inf"))

        assert self.told() == told

    def test_old_messages_go_after_their_time_and_open_ones_stay(self, settings):
        settings.CREDLY_BADGES_SUBSCRIBER_DAYS = 7
        subscriber = Subscriber.objects.get()
        old = timezone.now() - timedelta(days=8)
        gone = message(subscriber, dead=True, finished_at=old)
        SubscriberAttempt.objects.create(message=gone, started_at=old)
        kept = {message(subscriber, dead=True), message(subscriber, not_before=old)}

        assert subscribers.purge() == 1
        assert set(SubscriberMessage.objects.all()) == kept
        assert not SubscriberAttempt.objects.exists()


def test_a_learner_who_leaves_takes_along_what_others_were_told_of_them(there):
    SubscriberFactory(url=there.url(), fields=["email"], created_by=UserFactory())
    award = AwardFactory(offered=True)
    subscribers.tell_of_award(Event.AWARD_ISSUED, award.pk, award.template_id)
    kept = message(Subscriber.objects.get())

    retirement.forget(award.learner_id)
    retirement.forget(Subscriber.objects.get().created_by_id)

    assert [each.pk for each in SubscriberMessage.objects.filter(event="award.issued")] == [kept.pk]
    assert Subscriber.objects.get().created_by is None
