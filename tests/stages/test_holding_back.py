"""Badges that were earned and are not sent, or not yet: in shadow, paused, past a limit, or before their day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credly_badges import awards, lms, progress
from credly_badges.events import intake
from credly_badges.issuing import deliver
from credly_badges.learning_event import LearningEvent
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    DeliveryAttempt,
    OutboxMessage,
    Pulse,
    ReceivedEvent,
)
from credly_badges.progress import limits, trying
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    AwardFactory,
    RuleFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OTHER_COURSE = "course-v1:edX+OtherX+2026"


@pytest.fixture
def stand_in():
    lms.backend().clear()
    yield lms.backend()
    lms.backend().clear()


def told(learner, course_key=COURSE_KEY, at=NOON, **attributes):
    scopes = (course_key, course_key.removeprefix("course-v1:").rpartition("+")[0], "edX", "")
    return LearningEvent(learner.pk, PASSING_STATUS, course_key, at, attributes or {"is_passing": True}, scopes)


def happens(learner, course_key=COURSE_KEY, at=NOON, **attributes):
    intake.receive(told(learner, course_key, at, **attributes))
    for event_id in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
        progress.record(event_id)


def withheld_from(learner):
    return BadgeProgress.objects.get(learner=learner).withheld


class TestShadow:
    def test_everything_is_recorded_but_the_award(self):
        learner = UserFactory()
        a_badge_for_passing(status="shadow")

        happens(learner)

        mine = BadgeProgress.objects.get()
        assert (mine.percent, mine.completed_at, mine.earned_at) == (100, NOON, NOON)
        assert mine.withheld.startswith("Recorded only: this badge is in shadow mode.")
        assert not BadgeAward.objects.exists()

    def test_what_was_recorded_is_awarded_once_the_badge_is_active(self):
        badge = a_badge_for_passing(status="shadow")
        early, late = UserFactory.create_batch(2)
        happens(early)
        BadgeTemplate.objects.update(status="active")
        badge.refresh_from_db()

        progress.release_withheld(badge)
        progress.sweep()
        happens(late, at=NOON + timedelta(days=1))

        assert set(BadgeAward.objects.values_list("learner", "earned_at")) == {
            (early.pk, NOON),
            (late.pk, NOON + timedelta(days=1)),
        }
        assert withheld_from(early) == ""

    def test_however_many_were_recorded_one_portion_wakes_the_next(self, django_capture_on_commit_callbacks):
        badge = a_badge_for_passing(status="shadow")
        for learner in UserFactory.create_batch(trying.PORTION + 5):
            happens(learner)
        BadgeTemplate.objects.update(status="active")

        with django_capture_on_commit_callbacks(execute=True):
            progress.release_withheld(badge)

        assert BadgeAward.objects.count() == trying.PORTION + 5
        assert not BadgeProgress.objects.exclude(withheld="").exists()

    def test_leaving_the_shadow_writes_nothing_to_whoever_waits(self):
        badge = a_badge_for_passing(status="shadow")
        for learner in UserFactory.create_batch(3):
            happens(learner)
        BadgeTemplate.objects.update(status="active")

        with CaptureQueriesContext(connection) as releasing:
            progress.release_withheld(badge)

        assert [each["sql"] for each in releasing if "UPDATE" in each["sql"]] == []
        assert trying.try_again() == 3

    def test_what_waits_for_an_hour_or_a_day_is_made_due_in_portions(
        self, monkeypatch, django_capture_on_commit_callbacks
    ):
        monkeypatch.setattr(trying, "PUT_AT_ONCE", 2)
        badge = a_badge_for_passing(release="date", release_on=timezone.now().date() + timedelta(days=30))
        for learner in UserFactory.create_batch(5):
            happens(learner)
        BadgeTemplate.objects.update(release="at_once")

        with django_capture_on_commit_callbacks(execute=True):
            progress.release_withheld(badge)

        assert BadgeAward.objects.count() == 5

    def test_a_loss_in_shadow_takes_nothing_back(self):
        badge = a_badge_for_passing(status="shadow", on_loss="revoke")
        learner = UserFactory()
        AwardFactory(learner=learner, template=badge)
        happens(learner)

        happens(learner, at=NOON + timedelta(days=1), is_passing=False)

        assert BadgeAward.objects.get().live


class TestPaused:
    def test_events_are_kept_and_not_held_against_the_badge(self):
        learner = UserFactory()
        badge = a_badge_for_passing()
        BadgeTemplate.objects.update(status="paused")

        happens(learner)

        assert not ReceivedEvent.objects.get().waiting
        assert not BadgeProgress.objects.exists()

        BadgeTemplate.objects.update(status="active")
        for _twice in range(2):
            progress.hold_against(ReceivedEvent.objects.get().pk, badge.pk)
        assert BadgeAward.objects.get().earned_at == NOON

    def test_only_the_badge_that_was_paused_is_held_against_what_happened(self):
        learner = UserFactory()
        badge, other = a_badge_for_passing(), a_badge_for_passing()
        BadgeTemplate.objects.update(status="paused")
        happens(learner)
        BadgeTemplate.objects.update(status="active")

        progress.hold_against(ReceivedEvent.objects.get().pk, badge.pk)

        assert BadgeAward.objects.get().template == badge
        assert not BadgeProgress.objects.filter(template=other).exists()

    def test_another_badge_goes_on_meanwhile(self):
        learner = UserFactory()
        paused, running = a_badge_for_passing(), a_badge_for_passing()
        BadgeTemplate.objects.filter(pk=paused.pk).update(status="paused")

        happens(learner)

        assert BadgeAward.objects.get().template == running

    def test_an_order_that_has_not_left_waits_and_goes_when_the_badge_is_resumed(self, organization, at_credly, credly):
        learner = UserFactory()
        badge = a_badge_for_passing(organization=organization, uuid=credly.add_template(at_credly, "Scholar").uuid)
        happens(learner)
        message = OutboxMessage.objects.get()
        BadgeTemplate.objects.update(status="paused")

        deliver.deliver(message.pk)

        message.refresh_from_db()
        assert (message.state, message.attempts) == ("waiting", 0)
        assert message.waiting_for == "The badge is paused; this one is sent once somebody resumes it."
        assert message.not_before > timezone.now()
        assert DeliveryAttempt.objects.get().outcome == "blocked"

        BadgeTemplate.objects.update(status="active")
        progress.release_withheld(badge)
        deliver.sweep(source=Pulse.Source.COMMAND)

        assert BadgeAward.objects.get().state == BadgeAward.State.OFFERED


class TestLimits:
    def test_past_the_limit_in_all_the_badge_pauses_and_what_was_earned_is_kept(self, caplog):
        badge = a_badge_for_passing(limit_total=2)
        learners = UserFactory.create_batch(3)

        for learner in learners:
            happens(learner)

        badge.refresh_from_db()
        assert BadgeAward.objects.count() == OutboxMessage.objects.count() == 2
        assert (badge.status, badge.paused_from) == ("paused", "active")
        assert badge.deactivated_because == withheld_from(learners[2])
        assert withheld_from(learners[2]).startswith("It was paused because 2 badges were awarded, the most in all.")
        entry = AuditEntry.objects.get(action="template.paused")
        assert (entry.because, entry.after) == (badge.deactivated_because, {"status": "paused"})
        assert "was paused" in caplog.text

        BadgeTemplate.objects.update(status="active", limit_total=5)
        progress.release_withheld(badge)
        progress.sweep()
        assert BadgeAward.objects.get(learner=learners[2]).earned_at == NOON

    def test_in_the_next_hour_there_is_room_again(self):
        badge = a_badge_for_passing(limit_per_hour=1)
        first, second = UserFactory.create_batch(2)
        happens(first)
        happens(second)
        assert withheld_from(second).startswith("It was paused because 1 badge was awarded within an hour")

        BadgeAward.objects.update(created=timezone.now() - timedelta(minutes=61))
        BadgeTemplate.objects.update(status="active")
        progress.release_withheld(badge)
        progress.sweep()

        assert BadgeAward.objects.filter(learner=second).exists()

    def test_resumed_too_early_it_pauses_again(self):
        badge = a_badge_for_passing(limit_total=1)
        first, second = UserFactory.create_batch(2)
        happens(first)
        happens(second)

        BadgeTemplate.objects.update(status="active")
        progress.release_withheld(badge)
        progress.sweep()

        badge.refresh_from_db()
        assert badge.status == "paused"
        assert not BadgeAward.objects.filter(learner=second).exists()

    def test_who_holds_the_badge_already_pauses_nothing(self):
        badge = a_badge_for_passing(limit_total=1)
        learner = UserFactory()
        happens(learner)

        happens(learner, at=NOON + timedelta(days=1), is_passing=False)
        happens(learner, at=NOON + timedelta(days=2))

        badge.refresh_from_db()
        assert (badge.status, withheld_from(learner)) == ("active", "")

    def test_what_is_issued_by_hand_does_not_count(self):
        badge = a_badge_for_passing(limit_total=1)
        for learner in UserFactory.create_batch(2):
            awards.grant(learner_id=learner.pk, template=badge, earned_at=NOON, source=BadgeAward.Source.BY_HAND)
        assert limits.reached(badge) == ""

        happens(UserFactory())

        assert BadgeAward.objects.count() == 3
        assert limits.reached(badge)

    def test_what_was_taken_back_before_it_left_costs_no_badge(self):
        badge = a_badge_for_passing(limit_total=1)
        happens(UserFactory())
        awards.revoke(BadgeAward.objects.get(), "A mistake", by=None)

        happens(UserFactory())

        badge.refresh_from_db()
        assert badge.is_active
        assert BadgeAward.objects.filter(live=True).count() == 1

    def test_another_badge_of_the_same_event_is_awarded_all_the_same(self):
        limited, free = a_badge_for_passing(limit_total=1), a_badge_for_passing()
        happens(UserFactory())
        learner = UserFactory()

        happens(learner)

        assert list(BadgeAward.objects.filter(learner=learner).values_list("template", flat=True)) == [free.pk]
        limited.refresh_from_db()
        assert limited.status == "paused"

    def test_without_a_limit_nothing_is_asked(self):
        badge = a_badge_for_passing()

        with CaptureQueriesContext(connection) as asked:
            assert limits.reached(badge) == ""

        assert not asked.captured_queries


class TestRelease:
    def test_a_badge_arrives_on_its_day(self):
        day = timezone.now().date() + timedelta(days=30)
        a_badge_for_passing(release="date", release_on=day)
        learner = UserFactory()

        happens(learner)

        mine = BadgeProgress.objects.get()
        assert (mine.percent, mine.earned_at) == (100, NOON)
        assert mine.withheld.startswith("Earned; arrives on ")
        assert mine.try_again_at == datetime(day.year, day.month, day.day, tzinfo=UTC)
        progress.sweep()
        assert not BadgeAward.objects.exists()

        BadgeTemplate.objects.update(release_on=timezone.now().date())
        BadgeProgress.objects.update(try_again_at=timezone.now())
        progress.sweep()
        assert BadgeAward.objects.get().earned_at == NOON

    def test_a_day_that_has_been_holds_nothing_back(self):
        a_badge_for_passing(release="date", release_on=date(2026, 5, 2))

        happens(UserFactory())

        assert BadgeAward.objects.exists()

    def test_a_day_that_was_put_off_is_kept_to(self):
        tomorrow = timezone.now().date() + timedelta(days=1)
        badge = a_badge_for_passing(release="date", release_on=tomorrow)
        happens(UserFactory())
        later = tomorrow + timedelta(days=7)
        BadgeTemplate.objects.update(release_on=later)

        progress.release_withheld(badge)
        progress.sweep()

        mine = BadgeProgress.objects.get()
        assert mine.try_again_at == datetime(later.year, later.month, later.day, tzinfo=UTC)
        assert not BadgeAward.objects.exists()

    def test_a_badge_arrives_when_the_course_of_the_deciding_event_ends(self, stand_in):
        ends_at = timezone.now() + timedelta(days=9)
        stand_in.add_course(COURSE_KEY, "Demo", end=timezone.now() - timedelta(days=1))
        stand_in.add_course(OTHER_COURSE, "Other", end=ends_at)
        badge = a_badge_for_passing(release="course_end")
        RuleFactory(requirement__group__template=badge, requirement__scope=OTHER_COURSE)
        learner = UserFactory()

        happens(learner, OTHER_COURSE, at=NOON + timedelta(days=1))
        happens(learner, COURSE_KEY)

        assert BadgeProgress.objects.get().try_again_at == ends_at

    def test_a_course_without_an_end_holds_nothing_back(self, stand_in):
        stand_in.add_course(COURSE_KEY, "Demo")
        a_badge_for_passing(release="course_end")

        happens(UserFactory())

        assert BadgeAward.objects.exists()

    def test_a_badge_arrives_with_the_certificate(self, stand_in):
        dated = timezone.now() + timedelta(days=3)
        a_badge_for_passing(release="certificate")
        dated_later, without = UserFactory.create_batch(2)
        stand_in.add_certificate(dated_later.pk, COURSE_KEY, issued_at=dated)

        happens(dated_later)
        happens(without)

        assert BadgeProgress.objects.get(learner=dated_later).try_again_at == dated
        assert BadgeAward.objects.get().learner == without

    def test_losing_ground_before_the_day_leaves_nothing_to_send(self):
        a_badge_for_passing(release="date", release_on=timezone.now().date() + timedelta(days=30))
        learner = UserFactory()
        happens(learner)

        happens(learner, at=NOON + timedelta(days=1), is_passing=False)

        mine = BadgeProgress.objects.get()
        assert (mine.withheld, mine.try_again_at) == ("", None)
