"""Connecting an organization: what Credly says of its key and ID, and what happens to the badges that waited."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.views.debug import ExceptionReporter

from credly_badges import connections, keys, onboarding
from credly_badges.models import AuditEntry, CredlyOrganization, OutboxMessage
from credly_badges.sync import organizations
from credly_badges.testing.factories import MessageFactory, OrganizationFactory, UserFactory

Pause = CredlyOrganization.Pause


@pytest.fixture
def organization(organization) -> CredlyOrganization:
    """As it is read from the database."""
    organization.refresh_from_db()
    return organization


def test_a_valid_key_gives_the_organization_its_name(organization):
    CredlyOrganization.objects.update(name="")
    organization.refresh_from_db()

    check = keys.check(organization, by=UserFactory()).answer

    assert check.ok
    assert check.sentence == "Credly knows the key; it belongs to Example University."
    organization.refresh_from_db()
    assert organization.name == "Example University"


def test_an_organization_can_be_checked_before_it_is_saved(credly_address, at_credly):
    unsaved = OrganizationFactory.build(uuid=at_credly.uuid, environment="simulator", api_key=at_credly.key)

    check = organizations.check(unsaved)

    assert (check.ok, check.name) == (True, "Example University")


def test_a_wrong_key_is_told_apart_from_a_wrong_id(credly, organization):
    organization.api_key = "a-key-of-nobody-at-all"
    wrong_key = organizations.check(organization)
    organization.refresh_from_db()
    organization.uuid = uuid4()
    wrong_id = organizations.check(organization)

    assert (wrong_key.ok, wrong_key.wrong) == (False, "api_key")
    assert "Most likely the key is wrong, has expired" in wrong_key.sentence
    assert "a-key-of-nobody-at-all" not in wrong_key.sentence
    assert (wrong_id.ok, wrong_id.wrong) == (False, "uuid")
    assert "Most likely the organization ID is wrong" in wrong_id.sentence


def test_a_report_of_a_connection_that_failed_does_not_show_the_key(organization, at_credly, settings):
    settings.CREDLY_BADGES_CONNECT_TIMEOUT = "soon"

    with pytest.raises(ImproperlyConfigured) as failure:
        connections.connect(organization)
    report = ExceptionReporter(None, failure.type, failure.value, failure.tb).get_traceback_html()

    assert "_open" in report
    assert at_credly.key not in report


def test_a_key_of_another_organization_is_called_that_if_credly_forbids_it(credly, organization):
    credly.configure(foreign_org_status=403)
    organization.uuid = uuid4()

    check = organizations.check(organization)

    assert not check.ok
    assert "Most likely the key is another organization's" in check.sentence


def test_a_key_that_cannot_be_a_key_is_refused_without_asking_credly(credly, organization):
    organization.api_key = "two words"

    check = organizations.check(organization)

    assert (check.ok, check.wrong) == (False, "api_key")
    assert "paste it again" in check.sentence
    assert not credly.requests()


def test_when_credly_is_down_neither_key_nor_id_is_blamed(credly, organization):
    credly.before_acting("GET */organizations/*", status=503, times=None)

    check = organizations.check(organization)

    assert (check.ok, check.wrong) == (False, "")
    assert "neither key nor ID was checked" in check.sentence


def test_a_new_key_ends_the_pause_and_everything_that_waited_is_sent(
    credly, organization, django_capture_on_commit_callbacks
):
    message = waiting_message(organization)
    OutboxMessage.objects.update(not_before=timezone.now() + timedelta(hours=6))
    set_pause(organization, Pause.KEY_REJECTED)
    admin = UserFactory(admin=True)

    with django_capture_on_commit_callbacks() as wakes:
        check = keys.check(organization, by=admin).answer

    assert check.ok
    organization.refresh_from_db()
    assert (organization.paused, organization.pause_reason, organization.paused_at) == ("", "", None)
    assert AuditEntry.objects.get(action="organization.resumed").actor == admin
    assert len(wakes) == 1
    assert list(OutboxMessage.objects.due(timezone.now())) == [message]


def test_a_key_that_is_still_wrong_leaves_the_pause_as_it_is(credly, organization):
    set_pause(organization, Pause.KEY_REJECTED)
    organization.api_key = "still-not-the-right-key"
    organization.save()

    check = keys.check(organization, by=None).answer

    assert not check.ok
    organization.refresh_from_db()
    assert organization.paused == Pause.KEY_REJECTED


def test_a_pause_that_a_person_made_is_theirs_to_end(organization, django_capture_on_commit_callbacks):
    waiting_message(organization)
    admin = UserFactory(admin=True)
    onboarding.pause(organization, by=admin, because="Exam week.")

    keys.check(organization, by=admin)
    organization.refresh_from_db()
    still = organization.paused
    with django_capture_on_commit_callbacks():
        woken = onboarding.resume(organization, by=admin)

    assert still == Pause.BY_HAND
    assert woken == 1
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "organization.paused",
        "organization.resumed",
    ]


def test_resuming_what_is_not_paused_does_nothing(organization):
    waiting_message(organization)

    woken = onboarding.resume(organization, by=None)

    assert woken == 0
    assert not AuditEntry.objects.exists()


def waiting_message(organization: CredlyOrganization) -> OutboxMessage:
    return MessageFactory(award__template__organization=organization)


def set_pause(organization: CredlyOrganization, pause: str) -> None:
    organization.paused, organization.pause_reason = pause, "Credly rejected the API key."
    organization.save()
