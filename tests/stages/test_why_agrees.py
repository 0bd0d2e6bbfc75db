"""What is told of a learner is what was decided: ``why`` agrees with ``evaluate``, with ``standing``, with the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credly_badges import criteria, lms, progress, reports
from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import BadgeProgress, BadgeTemplate, ReceivedEvent
from credly_badges.reports import Status
from credly_badges.rules.evaluate import evaluate
from credly_badges.rules.standing import Met, standing
from credly_badges.testing.factories import (
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
CERTIFICATE = "org.openedx.learning.certificate.changed.v1"
COURSES = ["course-v1:edX+A+1", "course-v1:edX+A+2", "course-v1:edX+B+1", "course-v1:MITx+C+1"]
HELD = {Status.COUNTS, Status.TWICE, Status.UNDONE, Status.TOO_SOON, Status.TOO_LATE}


@dataclass(frozen=True)
class Asked:
    """One requirement: an event with a grade of at least so much, in some places, so many times."""

    kind: str
    places: tuple[str, ...]
    threshold: int | None
    times: int | None
    distinct: str
    weight: int


@dataclass(frozen=True)
class Group:
    """A group that may come after the one before it."""

    needs: str
    at_least: int
    requirements: tuple[Asked, ...]
    comes_after: bool
    within_days: int | None
    opens_after: int | None


@dataclass(frozen=True)
class Statement:
    """The LMS says at an hour what grade somebody has."""

    kind: str
    course: str
    hour: int
    percent: int

    def event(self, learner_id: int) -> LearningEvent:
        org, course = self.course.removeprefix("course-v1:").split("+")[:2]
        name = "grade" if self.kind == GRADE else "certificate"
        return LearningEvent(
            learner_id,
            self.kind,
            self.course,
            NOON + timedelta(hours=self.hour),
            {name: {"percent": self.percent}},
            (self.course, f"{org}+{course}", org, ""),
            self.course,
        )


kinds = st.sampled_from([GRADE, CERTIFICATE])
places = st.lists(st.sampled_from([*COURSES, "edX+A", "edX", ""]), min_size=1, max_size=2, unique=True).map(tuple)
requirements = st.builds(
    Asked,
    kind=kinds,
    places=places,
    threshold=st.sampled_from([None, 50, 80]),
    times=st.sampled_from([1, 1, 2, None]),
    distinct=st.sampled_from(["course", "subject"]),
    weight=st.integers(1, 3),
)
groups = st.builds(
    Group,
    needs=st.sampled_from(["all", "any", "at_least"]),
    at_least=st.integers(1, 3),
    requirements=st.lists(requirements, min_size=1, max_size=3).map(tuple),
    comes_after=st.booleans(),
    within_days=st.sampled_from([None, 1]),
    opens_after=st.sampled_from([None, None, 1]),
)
badges = st.lists(groups, min_size=1, max_size=3)
penalties = st.lists(requirements, max_size=2)
statements = st.builds(Statement, kinds, st.sampled_from(COURSES), st.integers(0, 60), st.sampled_from([40, 60, 90]))


@dataclass
class World:
    """A badge and somebody who tries to earn it."""

    badge: object
    learner_id: int
    keys: list[str] = field(default_factory=list)

    def why(self) -> reports.Why:
        return reports.why(self.learner_id, self.badge)


def made(wanted: list[Group], taking_back: list[Asked], same_course: bool) -> World:
    BadgeTemplate.objects.update(status="draft")  # Those of the example before.
    badge = TemplateFactory(active=True)
    world = World(badge, UserFactory().pk)
    before = None
    for number, group in enumerate(wanted):
        row = GroupFactory(
            template=badge,
            name=f"Part {number}",
            needs=group.needs,
            at_least=group.at_least,
            after=before if group.comes_after else None,
            within_days=group.within_days if group.comes_after else None,
            within_of="group" if group.comes_after and group.within_days else "",
            opens_on=(NOON + timedelta(days=group.opens_after)).date() if group.opens_after else None,
        )
        world.keys += [ask(row, each).key for each in group.requirements]
        before = row
    penalties = GroupFactory(template=badge, needs="undo") if taking_back else None
    for number, each in enumerate(taking_back):
        ask(penalties, each, undoes=world.keys[number::2], same_course=same_course)
    return world


def ask(group, asked: Asked, **columns):
    row = RequirementFactory(
        group=group,
        event_type=asked.kind,
        scope="\n".join(asked.places),
        times=asked.times,
        distinct=asked.distinct,
        weight=asked.weight,
        **columns,
    )
    if asked.threshold is not None:
        path = "grade.percent" if asked.kind == GRADE else "certificate.percent"
        RuleFactory(requirement=row, path=path, operator="gte", value=str(asked.threshold), field_type="number")
    return row


def happen(world: World, said: list[Statement]) -> None:
    for each in said:
        intake.receive(each.event(world.learner_id))
        for event_id in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
            progress.record(event_id)


def told(why: reports.Why) -> list[reports.RequirementWhy]:
    return [*chain.from_iterable(group.requirements for group in why.groups), *why.penalties]


at_random = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(autouse=True)
def an_lms_without_history():
    lms.backend().clear()
    yield
    lms.backend().clear()


@at_random
@given(
    wanted=badges,
    taking_back=penalties,
    same_course=st.booleans(),
    said=st.lists(statements, max_size=6, unique_by=lambda each: (each.kind, each.course)),
)
def test_each_rule_and_requirement_and_group_is_told_as_it_is_evaluated(wanted, taking_back, same_course, said):
    world = made(wanted, taking_back, same_course)
    happen(world, said)
    asked = criteria.load(world.badge.pk, 1)
    facts = []
    verdicts = {}
    for requirement in asked.by_id.values():
        for event in (each.event(world.learner_id) for each in said):
            if event.kind != requirement.event_type or requirement.places.isdisjoint(event.scopes):
                continue
            at = event.occurred_at
            verdict = evaluate(requirement.condition, event.attributes, now=at, occurred_at=at)
            verdicts[requirement.key, event.subject] = verdict
            if verdict.holds:
                facts.append(Met(requirement.id, event.subject, at, criteria.course_of(event.subject)))
    expected = standing(asked, facts)

    why = world.why()

    assert [(group.met, group.met_at, group.waits) for group in why.groups] == [
        (group.done_at is not None, group.done_at, group.waits_for) for group in expected.groups
    ]
    assert [(each.key, each.met_at, each.count) for group in why.groups for each in group.requirements] == [
        (each.requirement.key, each.met_at, each.count) for group in expected.groups for each in group.requirements
    ]
    assert (why.percent, why.completed_at) == (expected.percent, expected.completed_at)
    for requirement in told(why):
        for found in requirement.occurrences:
            if found.status is Status.ELSEWHERE:
                assert (requirement.key, found.subject) not in verdicts
                continue
            verdict = verdicts.pop((requirement.key, found.subject))
            assert (found.status in HELD) == verdict.holds
            assert [rule.holds for rule in found.rules] == [finding.holds for finding in verdict.findings]
    assert not verdicts, "Something that happened was not told."


@at_random
@given(wanted=badges, taking_back=penalties, same_course=st.booleans(), said=st.lists(statements, max_size=10))
def test_however_often_the_lms_changes_its_mind_what_is_told_is_what_is_stored(wanted, taking_back, same_course, said):
    world = made(wanted, taking_back, same_course)
    happen(world, said)

    why = world.why()

    stored = BadgeProgress.objects.filter(learner=world.learner_id).first()
    assert (why.percent, why.completed_at) == ((stored.percent, stored.completed_at) if stored else (0, None))
    assert not [hint for hint in why.hints if "stored progress" in hint]
    assert Status.WOULD_COUNT not in {each.status for row in told(why) for each in row.occurrences}
