"""The two sides of the story, the LMS and Credly, and what passes between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
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
    address: str
    """Where the LMS answers."""

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

    def badges_of(self, person: Person, template: BadgeTemplate | None = None) -> list[dict[str, Any]]:
        """A learner's badges, of one template or of all, as Credly has them; oldest first."""
        return [
            badge
            for badge in self.credly.badges()
            if badge["recipient_email"] == person.email
            and (template is None or badge["badge_template"]["id"] == str(template.uuid))
        ]

    def requests(self) -> int:
        """How many requests Credly ever received, as Credly counts them."""
        return self.credly.store.request_count

    def keys(self) -> list[str]:
        """The keys of the organization that work at Credly, oldest first."""
        store = self.credly.store
        with store.lock:
            return [token.value for token in store.tokens.values() if token.expires_at > store.now()]

    def tell_webhook(self, url: str | None) -> None:
        """Have Credly send its notices somewhere else from now on, or nowhere, as if it were set on Credly's site."""
        self.credly.set_webhook(self.there, url)


def days_ago(days: int, hour: int = 12) -> datetime:
    """A moment of the past, on the hour."""
    return (timezone.now() - timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def moments_ago(minutes: int) -> datetime:
    """A moment that has only just passed."""
    return timezone.now() - timedelta(minutes=minutes)


def passes(person: Person, *courses: Course, at: datetime) -> None:
    """The LMS says that a learner passes courses."""
    for course in courses:
        tell_passing(user_of(person), course.key, at=at)


def fails(person: Person, course: Course, at: datetime) -> None:
    """The LMS says that a learner does not pass a course any more."""
    tell_passing(user_of(person), course.key, at=at, is_passing=False)


def award_of(person: Person, name: str | None = None) -> BadgeAward | None:
    """A learner's newest award, of one template or of all."""
    of_template = {} if name is None else {"template__name": name}
    return BadgeAward.objects.filter(learner=user_of(person), **of_template).order_by("-pk").first()


def the_award_of(person: Person, name: str) -> BadgeAward:
    """The same, where there has to be one."""
    award = award_of(person, name)
    if award is None:
        raise LookupError(f"{person.name} was never awarded “{name}”.")
    return award


def attempts_for(person: Person) -> list[DeliveryAttempt]:
    """Every try to tell Credly of a learner's newest award, oldest first."""
    return list(DeliveryAttempt.objects.filter(message__award=award_of(person)))


def tick() -> None:
    """What a Celery beat does every few minutes: look for what is due."""
    tasks.sweep.delay()


def tick_until(happened: Callable[[], bool], seconds: float = 15) -> None:
    """Let the clock go on until something has happened, or it is clear that it does not."""
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        tick()
        time.sleep(A_TICK)


def tick_for(seconds: float) -> None:
    """Let the clock go on for a while."""
    tick_until(lambda: False, seconds)


def messages(**which: Any) -> Any:
    """Open orders to Credly."""
    return OutboxMessage.objects.filter(open=True, **which)


def command(*arguments: str) -> list[str]:
    """Run a management command; the lines that it prints. Many end with 1 where something is left for somebody."""
    printed = StringIO()
    with suppress(SystemExit):
        call_command(*arguments, stdout=printed, stderr=printed, no_color=True)
    return printed.getvalue().rstrip().splitlines()


def prepare() -> None:
    """Make the LMS's tables."""
    call_command("migrate", verbosity=0)
