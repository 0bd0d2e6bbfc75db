"""What happens is told where it is written down: badges, templates, keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from credly_badges import access, awards, diagnosis
from credly_badges.activation import move
from credly_badges.credly import wire
from credly_badges.issuing import deliver, mirror, outbox, told
from credly_badges.keys import expiry
from credly_badges.models import (
    BadgeAward,
    BadgeProgram,
    CredlyOrganization,
    OutboxMessage,
    Subscriber,
    SubscriberMessage,
)
from credly_badges.sync import authoring, templates
from credly_badges.testing.factories import (
    AwardFactory,
    OrganizationFactory,
    SubscriberFactory,
    SubscriberMessageFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

State = BadgeAward.State


@pytest.fixture(autouse=True)
def subscriber():
    """Somebody who hears everything; delivering it is another matter."""
    return SubscriberFactory()


def heard():
    return list(SubscriberMessage.objects.order_by("pk").values_list("event", flat=True))


def data():
    return SubscriberMessage.objects.order_by("pk").last().payload


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        ("queued", "offered", ["award.issued"]),
        ("queued", "accepted", ["award.issued", "award.accepted"]),
        ("queued", "declined", ["award.issued", "award.declined"]),
        ("queued", "failed", ["award.failed"]),
        ("queued", "revoked", ["award.revoked"]),
        ("failed", "queued", []),
        ("failed", "offered", ["award.issued"]),
        ("offered", "offered", []),
        ("offered", "accepted", ["award.accepted"]),
        ("offered", "declined", ["award.declined"]),
        ("declined", "accepted", ["award.accepted"]),
        ("accepted", "offered", []),
        ("accepted", "revoked", ["award.revoked"]),
        ("accepted", "deleted", ["award.revoked"]),
        ("revoked", "deleted", []),
        ("deleted", "revoked", []),
        ("revoked", "offered", ["award.issued"]),
        ("revoked", "accepted", ["award.issued", "award.accepted"]),
    ],
)
def test_what_there_is_to_tell_of_a_change_of_state(before, after, events):
    assert told.events(State(before), State(after)) == events


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_every_change_of_state_is_known(before, after):
    assert len(told.events(before, after)) <= 2


class TestAtCredly:
    """With Credly's simulator."""

    @pytest.fixture
    def award(self, organization, credly, at_credly):
        remote = credly.add_template(at_credly, name="Scholar")
        badge = TemplateFactory(uuid=remote.uuid, organization=organization, active=True)
        award = AwardFactory(template=badge)
        outbox.put(award, OutboxMessage.Kind.ISSUE)
        return award

    def test_a_badge_that_credly_issues_and_revokes(self, award):
        deliver.deliver(award.messages.get().pk)
        assert heard() == ["award.issued"]
        assert (data()["awardId"], data()["state"]) == (str(award.uuid), "offered")
        assert data()["issuedAt"]

        award.refresh_from_db()
        BadgeAward.objects.update(revocation_reason="A mistake")
        order = outbox.put(award, OutboxMessage.Kind.REVOKE)
        deliver.deliver(order.pk)

        assert heard() == ["award.issued", "award.revoked"]
        assert len(set(SubscriberMessage.objects.values_list("subject", flat=True))) == 1

    def test_a_badge_that_cannot_be_issued(self, award, credly):
        credly.before_acting("POST *", status=422)

        deliver.deliver(award.messages.get().pk)

        assert heard() == ["award.failed"]

    def test_what_the_learner_does_with_it(self, award):
        deliver.deliver(award.messages.get().pk)
        award.refresh_from_db()
        badge = wire.Badge(
            id=award.credly_id, template_id=award.template.uuid, recipient_email="a@example.com", state="accepted",
            badge_url="https://www.credly.com/badges/1", updated_at=timezone.now() + timedelta(hours=1),
        )  # fmt: skip

        for _twice in range(2):
            mirror.follow(badge, as_of=timezone.now(), organization=award.template.organization)

        assert heard() == ["award.issued", "award.accepted"]

    def test_a_badge_that_is_gone_from_credly(self, award):
        deliver.deliver(award.messages.get().pk)
        award.refresh_from_db()

        mirror.deleted(award.credly_id, as_of=timezone.now(), organization=award.template.organization)

        assert heard() == ["award.issued", "award.revoked"]
        assert data()["state"] == "deleted"

    def test_a_renewal_has_its_new_end_told_in_its_time(self, award):
        deliver.deliver(award.messages.get().pk)
        BadgeAward.objects.update(expiry_told=True, expires_at=timezone.now() - timedelta(days=1))
        award.refresh_from_db()
        badge = wire.Badge(
            id=award.credly_id, template_id=award.template.uuid, recipient_email="a@example.com", state="pending",
            expires_at=timezone.now() + timedelta(days=365), updated_at=timezone.now() + timedelta(hours=1),
        )  # fmt: skip

        mirror.follow(badge, as_of=timezone.now(), organization=award.template.organization)

        assert not BadgeAward.objects.get().expiry_told

    def test_a_template_that_is_changed_and_archived(self, organization, credly, at_credly):
        remote = credly.add_template(at_credly, name="Scholar")
        templates.sync(organization)
        assert heard() == [], "A new one has not changed."
        credly.update_template(remote, name="Master")
        templates.sync(organization)
        assert heard() == ["template.changed"]
        assert (data()["badgeName"], data()["changed"]) == ("Master", ["name"])

        credly.archive_template(remote)
        templates.sync(organization)
        assert (data()["credlyState"], data()["changed"]) == ("archived", ["credlyState"])


