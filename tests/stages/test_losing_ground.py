"""Learners who met a badge's requirements and no longer do: by a penalty, or because a newer statement says so."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from credly_badges import awards, progress, rounds
from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    BadgeRequirement,
    BadgeTemplate,
    OutboxMessage,
    Pulse,
    ReceivedEvent,
    Regression,
)
from credly_badges.progress import regressions
from credly_badges.testing.factories import (
    PASSING_STATUS,
    AwardFactory,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
REJECTED = "org.openedx.learning.exam.attempt.rejected.v1"
A, B, C = (f"course-v1:edX+{name}+1" for name in "ABC")


def told(learner, course, hour, kind=PASSING_STATUS, **attributes):
    """What the LMS says of a learner at an hour."""
    scopes = (course, course.removeprefix("course-v1:").rpartition("+")[0], "edX", "")
    at = NOON + timedelta(hours=hour)
    return LearningEvent(learner.pk, kind, course, at, attributes or {"is_passing": True}, scopes)


def happens(*events):
    """It arrives in this order, and a worker comes each time."""
    for event in events:
        intake.receive(event)
        for event_id in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
            progress.record(event_id)


def a_badge(needs="all", at_least=1, courses=(A, B), **template):
    """A badge for courses, of which a rejected exam takes back the first."""
    badge = TemplateFactory(active=True, **template)
    group = GroupFactory(template=badge, needs=needs, at_least=at_least)
    for course in courses:
        RuleFactory(
            requirement__group=group,
            requirement__scope=course,
            requirement__key=course,
            requirement__description=f"Pass {course}",
        )
    RequirementFactory(
        group=GroupFactory(template=badge, needs="undo"),
        event_type=REJECTED,
        scope="",
        undoes=[courses[0]],
        description="Exam rejected",
    )
    return badge


def rejected(learner, course=A, hour=5):
    return told(learner, course, hour, kind=REJECTED, status="rejected")


KINDS = {
    # How many are needed, which courses there are, which are passed, and whether that is enough without the first.
    "all": ("all", 1, (A, B), (A, B), False),
    "any, by several": ("any", 1, (A, B), (A, B), True),
    "any, by one": ("any", 1, (A, B), (A,), False),
    "two, by three": ("at_least", 2, (A, B, C), (A, B, C), True),
    "two, by two": ("at_least", 2, (A, B, C), (A, B), False),
}
ARRIVALS = {
    # What arrives, in its order: the hour of each statement, and of the penalty (P).
    "a penalty from before": ("P0", "1", "2", "3"),
    "a penalty from before, late": ("1", "2", "3", "P0"),
    "a penalty after": ("1", "2", "3", "P5"),
    "a penalty from after, early": ("P5", "1", "2", "3"),
    "a penalty from after, in between": ("1", "P5", "2", "3"),
}


def arrive(learner, arrivals, passed):
    passing = iter(passed)
    for each in arrivals:
        if each.startswith("P"):
            happens(rejected(learner, hour=int(each[1:])))
        elif course := next(passing, None):
            happens(told(learner, course, int(each)))


@pytest.mark.parametrize("on_loss", BadgeTemplate.OnLoss.values)
@pytest.mark.parametrize("arrival", ARRIVALS)
@pytest.mark.parametrize("kind", KINDS)
def test_penalties_by_group_by_policy_by_order_of_arrival(kind, arrival, on_loss):
    needs, at_least, courses, passed, is_enough_without = KINDS[kind]
    a_badge(needs, at_least, courses, on_loss=on_loss, hold_days=7)
    learner = UserFactory()

    arrive(learner, ARRIVALS[arrival], passed)

    is_met = "P0" in ARRIVALS[arrival] or is_enough_without
    had_it, lost_it = before_and_after(kind, arrival, is_met)
    standing = BadgeProgress.objects.get()
    assert (standing.completed_at is not None, standing.percent == 100) == (is_met, is_met)
    awarded = BadgeAward.objects.filter(learner=learner)
    assert awarded.filter(live=True).exists() == (is_met or (had_it and on_loss != "revoke"))
    assert awarded.filter(live=None).exists() == (lost_it and on_loss == "revoke")
    held = "recovered" if is_met else "held"
    assert list(Regression.objects.values_list("state", flat=True)) == (
        {"hold": [held], "revoke": ["revoked"], "keep": []}[on_loss] if lost_it else []
    )


def before_and_after(kind, arrival, is_met):
    """Whether the badge was awarded when the penalty came, and whether the learner lost ground then."""
    if arrival == "a penalty from after, early":
        return is_met, False
    if arrival == "a penalty from after, in between":
        # The first course alone is enough for any, until it is taken back.
        return (True, True) if kind.startswith("any") else (is_met, False)
    return True, not is_met


@pytest.mark.parametrize("kind", KINDS)
def test_in_whatever_order_they_arrive_the_same_is_met(kind):
    needs, at_least, courses, passed, is_enough_without = KINDS[kind]
    badge = a_badge(needs, at_least, courses)

    for order in permutations(range(len(passed) + 1)):
        learner = UserFactory()
        events = [*(told(learner, course, hour) for hour, course in enumerate(passed)), rejected(learner)]
        happens(*(events[number] for number in order))
        standing = BadgeProgress.objects.get(learner=learner, template=badge)
        assert (standing.completed_at is not None) == is_enough_without, order


@pytest.mark.parametrize("on_loss", BadgeTemplate.OnLoss.values)
def test_a_newer_statement_that_no_longer_meets_it_is_a_loss_like_any(on_loss):
    a_badge(on_loss=on_loss, hold_days=7)
    learner = UserFactory()
    happens(told(learner, A, 1), told(learner, B, 2))

    happens(told(learner, A, 3, is_passing=False))

    assert BadgeProgress.objects.get().percent == 50
    assert bool(BadgeAward.objects.get().live) == (on_loss != "revoke")
    assert (
        list(Regression.objects.values_list("state", flat=True))
        == {
            "hold": ["held"],
            "revoke": ["revoked"],
            "keep": [],
        }[on_loss]
    )


def test_who_never_had_the_badge_loses_nothing():
    a_badge(on_loss="revoke")
    learner = UserFactory()

    happens(told(learner, A, 1), rejected(learner), told(learner, A, 6, is_passing=False))

    assert not Regression.objects.exists()
    assert not AuditEntry.objects.exists()


def test_what_is_revoked_says_what_was_lost_and_by_what():
    a_badge(on_loss="revoke")
    learner = UserFactory()
    happens(told(learner, A, 1), told(learner, B, 2))
    BadgeAward.objects.update(state=BadgeAward.State.ACCEPTED, credly_id=uuid4())
    OutboxMessage.objects.update(open=None, state=OutboxMessage.State.DELIVERED)

    happens(rejected(learner))

    said = f"“Pass {A}” was taken back: “Exam rejected”."
    award = BadgeAward.objects.get()
    assert award.revocation_reason == said
    assert OutboxMessage.objects.get(open=True).kind == OutboxMessage.Kind.REVOKE
    lost = Regression.objects.get()
    assert (lost.because, lost.happened_at, lost.award) == (said, NOON + timedelta(hours=5), award)
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        "award.granted",
        "award.revoked",
        "regression.revoked",
    }


def test_who_turns_out_to_have_met_it_otherwise_before_is_awarded_it_once_credly_has_taken_it_back():
    a_badge(needs="any", on_loss="revoke")
    learner = UserFactory()
    happens(told(learner, A, 1))
    BadgeAward.objects.update(state=BadgeAward.State.ACCEPTED, credly_id=uuid4())
    OutboxMessage.objects.update(state="delivered", open=None)
    happens(told(learner, A, 3, is_passing=False))

    happens(told(learner, B, 0))
    assert "being taken back" in BadgeProgress.objects.get().withheld
    OutboxMessage.objects.update(state="delivered", open=None)
    BadgeAward.objects.update(state=BadgeAward.State.REVOKED, live=None)
    BadgeProgress.objects.update(try_again_at=NOON)
    progress.sweep()

    award = BadgeAward.objects.get(live=True)
    assert award.earned_at == NOON


def test_a_grade_that_falls_and_rises_again_within_the_hold_changes_nothing_at_credly():
    a_badge(on_loss="hold", hold_days=7)
    learner = UserFactory()
    happens(told(learner, A, 1), told(learner, B, 2))
    orders = list(OutboxMessage.objects.values())

    happens(told(learner, A, 3, is_passing=False), told(learner, A, 4))
    time_passes(days=8)
    regressions.due()

    assert Regression.objects.get().state == "recovered"
    assert BadgeAward.objects.get().live
    assert list(OutboxMessage.objects.values()) == orders


def time_passes(days):
    for held in Regression.objects.exclude(until=None):
        Regression.objects.filter(pk=held.pk).update(until=held.until - timedelta(days=days))


def held(learner=None, **template):
    """A badge that is held, its learner having failed a course since."""
    a_badge(on_loss="hold", **template)
    learner = learner or UserFactory()
    happens(told(learner, A, 1), told(learner, B, 2), told(learner, A, 3, is_passing=False))
    return Regression.objects.get(progress__learner=learner)


def test_a_held_badge_is_revoked_when_nobody_kept_it_until_its_time_was_over():
    regression = held(hold_days=7)
    assert regression.until - timezone.now() > timedelta(days=6, hours=23)
    assert regressions.due() == 0

    time_passes(days=8)
    rounds.due(Pulse.Source.COMMAND)

    regression.refresh_from_db()
    assert (regression.state, regression.open, regression.decided_by) == ("revoked", None, None)
    assert not BadgeAward.objects.get().live


def test_without_a_number_of_days_it_is_held_until_somebody_decides():
    regression = held(hold_days=None)

    assert regression.until is None
    assert regressions.due() == 0


@pytest.mark.parametrize(
    ("requirement", "penalty", "said"),
    [
        ("Pass it", "Exam rejected", "“Pass it” was taken back: “Exam rejected”."),
        ("Pass it", "", "“Pass it” was taken back."),
        ("", "Exam rejected", "What was met was taken back: “Exam rejected”."),
        ("", "", "The requirements of the badge are no longer met."),
    ],
)
def test_what_was_lost_is_told_in_words_that_learners_know(requirement, penalty, said):
    badge = a_badge(on_loss="hold")
    BadgeRequirement.objects.filter(key=A).update(description=requirement)
    BadgeRequirement.objects.filter(event_type=REJECTED).update(description=penalty)
    learner = UserFactory()

    happens(told(learner, A, 1), told(learner, B, 2), told(learner, A, 3, REJECTED))

    assert Regression.objects.get(progress__template=badge).because == said


def test_while_the_badge_is_paused_nothing_is_decided_by_itself():
    regression = held(hold_days=7)
    time_passes(days=8)
    BadgeTemplate.objects.update(status="paused")

    assert regressions.due() == 0

    regression.refresh_from_db()
    assert regression.open


def test_a_person_keeps_the_badge_and_the_same_loss_is_not_held_again():
    person = UserFactory()
    regression = held(hold_days=7)

    regressions.keep(regression, by=person, note="A regrade is on its way.")
    learner = regression.progress.learner
    happens(told(learner, B, 6, is_passing=False), told(learner, B, 7))

    kept = Regression.objects.get()
    assert (kept.state, kept.decided_by, kept.note) == ("dismissed", person, "A regrade is on its way.")
    entry = AuditEntry.objects.get(action="regression.dismissed")
    assert (entry.actor, entry.because) == (person, "A regrade is on its way.")

    happens(told(learner, A, 8))
    assert BadgeAward.objects.count() == 1
    happens(told(learner, A, 9, is_passing=False))
    assert Regression.objects.filter(open=True).count() == 1


def test_a_person_takes_the_badge_back_before_the_time_is_over():
    person = UserFactory()
    regression = held(hold_days=7)

    regressions.revoke(regression, by=person)

    award = BadgeAward.objects.get()
    assert (award.live, award.revocation_reason) == (None, f"“Pass {A}” is no longer met.")
    assert AuditEntry.objects.get(action="award.revoked").actor == person
    with pytest.raises(regressions.NotOpen, match="decided before: the badge was revoked"):
        regressions.keep(regression, by=person)


def test_who_has_recovered_by_the_time_that_somebody_decides_keeps_the_badge():
    regression = held(hold_days=7)
    BadgeProgress.objects.update(completed_at=NOON)  # As another worker has just written.

    decided = regressions.revoke(regression, by=UserFactory())

    assert decided.state == "recovered"
    assert BadgeAward.objects.get().live


def test_who_qualifies_again_after_the_revocation_is_issued_a_new_badge():
    a_badge(on_loss="revoke")
    learner = UserFactory()
    happens(told(learner, A, 1), told(learner, B, 2), told(learner, A, 3, is_passing=False))
    revoked = BadgeAward.objects.get()

    happens(told(learner, A, 4))

    award = BadgeAward.objects.get(live=True)
    assert (award.previous, award.earned_at) == (revoked, NOON + timedelta(hours=4))


def test_who_qualifies_again_while_the_held_badge_is_taken_back_by_hand_gets_a_new_one():
    regression = held(hold_days=7)
    BadgeAward.objects.update(live=None, state=BadgeAward.State.REVOKED)

    happens(told(regression.progress.learner, A, 4))

    assert BadgeAward.objects.get(live=True).previous == regression.award


@pytest.mark.parametrize(("on_loss", "state"), [("hold", "held"), ("revoke", "revoked")])
def test_terms_that_are_changed_to_and_fro_leave_one_decision_for_one_badge(on_loss, state):
    learner = held(hold_days=7).progress.learner
    BadgeTemplate.objects.update(on_loss="keep")
    happens(told(learner, A, 4))
    BadgeTemplate.objects.update(on_loss=on_loss)

    happens(told(learner, A, 5, is_passing=False))

    assert Regression.objects.get().state == state
    assert bool(BadgeAward.objects.get().live) == (on_loss == "hold")


def test_what_a_person_issued_by_hand_no_event_takes_back():
    badge = a_badge(on_loss="revoke")
    learner = UserFactory()
    AwardFactory(learner=learner, template=badge, source=BadgeAward.Source.BY_HAND)
    happens(told(learner, A, 1), told(learner, B, 2))

    happens(told(learner, A, 3, is_passing=False))

    assert BadgeAward.objects.get().live
    assert not Regression.objects.exists()


def test_a_penalty_that_is_withdrawn_gives_back_what_it_took():
    badge = a_badge(on_loss="hold", hold_days=7)
    penalty = badge.groups.get(needs="undo").requirements.get()
    RuleFactory(requirement=penalty, path="status", field_type="text", value="rejected")
    learner = UserFactory()
    happens(told(learner, A, 1), told(learner, B, 2), rejected(learner))
    assert Regression.objects.get().state == "held"

    happens(told(learner, A, 6, kind=REJECTED, status="verified"))

    assert Regression.objects.get().state == "recovered"
    assert BadgeProgress.objects.get().percent == 100


def test_what_was_stated_anew_after_a_penalty_counts_in_whatever_order_it_arrives():
    badge = a_badge()
    for order in permutations(range(4)):
        learner = UserFactory()
        events = [
            told(learner, B, 2),
            told(learner, A, 1, is_passing=True, grade=80),
            rejected(learner, hour=5),
            told(learner, A, 8, is_passing=True, grade=85),
        ]

        happens(*(events[number] for number in order))

        standing = BadgeProgress.objects.get(learner=learner, template=badge)
        assert standing.completed_at is not None, order
        assert standing.fulfillments.get(requirement__key=A).decided_at == NOON + timedelta(hours=8)


def test_the_same_said_once_more_does_not_undo_a_penalty():
    a_badge()
    learner = UserFactory()

    happens(told(learner, A, 1), told(learner, B, 2), rejected(learner), told(learner, A, 8))

    assert BadgeProgress.objects.get().percent == 50


def test_a_penalty_takes_back_what_was_met_in_its_own_course_only():
    badge = a_badge("all", 1, ("edX",))
    requirement = badge.groups.get(needs="all").requirements.get()
    requirement.times = 1
    requirement.save()
    learner = UserFactory()

    happens(told(learner, A, 1), told(learner, B, 2), rejected(learner, course=B))
    assert BadgeProgress.objects.get().percent == 100
    happens(rejected(learner, course=A))

    assert BadgeProgress.objects.get().percent == 0


def test_a_penalty_for_any_course_takes_back_what_was_met_in_all():
    badge = a_badge("all", 1, ("edX",))
    badge.groups.get(needs="undo").requirements.update(same_course=False)
    learner = UserFactory()

    happens(told(learner, A, 1), told(learner, B, 2), rejected(learner, course=C))

    assert BadgeProgress.objects.get().percent == 0


def test_one_whose_award_cannot_be_revoked_does_not_hold_up_the_others(caplog):
    a_badge(on_loss="hold", hold_days=7)
    learners = UserFactory.create_batch(2)
    for learner in learners:
        happens(told(learner, A, 1), told(learner, B, 2), told(learner, A, 3, is_passing=False))
    time_passes(days=8)
    failures = [OperationalError("Deadlock found")]

    def fail_once(execute, sql, *args):
        if failures and sql.startswith(f"UPDATE {connection.ops.quote_name('credly_badges_badgeaward')}"):
            raise failures.pop()
        return execute(sql, *args)

    with connection.execute_wrapper(fail_once):
        assert regressions.due() == 1

    assert sorted(Regression.objects.values_list("state", flat=True)) == ["held", "revoked"]
    assert "could not be revoked" in caplog.text
    assert regressions.due() == 1


def test_a_badge_that_a_person_is_taking_back_already_is_not_taken_back_twice():
    a_badge(on_loss="revoke")
    learner = UserFactory()
    happens(told(learner, A, 1), told(learner, B, 2))
    BadgeAward.objects.update(state=BadgeAward.State.ACCEPTED, credly_id=uuid4())
    OutboxMessage.objects.update(open=None, state=OutboxMessage.State.DELIVERED)
    awards.revoke(BadgeAward.objects.get(), "Plagiarism", by=UserFactory())

    happens(told(learner, A, 3, is_passing=False))

    assert BadgeAward.objects.get().revocation_reason == "Plagiarism"
    assert OutboxMessage.objects.filter(kind=OutboxMessage.Kind.REVOKE).count() == 1
    assert not Regression.objects.exists()


def test_what_was_stated_anew_after_a_penalty_and_too_late_does_not_come_back():
    badge = a_badge("any", 1, (A,))
    badge.groups.filter(needs="any").update(closes_on=date(2026, 5, 1))
    learner = UserFactory()

    happens(told(learner, A, 1, is_passing=True, grade=80), rejected(learner, hour=2))
    happens(told(learner, A, 48, is_passing=True, grade=90))
    assert BadgeProgress.objects.get().percent == 0
    happens(rejected(learner, hour=3))

    assert BadgeProgress.objects.get().percent == 0
