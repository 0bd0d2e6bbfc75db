"""Anybody looks at a badge and at a shared award, whatever they read them with; nothing runs in their browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from credly_badges import lms
from credly_badges.models import BadgeAward
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    OrganizationFactory,
    UserFactory,
    a_badge_for_passing,
)

from .looks import LOOKS, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">
<polygon points="50,3 92,26 92,74 50,97 8,74 8,26" fill="#0b57a4"/><circle cx="50" cy="50" r="26" fill="#fff"/></svg>"""
PAGE = "/badges/achievements/uni/scholar"


@pytest.fixture(autouse=True)
def course(settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    settings.PLATFORM_NAME = "Example LMS"
    lms.backend().clear()
    lms.backend().add_course(COURSE_KEY, "Demonstration Course")
    yield lms.backend()
    lms.backend().clear()


@pytest.fixture
def badge():
    organization = OrganizationFactory(slug="uni", name="Example University", url="https://example.edu/")
    return a_badge_for_passing(
        organization=organization,
        slug="scholar",
        name="Scholar of Examples and of Counter-Examples",
        description="Shows that its earner knows examples.\n\nAnd that they can tell them from counter-examples.",
        image_url="https://images.example.com/scholar.svg",
        criteria_url="https://example.edu/badges/scholar/criteria",
        public_url="https://www.credly.com/org/example/badge/scholar",
        skills=["Patience", "Telling examples from counter-examples", "Aufmerksamkeitsverteilungsfähigkeit"],
        level="Foundational",
        type_category="Learning",
    )


@pytest.fixture
def award(badge, course):
    learner = UserFactory()
    course.add_profile(learner.pk, "Lea de Vries")
    return AwardFactory(
        template=badge,
        learner=learner,
        offered=True,
        state="accepted",
        shared_at=timezone.now(),
        shows_name=True,
        is_public=True,
        badge_url="https://www.credly.com/badges/11111111-0000-4000-8000-000000000001",
        expires_at=timezone.now() + timedelta(400),
    )


@pytest.fixture
def visit(chromium, live_server):
    """Open a page as somebody whom nobody knows."""
    contexts = []

    def visit(path, **options):
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.troubles, page.has_scripts = [], options.get("java_script_enabled", True)
        page.on("pageerror", lambda trouble: page.troubles.append(str(trouble)))
        page.on("console", lambda said: said.type == "error" and page.troubles.append(said.text))
        page.route(
            "https://images.example.com/**", lambda route: route.fulfill(body=PICTURE, content_type="image/svg+xml")
        )
        page.goto(f"{live_server.url}{path}")
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.mark.parametrize("how", LOOKS)
class TestWhateverTheyReadItWith:
    """Wide, dark, on a phone, from right to left."""

    def test_a_badge(self, visit, badge, how):
        page = visit(PAGE, **LOOKS[how])

        look(page, f"achievement-{how}")
        expect(page.locator("html")).to_have_attribute("dir", "rtl" if how == "right-to-left" else "ltr")
        expect(page.get_by_role("img")).to_have_js_property("naturalWidth", 150)

    @pytest.mark.parametrize("state", ["accepted", "revoked"])
    def test_a_shared_award(self, visit, award, how, state):
        BadgeAward.objects.filter(pk=award.pk).update(state=state, revoked_at=timezone.now())

        look(visit(f"/badges/awards/{award.uuid}", **LOOKS[how]), f"award-{state}-{how}")


def test_what_is_not_there_stands_in_nobodys_way(visit, award):
    BadgeAward.objects.filter(pk=award.pk).update(shared_at=None)

    page = visit(f"/badges/awards/{award.uuid}")

    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing to see here")
    page.troubles.clear()  # The browser reports a 404.
    look(page, "missing")


def test_without_javascript_one_comes_from_the_award_to_what_learners_do_for_it(visit, award):
    page = visit(f"/badges/awards/{award.uuid}", java_script_enabled=False)

    expect(page.get_by_text("Awarded to")).to_be_visible()
    expect(page.get_by_text("Lea de Vries")).to_be_visible()
    page.get_by_role("link", name="What learners do for this badge").click()

    expect(page).to_have_url(f"{page.url.split('/badges/')[0]}{PAGE}")
    expect(page.get_by_role("heading", name="What learners do for it")).to_be_visible()


def test_the_keyboard_is_enough(visit, badge):
    page = visit(PAGE)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="Example University")).to_be_focused()


def test_on_paper_it_is_dark_on_white_and_says_where_links_lead(visit, award):
    page = visit(f"/badges/awards/{award.uuid}", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")

    colors = page.evaluate(
        "() => { const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]; }"
    )
    after = page.evaluate(
        "() => getComputedStyle(document.querySelector('.elsewhere li:last-child a'), '::after').content"
    )

    assert colors == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert "https://www.credly.com/badges/" in after
