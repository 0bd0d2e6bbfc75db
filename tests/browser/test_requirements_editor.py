"""Somebody sets requirements in a real browser, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import expect

from credly_badges import lms
from credly_badges.models import DataRule
from credly_badges.testing.factories import COURSE_KEY, TemplateFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_editor(browse, settings):
    """Open the requirements page of a new template as an administrator."""
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    lms.backend().clear()
    lms.backend().add_course(COURSE_KEY, "Demonstration Course")

    def open_editor(**options):
        path = f"/admin/credly_badges/badgetemplate/{TemplateFactory().pk}/requirements/"
        return browse(UserFactory(admin=True), path, **options)

    yield open_editor
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

    expect(page.get_by_text("Ready to activate.")).to_be_visible()
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
