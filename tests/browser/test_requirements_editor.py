"""Somebody sets requirements in a real browser, with JavaScript and without."""

import re
from datetime import date

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from credly_badges import lms
from credly_badges.models import BadgeRequirement, DataRule
from credly_badges.testing.factories import (
    COURSE_KEY,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

from .test_pages import obstacles, overflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"


@pytest.fixture
def open_editor(browse, settings):
    """Open the requirements page of a template, a new one unless given, as an administrator unless told otherwise."""
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    lms.backend().clear()
    lms.backend().add_course(COURSE_KEY, "Demonstration Course")

    pages = []

    def open_editor(user=None, template=None, **options):
        path = f"/admin/credly_badges/badgetemplate/{(template or TemplateFactory()).pk}/requirements/"
        pages.append(browse(user or UserFactory(admin=True), path, **options))
        return pages[-1]

    yield open_editor
    for page in pages:
        expect(page.locator("#requirements-editor[aria-busy=true]")).to_have_count(0)
    lms.backend().clear()


def settle(page):
    """Wait until the page is up to date: the tests' database has one connection, which requests must not share."""
    expect(page.locator("#requirements-editor")).to_have_attribute("aria-busy", "false")


def test_choosing_an_event_brings_its_fields_without_leaving_the_page(open_editor):
    page = open_editor()
    page.evaluate("window.neverLeft = true")

    page.get_by_label("Description").fill("A good grade")
    page.get_by_label("Event").select_option(label="Course grade")
    page.get_by_role("button", name="Add a data rule").click()
    expect(page.get_by_label("Field", exact=True)).to_be_focused()
    announced = page.locator("#announcer").text_content()
    page.get_by_label("Field", exact=True).select_option(label="Grade, in %")
    page.get_by_label("Must be").select_option(label="is at least")
    page.get_by_label("Value").fill("80")
    settle(page)
    page.get_by_label("Courses").fill(COURSE_KEY)
    stayed = page.evaluate("window.neverLeft")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("were saved.")).to_be_visible()
    expect(page.get_by_text("Grade is 80 % or more.")).to_be_visible()
    expect(page.get_by_text(f"Course grade, in Demonstration Course ({COURSE_KEY})")).to_be_visible()
    assert stayed
    assert announced == "A data rule was added. It is not saved yet."
    assert DataRule.objects.get().requirement.description == "A good grade"
    assert page.troubles == []


