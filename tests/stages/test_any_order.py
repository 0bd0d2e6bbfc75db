"""Statements arrive in any order, twice, or while others are being recorded: progress comes to the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credly_badges import progress
from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import BadgeAward, BadgeProgress, BadgeTemplate, Fulfillment, ReceivedEvent
from credly_badges.testing.factories import (
    PASSING_STATUS,
    GroupFactory,
    OrganizationFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
COURSES = ["course-v1:edX+A+1", "course-v1:edX+B+1", "course-v1:MITx+C+1"]


@dataclass(frozen=True)
class Statement:
    """The LMS says at an hour whether a learner passes a course."""

    course: str
    hour: int
    is_passing: bool

    def event(self, learner) -> LearningEvent:
        org, course = self.course.removeprefix("course-v1:").split("+")[:2]
        scopes = (self.course, f"{org}+{course}", org, "")
        at = NOON + timedelta(hours=self.hour)
        return LearningEvent(learner.pk, PASSING_STATUS, self.course, at, {"is_passing": self.is_passing}, scopes)


@dataclass(frozen=True)
class Group:
    """How many of which places are needed."""

    needs: str
    at_least: int
    scopes: tuple[str, ...]

    def share(self, met: set[str]) -> Fraction:
        needed = {"any": 1, "all": len(self.scopes), "at_least": self.at_least}[self.needs]
        return Fraction(min(needed, sum(scope in met for scope in self.scopes)), needed)


@st.composite
def groups(draw):
    scopes = tuple(draw(st.lists(st.sampled_from([*COURSES, "edX", "edX+A", ""]), min_size=1, max_size=3, unique=True)))
    return Group(draw(st.sampled_from(["any", "all", "at_least"])), draw(st.integers(1, len(scopes))), scopes)


statements = st.builds(Statement, st.sampled_from(COURSES), st.integers(0, 4), st.booleans())


@st.composite
def arrivals(draw):
    """The same statements in two orders, some of them twice, with moments at which a worker gets round to them."""
    said = draw(st.lists(statements, min_size=1, max_size=6, unique=True))
    orders = []
    for _ in range(2):
        order = draw(st.permutations(said + draw(st.lists(st.sampled_from(said), max_size=3))))
        orders.append([(statement, draw(st.booleans())) for statement in order])
    return orders


def met_by(said: set[Statement]) -> set[str]:
    """The places in which the last word is that the learner passes; of two words at one time, the greater print."""
    met = set()
    for course in COURSES:
        about = [statement for statement in said if statement.course == course]
        if about and max(about, key=lambda it: (it.hour, fingerprint(it))).is_passing:
            org, name = course.removeprefix("course-v1:").split("+")[:2]
            met |= {course, f"{org}+{name}", org, ""}
    return met


def fingerprint(statement: Statement) -> str:
    return LearningEvent(1, "", "", NOON, {"is_passing": statement.is_passing}).fingerprint


def a_worker_gets_round():
    for event_id in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
        progress.record(event_id)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(groups(), min_size=1, max_size=3), orders=arrivals())
def test_order_and_repetition_of_events_do_not_change_progress(asked, orders):
    BadgeTemplate.objects.update(status="draft")  # Those of the example before.
    badge = TemplateFactory(active=True, organization=OrganizationFactory())
    for group in asked:
        row = GroupFactory(template=badge, needs=group.needs, at_least=group.at_least)
        for scope in group.scopes:
            RuleFactory(requirement__group=row, requirement__scope=scope)
    learners = UserFactory.create_batch(2)

    for learner, order in zip(learners, orders, strict=True):
        for statement, worker_comes in order:
            intake.receive(statement.event(learner))
            if worker_comes:
                a_worker_gets_round()
    a_worker_gets_round()

    met = met_by({statement for statement, _ in orders[0]})
    shares = [group.share(met) for group in asked]
    complete = all(share == 1 for share in shares)
    percent = 100 if complete else min(99, int(sum(shares) / len(shares) * 100))
    for learner in learners:
        mine = BadgeProgress.objects.filter(learner=learner, template=badge).first()
        holding = Fulfillment.objects.filter(progress__learner=learner, requirement__group__template=badge, holds=True)
        assert (mine.percent if mine else 0) == percent
        assert (mine is not None and mine.completed_at is not None) == complete
        assert set(holding.values_list("requirement__scope", flat=True)) == {
            scope for group in asked for scope in group.scopes if scope in met
        }
        awarded = BadgeAward.objects.filter(learner=learner, template=badge, live=True).count()
        assert awarded == 1 if complete else awarded <= 1
