"""Statements arrive in any order, twice, or while others are being recorded: progress comes to the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credly_badges import criteria, progress
from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import BadgeAward, BadgeProgress, BadgeTemplate, Fulfillment, ReceivedEvent, Regression
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


REJECTED = "org.openedx.learning.exam.attempt.rejected.v1"
RUNS = ["course-v1:edX+A+1", "course-v1:edX+A+2", "course-v1:MITx+C+1"]
MOSTLY = st.sampled_from([True, True, True, False])


@dataclass(frozen=True)
class Word:
    """The LMS says at an hour that a learner passes a course or not, or that an exam was rejected there or not."""

    course: str
    hour: int
    kind: str
    holds: bool

    def event(self, learner) -> LearningEvent:
        org, course = self.course.removeprefix("course-v1:").split("+")[:2]
        scopes = (self.course, f"{org}+{course}", org, "")
        # Of a grade that is reckoned anew the words differ though the learner passes as before.
        attributes = {"holds": self.holds, "grade": self.hour}
        return LearningEvent(learner.pk, self.kind, self.course, NOON + timedelta(hours=self.hour), attributes, scopes)


kinds = st.sampled_from([PASSING_STATUS, PASSING_STATUS, REJECTED])
words = st.builds(Word, st.sampled_from(RUNS), st.integers(0, 4), kinds, MOSTLY)


@st.composite
def requirements(draw):
    """The columns of a requirement: where, how often, what is counted, and its points."""
    times = draw(st.sampled_from([1, 1, 2, None]))
    places = RUNS if times is None else [*RUNS, "edX", "edX+A", "", ""]
    return {
        "scope": "\n".join(draw(st.lists(st.sampled_from(places), min_size=1, max_size=2, unique=True))),
        "times": times,
        "distinct": draw(st.sampled_from(["course", "subject"])),
        "weight": draw(st.integers(1, 2)),
    }


@st.composite
def badges(draw, *, ordered):
    """Groups, each with its requirements; ``ordered`` ones may come after one another, within days or in a window."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        group = {"needs": draw(st.sampled_from(["any", "all", "at_least"])), "at_least": draw(st.integers(1, 3))}
        if ordered and number and draw(st.booleans()):
            group |= {"after": number - 1, "within_days": draw(st.sampled_from([None, 1])), "within_of": "group"}
        if ordered and draw(st.booleans()):
            group |= {"closes_on": draw(st.dates(date(2026, 4, 30), date(2026, 5, 2))), "time_zone": "Asia/Kolkata"}
        found.append((group, draw(st.lists(requirements(), min_size=1, max_size=3))))
    return found


def set_up(asked, penalties):
    """The badge, and rows for all of it; each penalty undoes one of the requirements."""
    BadgeTemplate.objects.update(status="draft")  # Those of the example before.
    badge = TemplateFactory(active=True, organization=OrganizationFactory())
    rows, keys = [], []
    for group, wanted in asked:
        after = group.get("after")
        row = GroupFactory(template=badge, **{**group, "after": None if after is None else rows[after]})
        rows.append(row)
        for columns in wanted:
            rule = RuleFactory(
                requirement__group=row,
                path="holds",
                **{f"requirement__{name}": value for name, value in columns.items()},
            )
            keys.append(rule.requirement.key)
    if penalties:
        undo = GroupFactory(template=badge, needs="undo")
        for which, same_course in penalties:
            RuleFactory(
                requirement__group=undo,
                requirement__event_type=REJECTED,
                requirement__scope="",
                requirement__undoes=[keys[which % len(keys)]],
                requirement__same_course=same_course,
                path="holds",
            )
    return badge


def outcome(badge, learner):
    """How far a learner is, and what of it counts."""
    mine = BadgeProgress.objects.filter(learner=learner, template=badge).first()
    if mine is None:
        return 0, False, set()
    stands = progress.standing_of(mine, criteria.shape(badge.pk, mine.version))
    assert (mine.percent, mine.completed_at) == (stands.percent, stands.completed_at)
    counted = {
        (each.requirement.id, met.subject)
        for group in stands.groups
        for each in group.requirements
        for met in each.counted
    }
    return mine.percent, mine.completed_at is not None, counted


def all_arrive(learner, order):
    for word, worker_comes in order:
        intake.receive(word.event(learner))
        if worker_comes:
            a_worker_gets_round()
    a_worker_gets_round()


def arriving(said, draw):
    """The same words in some order, some of them twice, with moments at which a worker gets round to them."""
    order = draw(st.permutations(said + draw(st.lists(st.sampled_from(said), max_size=3))))
    return [(word, draw(MOSTLY)) for word in order]


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=badges(ordered=False),
    penalties=st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=2),
    said=st.lists(words, min_size=1, max_size=7, unique_by=lambda word: (word.course, word.kind, word.hour)),
    on_loss=st.sampled_from(BadgeTemplate.OnLoss.values),
    data=st.data(),
)
def test_nor_do_they_with_points_counts_and_penalties(asked, penalties, said, on_loss, data):
    badge = set_up(asked, penalties)
    BadgeTemplate.objects.filter(pk=badge.pk).update(on_loss=on_loss)
    learners = UserFactory.create_batch(2)

    for learner in learners:
        all_arrive(learner, arriving(said, data.draw))

    assert outcome(badge, learners[0]) == outcome(badge, learners[1])
    for learner in learners:
        is_done = outcome(badge, learner)[1]
        holds_it = BadgeAward.objects.filter(learner=learner, template=badge, live=True).exists()
        is_held = Regression.objects.filter(progress__learner=learner, progress__template=badge, open=True).exists()
        assert holds_it >= is_done
        assert is_held == (on_loss == "hold" and holds_it and not is_done)
        assert holds_it == is_done or on_loss != "revoke"


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=badges(ordered=True),
    penalties=st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=1),
    said=st.lists(words, min_size=1, max_size=6, unique_by=lambda word: (word.course, word.kind)),
    data=st.data(),
)
def test_nor_do_they_with_groups_in_an_order_and_windows(asked, penalties, said, data):
    """Where it matters when something was said, of each course one thing was."""
    badge = set_up(asked, penalties)
    learners = UserFactory.create_batch(2)
    later = [Word(word.course, word.hour * 11, word.kind, word.holds) for word in said]

    for learner in learners:
        all_arrive(learner, arriving(later, data.draw))

    assert outcome(badge, learners[0]) == outcome(badge, learners[1])
