"""How far a learner is, and what the LMS said: both to be read, not changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from credly_badges import audit
from credly_badges.admin.audit import ACTIONS
from credly_badges.testing.factories import (
    AwardFactory,
    FulfillmentFactory,
    GroupFactory,
    ProgressFactory,
    ReceivedEventFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)
from tests.doors.admin_desk import manager, text_of, url

pytestmark = pytest.mark.django_db


def test_a_progress_page_says_for_each_requirement_whether_it_is_met_and_by_what():
    badge = TemplateFactory(name="Scholar", active=True)
    courses = GroupFactory(template=badge, name="Courses")
    first = RequirementFactory(group=courses, description="Pass the first")
    RequirementFactory(group=courses, description="Pass the second", scope="course-v1:edX+Second+2026")
    progress = ProgressFactory(learner__username="ada", template=badge, percent=50)
    RuleFactory(requirement=first)
    FulfillmentFactory(progress=progress, requirement=first, evidence={"is_passing": True})

    page = text_of(manager().get(url("badgeprogress", "change", progress.pk)))

    assert "Scholar: ada" in page
    assert "Courses (all of these): Not met yet: 1 of 2." in page
    assert "✓ Pass the first – Course passing status, in course-v1:edX+DemoX+2026. Learner is passing: yes." in page
    assert "What is known of it: 1 event" in page
    assert "Learner is passing: yes, as needed." in page
    assert "✗ Pass the second – Course passing status, in course-v1:edX+Second+2026." in page
    assert "Not met: nothing of this was heard of the learner" in page


def test_a_group_of_which_one_is_enough_is_met_by_one():
    progress = ProgressFactory(percent=100)
    group = GroupFactory(template=progress.template, needs="any")
    FulfillmentFactory(progress=progress, requirement=RequirementFactory(group=group))
    RequirementFactory(group=group)

    page = text_of(manager().get(url("badgeprogress", "change", progress.pk)))

    assert "✓ Group 1 (any one of these): Met since" in page


def test_a_page_of_a_learner_on_an_older_version_shows_what_they_are_judged_by():
    badge = TemplateFactory(active=True, version=2)
    RequirementFactory(group=GroupFactory(template=badge, version=1), description="Do the old thing")
    RequirementFactory(group=GroupFactory(template=badge, version=2), description="Do the new thing")
    progress = ProgressFactory(template=badge, version=1)

    page = text_of(manager().get(url("badgeprogress", "change", progress.pk)))

    assert "Do the old thing" in page
    assert "Do the new thing" not in page
    assert "The learner is judged by version 1 of the requirements; the current one is 2." in page


def test_a_received_event_says_what_it_said_and_whether_it_was_used():
    event = ReceivedEventFactory(learner__username="ada", waiting=True)

    page = text_of(manager().get(url("receivedevent", "change", event.pk)))

    assert "Course passing status" in page
    assert '"is_passing": true' in page
    assert "course-v1:edX+DemoX+2026, edX+DemoX, edX, anywhere" in page
    assert "Held against the requirements: waiting" in page


def test_a_received_event_leads_to_what_it_decided():
    event = ReceivedEventFactory(learner__username="ada")
    badge = TemplateFactory(name="Scholar", active=True)
    requirement = RequirementFactory(group__template=badge, event_type=event.kind, description="Pass the first")
    progress = ProgressFactory(learner=event.learner, template=badge)
    FulfillmentFactory(progress=progress, requirement=requirement, subject=event.subject)

    response = manager().get(url("receivedevent", "change", event.pk))

    assert "Scholar : Pass the first – met" in text_of(response)
    assert url("badgeprogress", "change", progress.pk) in response.content.decode()


def test_events_are_narrowed_down_by_the_names_of_the_catalogue():
    ReceivedEventFactory(kind="org.openedx.learning.course.enrollment.created.v1")
    passing = ReceivedEventFactory()

    response = manager().get(url("receivedevent"), {"kind": passing.kind})

    assert [event.pk for event in response.context["cl"].result_list] == [passing.pk]
    assert "Enrollment" in text_of(response)


def test_the_log_says_who_did_what_with_before_and_after():
    award = AwardFactory()
    actor = UserFactory(username="grace")
    entry = audit.record(
        "award.revoked",
        award,
        actor=actor,
        because="Plagiarism",
        before={"state": "offered"},
        after={"state": "revoked"},
    )
    browser = manager()

    listed = text_of(browser.get(url("auditentry"), {"object_type": "badgeaward", "object_id": award.pk}))
    page = browser.get(url("auditentry", "change", entry.pk))

    assert f"Badge revoked badge award {award.uuid} grace Plagiarism" in listed
    assert "What Before After state offered revoked" in text_of(page)
    assert url("badgeaward", "change", award.pk) in page.content.decode()


def test_what_nobody_did_was_done_by_the_system():
    audit.record("organization.paused", AwardFactory().template.organization, because="Credly rejected the key.")

    assert "the system" in text_of(manager().get(url("auditentry")))


def test_the_log_is_narrowed_down_by_words():
    award = AwardFactory()
    revoked = audit.record("award.revoked", award)
    audit.record("template.activated", award.template)

    response = manager().get(url("auditentry"), {"action": "award.revoked", "object_type": "badgeaward"})

    assert [entry.pk for entry in response.context["cl"].result_list] == [revoked.pk]
    assert "Requirements changed" in text_of(response)
    assert "award.revoked" not in text_of(response)


def test_everything_that_is_written_into_the_log_has_words():
    package = Path(audit.__file__).parents[1]
    # The words of the catalogues are the fields of events, and what subscribers are told.
    catalogues = (*(package / "events" / "catalogue").rglob("*.py"), package / "subscribers" / "catalogue.py")
    elsewhere = {package / "admin" / "audit.py", *catalogues}
    sources = [path for path in package.rglob("*.py") if path not in elsewhere]
    things = "|".join(sorted({action.split(".")[0] for action in ACTIONS}))
    # Where a field of the API is read from looks like an action as well.
    word = re.compile(rf'(?<!source=)"((?:{things})\.[a-z_]+)"')

    written = {action for path in sources for action in word.findall(path.read_text(encoding="utf-8"))}

    # A decision is written down by the state that it leads to.
    assert written | {"application.approved", "application.denied"} == set(ACTIONS)
