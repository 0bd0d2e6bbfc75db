"""What decides beside the event itself: when it happened, and what the LMS knows of the learner at that moment."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from credly_badges import lms, progress
from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import BadgeAward, BadgeProgress, Fulfillment, ListeningPlace, ReceivedEvent
from credly_badges.testing.factories import (
    PASSING_STATUS,
    AwardFactory,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)
from credly_badges.testing.lms import StandInLMS

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
A, B, C = (f"course-v1:edX+{name}+1" for name in "ABC")
A_AGAIN = "course-v1:edX+A+2"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def edx():
    lms.backend().clear()
    yield lms.backend()
    lms.backend().clear()


def happens(learner, course=A, at=NOON, kind=PASSING_STATUS, **attributes):
    scopes = (course, course.removeprefix("course-v1:").rpartition("+")[0], "edX", "")
    intake.receive(LearningEvent(learner.pk, kind, course, at, attributes or {"is_passing": True}, scopes))
    for event_id in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
        progress.record(event_id)


def a_badge(*courses, group=None, **requirement):
    """A badge for passing these courses, in one requirement."""
    badge = TemplateFactory(active=True)
    asked = RequirementFactory(
        group=GroupFactory(template=badge, **(group or {})), scope="\n".join(courses), **requirement
    )
    RuleFactory(requirement=asked)
    return asked


def percent():
    return BadgeProgress.objects.values_list("percent", flat=True).first() or 0


class TestState:
    def rule(self, requirement, path="state.grade.percent", field_type="number", operator="gte", value="80", **about):
        RuleFactory(requirement=requirement, path=path, field_type=field_type, operator=operator, value=value, **about)

    @pytest.mark.parametrize(("grade", "awarded"), [(79, False), (80, True)])
    def test_the_event_wakes_and_the_state_decides(self, edx, grade, awarded):
        self.rule(a_badge(A))
        learner = UserFactory()
        edx.add_grade(learner.pk, A, grade)

        happens(learner)

        assert BadgeAward.objects.exists() == awarded

    def test_what_the_lms_does_not_know_fulfills_nothing(self):
        self.rule(a_badge(A))

        happens(UserFactory())

        assert not BadgeProgress.objects.exists()

    def test_the_values_that_were_seen_are_kept_with_what_they_are_about(self, edx):
        requirement = a_badge(A)
        exam = "block-v1:edX+A+1+type@sequential+block@exam"
        self.rule(requirement)
        self.rule(requirement, "state.subsection.percent", about=exam)
        learner = UserFactory()
        edx.add_grade(learner.pk, A, 91)
        edx.add_subsection_grade(learner.pk, exam, 84)

        happens(learner)

        assert Fulfillment.objects.get().evidence == {
            "is_passing": True,
            "state.grade.percent": 91,
            f"state.subsection.percent [{exam}]": 84,
        }

    def test_a_badge_may_ask_for_another_badge(self):
        first, learner = TemplateFactory(active=True), UserFactory()
        requirement = a_badge(A)
        self.rule(requirement, "state.badge.held", "boolean", "eq", "true", about=str(first.uuid))
        happens(learner)
        assert not BadgeProgress.objects.exists()

        AwardFactory(learner=learner, template=first)
        happens(learner, at=NOON + DAY, is_passing=True, again=1)

        assert BadgeAward.objects.filter(template=requirement.group.template).exists()

    @pytest.mark.parametrize("count", [1, 30])
    def test_it_is_read_once_for_all_requirements_that_an_event_concerns(self, monkeypatch, count):
        asked = Counter()
        for name in ("rows_of", "courses"):
            whole = getattr(StandInLMS, name)
            monkeypatch.setattr(StandInLMS, name, lambda *given, n=name, w=whole: asked.update([n]) or w(*given))
        group = GroupFactory(
            template=TemplateFactory(active=True), within_days=30, within_of="enrollment", before_course_end=True
        )
        for _number in range(count):
            self.rule(RequirementFactory(group=group, scope=A))

        happens(UserFactory())

        assert asked == {"rows_of": 2, "courses": 1}

    def test_where_no_rule_asks_nothing_is_read(self, monkeypatch):
        asked = Counter()
        for name in ("rows_of", "courses", "completions"):
            monkeypatch.setattr(StandInLMS, name, lambda *_given, n=name: asked.update([n]))
        a_badge(A)

        happens(UserFactory())

        assert not asked
        assert BadgeAward.objects.exists()


class TestWindows:
    @pytest.mark.parametrize(
        ("at", "counts"),
        [
            # Clocks in Berlin are two hours ahead in summer, one in winter; on 25 October a day has 25 hours.
            (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), False),
            (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), True),
            (datetime(2026, 10, 25, 22, 59, 59, 999999, tzinfo=UTC), True),
            (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), False),
        ],
    )
    def test_days_begin_and_end_in_their_time_zone(self, at, counts):
        a_badge(
            A,
            group={"opens_on": date(2026, 7, 1), "closes_on": date(2026, 10, 25), "time_zone": "Europe/Berlin"},
        )

        happens(UserFactory(), at=at)

        assert BadgeAward.objects.exists() == counts

    def test_a_time_zone_that_is_gone_fulfills_nothing_and_stops_nothing_else(self, caplog):
        a_badge(A, group={"closes_on": date(2026, 12, 31), "time_zone": "Europe/Atlantis"})
        sound = a_badge(A, group={"closes_on": date.max, "time_zone": "America/Havana"})

        happens(UserFactory())

        assert BadgeAward.objects.get().template == sound.group.template
        assert "cannot be read" in caplog.text

    @pytest.mark.parametrize(("days", "counts"), [(30, True), (31, False)])
    def test_days_are_counted_from_the_enrollment_to_the_event(self, edx, days, counts):
        a_badge(A, group={"within_days": 30, "within_of": "enrollment"})
        learner = UserFactory()
        edx.add_enrollment(learner.pk, A, created=NOON - days * DAY)

        happens(learner)

        assert BadgeAward.objects.exists() == counts

    @pytest.mark.parametrize(("end", "counts"), [(None, True), (NOON + DAY, True), (NOON - DAY, False)])
    def test_what_happens_after_the_course_has_ended_does_not_count(self, edx, end, counts):
        a_badge(A, group={"before_course_end": True})
        edx.add_course(A, "A", end=end)

        happens(UserFactory())

        assert BadgeAward.objects.exists() == counts

    def test_who_met_it_in_time_keeps_it_though_it_is_stated_again_too_late(self):
        a_badge(A, group={"closes_on": date(2026, 5, 1)})
        learner = UserFactory()
        happens(learner, is_passing=True, grade=80)

        happens(learner, at=NOON + 10 * DAY, is_passing=True, grade=90)

        assert percent() == 100
        assert Fulfillment.objects.get().decided_at == NOON

    def test_who_no_longer_meets_it_loses_it_whenever_that_is_said(self):
        a_badge(A, group={"closes_on": date(2026, 5, 1)})
        learner = UserFactory()
        happens(learner)

        happens(learner, at=NOON + 10 * DAY, is_passing=False)

        assert percent() == 0

    @pytest.mark.parametrize(("days", "expected"), [(-1, 50), (1, 100), (7, 100), (8, 50)])
    def test_a_group_comes_after_another_and_within_days_of_it(self, days, expected):
        first = a_badge(A).group
        after = GroupFactory(template=first.template, after=first, within_days=7, within_of="group")
        RuleFactory(requirement__group=after, requirement__scope=B)
        learner = UserFactory()

        happens(learner, B, at=NOON + days * DAY)
        happens(learner, A)

        assert percent() == expected


class TestCounts:
    @pytest.mark.parametrize(
        ("requirement", "passed", "expected"),
        [
            ({"times": 2}, [A, A_AGAIN], 50),
            ({"times": 2}, [A, A_AGAIN, B], 100),
            ({"times": 2}, [A, B, C], 100),
            ({"times": 2, "distinct": "subject"}, [A, A_AGAIN], 100),
            ({"times": None}, [A, B], 66),
            ({"times": None}, [A, B, C], 100),
        ],
    )
    def test_how_many_different_ones_it_takes(self, requirement, passed, expected):
        courses = (A, B, C) if requirement["times"] is None else ("edX",)
        a_badge(*courses, **requirement)
        learner = UserFactory()

        for hour, course in enumerate(passed):
            happens(learner, course, at=NOON + timedelta(hours=hour))

        assert percent() == expected

    def test_every_course_run_of_a_program_is_those_that_it_has_now(self):
        requirement = a_badge("9cf4b5b4-5b8c-4a2c-9b49-5f6f6c1d5d3e", times=None)
        ListeningPlace.objects.filter(requirement=requirement).delete()
        for course in (A, B):
            ListeningPlace.objects.create(requirement=requirement, event_type=PASSING_STATUS, scope=course)
        learner = UserFactory()

        happens(learner, A)
        assert percent() == 50
        happens(learner, B)

        assert percent() == 100

    def test_points_are_counted_towards_the_number_that_is_needed(self):
        badge = TemplateFactory(active=True)
        group = GroupFactory(template=badge, needs="at_least", at_least=3)
        for course, weight in ((A, 1), (B, 1), (C, 2)):
            RuleFactory(requirement__group=group, requirement__scope=course, requirement__weight=weight)
        learner = UserFactory()

        percents = []
        for course in (A, B, C):
            happens(learner, course)
            percents.append(percent())

        assert percents == [33, 66, 100]
