"""Rows to test with: one factory per table, each making what is valid by itself.

They need ``factory_boy`` (extra ``testing``). Give the neighbours by name, as in
``RequirementFactory(group__template=TemplateFactory(active=True))``.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, cast

import factory
from django.contrib.auth import get_user_model
from django.utils import timezone
from factory.django import DjangoModelFactory

from .. import conf, models

PASSING_STATUS = "org.openedx.learning.course.passing.status.updated.v1"
COURSE_KEY = "course-v1:edX+DemoX+2026"


class UserFactory(DjangoModelFactory):
    """A learner, or with ``is_staff`` or ``is_superuser`` somebody who looks after badges."""

    class Meta:
        model = get_user_model()

    class Params:
        admin = factory.Trait(is_staff=True, is_superuser=True)

    username = factory.Sequence(lambda number: f"learner{number}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    first_name = "Ada"
    last_name = factory.Sequence(lambda number: f"Lovelace {number}")
    # No password can be used unless a test gives one: hashing is the slowest part of making a user.
    password = factory.django.Password(None)
    is_active = True


class OrganizationFactory(DjangoModelFactory):
    """A connected organization, in the sandbox; for a simulator give ``uuid``, ``environment`` and ``api_key``."""

    class Meta:
        model = models.CredlyOrganization

    class Params:
        key_rejected = factory.Trait(
            paused=models.CredlyOrganization.Pause.KEY_REJECTED,
            pause_reason="Credly rejected the API key.",
            paused_at=factory.LazyFunction(timezone.now),
        )

    uuid = factory.LazyFunction(uuid.uuid4)
    name = factory.Sequence(lambda number: f"Example University {number}")
    environment = conf.SANDBOX
    api_key = factory.Sequence(lambda number: f"example-organization-key-{number:04}")


class TemplateFactory(DjangoModelFactory):
    """A badge template as a sync leaves it; ``active=True`` is one that learners can earn."""

    class Meta:
        model = models.BadgeTemplate

    class Params:
        active = factory.Trait(
            status=models.BadgeTemplate.Status.ACTIVE, activation_changed_at=factory.LazyFunction(timezone.now)
        )
        archived = factory.Trait(credly_state=models.BadgeTemplate.CredlyState.ARCHIVED)

    uuid = factory.LazyFunction(uuid.uuid4)
    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda number: f"Example badge {number}")
    description = "Shows that its earner knows examples."
    credly_state = models.BadgeTemplate.CredlyState.ACTIVE
    synced_at = factory.LazyFunction(timezone.now)


class GroupFactory(DjangoModelFactory):
    """A requirement group, all of whose requirements are needed."""

    class Meta:
        model = models.RequirementGroup

    template = factory.SubFactory(TemplateFactory)
    needs = models.RequirementGroup.Needs.ALL
    position = factory.Sequence(int)


class RequirementFactory(DjangoModelFactory):
    """A requirement to have something happen in a course; without rules the event alone fulfills it."""

    class Meta:
        model = models.BadgeRequirement

    group = factory.SubFactory(GroupFactory)
    event_type = PASSING_STATUS
    scope = COURSE_KEY
    description = "Pass the course"
    position = factory.Sequence(int)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **values: Any) -> models.BadgeRequirement:
        """With the places where an event finds it; for a program, name the runs yourself."""
        row: models.BadgeRequirement = super()._create(model_class, *args, **values)
        for place in row.places:
            models.ListeningPlace.objects.create(requirement=row, event_type=row.event_type, scope=place)
        return row


class RuleFactory(DjangoModelFactory):
    """A data rule: that the learner passes."""

    class Meta:
        model = models.DataRule

    requirement = factory.SubFactory(RequirementFactory)
    path = "is_passing"
    field_type = "boolean"
    operator = "eq"
    value = "true"
    position = factory.Sequence(int)


class ReceivedEventFactory(DjangoModelFactory):
    """What the LMS last said of a learner in a course: that they pass."""

    class Meta:
        model = models.ReceivedEvent

    learner = factory.SubFactory(UserFactory)
    kind = PASSING_STATUS
    subject = COURSE_KEY
    course_key = factory.SelfAttribute("subject")
    occurred_at = factory.LazyFunction(timezone.now)
    confirmed_at = factory.SelfAttribute("occurred_at")
    received_at = factory.SelfAttribute("occurred_at")
    attributes = factory.LazyFunction(lambda: {"is_passing": True})
    scopes = factory.LazyFunction(lambda: [COURSE_KEY, "edX+DemoX", "edX", ""])
    fingerprint = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    waiting = False


class ProgressFactory(DjangoModelFactory):
    """A learner's way to a badge, just begun."""

    class Meta:
        model = models.BadgeProgress

    learner = factory.SubFactory(UserFactory)
    template = factory.SubFactory(TemplateFactory, active=True)
    percent = 0


