"""Whatever learners did and whatever a badge asks for: what is rehearsed is what the backfill then does, and twice is
once; and it is what the corridor would have done, had it heard of all of that when it happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credly_badges import lms, progress
from credly_badges.events import backfill, history, intake, rehearsal
from credly_badges.events.history import HISTORY
from credly_badges.lms import CertificateRow, EnrollmentRow, GradeRow, Source
from credly_badges.models import (
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    Fulfillment,
    HistoryRun,
    OutboxMessage,
    ReceivedEvent,
)
from credly_badges.testing.factories import (
    GroupFactory,
    OrganizationFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
AWARDED = "org.openedx.learning.certificate.created.v1"
ENROLLED = "org.openedx.learning.course.enrollment.created.v1"
LEARNERS = 3
COURSES = ["course-v1:edX+A+1", "course-v1:edX+A+2", "course-v1:MITx+C+1"]
PLACES = [*COURSES, "edX", "edX+A", "", "\n".join(COURSES[:2]), "\n".join(COURSES[1:])]
JUNE = date(2024, 6, 1)
RULES = {
    PASSING: [("is_passing", "boolean", "eq", "true"), ("is_passing", "boolean", "eq", "false")],
    GRADE: [("grade.percent", "number", "gte", "60"), ("grade.letter_grade", "text", "eq", "A")],
    AWARDED: [("certificate.mode", "text", "eq", "verified")],
    ENROLLED: [("enrollment.mode", "text", "eq", "verified")],
}
STATE_RULES = [
    ("state.enrollment.mode", "text", "eq", "verified"),
    ("state.grade.percent", "number", "gte", "80"),
    ("state.course.has_ended", "boolean", "eq", "false"),
]
MOSTLY = st.sampled_from([True, True, True, False])
EXAMPLES = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Asked:
    """One requirement: which event, where, how often, and rules about it."""

    kind: str
    place: str
    times: int | None
    distinct: str
    weight: int
    rules: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class Group:
    """Some of them; ``columns`` are those of its row."""

    asked: tuple[Asked, ...]
    columns: dict[str, Any] = field(default_factory=dict)
    comes_after: bool = False


@st.composite
def requirements(draw: Any) -> Asked:
    kind = draw(st.sampled_from(sorted(RULES)))
    place = draw(st.sampled_from(PLACES))
    times = draw(st.sampled_from([1, 1, 1, 2, None])) if "\n" in place else draw(st.sampled_from([1, 1, 2]))
    rules = [RULES[kind][0 if draw(MOSTLY) else -1], draw(st.sampled_from(STATE_RULES))]
    distinct = draw(st.sampled_from(["course", "subject"]))
    return Asked(
        kind, place, times, distinct, draw(st.integers(1, 2)), tuple(rules[: draw(st.sampled_from([0, 1, 1, 2]))])
    )


@st.composite
def groups(draw: Any) -> Group:
    asked = tuple(draw(st.lists(requirements(), min_size=1, max_size=2)))
    columns = {"needs": draw(st.sampled_from(["all", "any", "at_least"])), "at_least": draw(st.integers(1, 2))}
    window = draw(st.sampled_from([{}, {}, {"opens_on": JUNE}, {"closes_on": JUNE}, {"before_course_end": True}]))
    comes_after = draw(st.booleans())
    if comes_after and draw(st.booleans()):
        window = {"within_days": 60, "within_of": "group"}
    return Group(asked, {**columns, **window}, comes_after)


days = st.integers(0, 360).map(lambda day: datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=day))


@st.composite
def rows(draw: Any) -> list[Any]:
    """What learners (by their place among all) did in courses: most of it well."""
    found: list[Any] = []
    for who in range(LEARNERS):
        for course in COURSES:
            at, well = draw(days), draw(MOSTLY)
            if draw(MOSTLY):
                found.append(GradeRow(who, course, 85 if well else 40, "A" if well else "", at if well else None, at))
            if draw(MOSTLY):
                status = "downloadable" if well else draw(st.sampled_from(["downloadable", "notpassing"]))
                mode = "verified" if draw(MOSTLY) else "honor"
                found.append(CertificateRow(who, course, status, mode, "0.8", at, at))
            if draw(MOSTLY):
                mode = "verified" if draw(MOSTLY) else "audit"
                found.append(EnrollmentRow(who, course, mode, draw(MOSTLY), draw(days)))
    return found


def a_badge(asked: list[Group], **columns: Any) -> BadgeTemplate:
    badge = TemplateFactory(active=True, organization=OrganizationFactory(), **columns)
    before = None
    for group in asked:
        row = GroupFactory(template=badge, after=before if group.comes_after else None, **group.columns)
        for each in group.asked:
            requirement = RequirementFactory(
                group=row,
                event_type=each.kind,
                scope=each.place,
                times=each.times,
                distinct=each.distinct,
                weight=each.weight,
            )
            for path, field_type, operator, value in each.rules:
                RuleFactory(requirement=requirement, path=path, field_type=field_type, operator=operator, value=value)
        before = row
    return badge


def known_to_the_lms(said: list[Any], learners: list[Any]) -> list[Any]:
    """The rows, of these learners, as the LMS has them."""
    there: Any = lms.backend()
    there.clear()
    for course in COURSES:
        there.add_course(course, course, end=datetime(2024, 9, 1, tzinfo=UTC))
    mine = [row._replace(user_id=learners[row.user_id].pk) for row in said]
    there.load_grades(row for row in mine if isinstance(row, GradeRow))
    there.load_certificates(row for row in mine if isinstance(row, CertificateRow))
    there.load_enrollments(row for row in mine if isinstance(row, EnrollmentRow))
    return mine


def told_live(said: list[Any]) -> None:
    """The LMS tells it as it happens, and a worker gets round to each."""
    shape = {GradeRow: Source.GRADES, CertificateRow: Source.CERTIFICATES, EnrollmentRow: Source.ENROLLMENTS}
    events = [
        event
        for row in said
        for kind, telling in HISTORY.items()
        if telling.source == shape.get(type(row)) and (event := history.event(kind, row, history.place_of(row)))
    ]
    for event in sorted(events, key=lambda each: each.occurred_at):
        intake.receive(event)
        for pk in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
            progress.record(pk)


def backfilled(badge: BadgeTemplate) -> HistoryRun:
    run = backfill.go_on(backfill.begin(badge, wake=False))
    assert run.state == HistoryRun.State.DONE, run.error
    return run


def written(badge: BadgeTemplate) -> dict[str, Any]:
    """What there is of a badge, by what it asks for rather than by numbers of rows."""
    return {
        "progress": sorted(
            BadgeProgress.objects.filter(template=badge).values_list("learner", "percent", "completed_at"), key=str
        ),
        "met": sorted(
            Fulfillment.objects.filter(progress__template=badge, holds=True).values_list(
                "progress__learner", "requirement__position", "subject", "course", "decided_at"
            ),
            key=str,
        ),
        "awards": sorted(BadgeAward.objects.filter(template=badge).values_list("learner", "earned_at"), key=str),
        "orders": OutboxMessage.objects.filter(award__template=badge).count(),
    }


@contextmanager
def taken_back() -> Iterator[None]:
    """Nothing that is done here stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@EXAMPLES
