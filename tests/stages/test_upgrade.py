"""A site that has badges already is upgraded, and goes back."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

APP = "credly_badges"
BEFORE, AFTER = "0014_waits_in_words", None
PASSING = "org.openedx.learning.course.passing.status.updated.v1"
FIRST, SECOND = "course-v1:edX+First+2026", "course-v1:edX+Second+2026"


def migrated_to(name):
    """The tables as they are then; None is the newest state."""
    executor = MigrationExecutor(connection)
    targets = [(APP, name)] if name else executor.loader.graph.leaf_nodes(APP)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def old(transactional_db):
    """The tables as they were, and in the end as they are."""
    yield migrated_to(BEFORE)
    migrated_to(AFTER)


def template(apps, **fields):
    organization, _new = apps.get_model(APP, "CredlyOrganization").objects.get_or_create(
        name="Example University", defaults={"uuid": uuid.uuid4(), "environment": "sandbox"}
    )
    return apps.get_model(APP, "BadgeTemplate").objects.create(organization=organization, uuid=uuid.uuid4(), **fields)


def requirement(apps, badge, scope):
    group = apps.get_model(APP, "RequirementGroup").objects.create(template=badge)
    return apps.get_model(APP, "BadgeRequirement").objects.create(group=group, event_type=PASSING, scope=scope)


def test_badges_keep_what_they_are_and_what_they_ask_for(old):
    active = template(old, name="Active", is_active=True, activation_changed_at=timezone.now())
    template(old, name="Switched off", is_active=False, activation_changed_at=timezone.now())
    template(old, name="Never switched on", is_active=False)
    for scope in (FIRST, SECOND, ""):
        requirement(old, active, scope)

    new = migrated_to(AFTER)

    rows = new.get_model(APP, "BadgeTemplate").objects.order_by("name")
    assert list(rows.values_list("name", "status", "version", "on_loss", "release")) == [
        ("Active", "active", 1, "keep", "at_once"),
        ("Never switched on", "draft", 1, "keep", "at_once"),
        ("Switched off", "retired", 1, "keep", "at_once"),
    ]
    places = new.get_model(APP, "ListeningPlace").objects.order_by("scope")
    assert list(places.values_list("event_type", "scope")) == [(PASSING, ""), (PASSING, FIRST), (PASSING, SECOND)]
    kept = new.get_model(APP, "BadgeRequirement").objects.all()
    assert len({row.key for row in kept} | {row.group.key for row in kept}) == 6
    assert {(row.times, row.distinct, row.weight, row.undoes == []) for row in kept} == {(1, "course", 1, True)}


def test_going_back_loses_no_badge(old):
    new = migrated_to(AFTER)
    for status in ("active", "shadow", "retired"):
        template(new, name=status, status=status)

    again = migrated_to(BEFORE)

    rows = again.get_model(APP, "BadgeTemplate").objects.order_by("name")
    assert list(rows.values_list("name", "is_active")) == [("active", True), ("retired", False), ("shadow", False)]