class FulfillmentFactory(DjangoModelFactory):
    """A requirement that a learner has met; give ``progress`` and ``requirement`` of one template."""

    class Meta:
        model = models.Fulfillment

    progress = factory.SubFactory(ProgressFactory)
    requirement = factory.SubFactory(RequirementFactory, group__template=factory.SelfAttribute("...progress.template"))
    subject = COURSE_KEY
    holds = True
    decided_at = factory.LazyFunction(timezone.now)


class AwardFactory(DjangoModelFactory):
    """An award that Credly has yet to hear of; ``offered=True`` is one that it has confirmed."""

    class Meta:
        model = models.BadgeAward

    class Params:
        offered = factory.Trait(
            state=models.BadgeAward.State.OFFERED,
            credly_id=factory.LazyFunction(uuid.uuid4),
            issued_at=factory.LazyFunction(timezone.now),
        )

    learner = factory.SubFactory(UserFactory)
    template = factory.SubFactory(TemplateFactory, active=True)
    earned_at = factory.LazyFunction(timezone.now)


class MessageFactory(DjangoModelFactory):
    """An order to issue a badge that is due now; ``dead=True`` is one that needs a person."""

    class Meta:
        model = models.OutboxMessage

    class Params:
        dead = factory.Trait(state=models.OutboxMessage.State.DEAD, error="Credly refused: no such badge template.")

    kind = models.OutboxMessage.Kind.ISSUE
    award = factory.SubFactory(AwardFactory)
    organization = factory.SelfAttribute("award.template.organization")
    not_before = factory.LazyFunction(lambda: timezone.now() - timedelta(seconds=1))


class SubscriberFactory(DjangoModelFactory):
    """Another system that is told everything, and nothing of who the learners are."""

    class Meta:
        model = models.Subscriber

    name = factory.Sequence(lambda number: f"Student records {number}")
    url = "https://hooks.example.com/badges"
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="  # noqa: S105


class SubscriberMessageFactory(DjangoModelFactory):
    """What a subscriber is to be told now; ``dead=True`` is one that was given up."""

    class Meta:
        model = models.SubscriberMessage

    class Params:
        dead = factory.Trait(
            state=models.SubscriberMessage.State.DEAD,
            open=None,
            error="It answered 500.",
            finished_at=factory.LazyFunction(timezone.now),
        )

    subscriber = factory.SubFactory(SubscriberFactory)
    event = "award.issued"
    subject = factory.Sequence(lambda number: f"award:{number}")
    occurred_at = factory.LazyFunction(timezone.now)
    not_before = factory.LazyFunction(lambda: timezone.now() - timedelta(seconds=1))
    give_up_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=3))
    payload = factory.LazyFunction(lambda: {"awardId": str(uuid.uuid4())})


def a_badge_for_passing(course_key: str = COURSE_KEY, **template: Any) -> models.BadgeTemplate:
    """An active badge template that is earned by passing one course."""
    badge = cast("models.BadgeTemplate", TemplateFactory(active=True, **template))
    RuleFactory(requirement__group__template=badge, requirement__scope=course_key)
    return badge
