"""Whatever the LMS can tell of a learner, a badge can be earned by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from credly_badges import awards
from credly_badges.events.catalogue import CATALOGUE, ScopeKind
from credly_badges.models import BadgeAward, BadgeTemplate
from credly_badges.rules import paths
from credly_badges.rules.fields import FieldType
from credly_badges.testing.factories import RequirementFactory, RuleFactory
from tests.lms_events import KINDS, LEARNER, expected, send, the_learner_asking

from .conftest import FIRST, run_outbox_until_quiet

AWARDED = "org.openedx.learning.badge.awarded.v1"
REVOKED = "org.openedx.learning.badge.revoked.v1"


def what_it_says(kind: str) -> Iterator[dict[str, Any]]:
    """A data rule for each fact that the event has, asking for just what it says."""
    for field in CATALOGUE[kind].fields:
        value = paths.look_up(expected(kind).attributes, field.path)
        if value is paths.MISSING:
            continue
        rule = {"path": field.path, "field_type": field.type.value}
        if field.type is FieldType.DATE:
            yield {**rule, "operator": "after", "value": "2026-01-01"}
        elif field.type is FieldType.BOOLEAN:
            yield {**rule, "operator": "eq", "value": str(value).lower()}
        else:
            yield {**rule, "operator": "eq", "value": str(value)}


def require(badge: BadgeTemplate, kind: str) -> None:
    """Have a badge take that event, where it happens, with every fact that it has."""
    requirement = RequirementFactory(group__template=badge, event_type=kind, scope=expected(kind).scopes[0])
    for rule in what_it_says(kind):
        RuleFactory(requirement=requirement, **rule)


@pytest.mark.parametrize("kind", KINDS)
def test_a_badge_can_be_earned_by_every_event(world, kind):
    badge = world.badge_for_passing()
    require(badge, kind)
    learner = world.learner(pk=LEARNER)

    with the_learner_asking():
        send(kind)
    run_outbox_until_quiet()

    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]
    assert BadgeAward.objects.get().earned_at == expected(kind).occurred_at


@pytest.mark.parametrize("kind", [kind for kind in KINDS if CATALOGUE[kind].scope_kind is not ScopeKind.SITE])
def test_the_same_event_somewhere_else_earns_nothing(world, kind):
    badge = world.badge_for_passing()
    elsewhere = "MITx" if CATALOGUE[kind].scope_kind is ScopeKind.COURSE else "00000000-0000-4000-8000-000000000000"
    RequirementFactory(group__template=badge, event_type=kind, scope=elsewhere)
    world.learner(pk=LEARNER)

    with the_learner_asking():
        send(kind)

    assert not BadgeAward.objects.exists()


def test_a_badge_that_credly_has_confirmed_counts_towards_a_milestone(world):
    first, second = world.badge_for_passing(FIRST), world.badge_for_passing("course-v1:edX+Second+2026")
    milestone = world.badge_for_passing()
    for badge in (first, second):
        RequirementFactory(group__template=milestone, event_type=AWARDED, scope=str(badge.uuid))
    learner = world.learner()

    learner.passes(FIRST)
    run_outbox_until_quiet()
    assert str(milestone.uuid) not in world.credly.badges_of(learner.user.email)

    learner.passes("course-v1:edX+Second+2026")
    run_outbox_until_quiet()

    assert set(world.credly.badges_of(learner.user.email)) == {str(each.uuid) for each in (first, second, milestone)}


def test_a_badge_that_credly_has_refused_counts_towards_nothing(world):
    first, milestone = world.badge_for_passing(FIRST), world.badge_for_passing()
    RequirementFactory(group__template=milestone, event_type=AWARDED, scope=str(first.uuid))
    world.archive(first)
    learner = world.learner()

    learner.passes(FIRST)
    run_outbox_until_quiet()

    assert world.credly.badges_of(learner.user.email) == []
    assert not BadgeAward.objects.filter(template=milestone).exists()


def test_a_badge_for_having_lost_one_is_earned_when_credly_has_confirmed_the_loss(world):
    first, consolation = world.badge_for_passing(FIRST), world.badge_for_passing()
    RequirementFactory(group__template=consolation, event_type=REVOKED, scope=str(first.uuid))
    learner = world.learner()
    learner.passes(FIRST)
    run_outbox_until_quiet()

    awards.revoke(BadgeAward.objects.get(template=first), "Issued to the wrong person", by=None)
    run_outbox_until_quiet()

    assert world.credly.badges_of(learner.user.email) == [str(consolation.uuid)]
