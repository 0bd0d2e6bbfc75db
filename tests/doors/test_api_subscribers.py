"""Subscribers over HTTP: who may set them up where, and what they may be sent."""

from __future__ import annotations

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from credly_badges import access, subscribers
from credly_badges.access import SITE, Level, Scope
from credly_badges.models import AuditEntry, BadgeProgram, Subscriber, SubscriberAttempt, SubscriberMessage
from credly_badges.testing.factories import (
    AwardFactory,
    OrganizationFactory,
    SubscriberFactory,
    SubscriberMessageFactory,
    UserFactory,
)
from tests.receiver import receiving

pytestmark = pytest.mark.django_db

ALL = "/api/badges/v1/subscribers"
BOTH = (Scope.SUBSCRIBERS_READ, Scope.SUBSCRIBERS_WRITE)


@pytest.fixture
def there(settings):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1"]
    settings.CREDLY_BADGES_SUBSCRIBER_TIMEOUT = 1
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def organization():
    return OrganizationFactory()


def key_at(level, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes or BOTH, level=level)
    return {"Authorization": f"Bearer {made.shown}"}


def at(organization, *scopes):
    return key_at(Level(organization.pk), *scopes)


def send(client, method, path, headers, body=None):
    return getattr(client, method)(path, body, content_type="application/json", headers=headers)


def new(there, organization=None, **said):
    return {
        "name": "Student records",
        "url": there.url(),
        **({"issuer": str(organization.uuid)} if organization else {}),
        **said,
    }


def test_a_subscriber_is_set_up_and_its_secret_shown_once(client, there, organization):
    headers = at(organization)

    made = send(client, "post", ALL, headers, new(there, organization, events=["award.issued"]))

    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    body = made.json()
    assert body["secret"].startswith("whsec_")
    assert (body["events"], body["fields"], body["isActive"]) == (["award.issued"], [], True)
    assert (body["issuer"], body["program"]) == (str(organization.uuid), None)
    again = client.get(f"{ALL}/{body['id']}", headers=headers).json()
    assert again == {name: value for name, value in body.items() if name != "secret"}
    assert body["secret"] not in client.get(ALL, headers=headers).content.decode()
    entry = AuditEntry.objects.get(action="subscriber.added")
    assert entry.after["api_key"].startswith("cbk_")
    assert body["secret"] not in str(entry.after)


