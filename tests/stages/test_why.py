"""Why a learner has a badge, or not: told from what was decided, in plain sentences."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from credly_badges import lms, progress, reports
from credly_badges.models import (
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    DeliveryAttempt,
    ListeningPlace,
    OutboxMessage,
    ReceivedEvent,
    Regression,
    RequirementGroup,
)
from credly_badges.reports import Status
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    GroupFactory,
    MessageFactory,
    ProgressFactory,
    ReceivedEventFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)
from credly_badges.testing.lms import StandInLMS

pytestmark = pytest.mark.django_db

Needs, Within = RequirementGroup.Needs, RequirementGroup.Within

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
CERTIFICATE = "org.openedx.learning.certificate.created.v1"
REVOKED = "org.openedx.learning.certificate.revoked.v1"
THREAD = "org.openedx.learning.forum.thread.created.v1"
LOGIN = "org.openedx.learning.auth.session.login.completed.v1"
RERUN = "course-v1:edX+DemoX+2027"
OTHER = "course-v1:edX+Other+2026"
MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def courses():
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Basics")
    stand_in.add_course(OTHER, "Advanced")
    yield stand_in
    stand_in.clear()


@pytest.fixture
def badge():
    return TemplateFactory(active=True, name="Python")


@pytest.fixture
def ada():
    return UserFactory(username="ada")


def asks(badge, *rules, group=None, **columns):
    """The badge asks for one thing, by default for a grade; rules are path, operator, value."""
    columns = {"event_type": GRADE, "scope": COURSE_KEY, "description": "Learn it", **columns}
    made = RequirementFactory(group=group or GroupFactory(template=badge), **columns)
    for path, operator, value in rules:
        RuleFactory(requirement=made, path=path, operator=operator, value=value, field_type="number")
    return made


def heard(learner, attributes=None, *, kind=GRADE, course=COURSE_KEY, at=MARCH, recorded=True):
    """The LMS says something of a learner, and a worker holds it against the requirements."""
    org, number = course.removeprefix("course-v1:").split("+")[:2]
    event = ReceivedEventFactory(
        learner=learner,
        kind=kind,
        subject=course,
        occurred_at=at,
        attributes=attributes or {},
        scopes=[course, f"{org}+{number}", org, ""],
        waiting=True,
    )
    if recorded:
        progress.record(event.pk)
    return event


def grade(percent):
    return {"grade": {"percent": percent}}


def the_only(why):
    """The one requirement of the one group."""
    [group] = why.groups
    [requirement] = group.requirements
    return requirement


class TestWhatCounted:
    """Every word on a requirement says what was seen, when, and what came of it."""

    def test_of_a_grade_that_is_enough_the_value_and_the_time_are_told(self, badge, ada):
        asks(badge, ("grade.percent", "gte", "80"))
        heard(ada, grade(85))

        why = reports.why(ada.pk, badge)

        requirement = the_only(why)
        assert why.complete
        assert why.headline == "ada earned the badge “Python”, and it is on its way to Credly."
        assert requirement.said == "Met since March 1, 2026, noon (UTC)."
        [found] = requirement.occurrences
        assert found.sentence == "Course grade: Basics, on March 1, 2026, noon (UTC)."
        assert found.status is Status.COUNTS
        assert [rule.sentence for rule in found.rules] == ["Grade is 85 %, which is 80 % or more."]

    def test_of_a_grade_that_is_too_low_it_is_told_what_it_needs(self, badge, ada):
        asks(badge, ("grade.percent", "gte", "80"))
        heard(ada, grade(74))

        why = reports.why(ada.pk, badge)

        requirement = the_only(why)
        assert not why.complete
        assert why.headline == "ada does not have the badge “Python”: nothing that it asks for is met."
        assert requirement.said == "Not met: what was heard does not fulfill it."
        [found] = requirement.occurrences
        assert found.status is Status.UNMET
        assert [rule.sentence for rule in found.rules] == ["Grade is 74 %, needs 80 % or more."]

    def test_a_grade_that_fell_is_told_as_it_is_now(self, badge, ada):
        asks(badge, ("grade.percent", "gte", "80"))
        event = heard(ada, grade(85))
        fallen = MARCH + timedelta(days=1)
        ReceivedEvent.objects.filter(pk=event.pk).update(attributes=grade(60), occurred_at=fallen, waiting=True)
        progress.record(event.pk)

        [found] = the_only(reports.why(ada.pk, badge)).occurrences

        assert (found.status, found.at) == (Status.UNMET, fallen)
        assert [rule.sentence for rule in found.rules] == ["Grade is 60 %, needs 80 % or more."]

    def test_what_is_missing_of_several_courses_is_counted(self, badge, ada):
        asks(badge, scope="edX", times=3)
        heard(ada)
        heard(ada, course=OTHER)

        requirement = the_only(reports.why(ada.pk, badge))

        assert requirement.said == "Not met yet: 2 of 3."
        assert requirement.missing == ("1 more is needed.",)

    def test_a_second_run_of_the_same_course_counts_once(self, badge, ada):
        asks(badge, scope="edX", times=2)
        heard(ada)
        heard(ada, course=RERUN, at=MARCH + timedelta(days=1))

        requirement = the_only(reports.why(ada.pk, badge))

        assert [each.status for each in requirement.occurrences] == [Status.COUNTS, Status.TWICE]
        assert requirement.occurrences[1].details == ("Another run of the same course counts already.",)

    def test_what_is_missing_of_a_list_is_named(self, badge, ada):
        asks(badge, scope=f"{COURSE_KEY}\n{OTHER}", times=None, distinct="subject")
        heard(ada)

        assert the_only(reports.why(ada.pk, badge)).missing == ("Missing: Advanced.",)

    def test_what_counted_in_a_place_that_is_asked_for_no_more_leaves_the_others(self, badge, ada):
        asks(badge, scope="course-v1:edX+Other+2026", times=None)
        asked = asks(badge, scope=COURSE_KEY, times=None)
        heard(ada, grade(90))
        ListeningPlace.objects.filter(requirement=asked).update(scope="course-v1:edX+New+2026")

        why = reports.why(ada.pk, badge)

        assert [each.said for each in why.groups[-1].requirements] == ["Not met yet: 0 of 1."]

    def test_points_are_added_up(self, badge, ada):
        group = GroupFactory(template=badge, needs=Needs.AT_LEAST, at_least=5)
        asks(badge, group=group, weight=3)
        asks(badge, group=group, weight=2, scope=OTHER)
        heard(ada)

        [why] = reports.why(ada.pk, badge).groups

        assert why.said == "Not met yet: 3 of 5 points."

    def test_what_the_lms_knew_at_that_time_stays_told(self, badge, ada, courses):
        courses.add_enrollment(ada.pk, COURSE_KEY, mode="verified", created=MARCH - timedelta(days=3))
        asks(badge, ("state.enrollment.days", "lte", "10"))
        heard(ada)

        [found] = the_only(reports.why(ada.pk, badge)).occurrences

        assert found.status is Status.COUNTS
        assert [(rule.sentence, rule.seen) for rule in found.rules] == [
            ("Days since the first enrollment is 3 days, which is 10 days or less.", 3)
        ]

    def test_what_has_no_name_of_its_own_is_called_by_its_course(self, badge, ada):
        asks(badge, event_type=THREAD, scope="edX")
        event = ReceivedEventFactory(
            learner=ada, kind=THREAD, subject="5f3c2a", course_key=COURSE_KEY, occurred_at=MARCH, waiting=True
        )
        progress.record(event.pk)

        [found] = the_only(reports.why(ada.pk, badge)).occurrences

        assert found.sentence == "Forum thread: Basics, on March 1, 2026, noon (UTC)."


class TestOrderWindowsAndPenalties:
    """What holds and does not count says why."""

    def test_what_came_before_its_turn_waits_for_the_group_before_it(self, badge, ada):
        basics = GroupFactory(template=badge, name="Basics")
        asks(badge, group=basics, scope=OTHER)
        asks(badge, group=GroupFactory(template=badge, name="Then", after=basics))
        heard(ada)

        then = reports.why(ada.pk, badge).groups[1]

        assert then.waits
        assert then.said == "Not met yet: it waits for “Basics”."
        [found] = then.requirements[0].occurrences
        assert found.status is Status.TOO_SOON

    def test_what_came_before_the_group_before_it_was_met_says_when_that_was(self, badge, ada):
        basics = GroupFactory(template=badge, name="Basics")
        asks(badge, group=basics, scope=OTHER)
        asks(badge, group=GroupFactory(template=badge, after=basics))
        heard(ada)
        heard(ada, course=OTHER, at=MARCH + timedelta(days=1))

        [requirement] = reports.why(ada.pk, badge).groups[1].requirements
        [found] = requirement.occurrences

        assert found.status is Status.TOO_SOON
        assert requirement.said == "Not met: what fulfills it came too soon."
        assert found.details == ("It came before “Basics” was met, on March 2, 2026, noon (UTC).",)

    def test_what_came_too_long_after_the_group_before_it_says_until_when_it_counts(self, badge, ada):
        basics = GroupFactory(template=badge, name="Basics")
        asks(badge, group=basics, scope=OTHER)
        asks(badge, group=GroupFactory(template=badge, after=basics, within_days=10, within_of=Within.GROUP))
        heard(ada, course=OTHER)
        heard(ada, at=MARCH + timedelta(days=11))

        [found] = reports.why(ada.pk, badge).groups[1].requirements[0].occurrences

        assert found.status is Status.TOO_LATE
        assert found.details == ("It came too late: it counts until March 11, 2026, noon (UTC).",)

    def test_days_of_a_calendar_are_told_in_their_own_time_zone(self, badge, ada):
        window = {"opens_on": date(2026, 4, 1), "closes_on": date(2026, 4, 30), "time_zone": "Europe/Berlin"}
        asks(badge, group=GroupFactory(template=badge, **window))
        heard(ada)

        [found] = the_only(reports.why(ada.pk, badge)).occurrences

        assert [rule.sentence for rule in found.rules] == [
            "It happened on March 1, 2026, noon (UTC), outside of the days that count. "
            "From April 1, 2026 until April 30, 2026 (Europe/Berlin)."
        ]

    def test_moments_are_told_in_the_time_zone_of_the_reader(self, badge, ada):
        asks(badge)
        heard(ada)

        with timezone.override("Asia/Tokyo"):
            requirement = the_only(reports.why(ada.pk, badge))

        assert requirement.said == "Met since March 1, 2026, 9 p.m. (Asia/Tokyo)."

    def test_who_enrolled_too_long_ago_is_told_the_days(self, badge, ada, courses):
        courses.add_enrollment(ada.pk, COURSE_KEY, created=MARCH - timedelta(days=40))
        asks(badge, group=GroupFactory(template=badge, within_days=30, within_of=Within.ENROLLMENT))
        heard(ada)

        [found] = the_only(reports.why(ada.pk, badge)).occurrences

        assert [rule.sentence for rule in found.rules] == ["Days since the enrollment: 40, needs 30 or fewer."]

    def test_what_a_penalty_took_back_names_it(self, badge, ada):
        asks(badge, key="get", event_type=CERTIFICATE, description="Get a certificate")
        asks(
            badge,
            event_type=REVOKED,
            undoes=["get"],
            group=GroupFactory(template=badge, needs=Needs.UNDO),
            description="Lose the certificate",
        )
        heard(ada, kind=CERTIFICATE)
        heard(ada, kind=REVOKED, at=MARCH + timedelta(days=1))

        why = reports.why(ada.pk, badge)

        requirement = the_only(why)
        assert requirement.said == "Not met any more: it was taken back."
        assert requirement.occurrences[0].details == (
            "It was taken back by “Lose the certificate” on March 2, 2026, noon (UTC).",
        )
        [penalty] = why.penalties
        assert (penalty.met, penalty.said) == (True, "It happened, and took something back.")


class TestWhatWasNotHeard:
    """Silence is explained too: what the LMS knows, what nobody can know, what may have been removed."""

    def test_what_the_lms_alone_knows_is_told_as_what_a_backfill_would_count(self, badge, ada, courses):
        asks(badge, ("grade.percent", "gte", "80"))
        courses.add_grade(ada.pk, COURSE_KEY, 91, modified=MARCH)

        requirement = the_only(reports.why(ada.pk, badge))

        assert requirement.said == "Not met: nothing of this was heard of the learner, though the LMS knows of it."
        [found] = requirement.occurrences
        assert (found.status, found.at) == (Status.NOT_HEARD, MARCH)
        assert found.details == (
            "The LMS knows of it, and nothing was heard of it here. A backfill of the badge would count it.",
        )

    def test_what_the_lms_knows_nothing_of_is_said_too(self, badge, ada):
        asks(badge)

        why = reports.why(ada.pk, badge)

        assert the_only(why).said == (
            "Not met: nothing of this was heard of the learner, and the LMS knows nothing of it."
        )
        assert (
            "Events that decide nothing are removed after 365 days, so something older may have been heard."
            in why.hints
        )

    def test_where_events_are_kept_for_ever_nothing_was_removed(self, badge, ada, settings):
        settings.CREDLY_BADGES_EVENT_DAYS = 0
        asks(badge)

        assert not [hint for hint in reports.why(ada.pk, badge).hints if "removed" in hint]

    def test_of_what_the_lms_keeps_no_history_that_is_said(self, badge, ada):
        asks(badge, event_type=LOGIN, scope="")

        assert the_only(reports.why(ada.pk, badge)).said == (
            "Not met: nothing of this was heard of the learner. The LMS keeps no history of such events."
        )

    def test_an_lms_that_fails_does_not_keep_the_rest_from_being_told(self, badge, ada, settings, caplog):
        settings.CREDLY_BADGES_LMS_BACKEND = "tests.stages.test_why.NoHistory"
        asks(badge)
        heard(ada)

        why = reports.why(ada.pk, badge)

        assert the_only(why).met
        assert "The LMS could not be asked what it knows of the learner. The log says why." in why.hints
        assert "history of learner" in caplog.text

    def test_what_happened_elsewhere_is_shown_as_that(self, badge, ada):
        asks(badge)
        RequirementFactory(group__template=TemplateFactory(active=True), event_type=GRADE, scope="")
        heard(ada, course=OTHER)

        [found] = the_only(reports.why(ada.pk, badge)).occurrences

        assert (found.status, found.title) == (Status.ELSEWHERE, "Advanced")

    def test_an_event_that_waits_for_a_worker_says_so(self, badge, ada):
        asks(badge)
        heard(ada, recorded=False)

        requirement = the_only(reports.why(ada.pk, badge))

        assert requirement.said == "Not met yet: what was heard has yet to be held against it."
        assert requirement.occurrences[0].status is Status.WAITING

    def test_what_was_heard_before_the_requirement_was_made_says_that_it_was_not_counted(self, badge, ada):
        asks(badge)
        heard(ada, recorded=False)
        ReceivedEvent.objects.update(waiting=False)

        [found] = the_only(reports.why(ada.pk, badge)).occurrences

        assert found.status is Status.WOULD_COUNT

    def test_a_badge_that_is_not_active_says_so_first(self, ada):
        badge = TemplateFactory()
        asks(badge)

        hints = reports.why(ada.pk, badge).hints

        assert hints[0] == "The badge is not active (draft), so what learners do is not held against it."

    def test_a_badge_that_credly_does_not_issue_says_so(self, ada):
        badge = TemplateFactory(active=True, archived=True)
        asks(badge)

        assert (
            "At Credly the badge template is archived, so nothing is heard for it and nothing is awarded."
            in reports.why(ada.pk, badge).hints
        )

    def test_a_rule_that_cannot_be_read_is_named_as_the_fault(self, badge, ada):
        RuleFactory(requirement=asks(badge), path="grade.percent", field_type="number", operator="gte", value="a lot")
        heard(ada, grade(90))

        [found] = the_only(reports.why(ada.pk, badge)).occurrences

        assert [rule.sentence for rule in found.rules] == [
            "A data rule of this requirement cannot be used. Edit the requirement."
        ]

    def test_a_badge_without_requirements_cannot_be_earned(self, badge, ada):
        assert reports.why(ada.pk, badge).headline == (
            "ada does not have the badge “Python”: it has no requirements, so nobody can earn it."
        )


class NoHistory(StandInLMS):
    """An LMS whose tables cannot be read."""

    def rows_of(self, *_which):
        raise RuntimeError("The table is gone.")


class TestTheWayAfterIt:
    """What withholds a badge, what Credly said, and who took it back."""

    def test_what_withholds_a_badge_is_told_with_the_next_try(self, badge, ada):
        asks(badge)
        heard(ada)
        BadgeAward.objects.all().delete()
        BadgeProgress.objects.update(withheld="The quota is used up.", earned_at=MARCH, try_again_at=MARCH)

        why = reports.why(ada.pk, badge)

        assert why.headline == (
            "ada meets all requirements of the badge “Python”, and it is withheld: The quota is used up."
        )
        assert why.path[1].sentence == "The badge is withheld: The quota is used up."
        assert why.path[1].details == ("Tried again on March 1, 2026, noon (UTC), or soon after.",)

    def test_every_attempt_is_told_with_credlys_words_and_the_next_try(self, badge, ada):
        award = AwardFactory(learner=ada, template=badge, earned_at=MARCH)
        ahead = MessageFactory(award__template__organization=badge.organization)
        message = MessageFactory(award=award, not_before=ahead.not_before + timedelta(days=1))
        DeliveryAttempt.objects.create(
            message=message,
            started_at=MARCH,
            outcome=DeliveryAttempt.Outcome.UNAVAILABLE,
            status=503,
            said="Service unavailable.",
        )

        [_awarded, order, stands] = reports.why(ada.pk, badge).path

        assert order.sentence == "Order to Credly – Issue the badge: waiting."
        assert order.details[:2] == (
            "Attempt 1, March 1, 2026, noon (UTC): Credly was unavailable (HTTP 503). Service unavailable.",
            "1 order is due before it.",
        )
        assert order.details[2].startswith("Tried next on ")
        assert (stands.done, stands.sentence) == (False, "It has yet to reach Credly.")

    def test_what_needs_a_person_stands_in_the_headline(self, badge, ada):
        MessageFactory(dead=True, award=AwardFactory(learner=ada, template=badge))

        assert reports.why(ada.pk, badge).headline == (
            "ada earned the badge “Python”, and it could not be sent: somebody has to act."
        )

    def test_a_revoked_badge_says_why(self, badge, ada):
        AwardFactory(
            learner=ada,
            template=badge,
            state=BadgeAward.State.REVOKED,
            live=None,
            revoked_at=MARCH,
            revocation_reason="Issued by mistake.",
        )

        why = reports.why(ada.pk, badge)

        assert why.headline == "ada had the badge “Python”; it was revoked."
        assert why.path[-1].details == ("Revoked on March 1, 2026, noon (UTC).", "Why: Issued by mistake.")

    def test_a_held_regression_waits_for_a_decision(self, badge, ada):
        award = AwardFactory(learner=ada, template=badge, offered=True)
        Regression.objects.create(
            progress=ProgressFactory(learner=ada, template=badge),
            award=award,
            happened_at=MARCH,
            because="Grade is 60 %, needs 80 % or more.",
            until=MARCH + timedelta(days=7),
        )

        why = reports.why(ada.pk, badge)

        assert why.headline == (
            "ada has the badge “Python” and no longer meets its requirements: somebody has to decide."
        )
        lost = why.path[-2]
        assert lost.sentence.endswith(
            "the learner no longer met the requirements. What came of it: waits for a decision."
        )
        assert lost.details == (
            "Grade is 60 %, needs 80 % or more.",
            "It is revoked on March 8, 2026, noon (UTC) unless somebody keeps it.",
        )

    def test_who_lost_ground_is_told_what_fell_and_until_when_the_badge_is_held(self, ada):
        badge = TemplateFactory(active=True, name="Python", on_loss="hold", hold_days=7)
        asks(badge, ("grade.percent", "gte", "80"))
        event = heard(ada, grade(85))
        BadgeAward.objects.update(state=BadgeAward.State.ACCEPTED, issued_at=MARCH)
        fallen = MARCH + timedelta(days=1)
        ReceivedEvent.objects.filter(pk=event.pk).update(attributes=grade(60), occurred_at=fallen, waiting=True)
        progress.record(event.pk)

        why = reports.why(ada.pk, badge)

        assert not why.complete
        assert why.headline == (
            "ada has the badge “Python” and no longer meets its requirements: somebody has to decide."
        )
        assert [rule.sentence for rule in the_only(why).occurrences[0].rules] == ["Grade is 60 %, needs 80 % or more."]
        assert any("unless somebody keeps it" in detail for step in why.path for detail in step.details)

    def test_a_shadowed_badge_says_that_it_is_recorded_only(self, ada):
        badge = TemplateFactory(status=BadgeTemplate.Status.SHADOW, name="Python")
        asks(badge)
        heard(ada)

        why = reports.why(ada.pk, badge)

        assert why.complete
        assert "shadow" in why.headline
        assert [step.done for step in why.path] == [True, False]

    def test_a_badge_that_is_sent_later_says_when(self, ada):
        badge = TemplateFactory(active=True, name="Python", release="date", release_on=date(2099, 5, 1))
        asks(badge)
        heard(ada)

        to_staff, to_learner = (reports.why(ada.pk, badge, for_learner=learner) for learner in (False, True))

        assert "arrives on May 1, 2099" in to_staff.headline
        assert to_learner.headline == "You have met all requirements of the badge “Python”. It arrives on May 1, 2099."

    def test_what_was_kept_during_a_pause_counts_once_it_is_resumed(self, badge, ada):
        asks(badge)
        BadgeTemplate.objects.update(status=BadgeTemplate.Status.PAUSED)
        badge.refresh_from_db()
        heard(ada)

        why = reports.why(ada.pk, badge)

        assert the_only(why).occurrences[0].status is Status.WOULD_COUNT
        assert "The badge is paused: what learners do is kept, and counts once it is resumed." in why.hints

    def test_an_older_version_is_named(self, badge, ada):
        asks(badge)
        ProgressFactory(learner=ada, template=badge, version=1)
        BadgeTemplate.objects.filter(pk=badge.pk).update(version=2)
        badge.refresh_from_db()

        why = reports.why(ada.pk, badge)

        assert (why.version, why.is_current_version) == (1, False)
        assert the_only(why)
        assert "The learner is judged by version 1 of the requirements; the current one is 2." in why.hints


class TestToTheLearner:
    """Learners read the same without what only the staff can use."""

    def test_a_learner_is_told_what_to_do_and_nothing_technical(self, badge, ada):
        asks(badge, ("grade.percent", "gte", "80"))
        asks(badge, scope=OTHER)
        heard(ada, grade(74))

        why = reports.why(ada.pk, badge, for_learner=True)

        assert why.headline == "You do not have the badge “Python” yet: nothing that it asks for is done."
        first, second = (group.requirements[0] for group in why.groups)
        assert [rule.sentence for rule in first.occurrences[0].rules] == ["Grade is 74 %, needs 80 % or more."]
        assert second.said == "Not done yet."
        assert why.hints == ()
        told = json.dumps(asdict(why), default=str)
        assert "org.openedx" not in told
        assert "grade.percent" not in told

    def test_a_learner_is_not_told_of_orders_and_attempts(self, badge, ada):
        award = AwardFactory(learner=ada, template=badge)
        MessageFactory(award=award)

        sentences = [step.sentence for step in reports.why(ada.pk, badge, for_learner=True).path]

        assert not [sentence for sentence in sentences if "Order" in sentence]
        assert OutboxMessage.objects.filter(award=award).exists()

    def test_a_learner_is_not_told_who_decided_or_what_they_noted(self, badge, ada):
        award = AwardFactory(learner=ada, template=badge, offered=True, reason="The dean asked for it.")
        Regression.objects.create(
            progress=ProgressFactory(learner=ada, template=badge),
            award=award,
            state=Regression.State.DISMISSED,
            open=None,
            happened_at=MARCH,
            decided_by=UserFactory(username="grace"),
            decided_at=MARCH,
            note="A mistake of ours.",
        )

        to_staff = json.dumps(asdict(reports.why(ada.pk, badge)), default=str)
        to_learner = json.dumps(asdict(reports.why(ada.pk, badge, for_learner=True)), default=str)

        for words in ("grace", "A mistake of ours.", "The dean asked for it."):
            assert words in to_staff
            assert words not in to_learner


def test_it_can_be_told_as_data(badge, ada):
    asks(badge, ("grade.percent", "gte", "80"))
    heard(ada, grade(85))

    data = json.loads(json.dumps(asdict(reports.why(ada.pk, badge)), default=str))

    assert data["groups"][0]["requirements"][0]["occurrences"][0]["status"] == "counts"


def test_more_to_tell_takes_no_more_queries(badge, ada, courses, django_assert_num_queries):
    """Ten times as many requirements, events and attempts, and as many questions to the database."""

    def fill(count, start=0):
        for number in range(start, start + count):
            course = f"course-v1:edX+C{number}+2026"
            courses.add_course(course, f"Course {number}")
            courses.add_enrollment(ada.pk, course, created=MARCH - timedelta(days=number))
            rules = (("grade.percent", "gte", "80"), ("state.enrollment.days", "lte", "10"))
            asks(badge, *rules, scope=course)
            heard(ada, grade(85 if number % 2 else 70), course=course)
            award = AwardFactory(learner=ada, template=badge, live=None, state=BadgeAward.State.REVOKED)
            DeliveryAttempt.objects.create(message=MessageFactory(award=award), started_at=MARCH)

    fill(2)
    with django_assert_num_queries(QUERIES):
        reports.why(ada.pk, badge)

    fill(20, start=2)
    with django_assert_num_queries(QUERIES):
        reports.why(ada.pk, badge)


QUERIES = 14
