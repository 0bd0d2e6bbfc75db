"""Somebody looks after the life of a badge in the admin: moves, rehearsals, backfills, and badges that are held."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from credly_badges import activation, lms, progress
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    DataRule,
    HistoryRun,
    ReceivedEvent,
    Regression,
)
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    GroupFactory,
    ProgressFactory,
    ReceivedEventFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"


@pytest.fixture(autouse=True)
def courses():
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    yield stand_in
    stand_in.clear()


@pytest.fixture
def badge():
    """A draft with nothing wrong: 80 percent in one course."""
    made = TemplateFactory(name="Python")
    RuleFactory(
        requirement__group=GroupFactory(template=made),
        requirement__event_type=GRADE,
        requirement__description="Do well",
        path="grade.percent",
        operator="gte",
        value="80",
        field_type="number",
    )
    return made


def page(template, name="change", *args):
    return url("badgetemplate", name, template.pk, *args)


def to(template, status):
    return page(template, "move", status)


def put(template, status, **columns):
    BadgeTemplate.objects.filter(pk=template.pk).update(status=status, **columns)
    template.refresh_from_db()
    return template


def graded(courses, *grades, when=None):
    """Learners who had these grades in the course before."""
    learners = UserFactory.create_batch(len(grades))
    for learner, percent in zip(learners, grades, strict=True):
        courses.add_grade(learner.pk, COURSE_KEY, percent, modified=when or timezone.now() - timedelta(days=90))
    return learners


def rehearse(browser, template, commits):
    with commits(execute=True):
        return browser.post(page(template, "rehearse"), follow=True)


class TestPermissions:
    """Each button asks for its own permission."""

    BUTTONS = [
        *((f"move/{there}", was, names) for (was, there), names in activation.TRANSITIONS.items()),
        ("rehearse", "draft", ("rehearse_badgetemplate",)),
        ("backfill", "active", ("backfill_badgetemplate",)),
    ]
    ALL = sorted(
        {name for names in activation.TRANSITIONS.values() for name in names}
        | {"rehearse_badgetemplate", "backfill_badgetemplate", "sync_badgetemplate", "change_badgetemplate"}
    )

    @pytest.mark.parametrize(("button", "was", "enough"), BUTTONS)
    @pytest.mark.parametrize("permission", ALL)
    def test_a_button_is_pressed_by_those_who_may_and_by_nobody_else(self, badge, button, was, enough, permission):
        put(badge, was, paused_from="shadow" if button.endswith("shadow") else "")
        name, _slash, there = button.partition("/")
        where = page(badge, name, *([there] if there else []))

        status = at_the_desk("view_badgetemplate", permission).post(where).status_code

        assert (status != 403) is (permission in enough)

    @pytest.mark.parametrize(("button", "was", "enough"), BUTTONS)
    def test_nor_by_those_who_may_not_even_look(self, badge, button, was, enough):
        put(badge, was)
        name, _slash, there = button.partition("/")

        assert at_the_desk(*enough).post(page(badge, name, *([there] if there else []))).status_code == 403

    @pytest.mark.parametrize(("button", "was", "enough"), BUTTONS)
    def test_the_page_offers_what_somebody_may_do(self, badge, button, was, enough):
        put(badge, was, paused_from="shadow" if button.endswith("shadow") else "")

        offered = at_the_desk("view_badgetemplate", enough[0]).get(page(badge)).content.decode()
        not_offered = at_the_desk("view_badgetemplate").get(page(badge)).content.decode()

        assert f"/{badge.pk}/{button}/" in offered
        assert f"/{badge.pk}/{button}/" not in not_offered

    def test_a_status_that_does_not_exist_has_no_page(self, badge):
        assert manager().get(to(badge, "famous")).status_code == 404


class TestMoves:
    """A badge is moved after a question."""

    def test_nothing_happens_before_somebody_said_yes(self, badge):
        browser = manager()

        for answer in (browser.get(to(badge, "active")), browser.post(to(badge, "active"))):
            read = text_of(answer)
            assert "From now on learners who meet the requirements" in read
            assert "Do well" in read
        badge.refresh_from_db()
        assert badge.status == "draft"

    def test_a_badge_goes_from_draft_through_review_to_learners_and_back(self, badge):
        author = at_the_desk("view_badgetemplate", "submit_badgetemplate")
        approver = at_the_desk("view_badgetemplate", "approve_badgetemplate")

        read = text_of(author.post(to(badge, "review"), {"confirmed": "yes"}, follow=True))
        assert "“Python” waits for somebody to approve it." in read
        assert "In review: learners do not earn this badge yet" in read

        read = text_of(approver.post(to(badge, "draft"), {"confirmed": "yes"}))
        assert "Say why it is sent back" in read
        read = text_of(approver.post(to(badge, "draft"), {"confirmed": "yes", "because": "Too easy."}, follow=True))
        assert "It was sent back: Too easy." in read

        author.post(to(badge, "review"), {"confirmed": "yes"})
        read = text_of(approver.post(to(badge, "active"), {"confirmed": "yes"}, follow=True))
        assert "“Python” is active: learners can earn it from now on." in read
        assert AuditEntry.objects.filter(action="template.activated").get().actor is not None

    def test_what_is_wrong_is_said_and_there_is_no_button(self, badge):
        GroupFactory(template=badge, name="Second half")
        browser = manager()

        read = text_of(browser.get(page(badge)))
        assert "“Second half” has no requirement, so it could never be met." in read
        assert "Activate…" not in read

        answer = browser.get(to(badge, "active"))
        assert "This is not possible yet" in text_of(answer)
        assert 'name="confirmed"' not in answer.content.decode()

    def test_what_looks_wrong_and_is_meant_is_ticked(self, badge, courses):
        courses.add_course(COURSE_KEY, "Demonstration Course", end=timezone.now() - timedelta(days=9))
        browser = manager()

        assert "needs courses that have ended" in text_of(browser.get(to(badge, "active")))
        refused = text_of(browser.post(to(badge, "active"), {"confirmed": "yes"}))
        assert "Nothing was changed." in refused
        browser.post(to(badge, "active"), {"confirmed": "yes", "despite": "course_ended"})

        badge.refresh_from_db()
        assert badge.is_active
        assert AuditEntry.objects.first().after == {"status": "active", "despite": ["course_ended"]}

    def test_what_is_approved_is_what_was_read(self, badge):
        put(badge, "review")
        approver = at_the_desk("view_badgetemplate", "approve_badgetemplate")
        seen = approver.get(to(badge, "active")).context["question"].seen
        DataRule.objects.update(value="10")

        read = text_of(approver.post(to(badge, "active"), {"confirmed": "yes", "seen": seen}))

        assert "Somebody changed the requirements since you opened this page." in read
        assert "Grade is 10 % or more." in read
        badge.refresh_from_db()
        assert badge.status == "review"
        newly = approver.get(to(badge, "active")).context["question"].seen
        approver.post(to(badge, "active"), {"confirmed": "yes", "seen": newly})
        badge.refresh_from_db()
        assert badge.is_active

    def test_what_was_earned_in_the_shadow_is_told_and_awarded(self, badge, django_capture_on_commit_callbacks):
        browser = manager()
        browser.post(to(badge, "shadow"), {"confirmed": "yes"})
        progress.record(
            ReceivedEventFactory(kind=GRADE, attributes={"grade": {"percent": 90}}, waiting=True).pk,
        )

        assert "Earned it and were not awarded it yet 1" in text_of(browser.get(page(badge)))
        assert "1 learner has earned it already and is awarded it now." in text_of(browser.get(to(badge, "active")))
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(to(badge, "active"), {"confirmed": "yes"})

        assert BadgeAward.objects.count() == 1

    def test_several_are_activated_together_and_each_says_what_became_of_it(self, badge):
        paused = put(TemplateFactory(name="Paused"), "paused")
        browser = manager()

        answer = browser.post(
            url("badgetemplate"),
            {"action": "activate_selected", "_selected_action": [badge.pk, paused.pk], "confirmed": "yes"},
            follow=True,
        )

        read = text_of(answer)
        assert "“Python” is active" in read
        assert "“Paused” was not activated. It is paused. Resume it on its own page" in read

    def test_badges_in_which_the_nightly_check_found_something_are_found_in_the_list(self, badge):
        fine, wrong = (
            put(TemplateFactory(name=name), "active", checked_at=timezone.now()) for name in ("Fine", "Wrong")
        )
        BadgeTemplate.objects.filter(pk=wrong.pk).update(faults=[{"code": "course_ended", "level": "error"}])
        browser = manager()

        some, none = (
            browser.get(url("badgetemplate"), {"faults": found}).context["cl"].result_list for found in ("some", "none")
        )

        assert list(some) == [wrong]
        assert list(none) == [fine]

    def test_the_pages_are_there_in_a_language_that_is_read_from_the_right(self, badge):
        with translation.override("ar"):
            answer = manager().get(to(badge, "active"), headers={"accept-language": "ar"})

        assert 'dir="rtl"' in answer.content.decode()


class TestPause:
    """What happened during a pause counts, or does not, as somebody says."""

    @pytest.fixture
    def paused(self, badge):
        activation.activate(badge, by=None)
        activation.move(badge, "paused", by=None, because="Exam week.")
        learner = UserFactory()
        ReceivedEventFactory(
            learner=learner,
            kind=GRADE,
            attributes={"grade": {"percent": 90}},
            occurred_at=timezone.now(),
            waiting=False,
        )
        return badge

    def test_the_page_says_why_it_was_paused(self, paused):
        read = text_of(manager().get(page(paused)))

        assert "Paused: what learners do is kept, and nothing is awarded" in read
        assert "Reason: Exam week." in read

    def test_it_is_asked_with_the_number_and_has_to_be_answered(self, paused):
        browser = manager()

        read = text_of(browser.get(to(paused, "active")))
        assert "Events that were kept: 1. Learners whom they are about: 1." in read
        assert "Say whether what was kept" in text_of(browser.post(to(paused, "active"), {"confirmed": "yes"}))

        paused.refresh_from_db()
        assert paused.status == "paused"

    @pytest.mark.parametrize(("said", "awarded"), [("yes", 1), ("no", 0)])
    def test_it_counts_where_somebody_says_so(self, paused, said, awarded, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            manager().post(to(paused, "active"), {"confirmed": "yes", "replay": said})

        assert BadgeAward.objects.count() == awarded
        assert HistoryRun.objects.filter(kind="replay").count() == awarded

    def test_afterwards_it_says_how_many_events_were_replayed(self, paused, django_capture_on_commit_callbacks):
        browser = manager()
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(to(paused, "active"), {"confirmed": "yes", "replay": "yes"})

        run = HistoryRun.objects.get(kind="replay")
        assert "(events: 1)" in text_of(browser.get(url("badgetemplate", "change", paused.pk)))
        read = text_of(browser.get(url("historyrun", "change", run.pk)))
        assert "events held against the badge: 1; events that could not be: 0" in read


class TestLimits:
    """A badge that has come to its limit stops, says so, and goes on once somebody wants that."""

    def set_terms(self, browser, badge, **terms):
        usual = {"expiry": "template", "repeat": "once", "on_duplicate": "adopt"}
        usual |= {"release": "at_once", "on_loss": "keep", "on_change": "move"}
        return browser.post(page(badge, "terms"), {**usual, **terms}, follow=True)

    def test_past_it_the_badge_pauses_and_resuming_is_one_action(
        self, badge, courses, django_capture_on_commit_callbacks
    ):
        browser = manager()
        learners = graded(courses, 90, 95)
        assert "in all: 1" in text_of(self.set_terms(browser, badge, limit_total="1"))
        rehearse(browser, badge, django_capture_on_commit_callbacks)
        assert "Beyond the limit in all 1" in text_of(browser.get(page(badge)))
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(to(badge, "active"), {"confirmed": "yes", "backfill": "yes"})

        read = text_of(browser.get(page(badge)))
        assert "Paused: what learners do is kept, and nothing is awarded" in read
        assert "the most in all" in read
        assert "“Resume” is not possible yet: It has come to the most badges that may be awarded" in read
        assert BadgeAward.objects.count() == 1

        self.set_terms(browser, badge, limit_total="10")
        assert "1 learner has earned it already and is awarded it now." in text_of(browser.get(to(badge, "active")))
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(to(badge, "active"), {"confirmed": "yes", "replay": "yes"})
        assert {award.learner for award in BadgeAward.objects.all()} == set(learners)

    def test_the_terms_say_what_becomes_of_who_loses_ground_and_when_it_is_sent(self, badge):
        browser = manager()

        read = text_of(
            self.set_terms(
                browser,
                badge,
                on_loss="hold",
                hold_days="7",
                release="date",
                release_on="2031-06-30",
                limit_per_hour="50",
                on_change="keep",
            )
        )

        assert "hold it for 7 days, then revoke it" in read
        assert "on June 30, 2031" in read
        assert "in an hour: 50" in read
        assert "by those that they began with" in read
        assert "no date is given. Give the release date." in text_of(self.set_terms(browser, badge, release="date"))


class TestHistory:
    """What learners did before is rehearsed, and then counts if somebody wants that."""

    def test_a_rehearsal_says_who_would_get_it_and_writes_nothing_else(
        self, badge, courses, django_capture_on_commit_callbacks
    ):
        good, _bad = graded(courses, 90, 40)
        browser = manager()

        read = text_of(rehearse(browser, badge, django_capture_on_commit_callbacks))

        assert "Would be awarded the badge 1" in text_of(browser.get(page(badge)))
        run = HistoryRun.objects.get()
        read = text_of(browser.get(url("historyrun", "change", run.pk)))
        assert "Would be awarded the badge 1" in read
        assert "Demonstration Course (course-v1:edX+DemoX+2026) 1" in read
        assert good.username in read
        assert "Do well" in read
        assert not BadgeProgress.objects.exists()
        assert not ReceivedEvent.objects.exists()

    def test_everybody_is_in_a_file_that_no_spreadsheet_runs(self, badge, courses, django_capture_on_commit_callbacks):
        good, _bad = graded(courses, 90, 40)
        type(good).objects.filter(pk=good.pk).update(username="+evil")
        browser = manager()
        rehearse(browser, badge, django_capture_on_commit_callbacks)

        answer = browser.get(url("historyrun", "csv", HistoryRun.objects.get().pk))

        content = b"".join(answer.streaming_content).decode()
        header, line = csv.reader(io.StringIO(content))
        assert header == ["User name", "Earned at", "Course", "What would change"]
        assert line[0] == "'+evil"
        assert line[2:] == [COURSE_KEY, "would be awarded the badge"]
        assert "rehearsal-python-" in answer["Content-Disposition"]

    def test_activating_asks_with_the_number_and_awards_it_with_the_old_dates(
        self, badge, courses, django_capture_on_commit_callbacks
    ):
        when = timezone.now() - timedelta(days=400)
        good, also, _bad = graded(courses, 90, 95, 40, when=when)
        browser = manager()
        assert "Nobody has rehearsed these requirements yet" in text_of(browser.get(to(badge, "active")))
        rehearse(browser, badge, django_capture_on_commit_callbacks)

        assert "Also award it to the 2 learners who did this before" in text_of(browser.get(to(badge, "active")))
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.post(to(badge, "active"), {"confirmed": "yes", "backfill": "yes"}, follow=True)

        assert "backfill" in text_of(answer)
        assert {award.learner for award in BadgeAward.objects.all()} == {good, also}
        assert {award.earned_at for award in BadgeAward.objects.all()} == {when}

    def test_without_a_yes_only_what_comes_counts(self, badge, courses, django_capture_on_commit_callbacks):
        graded(courses, 90)
        browser = manager()
        rehearse(browser, badge, django_capture_on_commit_callbacks)

        with django_capture_on_commit_callbacks(execute=True):
            browser.post(to(badge, "active"), {"confirmed": "yes"})

        assert not BadgeAward.objects.exists()
        read = text_of(browser.get(page(badge, "backfill")))
        assert "Award it to 1 learner" in read

    def test_who_may_not_backfill_cannot_by_activating(self, badge, courses, django_capture_on_commit_callbacks):
        graded(courses, 90)
        rehearse(manager(), badge, django_capture_on_commit_callbacks)
        browser = at_the_desk("view_badgetemplate", "activate_badgetemplate")

        with django_capture_on_commit_callbacks(execute=True):
            browser.post(to(badge, "active"), {"confirmed": "yes", "backfill": "yes"})

        badge.refresh_from_db()
        assert badge.is_active
        assert not BadgeAward.objects.exists()

    def test_a_rehearsal_of_what_was_changed_since_is_no_number_to_ask_with(
        self, badge, courses, django_capture_on_commit_callbacks
    ):
        graded(courses, 90)
        browser = manager()
        rehearse(browser, badge, django_capture_on_commit_callbacks)
        AuditEntry.objects.create(action="requirements.changed", object_type="badgetemplate", object_id=badge.pk)

        assert "Nobody has rehearsed these requirements yet" in text_of(browser.get(to(badge, "active")))
        put(badge, "active")
        assert "Rehearse the requirements as they are now" in text_of(browser.get(page(badge, "backfill")))
        browser.post(page(badge, "backfill"), {"confirmed": "yes"})
        assert not HistoryRun.objects.filter(kind="backfill").exists()

    def test_one_that_is_under_way_is_stopped_and_goes_on(self, badge):
        run = HistoryRun.objects.create(kind="rehearsal", template=badge, cursor=5)
        browser = manager()

        read = text_of(browser.get(url("historyrun", "change", run.pk)))
        assert "It goes on by itself; you can leave this page." in read
        browser.post(url("historyrun", "stop", run.pk))
        assert "It was stopped before its end." in text_of(browser.get(url("historyrun", "change", run.pk)))
        browser.post(url("historyrun", "resume", run.pk))

        run.refresh_from_db()
        assert run.state in {"running", "done"}

    def test_who_may_rehearse_may_not_stop_a_backfill(self, badge):
        run = HistoryRun.objects.create(kind="backfill", template=badge)

        assert at_the_desk("rehearse_badgetemplate").post(url("historyrun", "stop", run.pk)).status_code == 403


class TestRegressions:
    """Somebody decides whether learners keep a badge whose requirements they no longer meet."""

    @pytest.fixture
    def held(self):
        rows = []
        for name in ("ana", "bob"):
            award = AwardFactory(learner__username=name, offered=True)
            progress = ProgressFactory(template=award.template, learner=award.learner, percent=50)
            rows.append(
                Regression.objects.create(
                    progress=progress,
                    award=award,
                    happened_at=timezone.now(),
                    until=timezone.now() + timedelta(days=3),
                    because="The grade fell to 40 %.",
                )
            )
        return rows

    def decide(self, browser, verdict, *rows, **data):
        numbers = [row.pk for row in rows]
        return browser.post(
            url("regression", "decide"), {"regression": numbers, "verdict": verdict, **data}, follow=True
        )

    def test_the_queue_says_who_and_why(self, held):
        read = text_of(manager().get(url("regression")))

        assert "ana" in read
        assert "The grade fell to 40 %." in read
        assert "waits for a decision" in read

    @pytest.mark.parametrize(
        ("verdict", "state", "said"),
        [("keep", "dismissed", "2 badges are kept."), ("revoke", "revoked", "2 badges were revoked.")],
    )
    def test_many_are_decided_at_once_with_a_note(self, held, verdict, state, said):
        browser = manager()
        asked = browser.post(
            url("regression"), {"action": f"{verdict}_selected", "_selected_action": [row.pk for row in held]}
        )
        assert "ana" in text_of(asked)
        assert not Regression.objects.filter(open=None).exists()

        read = text_of(self.decide(browser, verdict, *held, note="We looked at both."))

        assert said in read
        for row in held:
            row.refresh_from_db()
            assert (row.state, row.note, row.open) == (state, "We looked at both.", None)
            assert row.decided_by is not None

    def test_what_was_decided_before_stays(self, held):
        first, _second = held
        browser = manager()
        self.decide(browser, "keep", first)

        self.decide(browser, "revoke", first)

        first.refresh_from_db()
        assert first.state == "dismissed"

    def test_who_meets_the_requirements_again_keeps_the_badge_whatever_somebody_says(self, held):
        first, _second = held
        BadgeProgress.objects.filter(pk=first.progress_id).update(completed_at=timezone.now())

        read = text_of(self.decide(manager(), "revoke", first))

        assert "1 learner meets the requirements again and keeps the badge." in read

    def test_it_takes_the_permission(self, held):
        browser = at_the_desk("view_regression", "revoke_badgeaward", "activate_badgetemplate")

        assert self.decide(browser, "revoke", *held).status_code == 403
        assert Regression.objects.filter(open=True).count() == 2