def test_the_keyboard_is_enough_and_stays_where_it_was(open_editor):
    page = open_editor()

    page.get_by_label("Event").focus()
    page.keyboard.type("Course passing")
    expect(page.get_by_label("Field", exact=True)).to_have_value("is_passing")
    settle(page)
    expect(page.get_by_label("Event")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(COURSE_KEY)
    page.keyboard.press("Tab")
    settle(page)
    page.keyboard.press("Enter")

    expect(page.get_by_text("were saved.")).to_be_visible()
    assert DataRule.objects.get().requirement.scope == COURSE_KEY


def test_a_data_rule_is_set_with_the_keyboard_alone(open_editor):
    page = open_editor()

    page.get_by_label("Event").focus()
    page.keyboard.type("Course grade")
    page.keyboard.press("Tab")
    settle(page)
    page.get_by_role("button", name="Add a data rule").focus()
    page.keyboard.press("Enter")
    settle(page)
    for chosen in ("Grade", "is at least"):
        page.keyboard.type(chosen)
        page.keyboard.press("Tab")
        settle(page)
    page.keyboard.type("85")
    page.keyboard.press("Enter")

    expect(page.get_by_text("were saved.")).to_be_visible()
    rule = DataRule.objects.get()
    assert (rule.path, rule.operator, rule.value) == ("grade.percent", "gte", "85")
    assert page.troubles == []


def test_a_mistake_gets_the_focus_and_says_what_is_wrong(open_editor):
    page = open_editor()

    page.get_by_label("Event").select_option(label="Course passing status")
    settle(page)
    page.get_by_label("Courses").fill("DemoX 2026")
    page.get_by_role("button", name="Save", exact=True).click()

    place = page.get_by_label("Courses")
    expect(place).to_be_focused()
    expect(place).to_have_value("DemoX 2026")
    expect(place).to_have_attribute("aria-invalid", "true")
    expect(place).to_have_accessible_description(re.compile("^“DemoX 2026” is not a course. Type a course key"))
    assert not DataRule.objects.exists()


def test_the_number_needed_is_asked_for_only_where_one_is(open_editor):
    page = open_editor()
    number = page.get_by_label("Number needed")
    hidden_before = not number.is_visible()

    page.get_by_label("How many are needed").select_option("at_least")

    assert hidden_before
    expect(number).to_be_visible()


def test_everything_works_without_javascript(open_editor):
    page = open_editor(java_script_enabled=False)

    page.get_by_label("Event").select_option(label="Course grade")
    page.get_by_role("button", name="Show the fields of this event").click()
    page.get_by_role("button", name="Add a data rule").click()
    page.get_by_label("Field", exact=True).select_option(label="Grade, in %")
    page.get_by_role("button", name="Show what fits this field").click()
    page.get_by_label("Must be").select_option(label="is at least")
    page.get_by_label("Value").fill("80")
    page.get_by_role("button", name="Add a requirement to this group").click()
    page.get_by_role("button", name="Remove this requirement: 2").click()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Grade is 80 % or more.")).to_be_visible()
    assert DataRule.objects.get().field_type == "number"


def test_a_page_that_reads_from_right_to_left_does_not_run_over_its_edge(open_editor):
    page = open_editor(viewport={"width": 420, "height": 800})

    page.evaluate("document.documentElement.dir = 'rtl'")

    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    marker = page.locator(".credly-requirement").evaluate("each => getComputedStyle(each).borderRightWidth")
    assert marker == "4px"


THREE = (COURSE_KEY, "course-v1:edX+Stat1+2026", "course-v1:edX+Logic+2026")


@pytest.fixture
def course_team():
    """Somebody of a course team, who may set requirements and nothing else."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=("view_badgetemplate", "change_badgetemplate")),
    )
    return user


def test_a_course_team_asks_for_85_percent_in_any_two_of_three_courses_until_the_end_of_june(open_editor, course_team):
    lms.backend().add_course(THREE[1], "Statistics")
    lms.backend().add_course(THREE[2], "Logic")
    page = open_editor(course_team)

    page.get_by_role("button", name="A grade of at least … in several courses").click()
    settle(page)
    expect(page.get_by_label("Courses")).to_be_focused()
    page.keyboard.insert_text("\n".join(THREE))
    page.get_by_label("How many", exact=True).fill("2")
    page.get_by_label("Value").fill("85")
    page.get_by_text("When it counts").click()
    page.get_by_label("Until").fill("2027-06-30")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.keyboard.press("Tab")
    settle(page)
    said_before = page.locator("#preview").inner_text()
    obstacles_before = obstacles(page)
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("were saved.")).to_be_visible()
    for words in (
        "Until June 30, 2027 (Europe/Berlin).",
        f"Demonstration Course ({COURSE_KEY}); Statistics ({THREE[1]}); Logic ({THREE[2]})",
        "Grade is 85 % or more.",
        "In at least 2 different courses.",
    ):
        assert words in said_before
        expect(page.get_by_text(words)).to_be_visible()
    requirement = BadgeRequirement.objects.get()
    assert (requirement.places, requirement.times) == (THREE, 2)
    assert requirement.group.closes_on == date(2027, 6, 30)
    assert obstacles_before == ""
    assert page.troubles == []


def test_the_words_follow_what_is_typed_and_typing_goes_on_undisturbed(open_editor):
    page = open_editor()
    page.get_by_role("button", name="Pass a course", exact=True).click()
    settle(page)

    page.get_by_label("Courses").fill(COURSE_KEY)
    page.get_by_label("Description").press_sequentially("Pass the exam")
    settle(page)
    expect(page.locator("#preview")).to_contain_text("Demonstration Course")
    expect(page.get_by_label("Description")).to_be_focused()
    page.keyboard.press("Tab")
    settle(page)

    expect(page.locator("#preview")).to_contain_text("Pass the exam")
    expect(page.get_by_label("Description")).to_have_value("Pass the exam")
    expect(page.get_by_label("Courses")).to_have_accessible_description(re.compile("^Demonstration Course"))
    assert page.troubles == []


def test_what_was_unfolded_stays_so_when_the_page_is_brought_up_to_date(open_editor):
    page = open_editor()

    page.get_by_text("When it counts").click()
    page.get_by_label("From", exact=True).fill("2027-01-01")
    page.get_by_role("button", name="Add a group").click()
    settle(page)

    expect(page.get_by_label("From", exact=True).first).to_have_value("2027-01-01")
    expect(page.get_by_label("From", exact=True).first).to_be_visible()


def everything_set():
    """A badge that uses all that the page has."""
    template = TemplateFactory(name="Data scholar")
    courses = GroupFactory(template=template, name="Courses", closes_on=date(2027, 6, 30), time_zone="Europe/Berlin")
    grade = RequirementFactory(group=courses, event_type=GRADE, scope="\n".join(THREE), times=2)
    RuleFactory(requirement=grade, path="grade.percent", operator="gte", value="85", field_type="number")
    points = GroupFactory(template=template, needs="at_least", at_least=3, after=courses)
    RequirementFactory(group=points, scope="edX", weight=2)
    badge = str(TemplateFactory(name="Scholar").uuid)
    held = RequirementFactory(group=points, event_type="org.openedx.learning.badge.awarded.v1", scope=badge)
    RuleFactory(requirement=held, path="state.badge.held", about=badge, operator="eq", value="yes")
    penalties = GroupFactory(template=template, needs="undo")
    RequirementFactory(
        group=penalties, event_type="org.openedx.learning.certificate.revoked.v1", scope="", undoes=[grade.key]
    )
    return template


LOOKS = {
    "wide": {"viewport": {"width": 1400, "height": 900}},
    "narrow": {"viewport": {"width": 390, "height": 800}},
    "dark": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "dark"},
    "right-to-left": {"viewport": {"width": 390, "height": 800}, "locale": "ar"},
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("unfolded", [False, True], ids=["folded", "unfolded"])
def test_nothing_stands_in_the_way_of_anybody(open_editor, look, unfolded):
    page = open_editor(template=everything_set(), **look)
    if unfolded:
        page.evaluate("document.querySelectorAll('.credly-more').forEach((each) => { each.open = true; })")

    assert obstacles(page) == ""
    assert overflow(page) <= 0
    assert page.troubles == []


def test_the_mistakes_of_a_long_list_lead_to_their_fields(open_editor):
    page = open_editor(template=everything_set())

    page.get_by_label("Value").first.fill("850")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").get_by_role("link", name="Value").click()

    expect(page.get_by_label("Value").first).to_be_focused()
    assert obstacles(page) == ""
