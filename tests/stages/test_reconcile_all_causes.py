"""Ten thousand badges with five hundred things the matter: each is found, called by its name, and mended."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO
from itertools import islice

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from credly_badges.models import (
    BadgeAward,
    BadgeProgress,
    EarnerIdentifier,
    OutboxMessage,
    ReconcileDifference,
    ReconcileRun,
)
from credly_badges.testing.factories import TemplateFactory
from tests.journeys.conftest import run_outbox_until_quiet

pytestmark = pytest.mark.django_db

Cause = ReconcileDifference.Cause
State = BadgeAward.State

BADGES = 10_000
EACH = 46
WAYS = {"accepted": State.ACCEPTED, "pending": State.OFFERED}


def test_ten_thousand_badges_with_five_hundred_differences(credly, at_credly, organization, settings):
    settings.CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 0
    there = credly.add_template(at_credly, "Scholar")
    badge = TemplateFactory(uuid=there.uuid, organization=organization, active=True)
    plant = Planting(credly, at_credly, there, badge)
    plant.everything()

    looked = run()
    mended = run("--fix-all-safe")
    run_outbox_until_quiet()
    again = run()

    assert sum(looked.counts.values()) == 11 * EACH
    assert looked.counts == plant.planted
    assert {(row.cause, who_of(row)) for row in looked.differences.all()} == plant.names
    assert mended.counts == plant.planted
    assert Counter(mended.differences.values_list("cause", "fix")) == {
        **{(cause, "fixed"): EACH for cause in ("unknown_here", "state", "replaced", "deleted")},
        **{(cause, "ordered"): EACH for cause in ("not_awarded", "not_sent", "not_revoked", "address")},
        **{(cause, ""): EACH for cause in LEFT},
    }
    assert again.counts == dict.fromkeys(LEFT, EACH)
    assert not OutboxMessage.objects.filter(open=True).exists()
    standing = {each["id"] for each in credly.badges() if stands(each)}
    held = {str(credly_id) for credly_id in BadgeAward.objects.filter(live=True).values_list("credly_id", flat=True)}
    assert held <= standing | plant.unreadable
    assert len(standing - held) == 2 * EACH  # The doubles, and those of strangers.


LEFT = ("double", "foreign", "unreadable")


class Planting:
    """A template whose badges all agree, but for what is planted."""

    def __init__(self, credly, at_credly, there, badge) -> None:
        self.credly, self.at_credly, self.there, self.badge = credly, at_credly, there, badge
        self.planted: dict[str, int] = {}
        self.names: set[tuple[str, str]] = set()
        self.unreadable: set[str] = set()

    def everything(self) -> None:
        people = self.people(BADGES + 2 * EACH)
        waiting, holders, others = people[:EACH], people[EACH:BADGES], iter(people[BADGES:])
        self.hold(holders, "accepted")
        self.hold(waiting, "pending")
        awards = iter(
            list(BadgeAward.objects.filter(learner__in=[person.pk for person in holders[: 9 * EACH]]).order_by("pk"))
        )
        self.moved(waiting)
        self.never_awarded(islice(others, EACH))
        self.never_sent(islice(others, EACH))
        for planting in (
            self.revoked_there,
            self.replaced_there,
            self.deleted_there,
            self.forgotten,
            self.revoked_here,
            self.doubled,
            self.garbled,
        ):
            for award in islice(awards, EACH):
                planting(award)
        self.credly.add_badges(self.there, EACH)
        strangers = [
            each["id"] for each in self.credly.badges() if each["recipient_email"].endswith("bulk.example.org")
        ]
        self.note("foreign", *strangers)

    def people(self, number: int) -> list:
        users = get_user_model()
        made = [
            users(username=f"p{place}", email=f"p{place}@example.org", first_name="Ana", last_name=f"No {place}")
            for place in range(number)
        ]
        users.objects.bulk_create(made, batch_size=500)
        people = list(users.objects.filter(username__startswith="p").order_by("pk"))
        EarnerIdentifier.objects.bulk_create([EarnerIdentifier(learner=each) for each in people], batch_size=500)
        return people

    def hold(self, people: list, state: str) -> None:
        ids = dict(
            EarnerIdentifier.objects.filter(learner__in=[each.pk for each in people]).values_list("learner", "value")
        )
        self.credly.add_badges(
            self.there,
            len(people),
            earner_ids=[str(ids[each.pk]) for each in people],
            emails=[each.email for each in people],
            state=state,
        )
        mine = {each.email: each for each in people}
        BadgeAward.objects.bulk_create(
            [
                BadgeAward(
                    learner=mine[each["recipient_email"]],
                    template=self.badge,
                    state=WAYS[state],
                    earned_at=timezone.now(),
                    issued_at=timezone.now(),
                    credly_id=each["id"],
                    badge_url=each.get("badge_url", ""),
                    accept_url=each.get("accept_badge_url", ""),
                    image_url=each["image_url"],
                    is_public=True,
                )
                for each in self.credly.badges()
                if each["recipient_email"] in mine
            ],
            batch_size=500,
        )

    def moved(self, people: list) -> None:
        for person in people:
            type(person).objects.filter(pk=person.pk).update(email=f"new.{person.email}")
            self.note("address", person.pk)

    def never_awarded(self, people) -> None:
        for person in people:
            BadgeProgress.objects.create(learner=person, template=self.badge, percent=100, completed_at=timezone.now())
            self.note("not_awarded", person.pk)

    def never_sent(self, people) -> None:
        for person in people:
            BadgeAward.objects.create(learner=person, template=self.badge, earned_at=timezone.now())
            self.note("not_sent", person.pk)

    def revoked_there(self, award) -> None:
        self.credly.revoke_badge(str(award.credly_id))
        self.note("state", award.learner_id)

    def replaced_there(self, award) -> None:
        self.credly.replace_badge(str(award.credly_id))
        self.note("replaced", award.learner_id)

    def deleted_there(self, award) -> None:
        self.credly.delete_badge(str(award.credly_id))
        self.note("deleted", award.learner_id)

    def forgotten(self, award) -> None:
        award.delete()
        self.note("unknown_here", award.learner_id)

    def revoked_here(self, award) -> None:
        BadgeAward.objects.filter(pk=award.pk).update(state=State.REVOKED, live=None, revoked_at=timezone.now())
        self.note("not_revoked", award.learner_id)

    def doubled(self, award) -> None:
        twin = self.credly.badge(str(award.credly_id))
        again = {
            "recipient_email": twin["recipient_email"],
            "issued_to_first_name": "Ana",
            "issued_to_last_name": "Ng",
            "badge_template_id": self.there.uuid,
            "issued_at": "2026-05-01T12:00:00Z",
            "duplicate_behavior": "allow",
        }
        self.credly.issue_badge(self.at_credly, **again)
        self.note("double", award.learner_id)

    def garbled(self, award) -> None:
        with self.credly.store.lock:
            self.credly.store.badges[str(award.credly_id)].state = "suspended"
        self.unreadable.add(str(award.credly_id))
        self.note("unreadable", award.learner_id)

    def note(self, cause: str, *names: object) -> None:
        for name in names:
            self.planted[cause] = self.planted.get(cause, 0) + 1
            self.names.add((cause, str(name)))


def who_of(row: ReconcileDifference) -> str:
    return str(row.learner_id or row.credly_id)


def stands(badge: dict) -> bool:
    return badge["state"] in ("pending", "accepted") and badge["replacement_badge_id"] is None


def run(*arguments: str) -> ReconcileRun:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("credly_reconcile", "--json", *arguments, stdout=out, stderr=StringIO())
    (report,) = json.loads(out.getvalue())
    assert report["state"] == "done", report["error"]
    return ReconcileRun.objects.get(pk=report["run"])