@given(asked=st.lists(groups(), min_size=1, max_size=2), said=rows(), live=rows())
def test_what_is_rehearsed_is_what_the_backfill_does_and_twice_is_once(
    asked: list[Group], said: list[Any], live: list[Any]
) -> None:
    with taken_back():
        learners = UserFactory.create_batch(LEARNERS)
        badge = a_badge(asked)
        told_live(known_to_the_lms(live, learners))  # Some of it is known, and not always what the LMS says now.
        known_to_the_lms(said, learners)
        had, done = set(BadgeAward.objects.values_list("learner", flat=True)), _done(badge)

        counts = rehearsal.go_on(rehearsal.begin(badge, wake=False)).counts
        expected = {row.learner_id: row.earned_at for row in rehearsal.rows(badge) if row.change == "gain"}
        run = backfilled(badge)

        new = dict(BadgeAward.objects.exclude(learner__in=had).values_list("learner", "earned_at"))
        assert new == expected
        assert counts.get("would_gain", 0) == len(new) == run.counts.get("awarded", 0)
        assert counts.get("would_lose", 0) == len(done - _done(badge))
        once = written(badge)
        assert backfilled(badge).counts.get("awarded", 0) == 0
        assert written(badge) == once


def _done(badge: BadgeTemplate) -> set[int]:
    return set(
        BadgeProgress.objects.filter(template=badge, completed_at__isnull=False).values_list("learner", flat=True)
    )


@pytest.mark.django_db
@EXAMPLES
@given(asked=st.lists(groups(), min_size=1, max_size=2), said=rows())
def test_many_together_come_to_what_each_alone_comes_to_and_to_what_the_corridor_does(
    asked: list[Group], said: list[Any]
) -> None:
    with taken_back():
        learners = UserFactory.create_batch(LEARNERS)
        there = known_to_the_lms(said, learners)
        badge = a_badge(asked)

        with taken_back():
            told_live(there)
            by_the_corridor = written(badge)
        with taken_back():
            BadgeTemplate.objects.update(limit_total=1000)  # So that each badge is looked at by itself.
            badge.refresh_from_db()
            backfilled(badge)
            one_by_one = written(badge)
        badge.refresh_from_db()
        backfilled(badge)
        together = written(badge)

        assert together == one_by_one
        assert together == by_the_corridor


@pytest.mark.django_db
@EXAMPLES
@given(
    asked=st.lists(groups(), min_size=1, max_size=2),
    said=rows(),
    heard=st.sets(st.integers(0, LEARNERS * len(COURSES) * 3)),
    before=st.booleans(),
)
def test_beside_live_events_it_ends_the_same_in_either_order(
    asked: list[Group], said: list[Any], heard: set[int], before: bool
) -> None:
    with taken_back():
        learners = UserFactory.create_batch(LEARNERS)
        there = known_to_the_lms(said, learners)
        some = [row for place, row in enumerate(there) if place in heard]
        badge = a_badge(asked)
        with taken_back():
            backfilled(badge)
            undisturbed = written(badge)

        if before:
            told_live(some)
        backfilled(badge)
        if not before:
            told_live(some)

        # Whom a live event brought the badge keeps it, and its date, whatever comes to light of what was before.
        ended = written(badge)
        early, usual = dict(ended.pop("awards")), dict(undisturbed.pop("awards"))
        assert early.keys() >= usual.keys()
        assert ended.pop("orders") == len(early)
        assert undisturbed.pop("orders") == len(usual)
        assert ended == undisturbed
