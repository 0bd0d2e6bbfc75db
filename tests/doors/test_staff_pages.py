"""The badges of a course, as its staff see them and switch them on and off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone, translation

from credly_badges import lms
from credly_badges.models import AuditEntry, Availability, BadgeAward, HistoryRun
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)
from tests.doors.admin_desk import text_of

pytestmark = pytest.mark.django_db

PAGE = f"/badges/courses/{COURSE_KEY}/"
ELSEWHERE = "course-v1:edX+Other+2026"
CCX = "ccx-v1:edX+DemoX+2026+ccx@1"


@pytest.fixture(autouse=True)
def course():
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    stand_in.add_course(ELSEWHERE, "Another Course")
    yield stand_in
    stand_in.clear()


def browser_of(user):
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def teacher(course):
    user = UserFactory()
    course.add_staff(user.pk, COURSE_KEY)
    return user


def turn(template, deed):
    return f"{PAGE}badges/{template.pk}/{deed}/"


class TestWhoMaySee:
    """Staff of the course, and those who may activate badges anywhere."""

    @pytest.mark.parametrize("where", [PAGE, f"{PAGE}badges/1/activate/", f"{PAGE}badges/1/deactivate/"])
    def test_who_is_not_logged_in_is_asked_to(self, where):
        answer = Client().get(where)

        assert answer.status_code == 302
        assert "/login" in answer.url
        assert "courses" in answer.url

    def test_a_learner_is_told_that_there_is_no_such_page(self):
        template = a_badge_for_passing(status="draft")
        learner = browser_of(UserFactory())

        assert learner.get(PAGE).status_code == 404
        assert learner.post(turn(template, "activate")).status_code == 404
        template.refresh_from_db()
        assert not template.is_active

    def test_staff_of_another_course_are_too(self, teacher):
        template = a_badge_for_passing(status="draft")
        elsewhere = browser_of(teacher)

        assert elsewhere.get(f"/badges/courses/{ELSEWHERE}/").status_code == 404
        assert elsewhere.post(f"/badges/courses/{ELSEWHERE}/badges/{template.pk}/activate/").status_code == 404

    def test_a_badge_manager_without_a_role_in_the_course_may(self):
        manager = UserFactory()
        manager.user_permissions.set(Permission.objects.filter(codename="activate_badgetemplate"))

        assert browser_of(manager).get(PAGE).status_code == 200

    @pytest.mark.parametrize("key", ["nonsense", "course-v1:edX+Nowhere+2026"])
    def test_a_course_that_does_not_exist_has_no_page(self, key):
        assert browser_of(UserFactory(admin=True)).get(f"/badges/courses/{key}/").status_code == 404


class TestWhatIsShown:
    """The badges that are available to the course."""

    def test_each_badge_with_what_it_asks_for(self, teacher):
        a_badge_for_passing(name="Python")

        read = text_of(browser_of(teacher).get(PAGE))

        assert "Badges of “Demonstration Course”" in read
        assert "Python" in read
        assert "active: learners earn it" in read
        assert "Pass the course" in read
        assert "Learner is passing: yes." in read

    def test_not_what_is_available_elsewhere_only_or_was_until_yesterday(self, teacher):
        here, there, over = (TemplateFactory(name=name) for name in ("Here", "There", "Over"))
        for template, scope, ends_at in (
            (here, "edX", None),
            (there, "MITx", None),
            (over, "edX", timezone.now() - timedelta(days=1)),
        ):
            Availability.objects.create(
                organization=template.organization, template=template, scope=scope, ends_at=ends_at
            )

        read = text_of(browser_of(teacher).get(PAGE))

        assert "Here" in read
        assert "There" not in read
        assert "Over" not in read
        assert "It asks for nothing yet." in read

    def test_not_what_credly_does_not_issue(self, teacher):
        TemplateFactory(name="An archived badge", archived=True)

        assert "No badge is available to this course." in text_of(browser_of(teacher).get(PAGE))

    def test_how_many_are_left_and_until_when(self, teacher):
        template = a_badge_for_passing(name="Python")
        row = Availability.objects.create(
            organization=template.organization, scope="edX", quota=5, ends_at=timezone.now() + timedelta(days=9)
        )
        AwardFactory(template=template, availability=row)

        read = text_of(browser_of(teacher).get(PAGE))

        assert "Badges left 4" in read
        assert "Available until" in read

    def test_many_badges_take_as_many_queries_as_one(self, teacher, django_assert_max_num_queries):
        for number in range(20):
            template = a_badge_for_passing(name=f"Badge {number}")
            RuleFactory(requirement__group__template=template)
            row = Availability.objects.create(
                organization=template.organization, template=template, scope="edX", quota=5
            )
            AwardFactory(template=template, availability=row)
        browser = browser_of(teacher)

        with django_assert_max_num_queries(18):
            page = browser.get(PAGE)

        assert text_of(page).count("Badges left 4") == 20

    def test_more_than_fit_on_a_page_are_on_the_next(self, teacher):
        TemplateFactory.create_batch(30)
        browser = browser_of(teacher)

        assert "Page 1 of 2" in text_of(browser.get(PAGE))
        assert browser.get(f"{PAGE}?page=2").content.decode().count('class="badge"') == 5

    def test_from_right_to_left_where_the_reader_reads_so(self, teacher):
        with translation.override("en"):  # A request leaves its language behind.
            page = browser_of(teacher).get(PAGE, headers={"accept-language": "ar"})

        assert '<html lang="ar" dir="rtl">' in page.content.decode()


class TestActivation:
    """Switching on and off what asks for this course alone."""

    @pytest.mark.parametrize("scope", [COURSE_KEY, "edX+DemoX"])
    def test_a_badge_of_this_course_is_activated_after_a_question(self, teacher, scope):
        template = a_badge_for_passing(scope, name="Python", status="draft")
        browser = browser_of(teacher)

        asked = browser.get(turn(template, "activate"))
        template.refresh_from_db()
        assert not template.is_active
        answer = browser.post(turn(template, "activate"), follow=True)

        assert "This is what learners of “Demonstration Course” have to do for it" in text_of(asked)
        assert "“Python” is active: learners can earn it from now on." in text_of(answer)
        template.refresh_from_db()
        assert template.is_active
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.actor) == ("template.activated", teacher)

    def test_it_is_deactivated_with_a_reason(self, teacher):
        template = a_badge_for_passing()

        browser_of(teacher).post(turn(template, "deactivate"), {"because": "Exam week"})

        template.refresh_from_db()
        assert (template.is_active, template.deactivated_because) == (False, "Exam week")
        assert AuditEntry.objects.get().actor == teacher

    def test_a_badge_for_two_courses_is_for_who_is_on_the_staff_of_both(self, course, teacher):
        template = a_badge_for_passing(f"{COURSE_KEY}\n{ELSEWHERE}", status="draft")
        both = UserFactory()
        for key in (COURSE_KEY, ELSEWHERE):
            course.add_staff(both.pk, key)

        browser_of(teacher).post(turn(template, "activate"))
        template.refresh_from_db()
        assert not template.is_active

        browser_of(both).post(turn(template, "activate"))
        template.refresh_from_db()
        assert template.is_active

    @pytest.mark.parametrize(
        ("path", "about", "field_type"),
        [
            ("state.subsection.percent", "block-v1:edX+Other+2026+type@sequential+block@week1", "number"),
            ("state.badge.held", "5a1c3e6a-0b52-4a3a-8d1e-000000000001", "boolean"),
        ],
    )
    def test_nor_do_they_look_into_other_courses_by_a_rule(self, teacher, path, about, field_type):
        template = a_badge_for_passing(status="draft")
        RuleFactory(requirement=template.groups.get().requirements.get(), path=path, about=about, field_type=field_type)

        assert "It asks for something outside of this course" in text_of(browser_of(teacher).get(PAGE))

    @pytest.mark.parametrize("scope", ["1f301a72-f344-4a31-9e9a-e0b04d8d86b2", f"{COURSE_KEY}\nedX", "edX+Other"])
    def test_what_is_more_than_one_course_is_a_manager_s(self, teacher, scope):
        template = a_badge_for_passing(scope, status="draft")

        browser_of(teacher).post(turn(template, "activate"))

        template.refresh_from_db()
        assert not template.is_active

    def test_a_badge_that_also_asks_for_another_course_is_a_manager_s(self, teacher):
        template = a_badge_for_passing(status="draft")
        RequirementFactory(group=template.groups.get(), scope=ELSEWHERE)
        browser = browser_of(teacher)

        assert "It asks for something outside of this course" in text_of(browser.get(PAGE))
        answer = browser.post(turn(template, "activate"), follow=True)

        template.refresh_from_db()
        assert not template.is_active
        assert "only a badge manager can activate or deactivate it, on its page in the admin" in text_of(answer)

    @pytest.mark.parametrize(("scope", "is_hers"), [(CCX, True), ("edX+DemoX", False), (COURSE_KEY, False)])
    def test_the_coach_of_a_ccx_speaks_for_the_ccx_alone(self, course, scope, is_hers):
        coach = UserFactory()
        course.add_course(CCX, "A Coach's Course")
        course.add_staff(coach.pk, CCX)
        template = a_badge_for_passing(scope)

        browser_of(coach).post(f"/badges/courses/{CCX}/badges/{template.pk}/deactivate/")

        template.refresh_from_db()
        assert template.is_active is not is_hers

    @pytest.mark.parametrize("scope", ["edX", ""])
    def test_a_badge_that_asks_for_any_course_is_a_manager_s(self, teacher, scope):
        template = a_badge_for_passing(scope)

        browser_of(teacher).post(turn(template, "deactivate"))

        template.refresh_from_db()
        assert template.is_active

    def test_what_stands_in_the_way_is_said_before_and_kept_to(self, teacher):
        template = a_badge_for_passing(status="draft")
        template.organization.api_key = ""
        template.organization.save()
        browser = browser_of(teacher)

        asked = browser.get(turn(template, "activate"))
        answer = browser.post(turn(template, "activate"), follow=True)

        assert "has no API key" in text_of(asked)
        assert "<button" not in asked.content.decode()
        assert "This is not possible yet" in text_of(answer)

    def test_a_badge_that_is_not_available_to_the_course_is_not_there(self, teacher):
        template = a_badge_for_passing(status="draft")
        Availability.objects.create(organization=template.organization, template=template, scope="MITx")

        assert browser_of(teacher).post(turn(template, "activate")).status_code == 404

    @pytest.mark.parametrize("deed", ["activate", "deactivate"])
    def test_another_site_cannot_frame_the_question(self, teacher, deed):
        answer = browser_of(teacher).get(turn(a_badge_for_passing(), deed))

        assert answer.headers["X-Frame-Options"] == "DENY"

    def test_a_form_of_another_site_does_nothing(self, teacher):
        template = a_badge_for_passing(status="draft")
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(teacher)

        assert browser.post(turn(template, "activate")).status_code == 403
        template.refresh_from_db()
        assert not template.is_active


DEEDS = ("submit", "activate", "shadow", "pause", "resume", "deactivate", "withdraw", "rehearse", "backfill")
MAY = {
    "draft": {"submit", "activate", "shadow", "rehearse"},
    "review": {"withdraw", "rehearse"},
    "shadow": {"activate", "pause", "deactivate", "rehearse", "backfill"},
    "active": {"pause", "deactivate", "rehearse", "backfill"},
    "paused": {"resume", "deactivate", "rehearse"},
    "retired": {"activate", "shadow", "withdraw", "rehearse"},
}
"""What course staff may do with a badge of their course, by its status. Nobody may do anything else."""
NAMED = {
    "submit": "submit_badgetemplate",
    "activate": "activate_badgetemplate",
    "pause": "pause_badgetemplate",
    "rehearse": "rehearse_badgetemplate",
    "backfill": "backfill_badgetemplate",
}


class TestDeeds:
    """Everything that course staff can do, and nothing else."""

    @pytest.fixture
    def done(self, django_capture_on_commit_callbacks):
        """Do something with a badge that has been rehearsed; whether that did anything."""

        def done(user, template, deed):
            HistoryRun.objects.create(
                kind="rehearsal", template=template, state="done", open=None, counts={"would_gain": 1}
            )
            before = facts(template)
            said = {"because": "So", "replay": "no"}
            browser_of(user).post(turn(template, deed), said)
            template.refresh_from_db()
            return facts(template) != before

        def facts(template):
            return template.status, HistoryRun.objects.filter(template=template).count()

        return done

    @pytest.mark.parametrize("deed", DEEDS)
    @pytest.mark.parametrize("status", MAY)
    def test_staff_do_what_the_table_says(self, teacher, done, status, deed):
        template = a_badge_for_passing(status=status, activation_changed_at=timezone.now())

        assert done(teacher, template, deed) is (deed in MAY[status])

    @pytest.mark.parametrize("deed", DEEDS)
    @pytest.mark.parametrize("status", MAY)
    @pytest.mark.parametrize("who", ["a learner", "staff of another course", "staff who was locked out"])
    def test_nobody_else_does(self, course, done, who, status, deed):
        user = UserFactory(is_active=who != "staff who was locked out")
        if who == "staff of another course":
            course.add_staff(user.pk, ELSEWHERE)
        elif who == "staff who was locked out":
            course.add_staff(user.pk, COURSE_KEY)
        template = a_badge_for_passing(status=status, activation_changed_at=timezone.now())

        assert not done(user, template, deed)

    @pytest.mark.parametrize("deed", DEEDS)
    def test_of_a_badge_for_another_course_they_do_nothing(self, teacher, done, deed):
        for status in MAY:
            template = a_badge_for_passing(ELSEWHERE, status=status, activation_changed_at=timezone.now())
            assert not done(teacher, template, deed), status

    @pytest.mark.parametrize("deed", DEEDS)
    def test_a_manager_without_a_role_does_what_their_permissions_say(self, done, deed):
        for status, deeds in MAY.items():
            manager = UserFactory()
            manager.user_permissions.set(Permission.objects.filter(codename="activate_badgetemplate"))
            template = a_badge_for_passing(status=status, activation_changed_at=timezone.now())
            wanted = deed in {"activate", "shadow", "withdraw", "deactivate"} & deeds and status != "review"
            assert done(manager, template, deed) is wanted, status

    @pytest.mark.parametrize("deed", ["activate", "shadow"])
    @pytest.mark.parametrize("status", ["draft", "review", "shadow", "retired"])
    def test_where_badges_are_reviewed_staff_ask_for_it(self, teacher, done, settings, status, deed):
        settings.CREDLY_BADGES_REVIEW_REQUIRED = True
        template = a_badge_for_passing(status=status)

        assert not done(teacher, template, deed)
        if status == "draft":
            assert "Submit for review “" in text_of(browser_of(teacher).get(PAGE))
            assert done(teacher, template, "submit")

    def test_the_page_offers_just_that(self, teacher):
        for status, deeds in MAY.items():
            template = a_badge_for_passing(status=status, name=status)
            page = browser_of(teacher).get(PAGE).content.decode()
            offered = {deed for deed in DEEDS if f"/badges/{template.pk}/{deed}/" in page}
            assert offered == deeds - ({"backfill"} if status == "shadow" else set()), status

    def test_a_deed_that_does_not_exist_has_no_page(self, teacher):
        assert browser_of(teacher).post(turn(a_badge_for_passing(), "delete")).status_code == 404


class TestHistory:
    """Staff rehearse a badge, and have it awarded for what learners did before."""

    def test_they_rehearse_activate_and_backfill_by_their_page_alone(
        self, course, teacher, django_capture_on_commit_callbacks
    ):
        learner = UserFactory()
        when = timezone.now() - timedelta(days=90)
        course.add_grade(learner.pk, COURSE_KEY, 90, modified=when, passed_at=when)
        template = a_badge_for_passing(name="Python", status="draft")
        browser = browser_of(teacher)

        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.post(turn(template, "rehearse"), follow=True)
        run = HistoryRun.objects.get()
        read = text_of(browser.get(f"{PAGE}badges/{template.pk}/runs/{run.pk}/"))
        assert answer.status_code == 200
        assert "Would be awarded the badge 1" in read
        assert learner.username in read

        assert "Also award it to the 1 learner who did this before" in text_of(browser.get(turn(template, "activate")))
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(turn(template, "activate"))
        assert not BadgeAward.objects.exists()
        assert "Award it to 1 learner" in text_of(browser.get(turn(template, "backfill")))
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(turn(template, "backfill"))

        assert BadgeAward.objects.get().learner == learner
        assert BadgeAward.objects.get().earned_at == when

    def test_nothing_is_backfilled_before_it_was_rehearsed(self, teacher):
        template = a_badge_for_passing()

        read = text_of(browser_of(teacher).post(turn(template, "backfill")))

        assert "Rehearse the requirements as they are now" in read
        assert not HistoryRun.objects.exists()

    def test_of_a_course_in_any_run_only_staff_of_every_run_see_who_did_what(
        self, course, teacher, django_capture_on_commit_callbacks
    ):
        course.add_course("course-v1:edX+DemoX+2025", "Last Year's Course")
        template = a_badge_for_passing("edX+DemoX", status="draft")
        run = HistoryRun.objects.create(kind="rehearsal", template=template, state="done", open=None)
        browser = browser_of(teacher)
        page = f"{PAGE}badges/{template.pk}/runs/{run.pk}/"

        browser.post(turn(template, "rehearse"))
        assert HistoryRun.objects.count() == 1
        assert browser.get(page).status_code == 404
        assert "runs" not in browser.get(PAGE).content.decode()
        browser.post(turn(template, "activate"), {"backfill": "yes"})
        template.refresh_from_db()
        assert template.is_active
        assert HistoryRun.objects.count() == 1

        course.add_staff(teacher.pk, "course-v1:edX+DemoX+2025")
        assert browser.get(page).status_code == 200

    def test_what_a_rehearsal_found_is_for_the_badge_s_own_staff(self, course, teacher):
        run = HistoryRun.objects.create(kind="rehearsal", template=a_badge_for_passing(ELSEWHERE))
        mine = a_badge_for_passing()
        browser = browser_of(teacher)

        for where in (run.template_id, mine.pk):
            assert browser.get(f"{PAGE}badges/{where}/runs/{run.pk}/").status_code == 404


@pytest.mark.parametrize(("permission", "is_led"), [("view_claimcode", True), ("view_badgeaward", False)])
def test_who_may_see_claim_codes_is_led_to_those_of_the_badge(course, permission, is_led):
    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename=permission))
    course.add_staff(user.pk, COURSE_KEY)
    template = a_badge_for_passing()

    page = browser_of(user).get(PAGE).content.decode()

    assert template.name in page
    assert (f"/admin/credly_badges/claimcode/?template__id__exact={template.pk}" in page) is is_led
