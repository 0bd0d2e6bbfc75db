"""Databases with so many badges and learners, made in bulk."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import override_settings

from credly_badges import connections, models
from credly_badges.testing.factories import (
    GroupFactory,
    OrganizationFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
)

from .simulator import RemoteSimulator

BATCH = 500


@contextmanager
def empty_database() -> Iterator[None]:
    """A database of our own with all tables, dropped in the end."""
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


@contextmanager
def connected(credly: RemoteSimulator) -> Iterator[models.CredlyOrganization]:
    """An organization that is connected to a simulator."""
    there = credly.ask("organizations", name="Example University")
    with override_settings(CREDLY_BADGES_API_URLS={"simulator": credly.url}):
        connections.forget_all()
        yield OrganizationFactory(
            uuid=uuid.UUID(there["id"]), name=there["name"], environment="simulator", api_key=there["key"]
        )
        connections.forget_all()


def badges(organization: models.CredlyOrganization, courses: list[str]) -> None:
    """Active badges, one for passing each of these courses."""
    templates = models.BadgeTemplate.objects.bulk_create(
        [TemplateFactory.build(organization=organization, status="active") for _ in courses], batch_size=BATCH
    )
    groups = models.RequirementGroup.objects.bulk_create(
        [GroupFactory.build(template=template) for template in templates], batch_size=BATCH
    )
    requirements = models.BadgeRequirement.objects.bulk_create(
        [RequirementFactory.build(group=group, scope=course) for group, course in zip(groups, courses, strict=True)],
        batch_size=BATCH,
    )
    models.ListeningPlace.objects.bulk_create(
        [
            models.ListeningPlace(requirement=each, event_type=each.event_type, scope=each.scope)
            for each in requirements
        ],
        batch_size=BATCH,
    )
    models.DataRule.objects.bulk_create(
        [RuleFactory.build(requirement=requirement) for requirement in requirements], batch_size=BATCH
    )


def learners(number: int) -> list[Any]:
    """So many learners whom nothing has happened to yet."""
    users = get_user_model().objects
    first = users.count()
    made = [
        users.model(username=f"l{place}", email=f"l{place}@example.com", first_name="Ada", last_name=f"No {place}")
        for place in range(first, first + number)
    ]
    users.bulk_create(made, batch_size=BATCH)
    return list(users.order_by("pk")[first : first + number])
