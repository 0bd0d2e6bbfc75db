"""``credly_why`` and ``credly_purge``, as an operator runs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from credly_badges import lms, progress
from credly_badges.models import ReceivedEvent
from credly_badges.testing.factories import (
    COURSE_KEY,
    GroupFactory,
    ReceivedEventFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


@pytest.fixture
def ada():
    return UserFactory(username="ada", email="ada@example.com")


@pytest.fixture
def badge(ada):
    """A badge for a grade and for another one after it; Ada has the first."""
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Basics")
    made = TemplateFactory(active=True, activation_changed_at=MARCH, name="Python")
    basics = GroupFactory(template=made, name="Basics")
    first = RequirementFactory(group=basics, event_type=GRADE, description="Learn it", key="first")
    RuleFactory(requirement=first, path="grade.percent", operator="gte", value="80", field_type="number")
    then = GroupFactory(template=made, name="Then", after=basics)
    RequirementFactory(group=then, event_type=GRADE, scope="MITx", description="", key="then")
    event = ReceivedEventFactory(
        learner=ada, kind=GRADE, occurred_at=MARCH, attributes={"grade": {"percent": 85}}, waiting=True
    )
    progress.record(event.pk)
    yield made
    stand_in.clear()


class TestCredlyWhy:
    """``credly_why``."""

    def test_it_tells_the_whole_tree_with_marks_and_words(self, badge):
        assert run("credly_why", "ada", "Python").splitlines() == [
            "ada does not have the badge “Python” yet: 50 % of it is done.",
            "Judged by version 1 of the requirements: 50 %.",
            "",
            "✓ Basics: Met since March 1, 2026, noon (UTC).",
            f"  ✓ Learn it – Course grade, in Basics ({COURSE_KEY}). Grade is 80 % or more.",
            "    Met since March 1, 2026, noon (UTC).",
            "      ✓ Course grade: Basics, on March 1, 2026, noon (UTC). Counts.",
            "          ✓ Grade is 85 %, which is 80 % or more.",
            "",
            "✗ Then: Not met yet: 0 of 1.",
            "  Counts only after “Basics” is met.",
            "  ✗ Course grade, in any course of the organization MITx.",
            "    Not met: nothing of this was heard of the learner, and the LMS knows nothing of it.",
            "",
            "Also to be known",
            "  The badge has been “active” since March 1, 2026, noon (UTC). "
            "What happened before it listened was not heard.",
            "  Events that decide nothing are removed after 365 days, so something older may have been heard.",
        ]

    @pytest.mark.parametrize("by", ["username", "email", "pk"])
    def test_the_learner_is_found_by_name_address_or_number(self, badge, ada, by):
        assert run("credly_why", str(getattr(ada, by)), str(badge.uuid)).startswith("ada does not have")

    def test_it_tells_the_same_as_data(self, badge):
        data = json.loads(run("credly_why", "ada", "python", "--json"))

        assert data["groups"][0]["requirements"][0]["key"] == "first"
        assert data["groups"][0]["requirements"][0]["met"]

    def test_a_learner_nobody_knows_is_refused(self, badge):
        with pytest.raises(CommandError, match="Give a user name, an e-mail address or a user ID"):
            run("credly_why", "grace", "Python")

    def test_a_badge_nobody_knows_is_refused(self, badge):
        with pytest.raises(CommandError, match="There is no badge template “Pyton”"):
            run("credly_why", "ada", "Pyton")

    def test_of_two_badges_of_one_name_one_has_to_be_chosen(self, badge):
        TemplateFactory(name="Python")

        with pytest.raises(CommandError, match=str(badge.uuid)):
            run("credly_why", "ada", "Python")

    def test_it_tells_in_the_language_that_is_asked_for(self, badge):
        assert "1. März 2026" in run("credly_why", "ada", "Python", "--language", "de")

    def test_a_language_that_does_not_exist_is_refused(self, badge):
        with pytest.raises(CommandError, match="There is no language “klingon”"):
            run("credly_why", "ada", "Python", "--language", "klingon")


class TestCredlyPurge:
    """``credly_purge``."""

    @pytest.fixture
    def old(self):
        return ReceivedEventFactory(occurred_at=timezone.now() - timedelta(days=400))

    def test_it_says_what_it_removed(self, old):
        assert run("credly_purge") == "Removed: events: 1, notices: 0.\n"
        assert not ReceivedEvent.objects.exists()

    def test_a_dry_run_removes_nothing(self, old):
        assert run("credly_purge", "--dry-run") == "To be removed: events: 1, notices: 0.\n"
        assert ReceivedEvent.objects.exists()

    def test_it_tells_the_same_as_data(self, old):
        assert json.loads(run("credly_purge", "--json")) == {"events": 1, "notices": 0, "dry_run": False}

    def test_it_says_where_events_are_kept_for_ever(self, old, settings):
        settings.CREDLY_BADGES_EVENT_DAYS = 0

        assert "Events are kept for ever" in run("credly_purge")
