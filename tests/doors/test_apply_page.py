"""The page on which learners apply for a badge, and read what became of that."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from credly_badges import applications, lms, slugs
from credly_badges.models import Application, BadgeTemplate
from credly_badges.testing.factories import TemplateFactory, UserFactory
from tests.doors.admin_desk import text_of
from tests.stages.applications_desk import a_badge, a_picture, applied, found

pytestmark = pytest.mark.django_db

State = Application.State


@pytest.fixture(autouse=True)
def pictures(settings, tmp_path) -> Path:
    """Where pictures are kept during a test."""
    lms.backend().clear()
    cache.clear()
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture
def learner():
    return UserFactory(username="ada")


@pytest.fixture
def browser(learner):
    browser = Client()
    browser.force_login(learner)
    return browser


def page_of(badge):
    return f"/badges/apply/{badge.pk}/"


def test_a_learner_finds_the_page_at_the_badge_logs_in_and_applies(learner):
    badge = a_badge(True, False, instructions="Show a data set.")
    anybody = Client()
    assert f'href="{page_of(badge)}"' in anybody.get(slugs.public_path(badge)).content.decode()
    assert "/login" in anybody.get(page_of(badge)).url
    anybody.force_login(learner)
    asked = text_of(anybody.get(page_of(badge)))
    assert "Show a data set." in asked
    assert "Criterion 1 (not required)" in asked

    answer = anybody.post(
        page_of(badge),
        {
            "statement": "My thesis.",
            "links": " https://example.org/a \r\n\r\nhttps://example.org/b",
            "text": "What I learned.",
            "pictures": [SimpleUploadedFile("me.png", a_picture())],
        },
        follow=True,
    )

    assert "Your application was sent." in text_of(answer)
    sent = Application.objects.get()
    assert (sent.template, sent.learner, sent.statement) == (badge, learner, "My thesis.")
    assert [each.kind for each in sent.evidence.all()] == ["link", "link", "text", "image"]
    picture = sent.evidence.last()
    assert f"/api/badges/v1/applications/{sent.uuid}/evidence/{picture.uuid}" in answer.content.decode()


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({}, "at least one piece of evidence"),
        ({"links": "example.org"}, "has to be a whole web address"),
        ({"links": "javascript:alert(1)"}, "has to be a whole web address"),
        ({"links": "https://example.org/\n" * 11}, "At most 10"),
        ({"text": "x" * 10_001}, "too long"),
        ({"statement": "x" * 10_001, "text": "Mine"}, "too long"),
        ({"pictures": [SimpleUploadedFile("me.png", b"<svg/>")]}, "picture"),
    ],
)
def test_what_cannot_be_taken_is_said_and_what_was_typed_stays(browser, said, refused):
    badge = a_badge()

    answer = browser.post(page_of(badge), {"statement": "<b>My</b> work", **said})

    assert refused in text_of(answer)
    assert "Error:" in answer.content.decode()
    if "statement" not in said:
        assert "&lt;b&gt;My&lt;/b&gt; work" in answer.content.decode()
    assert not Application.objects.exists()


def test_a_learner_reads_why_it_was_denied_and_applies_again(browser, learner):
    badge = a_badge()
    application = applied(badge, learner)
    assert "Send the application" not in text_of(browser.get(page_of(badge)))
    applications.deny(application, feedback="Add a license.", by=UserFactory())

    told = text_of(browser.get(page_of(badge)))
    browser.post(page_of(badge), {"links": "https://example.org/licensed"})

    assert "Add a license." in told
    assert "Apply again" in told
    assert Application.objects.filter(learner=learner, open=True).get().previous == application


def test_a_learner_withdraws_and_whose_is_approved_is_led_to_the_badge(browser, learner):
    first, second = a_badge(), a_badge()
    applied(first, learner)
    approved = applied(second, learner)
    applications.review(approved, findings=found(second, True), reviewer=UserFactory())

    withdrawn = browser.post(page_of(first), {"withdraw": "1"}, follow=True)
    page = browser.get(page_of(second)).content.decode()

    assert "You have withdrawn your application." in text_of(withdrawn)
    assert Application.objects.get(template=first).state == State.WITHDRAWN
    assert f"/badges/claim/claimed/{Application.objects.get(template=second).award.uuid}/" in page
    again = browser.post(page_of(second), {"withdraw": "1"})
    assert 'role="alert"' in again.content.decode()


def test_nobody_sees_what_another_sent_nor_a_badge_that_takes_nothing(browser):
    badge, closed = a_badge(), TemplateFactory(active=True)
    applied(badge, statement="Private words.")

    assert "Private words." not in text_of(browser.get(page_of(badge)))
    assert browser.get(page_of(closed)).status_code == 404
    assert browser.get("/badges/apply/999999/").status_code == 404
    assert browser.post(page_of(badge), {"withdraw": "1"}).status_code == 404
    assert page_of(closed) not in Client().get(slugs.public_path(closed)).content.decode()
    BadgeTemplate.objects.filter(pk=badge.pk).update(status=BadgeTemplate.Status.RETIRED)
    assert browser.get(page_of(badge)).status_code == 404


def test_it_cannot_be_sent_again_and_again(browser):
    badge = a_badge()
    for _time in range(5):
        browser.post(page_of(badge), {"links": "nothing"})

    answer = browser.post(page_of(badge), {"links": "https://example.org/"})

    assert "Wait a minute" in text_of(answer)
    assert not Application.objects.exists()
