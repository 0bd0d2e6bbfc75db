"""Whatever happens to a badge's requirements on the way: who meets them in the end has the badge."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import CourseData, PersistentCourseGradeData
from openedx_events.learning.signals import PERSISTENT_GRADE_SUMMARY_CHANGED

from credly_badges import activation, lint, lms, progress, requirements
from credly_badges.events import backfill, replay, runs
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    HistoryRun,
    OutboxMessage,
    ReceivedEvent,
    RequirementsVersion,
)
from credly_badges.requirements import GroupSpec, RequirementSpec, RuleSpec
from credly_badges.testing.factories import TemplateFactory, UserFactory

from .conftest import FIRST, NOON, SECOND, World

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
COURSES = (FIRST, SECOND)
Status = BadgeTemplate.Status


class Term(RuleBasedStateMachine):
    """Two learners, two courses, one badge, and a course team that cannot make up its mind."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.hour = 0

    @initialize(
        on_change=st.sampled_from(BadgeTemplate.OnChange.values),
        on_loss=st.sampled_from([BadgeTemplate.OnLoss.KEEP, BadgeTemplate.OnLoss.REVOKE]),
        percent=st.sampled_from([60, 80]),
    )
    def begin(self, on_change: str, on_loss: str, percent: int) -> None:
        forget_everything()
        for key in COURSES:
            lms.backend().add_course(key, key)
        self.learners = UserFactory.create_batch(2)
        there = self.world.credly.add_template(self.world.there, name="Scholar")
        self.badge = TemplateFactory(
            uuid=there.uuid, organization=self.world.here, on_change=on_change, on_loss=on_loss
        )
        self.asked: dict[int, tuple[int, int]] = {}  # By version: percent, and in how many courses.
        self.grades: dict[tuple[int, str], list[int]] = {}
        self.ask(percent, 2)
        activation.activate(self.badge, by=None)

    # What learners do.

    @rule(
        who=st.integers(0, 1),
        course=st.sampled_from(COURSES),
        percent=st.sampled_from([50, 70, 90]),
        told=st.booleans(),
    )
    def grade(self, who: int, course: str, percent: int, told: bool) -> None:
        """A grade is saved; what is told of it may be lost on the way."""
        self.hour += 1
        at = NOON + timedelta(hours=self.hour)
        learner = self.learners[who]
        self.grades.setdefault((learner.pk, course), []).append(percent)
        lms.backend().add_grade(learner.pk, course, percent, passed_at=at, modified=at)
        if told:
            tell(learner.pk, course, percent, at)

    # What the course team does.

    @rule(percent=st.sampled_from([60, 80]), times=st.integers(1, 2))
    def ask(self, percent: int, times: int) -> None:
        needed = RequirementSpec(
            GRADE, "\n".join(COURSES), "", (RuleSpec("grade.percent", "gte", str(percent)),), key="grades", times=times
        )
        stored = requirements.stored(self.badge)
        group = GroupSpec("", "all", 1, (needed,), key="courses")
        requirements.save(self.badge, [group], by=None, seen=requirements.fingerprint(stored))
        self.badge.refresh_from_db()
        self.asked[self.badge.version] = (percent, times)

    @precondition(lambda self: self.badge.is_listening and self.badge.status != Status.PAUSED)
    @rule()
    def pause(self) -> None:
        self.move(Status.PAUSED)

    @precondition(lambda self: self.badge.status == Status.PAUSED)
    @rule(replayed=st.booleans())
    def resume(self, replayed: bool) -> None:
        self.move(activation.resumes_as(self.badge), replay=replayed)

    @precondition(lambda self: self.badge.status == Status.SHADOW)
    @rule()
    def come_out_of_the_shadow(self) -> None:
        self.move(Status.ACTIVE)

    @precondition(lambda self: self.badge.is_listening)
    @rule()
    def retire(self) -> None:
        self.move(Status.RETIRED)

    @precondition(lambda self: self.badge.status == Status.RETIRED)
    @rule(to=st.sampled_from([Status.ACTIVE, Status.SHADOW]))
    def begin_again(self, to: str) -> None:
        self.move(to)

    @precondition(lambda self: self.badge.status in (Status.ACTIVE, Status.SHADOW))
    @rule()
    def backfill(self) -> None:
        backfill.go_on(backfill.begin(self.badge, wake=False))

    # What workers do.

    @rule()
    def sweep(self) -> None:
        progress.sweep()

    @invariant()
    def nobody_has_two(self) -> None:
        held = list(BadgeAward.objects.filter(live=True).values_list("learner", flat=True))
        assert len(held) == len(set(held))

    @invariant()
    def what_was_valid_is_written_down(self) -> None:
        sealed = set(RequirementsVersion.objects.values_list("number", flat=True))
        assert set(BadgeAward.objects.values_list("version", flat=True)) <= sealed

    def teardown(self) -> None:
        """The badge runs at last, history is read once more, and all workers are through."""
        if not hasattr(self, "badge"):
            return
        if self.badge.status != Status.ACTIVE:
            self.move(Status.ACTIVE, replay=self.badge.status == Status.PAUSED)
        self.backfill()
        while progress.move_on():
            pass
        progress.release_withheld(self.badge)
        progress.sweep()
        for learner in self.learners:
            self.see(learner)

    def see(self, learner: object) -> None:
        """What the learner achieved, and what they have of it."""
        mine = BadgeProgress.objects.filter(learner=learner, template=self.badge).first()
        has_it = BadgeAward.objects.filter(learner=learner, live=True).exists()
        version = mine.version if mine is not None else self.badge.version
        percent, times = self.asked[version]
        now = sum(self.grades.get((learner.pk, course), [0])[-1] >= percent for course in COURSES)
        assert not (mine and mine.withheld), mine.withheld
        if now >= times:
            assert has_it, f"{now} courses at {percent} %, asked for {times} in version {version}"
        elif self.badge.on_loss == BadgeTemplate.OnLoss.REVOKE:
            assert not has_it, f"{now} courses at {percent} %, asked for {times} in version {version}"
        if has_it:
            ever = [
                sum(max(self.grades.get((learner.pk, course), [0])) >= percent for course in COURSES) >= times
                for percent, times in self.asked.values()
            ]
            assert any(ever)
        elif self.badge.on_change == BadgeTemplate.OnChange.MOVE:
            assert version == self.badge.version

    def move(self, to: str, *, replay: bool = False) -> None:
        if to == Status.ACTIVE and self.badge.status == Status.PAUSED and self.badge.paused_from == Status.SHADOW:
            activation.move(self.badge, Status.SHADOW, by=None, replay=replay)
        activation.move(self.badge, to, by=None, replay=replay, despite=lint.CAN_BE_MEANT)
        self.badge.refresh_from_db()
        self.replay_what_was_begun()

    def replay_what_was_begun(self) -> None:
        left = runs.latest(self.badge, HistoryRun.Kind.REPLAY)
        if left is not None and left.open:
            replay.go_on(left)


def tell(learner_id: int, course: str, percent: int, at: object) -> None:
    PERSISTENT_GRADE_SUMMARY_CHANGED.send_event(
        time=at,
        grade=PersistentCourseGradeData(
            user_id=learner_id,
            course=CourseData(course_key=CourseKey.from_string(course)),
            course_edited_timestamp=at,
            course_version="",
            grading_policy_hash="",
            percent_grade=percent / 100,
            letter_grade="Pass",
            passed_timestamp=at,
        ),
    )


def forget_everything() -> None:
    for table in (HistoryRun, OutboxMessage, BadgeAward, BadgeProgress, ReceivedEvent):
        table.objects.all().delete()
    BadgeTemplate.objects.all().delete()
    AuditEntry.objects.all()._raw_delete("default")
    lms.backend().clear()


def test_any_term_ends_with_a_badge_for_who_meets_the_requirements(world):
    run_state_machine_as_test(lambda: Term(world), settings=SETTINGS)


SETTINGS = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
