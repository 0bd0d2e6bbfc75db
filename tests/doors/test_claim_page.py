"""The page on which learners claim a badge with a code."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from credly_badges import claims
from credly_badges.models import BadgeAward, BadgeTemplate, ClaimCode
from credly_badges.testing.factories import AwardFactory, TemplateFactory, UserFactory
from tests.doors.admin_desk import text_of

pytestmark = pytest.mark.django_db

PAGE = "/badges/claim/"
REFUSED = "This code cannot be used."


@pytest.fixture(autouse=True)
def _nothing_tried():
    cache.clear()


@pytest.fixture
def badge():
    return TemplateFactory(
        active=True, name="Python", organization__name="Example University",
        image_url="https://images.credly.com/python.png", public_url="https://www.credly.com/org/x/badge/python",
    )  # fmt: skip


@pytest.fixture
def learner():
    return UserFactory(username="ada", email="ada@example.org")


@pytest.fixture
def browser(learner):
    browser = Client()
    browser.force_login(learner)
    return browser


def test_who_comes_from_a_poster_logs_in_and_is_back_with_the_code(badge):
    code = claims.make(badge)

    answer = Client().get(claims.path_of(code))

    assert answer.status_code == 302
    assert "/login" in answer.url
    assert code.code in answer.url


def test_whose_session_has_ended_does_not_lose_what_they_typed():
    answer = Client().post(PAGE, {"code": "spring 2026"})

    assert answer.status_code == 302
    assert "/login" in answer.url
    assert "spring" in answer.url


@pytest.mark.parametrize("made", ["", "grüße aus köln 2026", "شهادة الحضور ٢٠٢٦", "a.b_c-d e f g h i"])
def test_the_page_has_the_code_filled_in_and_claims_nothing_yet(badge, browser, made):
    code = claims.make(badge, code=made)

    answer = browser.get(claims.path_of(code))

    assert answer.status_code == 200
    assert f'value="{code.code.replace(" ", "-")}"' in answer.content.decode()
    assert "Python" not in text_of(answer)
    assert not BadgeAward.objects.exists()


def test_the_page_tells_nobody_whether_there_is_such_a_code(badge, browser):
    code = claims.make(badge)

    there, nowhere = (
        browser.get(f"{PAGE}{each}/").content.decode().replace(each, "") for each in (code.code, "NO-SUCH-CODE-2026")
    )

    assert without_tokens(there) == without_tokens(nowhere)


def without_tokens(page):
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_a_learner_claims_and_is_told_what_comes_next(badge, browser, learner):
    code = claims.make(badge)

    answer = browser.post(PAGE, {"code": code.code.lower()}, follow=True)

    award = BadgeAward.objects.get()
    assert award.learner == learner
    assert answer.redirect_chain == [(f"/badges/claim/claimed/{award.uuid}/", 302)]
    read, page = text_of(answer), answer.content.decode()
    assert "You have claimed this badge." in read
    assert "Credly writes to you at ada@example.org" in read
    assert 'alt="The badge “Python”"' in page
    assert 'src="https://images.credly.com/python.png"' in page
    assert 'href="https://www.credly.com/org/x/badge/python"' in page


def test_who_has_it_already_is_told_so(badge, browser, learner):
    AwardFactory(template=badge, learner=learner)

    answer = browser.post(PAGE, {"code": claims.make(badge).code}, follow=True)

    assert "You have this badge already." in text_of(answer)
    assert BadgeAward.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("offered", "Accept it at Credly"),
        ("accepted", "Your badge at Credly"),
        ("declined", "You have declined this badge"),
        ("failed", "could not be issued at Credly yet"),
        ("revoked", "does not stand any more"),
    ],
)
def test_the_page_of_a_claimed_badge_says_how_it_is_now(badge, browser, learner, state, said):
    award = AwardFactory(
        template=badge, learner=learner, state=state, live=None if state == "revoked" else True,
        accept_url="https://www.credly.com/go/x", badge_url="https://www.credly.com/badges/x",
    )  # fmt: skip

    assert said in text_of(browser.get(f"/badges/claim/claimed/{award.uuid}/"))


def test_an_address_that_is_none_of_the_web_s_is_not_linked(badge, browser, learner):
    award = AwardFactory(template=badge, learner=learner, state="offered", accept_url="javascript:alert(1)")

    assert "javascript:" not in browser.get(f"/badges/claim/claimed/{award.uuid}/").content.decode()


def test_where_credly_does_not_write_the_learner_comes_back(badge, browser, settings):
    settings.CREDLY_BADGES_SUPPRESS_CREDLY_EMAIL = True

    read = text_of(browser.post(PAGE, {"code": claims.make(badge).code}, follow=True))

    assert "Come back to this page" in read
    assert "writes to you" not in read


def test_nobody_sees_what_somebody_else_has_claimed(badge, browser):
    award = AwardFactory(template=badge)

    assert browser.get(f"/badges/claim/claimed/{award.uuid}/").status_code == 404
    assert Client().get(f"/badges/claim/claimed/{award.uuid}/").status_code == 302


def test_whatever_is_wrong_with_a_code_one_sentence_is_said(badge, browser):
    closed, used_up, hers = claims.make(badge), claims.make(badge), claims.make(badge, email="eve@example.org")
    claims.close(closed)
    ClaimCode.objects.filter(pk=used_up.pk).update(claimed=1)

    pages = set()
    for code in (closed.code, used_up.code, hers.code, "NO-SUCH-CODE-2026"):
        answer = browser.post(PAGE, {"code": code})
        assert answer.status_code == 200
        assert REFUSED in text_of(answer)
        pages.add(without_tokens(answer.content.decode().replace(code, "")))

    assert len(pages) == 1
    assert not BadgeAward.objects.exists()


def test_why_the_badge_cannot_be_had_is_said_to_who_has_a_good_code(badge, browser):
    code = claims.make(badge)
    BadgeTemplate.objects.update(status="paused")

    assert "Learners cannot get this badge at present" in text_of(browser.post(PAGE, {"code": code.code}))


@pytest.mark.parametrize("typed", ["", "   "])
def test_without_a_code_it_is_asked_for(browser, typed):
    assert "Type the code that you were given." in text_of(browser.post(PAGE, {"code": typed}))


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "x" * 5000, "\u202e\u0000", "' OR 1=1 --"])
def test_whatever_is_typed_is_only_no_code(browser, typed):
    answer = browser.post(PAGE, {"code": typed})

    assert answer.status_code == 200
    assert REFUSED in text_of(answer)
    assert "<script>" not in answer.content.decode()


def test_so_many_tries_a_minute(badge, browser, settings):
    settings.CREDLY_BADGES_API_RATES = {"claim": 2}
    for _ in range(2):
        browser.post(PAGE, {"code": "NO-SUCH-CODE-2026"})

    answer = browser.post(PAGE, {"code": claims.make(badge).code})

    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert "Wait a minute" in text_of(answer)
    assert not BadgeAward.objects.exists()


def test_a_form_from_elsewhere_claims_nothing(badge, learner):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(learner)

    assert browser.post(PAGE, {"code": claims.make(badge).code}).status_code == 403
    assert not BadgeAward.objects.exists()


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}SPRING-2026/"])
def test_no_cache_keeps_it_no_frame_shows_it_and_no_other_site_is_told_the_code(browser, path):
    answer = browser.get(path)

    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
