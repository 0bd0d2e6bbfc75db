"""A course team asks for 85 % in any two of three courses before 30 June, and everybody who did it has the badge."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from credly_badges import lms
from credly_badges.models import AuditEntry, RequirementsVersion
from credly_badges.testing.factories import COURSE_KEY

from .course_team import COURSES, IN_TIME, LAST_DAY, SO_FAR, ZONE, a_scene, next_last_day
from .looks import LOOKS, follow, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STAFF_PAGE = f"/badges/courses/{COURSE_KEY}/"


@pytest.fixture
def scene(credly_address, credly):
    yield a_scene(credly)
    lms.backend().clear()


def settle(page):
    """Wait until the page is up to date: the tests' database has one connection, which requests must not share."""
    expect(page.locator("#requirements-editor")).to_have_attribute("aria-busy", "false")


def go_to_the_badge(page):
    """From the first page of the admin to the page of the badge."""
    page.get_by_role("link", name="Badge templates", exact=True).first.click()
    follow(page, "link", "Data scholar")
    expect(page.get_by_role("heading", name="Draft: learners do not earn this badge")).to_be_visible()


def see_who_would_get_it(page, names):
    """Read the page of a rehearsal."""
    expect(page.get_by_text("Would be awarded the badge", exact=True)).to_be_visible()
    for name in names:
        expect(page.get_by_role("row", name=name).last).to_contain_text("which is 85 % or more")
    expect(page.get_by_text("dov")).to_have_count(0)
    expect(page.get_by_text("eve", exact=True)).to_have_count(0)


@pytest.mark.parametrize("how", ["wide", "phone"])
def test_somebody_of_a_course_team_gets_there_by_the_screen_alone(browse, scene, how):
    page = browse(scene.of_the_course_team(), "/admin/", **LOOKS[how])
    go_to_the_badge(page)
    look(page, f"team-{how}-1-nothing-yet")

    follow(page, "link", "Add the first requirement")
    look(page, f"team-{how}-2-begin")
    page.get_by_role("button", name="A grade of at least … in several courses").click()
    settle(page)
    page.get_by_label("Courses").fill("\n".join(COURSES))
    page.get_by_label("How many", exact=True).fill("2")
    page.get_by_label("Value").fill("85")
    page.get_by_text("When it counts").click()
    page.get_by_label("Until").fill(next_last_day().isoformat())
    page.get_by_label("Time zone").fill(ZONE)
    page.keyboard.press("Tab")
    settle(page)
    expect(page.locator("#preview")).to_contain_text("In at least 2 different courses.")
    look(page, f"team-{how}-3-set")
    follow(page, "button", "Save")

    expect(page.get_by_text("were saved.")).to_be_visible()
    look(page, f"team-{how}-4-saved")
    follow(page, "button", "Rehearse")
    see_who_would_get_it(page, SO_FAR)
    look(page, f"team-{how}-5-rehearsed")
    assert scene.at_credly() == {}

    follow(page, "link", "Activate")
    look(page, f"team-{how}-6-asked")
    page.get_by_label("Also award it to the 3 learners who did this before").check()
    follow(page, "button", "Yes: Activate")

    expect(page.get_by_text("“Data scholar” is active: learners can earn it from now on.")).to_be_visible()
    expect(page.get_by_text("completed: 3; awarded: 3; withheld: 0")).to_be_visible()
    look(page, f"team-{how}-7-backfilled")
    follow(page, "link", "To the badge")
    expect(page.get_by_role("heading", name="Active: learners earn this badge")).to_be_visible()
    look(page, f"team-{how}-8-active")
    assert scene.at_credly() == SO_FAR
    assert RequirementsVersion.objects.get().created_by.username == "teacher"

    follow(page, "link", "Why?")
    page.get_by_label("Learner").fill("dov")
    follow(page, "button", "Say why")
    expect(page.get_by_text("Grade is 84.99 %, needs 85 % or more.")).to_be_visible()
    look(page, f"team-{how}-9-why")


def test_without_javascript_and_for_days_that_are_over(browse, scene):
    page = browse(scene.of_the_course_team(), "/admin/", java_script_enabled=False, **LOOKS["wide"])
    go_to_the_badge(page)

    follow(page, "link", "Add the first requirement")
    follow(page, "button", "A grade of at least … in several courses")
    page.get_by_label("Courses").fill("\n".join(COURSES))
    page.get_by_label("How many", exact=True).fill("2")
    page.get_by_label("Value").fill("85")
    page.get_by_text("When it counts").click()
    page.get_by_label("Until").fill(LAST_DAY.isoformat())
    page.get_by_label("Time zone").fill(ZONE)
    follow(page, "button", "Bring up to date")
    expect(page.locator("#preview")).to_contain_text("Until June 29, 2026 (Europe/Berlin).")
    look(page, "plain-1-set")
    follow(page, "button", "Save")
    look(page, "plain-2-saved")

    follow(page, "link", "Activate")
    follow(page, "button", "Rehearse first")
    see_who_would_get_it(page, IN_TIME)
    expect(page.get_by_text("cem")).to_have_count(0)
    look(page, "plain-3-rehearsed")
    follow(page, "link", "To the badge")
    follow(page, "link", "Activate")
    follow(page, "button", "Yes: Activate")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed.")
    look(page, "plain-4-asked-again")
    page.get_by_role("group", name="Is this meant to be so?").get_by_role("checkbox").check()
    follow(page, "button", "Yes: Activate")
    expect(page.get_by_text("“Data scholar” is active")).to_be_visible()
    assert scene.at_credly() == {}

    follow(page, "link", "Backfill")
    look(page, "plain-5-backfill")
    follow(page, "button", "Award it to 2 learners")
    look(page, "plain-6-backfilled")
    assert scene.at_credly() == IN_TIME
    assert AuditEntry.objects.get(action="template.activated").after["despite"] == ["window_over"]


