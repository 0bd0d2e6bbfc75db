"""The two sides of the story, the LMS and Credly, and what passes between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from credly_badges import tasks
from credly_badges.models import BadgeAward, BadgeTemplate, CredlyOrganization, DeliveryAttempt, OutboxMessage
from credly_badges.testing.simulator import Organization, Simulator, Template
from demo.cast import Course, Person, tell_passing, user_of

ENVIRONMENT = "simulator"
A_TICK = 0.1


@dataclass
class World:
    """Credly as it is, and the LMS as it is."""

    credly: Simulator
    there: Organization
    admin: Any

    @property
    def here(self) -> CredlyOrganization:
        """The organization as the LMS has it now."""
        return CredlyOrganization.objects.get(uuid=self.there.uuid)

    def template(self, name: str) -> BadgeTemplate:
        """A badge template as the LMS has it now."""
        return BadgeTemplate.objects.get(name=name)

    def template_there(self, name: str) -> Template:
        """The same as Credly has it."""
        return next(each for each in self.credly.store.templates.values() if each.name == name)

    def orders(self) -> int:
        """How often Credly was asked to issue a badge, as Credly counts it."""
        return len(self.credly.requests("POST", "/badges"))

    def issued(self, person: Person, template: BadgeTemplate) -> int:
        """How many badges of a template Credly ever made for a learner."""
        return self.credly.issued_count(person.email, str(template.uuid))

    def badges_of(self, person: Person) -> list[dict[str, Any]]:
        """A learner's badges, as Credly has them."""
        return [badge for badge in self.credly.badges() if badge["recipient_email"] == person.email]


def days_ago(days: int, hour: int = 12) -> datetime:
    """A moment of the past, on the hour."""
    return (timezone.now() - timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def passes(person: Person, *courses: Course, at: datetime) -> None:
    """The LMS says that a learner passes courses."""
    for course in courses:
        tell_passing(user_of(person), course.key, at=at)


def award_of(person: Person) -> BadgeAward | None:
    """A learner's newest award."""
    return BadgeAward.objects.filter(learner=user_of(person)).order_by("-pk").first()


def attempts_for(person: Person) -> list[DeliveryAttempt]:
    """Every try to tell Credly of a learner's awards, oldest first."""
    return list(DeliveryAttempt.objects.filter(message__award__learner=user_of(person)))


def tick() -> None:
    """What a Celery beat does every few minutes: look for what is due."""
    tasks.sweep.delay()


def tick_until(happened: Callable[[], bool], seconds: float = 15) -> None:
    """Let the clock go on until something has happened, or it is clear that it does not."""
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        tick()
        time.sleep(A_TICK)


def messages(**which: Any) -> Any:
    """Open orders to Credly."""
    return OutboxMessage.objects.filter(open=True, **which)


def command(*arguments: str) -> list[str]:
    """Run a management command; the lines that it prints."""
    printed = StringIO()
    call_command(*arguments, stdout=printed, stderr=printed, no_color=True)
    return printed.getvalue().rstrip().splitlines()


def prepare() -> None:
    """Make the LMS's tables."""
    call_command("migrate", verbosity=0)
