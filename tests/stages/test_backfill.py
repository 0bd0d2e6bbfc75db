"""Badges for what learners did before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from credly_badges import lms, progress
from credly_badges.events import backfill, intake, rehearsal, runs
from credly_badges.learning_event import LearningEvent
from credly_badges.models import (
    AuditEntry,
    Availability,
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    Fulfillment,
    HistoryRun,
    OutboxMessage,
    ReceivedEvent,
)
from credly_badges.testing.factories import (
    PASSING_STATUS,
    AwardFactory,
    GroupFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

MATHS, ART, LAW = (f"course-v1:edX+{name}+2024" for name in ("Maths", "Art", "Law"))
MARCH, APRIL, MAY = (datetime(2024, month, 5, 12, tzinfo=UTC) for month in (3, 4, 5))
State = HistoryRun.State


@pytest.fixture(autouse=True)
def _nothing_happened_before() -> None:
    lms.backend().clear()


def passed(learner: Any, course: str = MATHS, at: datetime = MARCH) -> None:
    lms.backend().add_grade(learner.pk, course, 80, passed_at=at)


def failed(learner: Any, course: str = MATHS, at: datetime = MARCH) -> None:
    lms.backend().add_grade(learner.pk, course, 20, modified=at)


def tell(learner: Any, course: str = MATHS, at: datetime = MARCH, *, is_passing: bool = True) -> None:
    """The LMS tells it now, and a worker holds it against the badges."""
    name = course.split("+")[1]
    event = LearningEvent(
        learner.pk,
        PASSING_STATUS,
        course,
        at,
        {"is_passing": is_passing, "course": {"course_key": course}},
        (course, f"edX+{name}", "edX", ""),
        course,
    )
    intake.receive(event)
    for pk in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
        progress.record(pk)


def backfilled(template: BadgeTemplate) -> HistoryRun:
    return backfill.go_on(backfill.begin(template, wake=False))


def two_courses(**template: Any) -> BadgeTemplate:
    """An active badge that asks for both maths and art."""
    badge = TemplateFactory(active=True, **template)
    group = GroupFactory(template=badge)
    for course in (MATHS, ART):
        RuleFactory(requirement__group=group, requirement__scope=course)
    return badge


def world() -> dict[str, Any]:
    """Everything that the corridor has written, without numbers and clocks."""
    return {
        "events": sorted(
            ReceivedEvent.objects.values_list("learner_id", "kind", "subject", "occurred_at", "fingerprint", "waiting")
        ),
        "progress": sorted(
            BadgeProgress.objects.values_list("learner_id", "template_id", "version", "percent", "completed_at"),
            key=str,
        ),
        "withheld": sorted(BadgeProgress.objects.values_list("learner_id", "withheld")),
        "met": sorted(
            (*rest, str(sorted(evidence.items())))
            for *rest, evidence in Fulfillment.objects.values_list(
                "progress__learner_id", "requirement_id", "subject", "course", "holds", "decided_at", "evidence"
            )
        ),
        "awards": sorted(
            BadgeAward.objects.values_list("learner_id", "template_id", "earned_at", "live", "source", "version")
        ),
        "orders": sorted(
            OutboxMessage.objects.values_list("award__learner_id", "kind", "state", "open", "organization_id")
        ),
        "audit": sorted(AuditEntry.objects.filter(action="award.granted").values_list("after__learner_id", flat=True)),
    }


def test_who_qualified_long_ago_gets_the_badge_with_the_date_of_then() -> None:
    template = two_courses()
    ada, ben = UserFactory.create_batch(2)
    passed(ada, MATHS, MARCH)
    passed(ada, ART, APRIL)
    passed(ben, MATHS, MAY)
    failed(ben, ART)

    run = backfilled(template)

    assert run.state == State.DONE
    assert run.counts == {"rows": 4, "learners": 2, "matched": 2, "completed": 1, "awarded": 1}
    award = BadgeAward.objects.get()
    assert (award.learner, award.earned_at, award.version) == (ada, APRIL, 1)
    assert OutboxMessage.objects.get().award == award
    assert BadgeProgress.objects.get(learner=ben).percent == 50
    assert ReceivedEvent.objects.filter(waiting=False).count() == 3


def test_it_writes_what_the_corridor_would_have_written() -> None:
    template = two_courses()
    ada, ben, cy = UserFactory.create_batch(3)
    happened = [(ada, MATHS, MARCH), (ada, ART, APRIL), (ben, ART, MAY), (cy, ART, APRIL), (cy, MATHS, MARCH)]
    with taken_back():
        for learner, course, at in happened:
            tell(learner, course, at)
        expected = world()

    for learner, course, at in happened:
        passed(learner, course, at)
    backfilled(template)

    assert world() == expected


def test_doing_it_twice_changes_nothing() -> None:
    template = two_courses()
    for number, learner in enumerate(UserFactory.create_batch(6)):
        passed(learner, MATHS)
        if number % 2:
            passed(learner, ART, APRIL)
    backfilled(template)
    after_the_first = world()

    run = backfilled(template)

    assert world() == after_the_first
    assert run.counts.get("awarded", 0) == 0


@pytest.mark.parametrize("live_first", [True, False])
def test_live_events_and_backfill_end_the_same_in_either_order(live_first: bool) -> None:
    template = two_courses()
    ada, ben = UserFactory.create_batch(2)
    for learner in (ada, ben):
        passed(learner, MATHS, MARCH)
        passed(learner, ART, APRIL)

    if live_first:
        tell(ada, MATHS, MARCH)
        tell(ben, ART, APRIL)
    backfilled(template)
    if not live_first:
        tell(ada, MATHS, MARCH)
        tell(ben, ART, APRIL)

    assert sorted(BadgeAward.objects.values_list("learner", "earned_at")) == [(ada.pk, APRIL), (ben.pk, APRIL)]
    assert OutboxMessage.objects.count() == 2


def test_a_newer_word_of_the_lms_stands() -> None:
    template = a_badge_for_passing(MATHS)
    learner = UserFactory()
    tell(learner, at=MAY, is_passing=False)
    passed(learner, at=MARCH)

    backfilled(template)

    assert not BadgeAward.objects.exists()


def test_a_grade_that_fell_unheard_is_noticed() -> None:
    template = a_badge_for_passing(MATHS)
    learner = UserFactory()
    tell(learner, at=MARCH)
    failed(learner, at=MAY)

    backfilled(template)

    assert BadgeProgress.objects.get().completed_at is None
    assert BadgeAward.objects.get().live  # It was earned; the template says to keep it.


def test_a_shadow_badge_is_recorded_and_not_awarded() -> None:
    template = a_badge_for_passing(MATHS)
    passed(UserFactory())
    BadgeTemplate.objects.update(status="shadow")
    template.refresh_from_db()

    run = backfilled(template)

    assert run.counts["withheld"] == 1
    assert "awarded" not in run.counts
    (progress_row,) = BadgeProgress.objects.all()
    assert (progress_row.completed_at, progress_row.earned_at) == (MARCH, MARCH)
    assert "shadow" in progress_row.withheld
    assert not BadgeAward.objects.exists()


def test_what_was_only_recorded_before_the_badge_was_retired_is_awarded_when_it_is_asked_for() -> None:
    template = a_badge_for_passing(MATHS)
    learner = UserFactory()
    passed(learner)
    BadgeTemplate.objects.update(status="shadow")
    template.refresh_from_db()
    backfilled(template)
    progress.leave_withheld(template)  # As when it is retired,
    BadgeTemplate.objects.update(status="active")  # and activated again.
    template.refresh_from_db()
    progress.sweep()
    before = BadgeAward.objects.count()

    backfilled(template)
    progress.sweep()

    assert (before, BadgeAward.objects.get().learner) == (0, learner)


@pytest.mark.parametrize("status", ["draft", "review", "paused", "retired"])
def test_a_badge_that_is_not_earned_now_is_not_backfilled(status: str) -> None:
    template = a_badge_for_passing(MATHS)
    BadgeTemplate.objects.update(status=status)
    template.refresh_from_db()

    with pytest.raises(runs.CannotRun, match=r"Activate it|Resume it"):
        backfill.begin(template)


def test_a_badge_that_is_archived_at_credly_is_not_backfilled() -> None:
    template = a_badge_for_passing(MATHS, archived=True)

    with pytest.raises(runs.CannotRun, match="Publish it"):
        backfill.begin(template)


def test_a_pause_in_the_middle_stops_it_with_a_sentence(monkeypatch) -> None:
    monkeypatch.setattr("credly_badges.events.backfill.AT_ONCE", 2)
    template = a_badge_for_passing(MATHS)
    for learner in UserFactory.create_batch(6):
        passed(learner)
    run = backfill.go_on(backfill.begin(template, wake=False), until=0.0)
    BadgeTemplate.objects.update(status="paused")

    run = backfill.go_on(run)

    assert run.state == State.STOPPED
    assert "Resume it" in run.error
    BadgeTemplate.objects.update(status="active")
    run = backfill.go_on(runs.resume(run, wake=False))
    assert run.state == State.DONE
    assert BadgeAward.objects.count() == 6


def test_a_limit_pauses_the_badge_and_the_rest_is_kept() -> None:
    template = a_badge_for_passing(MATHS, limit_total=2)
    for learner in UserFactory.create_batch(5):
        passed(learner)

    run = backfilled(template)

    assert BadgeAward.objects.count() == 2
    assert run.state == State.STOPPED
    template.refresh_from_db()
    assert template.status == "paused"


def test_where_it_is_not_available_it_is_withheld() -> None:
    template = a_badge_for_passing("edX")
    lms.backend().add_course(MATHS, "Maths")
    lms.backend().add_course(ART, "Art")
    Availability.objects.create(template=template, organization=template.organization, scope=ART)
    there, elsewhere = UserFactory.create_batch(2)
    passed(there, ART)
    passed(elsewhere, MATHS)

    run = backfilled(template)

    assert BadgeAward.objects.get().learner == there
    assert (run.counts["awarded"], run.counts["withheld"]) == (1, 1)


def test_who_was_given_it_by_hand_gets_no_second_one() -> None:
    template = a_badge_for_passing(MATHS)
    learner = UserFactory()
    AwardFactory(learner=learner, template=template, source=BadgeAward.Source.BY_HAND)
    passed(learner)

    backfilled(template)

    assert BadgeAward.objects.count() == 1
    assert BadgeProgress.objects.get().completed_at == MARCH


def test_another_badge_still_hears_what_was_backfilled_for_this_one() -> None:
    first, second = a_badge_for_passing(MATHS), a_badge_for_passing(MATHS)
    learner = UserFactory()
    passed(learner, at=MARCH)
    backfilled(first)
    assert not BadgeAward.objects.filter(template=second).exists()

    tell(learner, at=MAY)

    assert BadgeAward.objects.get(template=second).earned_at == MAY
    assert BadgeAward.objects.get(template=first).earned_at == MARCH


def test_badges_for_badges_are_backfilled_from_our_own_awards() -> None:
    module = TemplateFactory(active=True)
    learner = UserFactory()
    AwardFactory(learner=learner, template=module, offered=True, issued_at=APRIL)
    group = GroupFactory(template=TemplateFactory(active=True))
    RuleFactory(
        requirement__group=group,
        requirement__event_type="org.openedx.learning.badge.awarded.v1",
        requirement__scope=str(module.uuid),
        path="template.origin",
        field_type="text",
        value="credly",
    )

    backfilled(group.template)

    assert BadgeAward.objects.get(template=group.template).earned_at == APRIL


def test_people_who_are_gone_get_nothing() -> None:
    template = a_badge_for_passing(MATHS)
    passed(UserFactory(username="retired__user_99"))
    lms.backend().add_grade(987654, MATHS, 80, passed_at=MARCH)

    assert backfilled(template).counts.get("awarded", 0) == 0
    assert not ReceivedEvent.objects.exists()


def test_somebody_else_who_stores_the_same_at_that_moment_costs_one_more_look(monkeypatch) -> None:
    template = a_badge_for_passing(MATHS)
    ada, ben = UserFactory.create_batch(2)
    passed(ada)
    passed(ben)
    really, raced = backfill.store, []

    def store_after_somebody_else(*args: Any) -> None:
        if not raced:
            raced.append(True)
            tell(ada, at=MARCH)
            raise IntegrityError
        really(*args)

    monkeypatch.setattr(backfill, "store", store_after_somebody_else)

    run = backfilled(template)

    assert run.state == State.DONE
    assert BadgeAward.objects.count() == 2
    assert OutboxMessage.objects.count() == 2


def test_the_rehearsed_number_is_what_it_awards() -> None:
    template = two_courses()
    for number, learner in enumerate(UserFactory.create_batch(9)):
        passed(learner, MATHS)
        if number % 3:
            passed(learner, ART, MARCH + timedelta(days=number))
    rehearsed = rehearsal.go_on(rehearsal.begin(template, wake=False)).counts

    assert backfilled(template).counts["awarded"] == rehearsed["would_gain"] == 6


def test_the_cost_of_a_portion_does_not_grow_with_its_learners(django_assert_max_num_queries) -> None:
    few, many = a_badge_for_passing(MATHS), a_badge_for_passing(ART)
    for learner in UserFactory.create_batch(5):
        passed(learner, MATHS)
    for learner in UserFactory.create_batch(25):
        passed(learner, ART)
    with django_assert_max_num_queries(60) as first:
        backfilled(few)

    with django_assert_max_num_queries(len(first)):
        backfilled(many)

    assert BadgeAward.objects.count() == 30


class Killed(BaseException):
    """The process is gone, between two statements to the database."""


@contextmanager
def killed_at(step: int) -> Iterator[list[str]]:
    """The statements that are made; the one at ``step`` is not made any more."""
    made: list[str] = []

    def count(execute: Any, sql: str, *arguments: Any) -> Any:
        made.append(sql)
        if len(made) == step:
            raise Killed
        return execute(sql, *arguments)

    with connection.execute_wrapper(count):
        yield made


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_killed_at_any_step_it_goes_on_to_the_same_end(monkeypatch) -> None:
    monkeypatch.setattr(backfill, "AT_ONCE", 3)
    template = two_courses()
    ada, ben, cy, dan = UserFactory.create_batch(4)
    for learner in (ada, ben, cy, dan):
        passed(learner, MATHS, MARCH)
        passed(learner, ART, APRIL)
    tell(cy, MATHS, MARCH)  # Whom the corridor knows already.
    with taken_back(), killed_at(0) as steps:
        backfilled(template)
        undisturbed = world()

    for step in range(1, len(steps) + 1):
        with taken_back():
            run = backfill.begin(template, wake=False)
            with suppress(Killed), killed_at(step):
                backfill.go_on(run)
            HistoryRun.objects.update(leased_until=None)
            run.refresh_from_db()
            if run.open:
                run = backfill.go_on(run)

            assert run.state == State.DONE
            assert world() == undisturbed
            assert run.counts["awarded"] == run.counts["completed"] == 4


def test_a_worker_does_it_in_the_background(django_capture_on_commit_callbacks) -> None:
    template = a_badge_for_passing(MATHS)
    passed(UserFactory())

    with django_capture_on_commit_callbacks(execute=True):
        run = backfill.begin(template)

    run.refresh_from_db()
    assert run.state == State.DONE
    assert BadgeAward.objects.count() == 1