def test_a_badge_that_is_taken_back_before_credly_hears_of_it():
    one, of_a_list = AwardFactory.create_batch(2)
    for award in (one, of_a_list):
        outbox.put(award, OutboxMessage.Kind.ISSUE)

    awards.revoke(one, "A mistake", by=None)
    awards.take_back(of_a_list, "The list was undone.")

    assert heard() == ["award.revoked"] * 2


def test_a_badge_whose_badges_expire_at_another_time():
    badge = TemplateFactory(active=True)

    for _twice in range(2):
        authoring.expire_after(badge, 30, by=None)

    assert heard() == ["template.changed"]
    assert data()["changed"] == ["expiresInDays"]


def test_a_badge_that_is_paused_here():
    badge = TemplateFactory(active=True)

    move(badge, "paused", because="For a while", by=UserFactory(admin=True))

    assert heard() == ["template.changed"]
    assert (data()["status"], data()["changed"]) == ("paused", ["status"])


class TestKeys:
    """Told once for each threshold, without the key."""

    def test_a_key_for_credly(self):
        soon = timezone.now() + timedelta(days=6, hours=12)
        organization = OrganizationFactory(key_expires_at=soon)

        for _twice in range(2):
            expiry.log_new(timezone.now())
        assert heard() == ["key.expiring"]
        assert (data()["key"], data()["daysLeft"], data()["issuerId"]) == ("credly", 7, str(organization.uuid))

        expiry.log_new(timezone.now() + timedelta(days=6))
        assert heard() == ["key.expiring"] * 2
        assert CredlyOrganization.objects.get().key.reveal() not in str(data())

    def test_a_key_of_another_system(self):
        now = timezone.now()
        access.make(name="Portal", scopes=[access.Scope.BADGES_READ], expires_at=now + timedelta(days=29))
        access.make(name="For ever", scopes=[access.Scope.BADGES_READ])
        revoked = access.make(name="Old", scopes=[access.Scope.BADGES_READ], expires_at=now + timedelta(days=3))
        access.revoke(revoked.key, by=None)

        assert [expiry.tell_of_api_keys(now + timedelta(days=days)) for days in (0, 1, 15, 16, 22, 28, 29)] == [
            1, 0, 1, 0, 1, 1, 0,
        ]  # fmt: skip
        assert set(heard()) == {"key.expiring"}
        assert (data()["key"], data()["keyName"]) == ("api", "Portal")

    def test_the_key_of_a_program_concerns_its_organization(self, subscriber):
        program = BadgeProgram.objects.create(organization=OrganizationFactory(), slug="p", name="P")
        Subscriber.objects.filter(pk=subscriber.pk).update(organization=program.organization)
        soon = timezone.now() + timedelta(days=3)
        access.make(
            name="P's", scopes=[access.Scope.BADGES_READ], level=access.Level(program_id=program.pk), expires_at=soon
        )

        expiry.tell_of_api_keys(timezone.now())

        assert (data()["keyName"], data()["issuerId"]) == ("P's", str(program.organization.uuid))


class TestDiagnosis:
    """What an operator reads."""

    def found(self):
        return {each.id: each.level for each in diagnosis.diagnose() if each.topic == "subscribers"}

    def test_nothing_is_said_where_there_are_none(self):
        Subscriber.objects.all().delete()

        assert self.found() == {}

    def test_all_is_well(self, subscriber):
        SubscriberMessageFactory(subscriber=subscriber)

        assert self.found() == {"subscribers": "ok"}

    def test_one_that_took_nothing_for_three_days_is_named(self, subscriber):
        SubscriberMessageFactory.create_batch(2, subscriber=subscriber, dead=True)

        assert self.found() == {"subscribers_dead_letters": "note"}

    def test_messages_that_nobody_takes_up_are_named(self, subscriber):
        SubscriberMessageFactory(subscriber=subscriber, not_before=timezone.now() - timedelta(hours=1))

        assert self.found() == {"subscribers_overdue": "bad"}
