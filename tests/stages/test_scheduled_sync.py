"""Badge templates are synced by themselves, once a day."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from credly_badges import rounds
from credly_badges.diagnosis import Level, diagnose
from credly_badges.models import AuditEntry, BadgeTemplate, CredlyOrganization, Pulse
from credly_badges.sync.scheduled import sync_due
from credly_badges.testing.factories import OrganizationFactory, RequirementFactory

pytestmark = pytest.mark.django_db


def a_day_later(**organization):
    CredlyOrganization.objects.filter(**organization).update(synced_at=timezone.now() - timedelta(hours=25))


def in_a_minute():
    return time.monotonic() + 60


def listed(credly):
    """How often a list of templates was asked for."""
    return len([each for each in credly.requests() if each.path.partition("?")[0].endswith("/badge_templates")])


def test_templates_come_without_anybody_asking(credly, at_credly, organization):
    credly.add_template(at_credly, "Python")

    rounds.due(Pulse.Source.COMMAND)

    assert BadgeTemplate.objects.get().name == "Python"
    organization.refresh_from_db()
    assert organization.synced_at is not None


def test_what_is_gone_is_found_deactivated_and_told(credly, at_credly, organization, caplog):
    python = credly.add_template(at_credly, "Python")
    sync_due(until=in_a_minute())
    BadgeTemplate.objects.update(status="active")
    credly.delete_template(python)
    a_day_later()

    with caplog.at_level(logging.WARNING, "credly_badges.sync.scheduled"):
        sync_due(until=in_a_minute())

    template = BadgeTemplate.objects.get()
    assert (template.credly_state, template.is_active) == ("gone", False)
    assert caplog.messages == ["Template “Python” was deactivated: Credly would not issue it any more."]
    assert AuditEntry.objects.filter(action="template.deactivated", object_id=template.pk).exists()


def test_what_is_archived_and_has_requirements_is_told_by_the_doctor_too(credly, at_credly, organization):
    python = credly.add_template(at_credly, "Python")
    sync_due(until=in_a_minute())
    RequirementFactory.create_batch(2, group__template=BadgeTemplate.objects.get())
    BadgeTemplate.objects.update(status="active")
    credly.archive_template(python)
    a_day_later()

    sync_due(until=in_a_minute())

    finding = next(each for each in diagnose(ask_credly=False) if each.id == "templates_stopped")
    assert finding.level is Level.NOTE
    assert finding.sentence.startswith("1 template with requirements was deactivated")


def test_an_organization_that_was_synced_today_is_left_alone(credly, organization):
    assert sync_due(until=in_a_minute()) == 1

    assert sync_due(until=in_a_minute()) == 0
    assert listed(credly) == 1


@pytest.mark.parametrize(("hours", "tried"), [(0, 0), (26, 0), (25, 1)])
def test_the_settings_say_how_often(organization, settings, hours, tried):
    settings.CREDLY_BADGES_SYNC_HOURS = hours
    a_day_later()

    assert sync_due(until=in_a_minute()) == tried


def test_a_paused_organization_and_one_that_has_to_wait_are_not_asked_about(credly, at_credly, organization):
    CredlyOrganization.objects.update(paused=CredlyOrganization.Pause.BY_HAND)
    assert sync_due(until=in_a_minute()) == 0

    CredlyOrganization.objects.update(paused="", wait_until=timezone.now() + timedelta(hours=1))
    assert sync_due(until=in_a_minute()) == 0
    assert listed(credly) == 0


def test_when_the_time_is_up_the_rest_comes_first_the_next_time(organization):
    assert sync_due(until=time.monotonic() - 1) == 0
    assert sync_due(until=in_a_minute()) == 1


def test_one_that_cannot_be_synced_is_told_and_does_not_come_first_each_time(credly, organization, caplog):
    broken = OrganizationFactory(name="A broken one", environment="simulator", api_key="nobody-s-key")
    CredlyOrganization.objects.filter(pk=organization.pk).update(sync_tried_at=timezone.now() - timedelta(hours=3))

    assert sync_due(until=in_a_minute()) == 2

    a_day_later(pk=organization.pk)
    CredlyOrganization.objects.filter(pk=organization.pk).update(sync_tried_at=timezone.now() - timedelta(hours=3))
    seen = len(credly.requests())
    assert sync_due(until=in_a_minute()) == 2
    assert str(organization.uuid) in credly.requests()[seen].path
    assert any(str(broken.uuid) in message for message in caplog.messages)
    broken.refresh_from_db()
    assert broken.synced_at is None


def test_a_wrong_setting_is_kept_for_the_doctor(organization, settings):
    settings.CREDLY_BADGES_SYNC_HOURS = "often"

    done = {each.pulse: each.failure for each in rounds.due(Pulse.Source.COMMAND)}

    assert done[Pulse.Source.TEMPLATES] == "ImproperlyConfigured"


@pytest.mark.parametrize(
    ("hours", "days", "finding"), [(24, 2, "sync"), (24, 4, "sync_old"), (0, 4, "sync"), (0, 31, "sync_old")]
)
def test_the_doctor_tells_when_syncs_stay_away(settings, hours, days, finding):
    settings.CREDLY_BADGES_SYNC_HOURS = hours
    OrganizationFactory(synced_at=timezone.now() - timedelta(days=days))

    assert finding in {each.id for each in diagnose(ask_credly=False)}
