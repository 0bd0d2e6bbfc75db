"""Whatever anybody types on the page of requirements: it answers, says what to do, and loses nothing."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given
from hypothesis import settings as thoroughness
from hypothesis import strategies as st

from credly_badges import lms
from credly_badges.events.catalogue import CATALOGUE
from credly_badges.models import RequirementGroup
from credly_badges.state import STATE
from credly_badges.testing.factories import (
    COURSE_KEY,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

from .requirements_desk import GRADE, Editor

pytestmark = pytest.mark.django_db

BUTTONS = ("save", "save-and-stay", "refresh", "add-group", "add-rule:{r}", "remove-requirement:{r}", "open:r{r}")
texts = st.text(max_size=40) | st.sampled_from(["", "0", "-1", "2", "9" * 5000, "1e9", "٣", "²", "\x00", "on", "None"])
days = st.dates().map(str) | texts
places = st.lists(st.sampled_from([COURSE_KEY, "edX", "edX+DemoX", "ccx-v1:edX+DemoX+2026+ccx@1"]) | texts, max_size=4)
typed = st.fixed_dictionaries(
    {},
    optional={
        "g-name": texts,
        "g-needs": st.sampled_from(RequirementGroup.Needs.values) | texts,
        "g-at_least": texts,
        "g-opens_on": days,
        "g-closes_on": days,
        "g-time_zone": st.sampled_from(["Europe/Berlin", "europe", "UTC", "../..", "Etc"]) | texts,
        "g-within_days": texts,
        "g-within_of": st.sampled_from(["enrollment", "group"]) | texts,
        "g-before_course_end": texts,
        "g-after": texts,
        "r-event_type": st.sampled_from(sorted(CATALOGUE)) | texts,
        "r-scope": places.map("\r\n".join),
        "r-add_place": texts,
        "r-description": texts,
        "r-often": st.sampled_from(["once", "several", "every"]) | texts,
        "r-times": texts,
        "r-distinct": st.sampled_from(["course", "subject"]) | texts,
        "r-weight": texts,
        "r-undoes": st.lists(texts, max_size=3),
        "r-same_course": texts,
        "d-path": st.sampled_from([*STATE, "grade.percent", "course.course_key"]) | texts,
        "d-about": texts,
        "d-operator": st.sampled_from(["gte", "between", "exists", "within_days"]) | texts,
        "d-value": texts,
    },
)


@pytest.fixture
def browser(settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    lms.backend().clear()
    browser = Client()
    browser.force_login(UserFactory(admin=True))
    yield browser
    lms.backend().clear()


@example({"r-often": "once", "r-times": "0"}, "save")
@given(typed, st.sampled_from(BUTTONS))
@thoroughness(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_is_answered_and_stays_on_the_page(browser, values, button):
    template = TemplateFactory()
    requirement = RequirementFactory(group=GroupFactory(template=template), event_type=GRADE, scope="")
    rule = RuleFactory(requirement=requirement, path="grade.percent", operator="gte", value="80", field_type="number")
    keys = {"g": f"g{requirement.group_id}", "r": f"r{requirement.pk}", "d": f"d{rule.pk}"}
    editor = Editor(browser, template)
    sent = {f"{keys[name[0]]}{name[1:]}": value for name, value in values.items()}

    answer = browser.post(editor.url, {**editor.fields, **sent, "do": button.format(r=requirement.pk)})

    assert answer.status_code in (200, 302)
    if answer.status_code == 302 or button.startswith("remove"):
        return
    draft = answer.context["draft"]
    for name, value in sent.items():
        if not name.endswith(("-add_place", "-scope", "-undoes")):
            assert draft.values[name] == value
