"""People with a session, as their browsers send it: with Django's check against forged requests, which reads bodies."""

from __future__ import annotations

import pytest
from django.test import Client

from credly_badges import claims
from credly_badges.models import BadgeAward
from credly_badges.testing.factories import TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

TOKEN = "t" * 32


@pytest.fixture
def badge():
    return TemplateFactory(active=True)


def browser_of(user) -> Client:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    browser.cookies["csrftoken"] = TOKEN
    return browser


def post(browser, path, body, token=TOKEN, **headers):
    sent = {"X-CSRFToken": token, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return browser.post(f"/api/badges/v1/{path}", body, content_type="application/json", headers=sent)


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "once"}])
def test_a_member_of_staff_issues_a_badge(badge, headers):
    UserFactory(username="ada")
    browser = browser_of(UserFactory(admin=True))

    answers = [post(browser, f"badges/{badge.uuid}/awards", {"learner": "ada"}, **headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == ([201, 201] if headers else [201, 409])
    assert BadgeAward.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "once"}])
def test_a_learner_claims_a_code(badge, headers):
    browser = browser_of(UserFactory())

    answer = post(browser, "codes/claim", {"code": claims.make(badge, by=None).code}, **headers)

    assert answer.status_code == 201
    assert answer.json()["badgeId"] == str(badge.uuid)


def test_a_forged_request_does_nothing(badge):
    UserFactory(username="ada")
    browser = browser_of(UserFactory(admin=True))

    answer = post(browser, f"badges/{badge.uuid}/awards", {"learner": "ada"}, token="f" * 32)

    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
    assert not BadgeAward.objects.exists()
