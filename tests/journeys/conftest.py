"""A learner, courses and a connected Credly: what every journey starts from."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import CourseData, CoursePassingStatusData, UserData, UserPersonalData
from openedx_events.learning.signals import COURSE_PASSING_STATUS_UPDATED

from credly_badges import lms
from credly_badges.connections import forget_all
from credly_badges.issuing import deliver
from credly_badges.models import BadgeTemplate, OutboxMessage
from credly_badges.testing.factories import OrganizationFactory, RuleFactory, TemplateFactory, UserFactory

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FIRST, SECOND = "course-v1:edX+First+2026", "course-v1:edX+Second+2026"


@pytest.fixture
def world(credly, settings, transactional_db):
    """A Credly with one organization that is connected, waits short enough for a test, and learners to come."""
    settings.CREDLY_BADGES_API_URLS = {"simulator": credly.url}
    settings.CREDLY_BADGES_FIRST_WAIT = 0.02
    settings.CREDLY_BADGES_LONGEST_WAIT = 0.1
    settings.CREDLY_BADGES_READ_TIMEOUT = 0.3
    forget_all()
    lms.backend().clear()
    there = credly.add_organization(name="Example University")
    here = OrganizationFactory(uuid=there.uuid, name=there.name, environment="simulator", api_key=there.key)
    return World(credly, there, here)


@dataclass
class World:
    """The people and places of a journey."""

    credly: object
    there: object  # The organization as Credly has it,
    here: object  # and as the LMS has it.
    remote: dict = field(default_factory=dict)  # Templates as Credly has them, by their IDs.

    def badge_for_passing(self, *course_keys: str, **fields) -> BadgeTemplate:
        """An active badge that takes passing every one of these courses, each a group of its own."""
        remote = self.credly.add_template(self.there, name="Scholar", **fields)
        self.remote[remote.uuid] = remote
        badge = TemplateFactory(uuid=remote.uuid, name=remote.name, organization=self.here, active=True)
        for key in course_keys:
            RuleFactory(requirement__group__template=badge, requirement__scope=key)
        return badge

    def archive(self, badge: BadgeTemplate) -> None:
        """Somebody archives a template at Credly; the LMS has yet to hear of it."""
        self.credly.archive_template(self.remote[str(badge.uuid)])

    def restore(self, badge: BadgeTemplate) -> None:
        """Somebody publishes it again."""
        self.credly.restore_template(self.remote[str(badge.uuid)])

    def learner(self, **fields) -> Learner:
        """A learner with a profile."""
        user = UserFactory(**fields)
        lms.backend().add_profile(user.pk, name="Ana Maria Ng")
        return Learner(user)


@dataclass
class Learner:
    """Somebody to whom the LMS says that things happened."""

    user: object

    def passes(self, course_key: str, *, at: datetime = NOON, is_passing: bool = True) -> None:
        """The LMS recalculates a grade and says so, as edx-platform does."""
        COURSE_PASSING_STATUS_UPDATED.send_event(
            time=at,
            course_passing_status=CoursePassingStatusData(
                is_passing=is_passing,
                course=CourseData(course_key=CourseKey.from_string(course_key)),
                user=UserData(
                    id=self.user.pk,
                    is_active=self.user.is_active,
                    pii=UserPersonalData(username=self.user.username, email=self.user.email, name=""),
                ),
            ),
        )

    def fails(self, course_key: str, *, at: datetime = NOON) -> None:
        """As :meth:`passes`, with the opposite outcome."""
        self.passes(course_key, at=at, is_passing=False)


def run_outbox_until_quiet(seconds: float = 20) -> None:
    """Do what the scheduled sweep does, again and again, until nothing waits that time alone would mend."""
    end = time.monotonic() + seconds
    while OutboxMessage.objects.filter(open=True, state__in=OutboxMessage.TAKEABLE, organization__paused="").exists():
        assert time.monotonic() < end, "The outbox did not become quiet."
        deliver.sweep(source="beat")
        time.sleep(0.01)
