"""Very many awards at once: as one at a time, on every database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from credly_badges import awards
from credly_badges.awards import many
from credly_badges.models import AuditEntry, Availability, BadgeAward, BadgeProgress, Fulfillment, OutboxMessage
from credly_badges.progress import bulk
from credly_badges.progress.facts import Fact
from credly_badges.rules.standing import Met, Standing
from credly_badges.testing.factories import COURSE_KEY, AwardFactory, TemplateFactory, UserFactory, a_badge_for_passing

pytestmark = pytest.mark.django_db

MARCH = datetime(2024, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(params=["the database tells numbers", "as MySQL, it does not"])
def numbers(request: Any, monkeypatch: Any) -> None:
    """Whether one learns under which numbers several rows were stored."""
    if "not" in request.param:
        monkeypatch.setattr(type(connection.features), "can_return_rows_from_bulk_insert", False)


@pytest.mark.usefixtures("numbers")
def test_each_has_its_award_its_order_and_its_entry_in_the_log() -> None:
    template = TemplateFactory(active=True)
    learners = UserFactory.create_batch(7)

    assert len(many.grant_many(template, [many.First(learner.pk, MARCH) for learner in learners], version=3)) == 7

    for learner in learners:
        award = BadgeAward.objects.get(learner=learner)
        assert (award.template, award.earned_at, award.version, award.live) == (template, MARCH, 3, True)
        assert award.source == BadgeAward.Source.REQUIREMENTS
        assert OutboxMessage.objects.get(award=award).organization == template.organization
        entry = AuditEntry.objects.get(object_id=str(award.pk), action="award.granted")
        assert entry.after["learner_id"] == learner.pk


def test_one_of_many_is_written_as_one_alone_is() -> None:
    template = TemplateFactory(active=True)
    alone, among = UserFactory.create_batch(2)
    awards.grant(
        learner_id=alone.pk,
        template=template,
        earned_at=MARCH,
        source=BadgeAward.Source.REQUIREMENTS,
        version=1,
        scopes=["", COURSE_KEY],
    )

    many.grant_many(template, [many.First(among.pk, MARCH)], version=1)

    theirs = {"id", "uuid", "learner_id", "created", "modified"}
    one, other = BadgeAward.objects.values().order_by("pk")
    assert {name for name in one if one[name] != other[name]} <= theirs
    theirs = {"id", "award_id", "created", "not_before"}
    one, other = OutboxMessage.objects.values().order_by("pk")
    assert {name for name in one if one[name] != other[name]} <= theirs


@pytest.mark.usefixtures("numbers")
def test_newcomers_come_with_what_they_have_met() -> None:
    template = a_badge_for_passing()
    requirement = template.groups.get().requirements.get()
    learners = UserFactory.create_batch(3)
    fact = Fact(Met(requirement.pk, COURSE_KEY, MARCH, "edX+DemoX"), holds=True, evidence={"is_passing": True})
    standing = Standing((), 100, MARCH)

    written = bulk.begin(template, [bulk.Newcomer(each.pk, [fact], standing) for each in learners], version=1)

    assert (written.completed, written.awarded, written.withheld) == (3, 3, 0)
    for learner in learners:
        progress = BadgeProgress.objects.get(learner=learner)
        assert (progress.percent, progress.completed_at, progress.version) == (100, MARCH, 1)
        met = Fulfillment.objects.get(progress=progress)
        assert (met.requirement, met.holds, met.evidence) == (requirement, True, {"is_passing": True})


def test_who_has_it_already_undoes_the_whole_portion() -> None:
    template = TemplateFactory(active=True)
    has_it, new = UserFactory.create_batch(2)
    AwardFactory(learner=has_it, template=template)

    assert many.had_one(template, [has_it.pk, new.pk]) == {has_it.pk}
    with pytest.raises(IntegrityError), transaction.atomic():
        many.grant_many(template, [many.First(new.pk, MARCH), many.First(has_it.pk, MARCH)], version=1)

    assert BadgeAward.objects.count() == 1
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    ("columns", "is_plain"),
    [
        ({}, True),
        ({"limit_total": 5}, False),
        ({"limit_per_hour": 5}, False),
        ({"release": "course_end"}, False),
        ({"archived": True}, False),
    ],
)
def test_what_has_to_be_looked_at_for_each_badge_is_not_plain(columns: dict[str, Any], is_plain: bool) -> None:
    assert many.is_plain(TemplateFactory(active=True, **columns)) is is_plain


def test_a_badge_that_is_available_in_some_places_is_not_plain() -> None:
    template = TemplateFactory(active=True)
    Availability.objects.create(template=template, organization=template.organization, scope="edX")

    assert not many.is_plain(template)


def test_one_of_many_is_in_the_log_as_one_alone_is() -> None:
    template = TemplateFactory(active=True)
    alone, among = UserFactory.create_batch(2)
    source = BadgeAward.Source.REQUIREMENTS
    awards.grant(learner_id=alone.pk, template=template, earned_at=MARCH, source=source, scopes=["", COURSE_KEY])

    many.grant_many(template, [many.First(among.pk, MARCH)], version=1)

    one, other = AuditEntry.objects.filter(action="award.granted").values().order_by("pk")
    assert {name for name in one if one[name] != other[name]} <= {"id", "at", "object_id", "object_label", "after"}
    assert other["after"] == {**one["after"], "learner_id": among.pk}
    assert other["object_label"] == str(BadgeAward.objects.get(learner=among).uuid)
