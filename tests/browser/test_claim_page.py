"""Learners claim a badge in a browser: with a mouse, with keys alone, on a telephone, and without JavaScript."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from credly_badges import claims
from credly_badges.models import BadgeAward, ClaimCode
from credly_badges.testing.factories import TemplateFactory, UserFactory

from .looks import LOOKS, follow, look
from .test_course_team import Keyboard

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/badges/claim/"


@pytest.fixture(autouse=True)
def _nothing_tried():
    cache.clear()


@pytest.fixture
def badge():
    description = "Shows that its earner can read and write Python, and explain to others what they wrote."
    return TemplateFactory(
        active=True, name="Python for everybody", description=description, organization__name="Example University"
    )


@pytest.mark.parametrize(
    ("how", "options"),
    [
        *((how, {}) for how in LOOKS),
        ("wide", {"java_script_enabled": False}),
        ("phone", {"java_script_enabled": False}),
    ],
    ids=[*LOOKS, "plain", "plain-phone"],
)
def test_a_learner_claims_with_the_code_of_a_poster(browse, badge, how, options):
    code, learner = claims.make(badge), UserFactory(email="somebody.with.a.long.name@an-organization.example.org")
    page = browse(learner, claims.path_of(code), **{**LOOKS[how], **options, "locale": "en"})
    expect(page.get_by_label("Code")).to_have_value(code.code)
    look(page, f"claim-{how}-1-asked")

    follow(page, "button", "Claim the badge")

    expect(page.get_by_role("status")).to_contain_text("You have claimed this badge.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your badge: Python for everybody")
    look(page, f"claim-{how}-2-claimed")
    assert BadgeAward.objects.get().learner == learner


@pytest.mark.parametrize("how", ["phone", "right-to-left"])
def test_it_holds_from_right_to_left(browse, badge, how):
    code = claims.make(badge, code="شهادة الحضور ٢٠٢٦")
    page = browse(UserFactory(), PAGE, **{**LOOKS[how], "locale": "ar"})
    look(page, f"claim-{how}-ar-1-asked")

    page.locator("#code").fill("لا يوجد مثل هذا الرمز")
    with page.expect_navigation():
        page.locator("main button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, f"claim-{how}-ar-2-refused")
    page.locator("#code").fill(code.code)
    with page.expect_navigation():
        page.locator("main button").click()

    look(page, f"claim-{how}-ar-3-claimed")
    assert BadgeAward.objects.count() == 1


def test_the_keyboard_is_enough(browse, badge):
    code = claims.make(badge)
    page = browse(UserFactory(), PAGE)
    expect(page.get_by_label("Code")).to_be_focused()

    page.keyboard.type("no such code")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This code cannot be used.")
    expect(page.get_by_label("Code")).to_be_focused()
    expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+A")
    page.keyboard.type(code.code.lower().replace("-", ""))
    Keyboard(page).follow("button", "Claim the badge")

    expect(page.get_by_role("status")).to_contain_text("You have claimed this badge.")


def test_one_who_is_refused_and_one_who_tries_too_often_are_told(browse, settings):
    settings.CREDLY_BADGES_API_RATES = {"claim": 1}
    page = browse(UserFactory(), f"{PAGE}NO-SUCH-CODE/", **LOOKS["phone"])

    follow(page, "button", "Claim the badge")
    expect(page).to_have_title("Error: Claim a badge")
    look(page, "claim-phone-refused")
    follow(page, "button", "Claim the badge")

    expect(page.get_by_role("alert")).to_contain_text("Wait a minute")
    look(page, "claim-phone-too-often")


@pytest.mark.parametrize("how", ["wide", "phone", "dark"])
def test_staff_make_a_code_print_its_poster_and_close_it(browse, badge, how):
    page = browse(UserFactory(admin=True), "/admin/credly_badges/claimcode/", **LOOKS[how])
    look(page, f"claim-admin-{how}-1-none")
    follow(page, "link", "Add claim code")
    look(page, f"claim-admin-{how}-2-add")
    page.get_by_label("Badge template").select_option(label="Python for everybody (Example University, sandbox)")
    page.get_by_label("Learners at most").fill("30")
    follow(page, "button", "Save and continue editing")
    code = ClaimCode.objects.get()
    expect(page.get_by_text("0 of 30")).to_be_visible()
    look(page, f"claim-admin-{how}-3-made")

    follow(page, "link", "Poster")
    expect(page.get_by_role("img", name="QR code to claim the badge “Python for everybody”")).to_be_visible()
    expect(page.get_by_text(code.code, exact=True)).to_be_visible()
    look(page, f"claim-admin-{how}-4-poster")
    follow(page, "link", "Back to the claim code")
    follow(page, "link", "Close…")
    look(page, f"claim-admin-{how}-5-asked")
    follow(page, "button", "Close")

    expect(page.get_by_text("The code is closed.")).to_be_visible()
    look(page, f"claim-admin-{how}-6-closed")