def test_the_keyboard_is_enough(browse, scene):
    page = browse(scene.of_the_course_team(), "/admin/")
    keys = Keyboard(page)

    keys.follow("link", "Badge templates")
    keys.follow("link", "Data scholar")
    keys.follow("link", "Add the first requirement")
    keys.follow("button", "A grade of at least … in several courses")
    settle(page)
    expect(page.get_by_label("Courses")).to_be_focused()
    for line in COURSES:
        page.keyboard.type(line)
        keys.press("Enter")
    keys.go_to("spinbutton", "How many")
    keys.type_over("2")
    keys.go_to("textbox", "Value")
    keys.type_over("85")
    keys.press_until(page.get_by_text("When it counts"), "Shift+Tab")
    keys.press("Enter")
    keys.press_until(page.get_by_label("Until"), "Tab")
    page.keyboard.type(f"{next_last_day():%m%d%Y}")
    settle(page)
    keys.follow("button", "Save")

    expect(page.get_by_text("were saved.")).to_be_visible()
    expect(page.get_by_text(f"Until June 29, {next_last_day().year} (UTC).")).to_be_visible()
    keys.follow("button", "Rehearse")
    see_who_would_get_it(page, SO_FAR)
    keys.follow("link", "Activate…")
    keys.go_to("checkbox", "Also award it to the 3 learners")
    keys.press("Space")
    keys.follow("button", "Yes: Activate")

    expect(page.get_by_text("“Data scholar” is active")).to_be_visible()
    assert scene.at_credly() == SO_FAR


class Keyboard:
    """Somebody who has no mouse: they go on with Tab until they are where they want to be."""

    ENOUGH = 80
    STYLES = ["outlineStyle", "boxShadow", "borderColor", "backgroundColor"]

    def __init__(self, page):
        self.page = page

    def press(self, key):
        self.page.keyboard.press(key)

    def go_to(self, role, name):
        """Press Tab until this has the focus."""
        self.press_until(self.page.get_by_role(role, name=name).first, "Tab")

    def follow(self, role, name):
        """Go there and press Enter."""
        self.go_to(role, name)
        self.press("Enter")

    def press_until(self, wanted, key):
        """Press a key until something has the focus, which has to be seen."""
        expect(wanted).to_be_visible()
        for _step in range(self.ENOUGH):
            if wanted.evaluate("each => each === document.activeElement"):
                break
            self.press(key)
        expect(wanted).to_be_focused()
        shown = "each => STYLES.map((name) => getComputedStyle(each)[name]).join()".replace("STYLES", str(self.STYLES))
        focused = wanted.evaluate(shown)
        wanted.evaluate("each => each.blur()")
        assert wanted.evaluate(shown) != focused, f"{wanted} does not show that it has the focus."
        wanted.focus()

    def type_over(self, text):
        self.press("Control+A")
        self.page.keyboard.type(text)
        self.press("Tab")
        settle(self.page)
        self.press("Shift+Tab")


@pytest.mark.parametrize(
    ("how", "options"),
    [("wide", {}), ("phone", {}), ("dark", {}), ("wide", {"java_script_enabled": False})],
    ids=["wide", "phone", "dark", "without-javascript"],
)
def test_the_staff_of_the_courses_do_the_same_on_their_own_page(browse, scene, how, options):
    scene.ask_for_two_good_grades()
    page = browse(scene.of_the_course_staff(), STAFF_PAGE, **LOOKS[how], **options)
    expect(page.get_by_text("Grade is 85 % or more.")).to_be_visible()
    look(page, f"staff-{how}-1-list")

    follow(page, "button", "Rehearse “Data scholar”")
    see_who_would_get_it(page, SO_FAR)
    look(page, f"staff-{how}-2-rehearsed")
    assert scene.at_credly() == {}
    follow(page, "link", "Activate")
    look(page, f"staff-{how}-3-asked")
    follow(page, "button", "Activate")
    expect(page.get_by_role("status")).to_contain_text("“Data scholar” is active")
    look(page, f"staff-{how}-4-active")
    assert scene.at_credly() == {}
    follow(page, "link", "Backfill “Data scholar”")
    look(page, f"staff-{how}-5-backfill")
    follow(page, "button", "Award it to 3 learners")

    expect(page.get_by_text("Awarded", exact=True)).to_be_visible()
    look(page, f"staff-{how}-6-backfilled")
    assert scene.at_credly() == SO_FAR
