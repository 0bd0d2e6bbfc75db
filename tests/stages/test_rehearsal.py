"""What would happen, before it happens: a rehearsal on what learners did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credly_badges import lms
from credly_badges.events import rehearsal, runs
from credly_badges.learning_event import LearningEvent
from credly_badges.models import (
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    Fulfillment,
    HistoryRun,
    ListeningPlace,
    OutboxMessage,
    ReceivedEvent,
)
from credly_badges.testing.factories import (
    PASSING_STATUS,
    AwardFactory,
    FulfillmentFactory,
    GroupFactory,
    ProgressFactory,
    ReceivedEventFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

MATHS, ART, LAW = (f"course-v1:edX+{name}+2024" for name in ("Maths", "Art", "Law"))
MARCH, APRIL, MAY = (datetime(2024, month, 5, 12, tzinfo=UTC) for month in (3, 4, 5))


@pytest.fixture(autouse=True)
def _nothing_happened_before() -> None:
    lms.backend().clear()


def passed(learner: Any, course: str = MATHS, at: datetime = MARCH) -> None:
    lms.backend().add_grade(learner.pk, course, 80, passed_at=at)


def failed(learner: Any, course: str = MATHS, at: datetime = MARCH) -> None:
    lms.backend().add_grade(learner.pk, course, 20, modified=at)


def rehearsed(template: BadgeTemplate, **options: Any) -> HistoryRun:
    return rehearsal.go_on(rehearsal.begin(template, wake=False), **options)


def two_courses(**group: Any) -> BadgeTemplate:
    """A draft that asks for both maths and art."""
    template = TemplateFactory()
    here = GroupFactory(template=template, **group)
    for course in (MATHS, ART):
        RuleFactory(requirement__group=here, requirement__scope=course)
    return template


def test_it_says_how_many_would_get_the_badge_from_where_and_since_when() -> None:
    template = two_courses()
    ada, ben, cy = UserFactory.create_batch(3)
    passed(ada, MATHS, MARCH)
    passed(ada, ART, APRIL)
    passed(ben, MATHS, MARCH)
    passed(cy, MATHS, MAY)
    passed(cy, ART, MARCH)
    failed(ben, ART)

    run = rehearsed(template)

    assert run.state == HistoryRun.State.DONE
    assert run.counts["rows"] == 6
    assert run.counts["learners"] == 3
    assert (run.counts["would_get"], run.counts["would_gain"], run.counts.get("would_lose", 0)) == (2, 2, 0)
    assert run.counts["since"] == APRIL.isoformat()
    assert run.counts["until"] == MAY.isoformat()
    assert run.counts["months"] == {"2024-04": 1, "2024-05": 1}
    assert run.counts["courses"] == {MATHS: 2, ART: 2}


def test_nothing_is_written_but_the_run() -> None:
    template = a_badge_for_passing(MATHS)
    passed(UserFactory())

    rehearsed(template)

    for model in (ReceivedEvent, BadgeProgress, Fulfillment, BadgeAward, OutboxMessage):
        assert not model.objects.exists()


def test_the_sample_says_why() -> None:
    template = a_badge_for_passing(MATHS)
    learner = UserFactory()
    passed(learner)

    (chosen,) = rehearsed(template).sample

    assert chosen["learner_id"] == learner.pk
    assert chosen["earned_at"] == MARCH.isoformat()
    assert chosen["because"] == [f"Pass the course ({MATHS}, March 5, 2024): learner is passing: yes, as needed."]


def test_the_sample_stays_small_and_is_the_same_again() -> None:
    template = a_badge_for_passing(MATHS)
    for learner in UserFactory.create_batch(50):
        passed(learner)

    first, second = rehearsed(template), rehearsed(template)

    assert len(first.sample) == 20
    assert first.sample == second.sample
    assert first.counts == second.counts


def test_who_has_it_gains_nothing_and_who_would_not_get_it_now_loses() -> None:
    template = a_badge_for_passing(MATHS)
    has_it, by_hand, gains, loses = UserFactory.create_batch(4)
    for learner in (has_it, by_hand, gains):
        passed(learner)
    failed(loses, at=MAY)
    requirement = template.groups.get().requirements.get()
    for learner in (has_it, loses):
        progress = ProgressFactory(learner=learner, template=template, percent=100, completed_at=MARCH)
        FulfillmentFactory(progress=progress, requirement=requirement, subject=MATHS, decided_at=MARCH)
    AwardFactory(learner=by_hand, template=template, source=BadgeAward.Source.BY_HAND)

    counts = rehearsed(template).counts

    assert (counts["would_get"], counts["would_gain"], counts["would_lose"]) == (3, 1, 1)


def test_whose_course_is_only_known_from_a_stored_event_is_counted() -> None:
    template = two_courses()
    learner = UserFactory()
    passed(learner, MATHS, MARCH)
    ReceivedEventFactory(
        learner=learner, kind=PASSING_STATUS, subject=ART, occurred_at=APRIL, scopes=[ART, "edX+Art", "edX", ""]
    )

    counts = rehearsed(template).counts

    assert counts["would_get"] == 1
    assert counts["since"] == APRIL.isoformat()


def test_a_newer_word_that_is_stored_counts_more_than_an_older_row() -> None:
    template = a_badge_for_passing(MATHS)
    learner = UserFactory()
    passed(learner, at=MARCH)
    ReceivedEventFactory(
        learner=learner, subject=MATHS, occurred_at=MAY, attributes={"is_passing": False}, scopes=[MATHS, ""]
    )

    assert "would_get" not in rehearsed(template).counts


def test_where_both_say_the_same_the_earlier_time_counts() -> None:
    template = a_badge_for_passing(MATHS)
    learner = UserFactory()
    passed(learner, at=MARCH)
    attributes = {"is_passing": True, "course": {"course_key": MATHS}}
    event = LearningEvent(learner.pk, PASSING_STATUS, MATHS, MAY, attributes, (MATHS, "edX+Maths", "edX", ""))
    ReceivedEventFactory(
        learner=learner,
        subject=MATHS,
        occurred_at=MAY,
        attributes=attributes,
        scopes=list(event.scopes),
        fingerprint=event.fingerprint,
    )

    assert rehearsed(template).counts["since"] == MARCH.isoformat()


def test_people_who_are_gone_are_left_out() -> None:
    template = a_badge_for_passing(MATHS)
    passed(UserFactory())
    passed(UserFactory(username="retired__user_1234"))
    lms.backend().add_grade(987654, MATHS, 80, passed_at=MARCH)

    assert rehearsed(template).counts["would_get"] == 1


@pytest.mark.parametrize("scope", ["", "edX", "edX+Maths", MATHS, f"{MATHS}\n{ART}"])
def test_every_kind_of_place_is_looked_up(scope: str) -> None:
    lms.backend().add_course(MATHS, "Maths")
    lms.backend().add_course(LAW.replace("edX", "MITx"), "Law")
    template = a_badge_for_passing(scope)
    passed(UserFactory())

    assert rehearsed(template).counts["would_get"] == 1


def test_a_custom_course_counts_for_the_run_that_it_was_made_from() -> None:
    ccx = "ccx-v1:edX+Maths+2024+ccx@1"
    lms.backend().add_course(ccx, "Maths with a coach")
    kind = "org.openedx.learning.ccx.course.passing.status.updated.v1"
    requirement = RequirementFactory(event_type=kind, scope=MATHS)
    RuleFactory(requirement=requirement)
    passed(UserFactory(), ccx)
    passed(UserFactory(), MATHS)

    assert rehearsed(requirement.group.template).counts["would_get"] == 1


def test_what_the_lms_knows_beside_the_event_is_asked_for_all_at_once(django_assert_max_num_queries) -> None:
    template = a_badge_for_passing(MATHS)
    RuleFactory(
        requirement=template.groups.get().requirements.get(),
        path="state.enrollment.mode",
        field_type="text",
        operator="eq",
        value="verified",
    )
    for number, learner in enumerate(UserFactory.create_batch(30)):
        passed(learner)
        lms.backend().add_enrollment(learner.pk, MATHS, mode="verified" if number % 3 else "audit", created=MARCH)

    with django_assert_max_num_queries(40):
        run = rehearsed(template)

    assert run.counts["would_get"] == 20


def test_it_goes_on_where_it_was_left(monkeypatch) -> None:
    template = a_badge_for_passing(MATHS)
    for learner in UserFactory.create_batch(9):
        passed(learner)
    whole = rehearsed(template).counts
    monkeypatch.setattr("credly_badges.events.rehearsal.AT_ONCE", 2)
    run = rehearsal.begin(template, wake=False)

    slices = 0
    while run.state == HistoryRun.State.RUNNING:
        run = rehearsal.go_on(run, until=0.0)
        slices += 1

    assert slices > 4
    assert run.counts == whole


def test_it_can_be_stopped_and_resumed() -> None:
    template = a_badge_for_passing(MATHS)
    passed(UserFactory())
    run = rehearsal.begin(template, wake=False)

    assert runs.stop(run)
    with pytest.raises(runs.Lost):
        rehearsal.go_on(run)
    run = rehearsal.go_on(runs.resume(run, wake=False))

    assert run.counts["would_get"] == 1


def test_two_do_not_work_on_one_at_the_same_time() -> None:
    template = a_badge_for_passing(MATHS)
    run = rehearsal.begin(template, wake=False)
    hold = runs.Hold.take(run)

    with pytest.raises(runs.Busy):
        rehearsal.go_on(run)
    with pytest.raises(runs.Busy):
        rehearsal.begin(template, wake=False)

    hold.let_go()
    assert rehearsal.go_on(run).state == HistoryRun.State.DONE


def test_a_badge_without_requirements_is_not_rehearsed() -> None:
    with pytest.raises(runs.CannotRun, match="Set them first"):
        rehearsal.begin(TemplateFactory())


def test_changed_requirements_end_it_with_a_sentence() -> None:
    template = a_badge_for_passing(MATHS)
    run = rehearsal.begin(template, wake=False)
    BadgeTemplate.objects.update(version=2)

    run = rehearsal.go_on(run)

    assert run.state == HistoryRun.State.STOPPED
    assert "Begin it anew" in run.error


def test_the_rows_are_everybody_who_gains_or_loses() -> None:
    template = a_badge_for_passing(MATHS)
    gains, loses = UserFactory.create_batch(2)
    passed(gains)
    failed(loses, at=MAY)
    progress = ProgressFactory(learner=loses, template=template, percent=100, completed_at=MARCH)
    requirement = template.groups.get().requirements.get()
    FulfillmentFactory(progress=progress, requirement=requirement, subject=MATHS, decided_at=MARCH)

    found = list(rehearsal.rows(template))

    assert found == [
        rehearsal.Row(gains.pk, MARCH, MATHS, "gain"),
        rehearsal.Row(loses.pk, None, "", "lose"),
    ]


def test_whose_badge_would_go_past_a_limit_is_counted() -> None:
    template = a_badge_for_passing(MATHS, limit_total=2)
    for learner in UserFactory.create_batch(5):
        passed(learner)

    assert rehearsed(template).counts["beyond_limit"] == 3


def test_a_worker_does_it_in_the_background(django_capture_on_commit_callbacks) -> None:
    template = a_badge_for_passing(MATHS)
    passed(UserFactory())

    with django_capture_on_commit_callbacks(execute=True):
        run = rehearsal.begin(template)

    run.refresh_from_db()
    assert run.state == HistoryRun.State.DONE
    assert run.open is None
    assert run.finished_at is not None
    assert run.finished_at - run.created < timedelta(minutes=1)


def test_who_was_done_stays_so_where_nothing_of_it_is_gone() -> None:
    """As when a program gets another course: live, nobody loses a badge by that."""
    template = a_badge_for_passing(MATHS)
    requirement = template.groups.get().requirements.get()
    learner = UserFactory()
    progress = ProgressFactory(learner=learner, template=template, percent=100, completed_at=MARCH)
    FulfillmentFactory(progress=progress, requirement=requirement, subject=MATHS, decided_at=MARCH, course="edX+Maths")
    passed(learner)
    requirement.times = None
    requirement.save()
    ListeningPlace.objects.create(requirement=requirement, event_type=PASSING_STATUS, scope=ART)

    assert "would_lose" not in rehearsed(template).counts
