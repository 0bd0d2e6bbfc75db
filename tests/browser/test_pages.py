"""Course staff, operators and badge managers read our pages in a real browser, whatever they read them with."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from credly_badges import lms
from credly_badges.models import (
    Availability,
    CredlyNotice,
    HistoryRun,
    ReconcileDifference,
    ReconcileRun,
    Regression,
    RequirementsVersion,
)
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    ProgressFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COURSE_PAGE = f"/badges/courses/{COURSE_KEY}/"
ADMIN = "/admin/credly_badges"
NARROW, WIDE = ({"width": width, "height": 800} for width in (400, 1280))


@pytest.fixture(autouse=True)
def course(settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    lms.backend().clear()
    lms.backend().add_course(COURSE_KEY, "Demonstration Course")
    yield lms.backend()
    lms.backend().clear()


@pytest.fixture
def teacher(course):
    user = UserFactory()
    course.add_staff(user.pk, COURSE_KEY)
    return user


@pytest.fixture
def badge():
    return a_badge_for_passing(name="Scholar", status="draft")


@pytest.fixture
def everything(badge):
    """Something of everything that the pages of the admin show."""
    award = AwardFactory(template=badge, offered=True)
    Availability.objects.create(
        organization=badge.organization, template=badge, scope="edX", quota=5, ends_at=timezone.now() + timedelta(9)
    )
    CredlyNotice.objects.create(
        event_id=uuid4(),
        organization=badge.organization,
        not_before=timezone.now(),
        event_type="badge.created",
        subject_id=award.credly_id,
    )
    run = ReconcileRun.objects.create(
        organization=badge.organization, state="stopped", compared=7, counts={"state": 1, "foreign": 2}, error="Why."
    )
    ReconcileDifference.objects.create(
        run=run,
        template=badge,
        cause="state",
        award=award,
        learner=award.learner,
        facts={"state": ["offered", "revoked"]},
    )
    history = HistoryRun.objects.create(
        kind="rehearsal",
        template=badge,
        state="done",
        open=None,
        counts={"would_gain": 2, "would_get": 3, "courses": {COURSE_KEY: 3}, "months": {"2026-05": 3}},
        sample=[{"learner_id": award.learner_id, "earned_at": "2026-05-01T12:00:00Z", "because": ["They passed."]}],
    )
    version = RequirementsVersion.objects.create(
        template=badge, number=1, words=["Pass the course."], data={"groups": [{"key": "a" * 50}]}
    )
    regression = Regression.objects.create(
        progress=ProgressFactory(template=badge, learner=award.learner),
        award=award,
        happened_at=timezone.now(),
        because="The grade fell.",
    )
    return {
        "template": badge.pk,
        "active": a_badge_for_passing(name="Earned").pk,
        "history": history.pk,
        "version": version.pk,
        "regression": regression.pk,
        "learner": award.learner_id,
        "run": run.pk,
        "availability": Availability.objects.get().pk,
    }


PAGES = [
    COURSE_PAGE,
    f"{COURSE_PAGE}badges/{{template}}/activate/",
    f"{COURSE_PAGE}badges/{{active}}/deactivate/",
    f"{COURSE_PAGE}badges/{{active}}/backfill/",
    f"{COURSE_PAGE}badges/{{template}}/runs/{{history}}/",
    "/badges/health/",
]
ADMIN_PAGES = [
    f"{ADMIN}/credlynotice/",
    f"{ADMIN}/reconcilerun/",
    f"{ADMIN}/reconcilerun/begin/",
    f"{ADMIN}/reconcilerun/{{run}}/change/",
    f"{ADMIN}/reconciledifference/",
    f"{ADMIN}/badgetemplate/{{template}}/change/",
    f"{ADMIN}/badgetemplate/{{template}}/terms/",
    f"{ADMIN}/badgetemplate/{{template}}/move/active/",
    f"{ADMIN}/badgetemplate/{{active}}/move/paused/",
    f"{ADMIN}/badgetemplate/{{active}}/backfill/",
    f"{ADMIN}/historyrun/",
    f"{ADMIN}/historyrun/{{history}}/change/",
    f"{ADMIN}/regression/",
    f"{ADMIN}/regression/{{regression}}/change/",
    f"{ADMIN}/regression/decide/?verdict=revoke&regression={{regression}}",
    f"{ADMIN}/requirementsversion/",
    f"{ADMIN}/requirementsversion/{{version}}/change/",
    f"{ADMIN}/availability/",
    f"{ADMIN}/availability/{{availability}}/change/",
    f"{ADMIN}/auditentry/",
    f"{ADMIN}/badgeprogress/why/?template={{template}}&learner={{learner}}",
]


def overflow(page) -> int:
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def obstacles(page, *, of_django: tuple[str, ...] = ()) -> str:
    """What axe-core finds in our part of a page, by the rules of WCAG; ``of_django`` is not ours to mend."""
    found = Axe().run(
        page,
        context={"include": ["main, #content"], "exclude": list(of_django)},
        # It would fetch style sheets anew while the next page is asked for, and the tests' database has one connection.
        options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False},
    )
    return found.generate_report() if found.violations_count else ""


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("path", PAGES + ADMIN_PAGES)
def test_nothing_stands_in_the_way_of_anybody(browse, everything, path, viewport):
    page = browse(UserFactory(admin=True), path.format(**everything), viewport=viewport)

    assert obstacles(page, of_django=("#changelist-search", "#changelist-filter")) == ""
    assert overflow(page) <= 0
    assert page.troubles == []


@pytest.mark.parametrize("path", PAGES + ADMIN_PAGES)
def test_a_page_that_reads_from_right_to_left_does_not_run_over_its_edge(browse, everything, path):
    page = browse(UserFactory(admin=True), path.format(**everything), viewport=NARROW, locale="ar")

    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert overflow(page) <= 0


def test_a_badge_is_activated_and_deactivated_without_javascript(browse, teacher, badge):
    page = browse(teacher, COURSE_PAGE, java_script_enabled=False)

    page.get_by_role("link", name="Activate “Scholar”").click()
    page.get_by_role("button", name="Activate “Scholar”").click()
    expect(page.get_by_role("status")).to_contain_text("“Scholar” is active")
    badge.refresh_from_db()
    was_active = badge.is_active
    page.get_by_role("link", name="Deactivate “Scholar”").click()
    page.get_by_label("Reason").fill("The exam moves.")
    page.get_by_role("button", name="Deactivate “Scholar”").click()

    expect(page.get_by_role("status")).to_contain_text("“Scholar” is no longer active")
    badge.refresh_from_db()
    assert (was_active, badge.is_active, badge.deactivated_because) == (True, False, "The exam moves.")


def test_the_keyboard_is_enough_to_activate_a_badge(browse, teacher, badge):
    page = browse(teacher, COURSE_PAGE)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Activate “Scholar”")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Activate “Scholar”").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("“Scholar” is active")
    badge.refresh_from_db()
    assert badge.is_active


def test_an_operator_reads_without_javascript_how_it_is(browse):
    page = browse(UserFactory(admin=True), "/badges/health/", java_script_enabled=False)

    expect(page.get_by_role("row", name="database")).to_contain_text("All migrations have been applied.")
    page.get_by_role("link", name="Ask Credly as well").click()
    expect(page).to_have_title("Health of the Credly badges")