def test_its_messages_can_be_verified_with_that_secret(client, there, organization):
    made = send(client, "post", ALL, at(organization), new(there, organization)).json()

    tested = send(client, "post", f"{ALL}/{made['id']}/test", at(organization))

    assert tested.status_code == 200
    assert (tested.json()["succeeded"], tested.json()["status"], tested.json()["said"]) == (True, 204, "")
    (heard,) = there.heard
    assert Webhook(made["secret"]).verify(heard.body, heard.headers)["type"] == "test"
    assert heard.headers["webhook-id"] == tested.json()["messageId"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://127.0.0.2/"}, "url"),
        ({"url": "https://2130706433/"}, "url"),
        ({"url": "https://user:pw@127.0.0.1/"}, "url"),
        ({"url": "no address"}, "url"),
        ({"url": "https://" + "a" * 600}, "url"),
        ({"url": None}, "url"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"events": ["award.stolen"]}, "events"),
        ({"events": ["test"]}, "events"),
        ({"events": "award.issued"}, "events"),
        ({"fields": ["password"]}, "fields"),
        ({"secret": "whsec_mine"}, "secret"),
        ({"signsLikeBadgekit": "perhaps"}, "signsLikeBadgekit"),
        ({"issuer": "7"}, "issuer"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_stored(client, there, organization, said, field):
    answer = send(client, "post", ALL, at(organization), new(there, organization, **said))

    assert answer.status_code == 400
    assert answer.json()["error"] == "VALIDATION_ERROR"
    assert field in answer.json()["details"]
    assert not Subscriber.objects.exists()


class TestLevels:
    """At one's own level and below it, and nowhere else."""

    def test_a_key_of_an_organization_sees_its_own_and_its_programs_subscribers(self, client, organization):
        program = BadgeProgram.objects.create(organization=organization, name="Data", slug="data")
        mine = SubscriberFactory(organization=organization, name="A")
        deeper = SubscriberFactory(program=program, name="B")
        SubscriberFactory(name="The site's")
        SubscriberFactory(organization=OrganizationFactory(), name="Theirs")

        listed = client.get(ALL, headers=at(organization)).json()["data"]

        assert [each["id"] for each in listed] == [str(mine.uuid), str(deeper.uuid)]
        assert listed[1]["program"] == str(program.uuid)
        seen = client.get(ALL, headers=key_at(Level(program_id=program.pk))).json()["data"]
        assert [each["id"] for each in seen] == [str(deeper.uuid)]
        assert client.get(ALL, headers=key_at(SITE)).json()["pagination"]["total"] == 4

    @pytest.mark.parametrize(
        ("method", "below"),
        [
            ("get", ""), ("patch", ""), ("delete", ""), ("post", "/rotate-secret"), ("post", "/test"),
            ("get", "/messages"), ("get", "/messages/{message}"), ("post", "/messages/{message}/redeliver"),
        ],
    )  # fmt: skip
    def test_those_of_others_are_not_there(self, client, organization, method, below):
        theirs = SubscriberMessageFactory(subscriber__organization=OrganizationFactory())
        path = f"{ALL}/{theirs.subscriber.uuid}{below.format(message=theirs.uuid)}"

        answer = send(client, method, path, at(organization), {} if method in ("patch", "post") else None)

        assert answer.status_code == 404
        theirs.subscriber.refresh_from_db()
        assert theirs.subscriber.failures == 0

    @pytest.mark.parametrize(
        ("method", "below"), [("patch", ""), ("delete", ""), ("post", "/rotate-secret"), ("post", "/test")]
    )
    def test_who_may_only_look_changes_nothing(self, client, organization, method, below):
        mine = SubscriberFactory(organization=organization)

        answer = send(client, method, f"{ALL}/{mine.uuid}{below}", at(organization, Scope.SUBSCRIBERS_READ), {})

        assert answer.status_code == 403
        assert Subscriber.objects.filter(pk=mine.pk).exists()

    def test_nothing_is_set_up_above_one_s_own_level(self, client, there, organization):
        assert send(client, "post", ALL, at(organization), new(there)).status_code == 403
        assert send(client, "post", ALL, at(organization), new(there, OrganizationFactory())).status_code == 400
        program = BadgeProgram.objects.create(organization=organization, name="Data", slug="data")
        program_key = key_at(Level(program_id=program.pk))
        assert send(client, "post", ALL, program_key, new(there, organization)).status_code == 403
        assert send(client, "post", ALL, program_key, new(there, program=str(program.uuid))).status_code == 201

    @pytest.mark.parametrize("user", [{}, {"is_staff": True}])
    def test_learners_and_course_staff_have_no_part_in_it(self, client, there, user):
        client.force_login(UserFactory(**user))

        assert client.get(ALL).status_code == 403
        assert send(client, "post", ALL, {}, new(there)).status_code == 403

    def test_nobody_has_none_either(self, client):
        assert client.get(ALL).status_code == 401


class TestPersonalData:
    """Only who may read learners' data has them sent anywhere."""

    def test_it_takes_the_right_to_read_them(self, client, there, organization):
        body = new(there, organization, fields=["email"])

        refused = send(client, "post", ALL, at(organization), body)
        taken = send(client, "post", ALL, at(organization, *BOTH, Scope.LEARNERS_READ), body)

        assert (refused.status_code, taken.status_code) == (403, 201)
        assert refused.json()["details"] == {"scope": "learners:read"}

    @pytest.mark.parametrize("said", [{"fields": ["email"]}, {"url": "https://127.0.0.1/mine"}])
    def test_nor_can_they_be_led_elsewhere_later(self, client, there, organization, said):
        fields = [] if "fields" in said else ["email"]
        mine = SubscriberFactory(organization=organization, url=there.url(), fields=fields)

        answer = send(client, "patch", f"{ALL}/{mine.uuid}", at(organization), said)

        assert answer.status_code == 403
        mine.refresh_from_db()
        assert (mine.url, mine.fields) == (there.url(), fields)

    def test_anybody_may_send_less(self, client, there, organization):
        mine = SubscriberFactory(organization=organization, url=there.url(), fields=["email"])

        answer = send(client, "patch", f"{ALL}/{mine.uuid}", at(organization), {"fields": [], "isActive": False})

        assert answer.status_code == 200
        mine.refresh_from_db()
        assert (mine.fields, mine.is_active) == ([], False)

    def test_messages_show_of_a_learner_what_the_caller_may_read(self, client, organization):
        mine = SubscriberFactory(organization=organization, fields=["reason", "email"])
        award = AwardFactory(offered=True, reason="Ada helped", template__organization=organization)
        subscribers.tell_of_award(subscribers.Event.AWARD_ISSUED, award.pk, award.template_id)
        path = f"{ALL}/{mine.uuid}/messages"

        less = client.get(path, headers=at(organization)).json()["data"][0]["data"]
        more = client.get(path, headers=at(organization, *BOTH, Scope.LEARNERS_READ)).json()["data"][0]["data"]

        assert "reason" not in less
        assert more["reason"] == "Ada helped"
        assert award.learner.email not in str(more)


class TestChanges:
    """Changed, rotated, removed."""

    def test_what_is_left_out_stays(self, client, there, organization):
        mine = SubscriberFactory(organization=organization, url=there.url(), failures=5, wait_until=timezone.now())
        headers = at(organization)
        etag = client.get(f"{ALL}/{mine.uuid}", headers=headers)["ETag"]

        answer = send(client, "patch", f"{ALL}/{mine.uuid}", {**headers, "If-Match": etag}, {"url": there.url("/new")})
        late = send(client, "patch", f"{ALL}/{mine.uuid}", {**headers, "If-Match": etag}, {"name": "B"})

        assert (answer.status_code, late.status_code) == (200, 412)
        assert (answer.json()["url"], answer.json()["name"]) == (there.url("/new"), mine.name)
        assert (answer.json()["failures"], answer.json()["waitsUntil"]) == (0, None)
        assert AuditEntry.objects.filter(action="subscriber.changed").exists()

    def test_the_level_cannot_be_changed(self, client, organization):
        mine = SubscriberFactory(organization=organization)

        answer = send(client, "patch", f"{ALL}/{mine.uuid}", at(organization), {"issuer": None})

        assert answer.status_code == 400

    def test_a_secret_is_replaced_with_an_overlap(self, client, there, organization):
        mine = SubscriberFactory(organization=organization, url=there.url())
        old = Subscriber.objects.get().secret.reveal()

        answer = send(client, "post", f"{ALL}/{mine.uuid}/rotate-secret", at(organization), {"overlapHours": 2})

        assert answer.status_code == 200
        row = Subscriber.objects.get()
        assert answer.json()["secret"] == row.secret.reveal() != old
        assert row.previous_secret.reveal() == old
        assert answer.json()["oldSecretUntil"]

    @pytest.mark.parametrize("hours", [-1, 721, "long", 1.5])
    def test_an_overlap_has_bounds(self, client, organization, hours):
        mine = SubscriberFactory(organization=organization)

        answer = send(client, "post", f"{ALL}/{mine.uuid}/rotate-secret", at(organization), {"overlapHours": hours})

        assert answer.status_code == 400

    def test_one_that_is_deleted_takes_its_messages_along(self, client, organization):
        told = SubscriberMessageFactory(subscriber__organization=organization)

        answer = send(client, "delete", f"{ALL}/{told.subscriber.uuid}", at(organization))

        assert answer.status_code == 204
        assert not SubscriberMessage.objects.exists()
        assert AuditEntry.objects.filter(action="subscriber.removed").exists()

    def test_a_paused_one_is_not_tried(self, client, there, organization):
        mine = SubscriberFactory(organization=organization, url=there.url(), is_active=False)

        assert send(client, "post", f"{ALL}/{mine.uuid}/test", at(organization)).status_code == 409
        assert there.heard == []


class TestMessages:
    """What it was told, and how that went."""

    def test_they_can_be_listed_by_state_and_event(self, client, organization):
        mine = SubscriberFactory(organization=organization)
        dead = SubscriberMessageFactory(subscriber=mine, dead=True)
        SubscriberMessageFactory(subscriber=mine, event="award.revoked")
        SubscriberMessageFactory()
        path, headers = f"{ALL}/{mine.uuid}/messages", at(organization)

        assert client.get(path, headers=headers).json()["pagination"]["total"] == 2
        (one,) = client.get(path, {"state": "dead"}, headers=headers).json()["data"]
        assert (one["id"], one["state"], one["error"]) == (str(dead.uuid), "dead", "It answered 500.")
        assert one["nextAttemptAt"] is None
        (other,) = client.get(path, {"event": "award.revoked"}, headers=headers).json()["data"]
        assert other["state"] == "waiting"
        assert client.get(path, {"state": "alive"}, headers=headers).status_code == 400

    def test_one_has_its_attempts(self, client, organization):
        told = SubscriberMessageFactory(subscriber__organization=organization, dead=True)
        SubscriberAttempt.objects.create(message=told, started_at=timezone.now(), status=500, said="It answered 500.")

        answer = client.get(f"{ALL}/{told.subscriber.uuid}/messages/{told.uuid}", headers=at(organization))

        (attempt,) = answer.json()["attempts"]
        assert (attempt["status"], attempt["succeeded"], attempt["said"]) == (500, False, "It answered 500.")

    def test_a_dead_one_is_sent_again(self, client, there, organization, django_capture_on_commit_callbacks):
        told = SubscriberMessageFactory(
            subscriber__organization=organization, subscriber__url=there.url(), dead=True, event="award.revoked"
        )
        path = f"{ALL}/{told.subscriber.uuid}/messages/{told.uuid}/redeliver"

        with django_capture_on_commit_callbacks(execute=True):
            answer = send(client, "post", path, at(organization))

        assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
        assert there.types == ["award.revoked"]
        assert there.heard[0].headers["webhook-id"] == str(told.uuid)

    def test_one_that_is_told_nothing_is_not_told_again_either(self, client, organization):
        told = SubscriberMessageFactory(subscriber__organization=organization, subscriber__is_active=False, dead=True)

        answer = send(client, "post", f"{ALL}/{told.subscriber.uuid}/messages/{told.uuid}/redeliver", at(organization))

        told.refresh_from_db()
        assert (answer.status_code, told.state) == (409, "dead")

    def test_many_take_as_many_queries_as_one(self, client, organization, django_assert_num_queries):
        mine = SubscriberFactory(organization=organization)
        SubscriberMessageFactory(subscriber=mine, award=AwardFactory())
        headers = at(organization)
        path = f"{ALL}/{mine.uuid}/messages"
        client.get(path, headers=headers)

        for more in (0, 49):
            for _each in range(more):
                SubscriberMessageFactory(subscriber=mine, award=AwardFactory())
            with django_assert_num_queries(6):
                assert len(client.get(path, headers=headers).json()["data"]) == 1 + more

    def test_many_subscribers_take_as_many_queries_as_one(self, client, organization, django_assert_num_queries):
        SubscriberFactory(organization=organization)
        headers = at(organization)
        client.get(ALL, headers=headers)

        for more in (0, 49):
            SubscriberFactory.create_batch(more, organization=organization)
            with django_assert_num_queries(3):
                assert len(client.get(ALL, headers=headers).json()["data"]) == 1 + more
