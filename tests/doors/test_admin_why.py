"""The page that says why somebody has a badge, or why not."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from credly_badges.models import DeliveryAttempt, RequirementsVersion
from credly_badges.testing.factories import (
    AwardFactory,
    FulfillmentFactory,
    MessageFactory,
    ProgressFactory,
    RequirementFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return UserFactory(username="ada", email="ada@example.com")


@pytest.fixture
def badge():
    return a_badge_for_passing(name="Python")


def why(browser, **asked):
    return browser.get(url("badgeprogress", "why"), asked)


def test_it_asks_for_a_badge_and_a_learner_first(badge):
    page = why(manager())

    assert "Choose a badge and a learner" in text_of(page)
    assert "Requirements" not in text_of(page)
    assert "errornote" not in page.content.decode()


@pytest.mark.parametrize("by", ["username", "email", "pk"])
def test_it_tells_of_a_learner_by_name_address_or_number(badge, ada, by):
    answer = why(manager(), template=badge.pk, learner=getattr(ada, by))

    page = text_of(answer)
    assert 'value="ada"' in answer.content.decode()
    assert "ada does not have the badge “Python”: nothing that it asks for is met." in page
    assert "✗ Pass the course – Course passing status, in course-v1:edX+DemoX+2026. Learner is passing: yes." in page


def test_a_learner_nobody_knows_is_asked_for_again_with_what_was_typed(badge):
    page = why(manager(), template=badge.pk, learner="grace")

    assert "Nobody, or more than one, is called like this." in text_of(page)
    assert 'value="grace"' in page.content.decode()


def test_what_credly_said_is_told_in_the_order_in_which_it_happened(badge, ada):
    award = AwardFactory(learner=ada, template=badge)
    DeliveryAttempt.objects.create(
        message=MessageFactory(award=award, dead=True),
        started_at=timezone.now(),
        outcome=DeliveryAttempt.Outcome.REFUSED,
        said="No such template.",
        status=422,
    )

    page = text_of(why(manager(), template=badge.pk, learner="ada"))

    assert re.search(r"The way to the learner .*Awarded.*Order to Credly.*Attempt 1.*No such template\..*yet to", page)


def test_no_mark_stands_without_words_that_say_the_same(badge, ada):
    progress = ProgressFactory(learner=ada, template=badge)
    FulfillmentFactory(progress=progress, requirement=badge.groups.get().requirements.get())

    page = why(manager(), template=badge.pk, learner="ada").content.decode()

    marks = re.findall(r"<[^>]*>[✓✗·]</span>\s*(.{0,12})", page, flags=re.DOTALL)
    assert marks
    assert all('aria-hidden="true"' in mark for mark in re.findall(r"<span[^>]*>[✓✗·]", page))
    assert all(words.strip() for words in marks)


def test_it_needs_the_permission_to_see_progress(badge, ada):
    without = at_the_desk("view_badgetemplate", "view_badgeaward")

    assert why(without, template=badge.pk, learner="ada").status_code == 403
    assert why(at_the_desk("view_badgeprogress"), template=badge.pk, learner="ada").status_code == 200


def test_the_award_and_the_template_lead_there(badge, ada):
    award = AwardFactory(learner=ada, template=badge)
    browser = manager()

    of_award = browser.get(url("badgeaward", "change", award.pk)).content.decode()
    of_template = browser.get(url("badgetemplate", "change", badge.pk)).content.decode()

    assert f"{url('badgeprogress', 'why')}?template={badge.pk}&amp;learner={ada.pk}" in of_award
    assert f'{url("badgeprogress", "why")}?template={badge.pk}"' in of_template


def test_who_may_not_see_progress_is_not_led_there(badge, ada):
    award = AwardFactory(learner=ada, template=badge)

    page = at_the_desk("view_badgeaward").get(url("badgeaward", "change", award.pk)).content.decode()

    assert url("badgeprogress", "why") not in page


def test_an_award_says_by_which_requirements_it_was_earned_however_they_changed_since(badge, ada):
    RequirementsVersion.objects.create(
        template=badge, number=1, words=["Pass the old course."], data={"groups": [{"key": "old"}]}
    )
    award = AwardFactory(learner=ada, template=badge, version=1)

    page = text_of(manager().get(url("badgeaward", "change", award.pk)))

    assert "Earned by version 1 of the requirements" in page
    assert "Pass the old course." in page
    assert '"key": "old"' in page


def test_an_award_by_hand_was_earned_by_no_requirements(badge, ada):
    award = AwardFactory(learner=ada, template=badge)

    assert "Earned by version" not in text_of(manager().get(url("badgeaward", "change", award.pk)))


def test_a_requirement_is_told_with_what_learners_typed_escaped(ada):
    template = TemplateFactory(active=True)
    RequirementFactory(group__template=template, description="<script>alert(1)</script>")

    assert "<script>alert(1)" not in why(manager(), template=template.pk, learner="ada").content.decode()
