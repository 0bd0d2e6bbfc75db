"""The system checks: what a site is told at its start, by number."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from credly_badges.checks import check_organizations, check_settings
from credly_badges.settings.common import DEFAULTS
from credly_badges.testing.factories import OrganizationFactory


def numbers(messages) -> list[str]:
    return [message.id.partition(".")[2] for message in messages]


def test_the_settings_of_a_working_site_pass():
    assert check_settings(None) == []


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("ENCRYPTION_KEYS", "one key, not a list", "E001"),
        ("READ_TIMEOUT", "20", "E001"),
        ("CELERY_QUEUE", ["badges"], "E001"),
        ("API_KEYS", ["a-secret-key-0001"], "E001"),
        ("ENCRYPTION_KEYS", [], "E008"),
        ("ENCRYPTION_KEYS", [Fernet.generate_key().decode(), "not a key"], "E002"),
        ("API_URLS", {"proxy": "http://credly.example.com/v1"}, "E003"),
        ("API_URLS", {"proxy": "http://10.0.0.7/v1"}, "E003"),
        ("API_URLS", {"proxy": "http://169.254.169.254/v1"}, "E003"),
        ("API_URLS", {"proxy": "http://localhost.example.com/v1"}, "E003"),
        ("API_URLS", {"proxy": "credly.example.com"}, "E003"),
        ("API_URLS", {"proxy": "https://[credly"}, "E003"),
        ("API_URLS", {"proxy": "https://somebody:a-secret-key-0001@credly.example.com/v1"}, "E003"),
        ("API_URLS", {"sandbox": "https://credly.example.com/v1"}, "W002"),
        ("LMS_BACKEND", "nowhere.Nothing", "E004"),
        ("API_KEYS", {"Example University": "a-secret-key-0001"}, "E005"),
        ("API_KEYS", "a-secret-key-0001", "E009"),
        ("API_KEYS", "nowhere.to_be_found", "E009"),
        ("API_KEYS", {"0a0b0c0d-0000-4000-8000-000000000001": "credly_badges.apps.NOBODY"}, "E009"),
        ("API_KEYS", {"0a0b0c0d-0000-4000-8000-000000000001": 42}, "E009"),
        ("API_KEY_CACHE_SECONDS", "a minute", "E001"),
        ("LEASE_SECONDS", 25, "W003"),
        ("MAX_ATTEMPTS", 0, "E007"),
        ("SWEEP_SECONDS", -5, "E007"),
    ],
)
def test_each_mistake_in_the_settings_has_its_number(settings, name, value, number):
    setattr(settings, f"CREDLY_BADGES_{name}", value)

    messages = check_settings(None, databases=["default"])

    assert numbers(messages) == [number]
    assert messages[0].hint
    assert "a-secret-key-0001" not in str(messages[0])


def key_from_a_vault(organization_id) -> str:
    """A function of a site's own."""
    return f"key-of-{organization_id}"


@pytest.mark.parametrize(
    "source",
    [
        key_from_a_vault,
        "tests.doors.test_checks.key_from_a_vault",
        {"0a0b0c0d-0000-4000-8000-000000000001": "tests.doors.test_checks.key_from_a_vault"},
    ],
)
def test_without_a_ring_a_site_may_run_whose_keys_come_from_elsewhere(settings, source):
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = []
    settings.CREDLY_BADGES_API_KEYS = source

    assert numbers(check_settings(None, databases=["default"])) == ["W001"]


@pytest.mark.django_db
def test_migrate_refuses_to_go_on_without_a_ring_and_what_builds_an_image_does_not(settings):
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = []

    assert numbers(check_settings(None, databases=["default"])) == ["E008"]
    assert numbers(check_settings(None, databases=None)) == ["W001"]
    with pytest.raises(SystemCheckError, match="E008"):
        call_command("migrate", plan=True, skip_checks=False)
    call_command("check")


def test_a_site_that_is_being_developed_is_only_told_of_the_missing_ring(settings):
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = []
    settings.DEBUG = True

    assert numbers(check_settings(None, databases=["default"])) == ["W001"]


@pytest.mark.django_db
def test_stored_keys_without_a_ring_are_an_error_even_where_the_settings_give_others(settings):
    OrganizationFactory()
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = []
    settings.CREDLY_BADGES_API_KEYS = key_from_a_vault

    assert numbers(check_organizations(None, databases=["default"])) == ["E010"]


@pytest.mark.parametrize(
    "address", ["https://credly.example.com/v1", "http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]/v1"]
)
def test_https_and_this_machine_are_addresses_that_keys_may_be_sent_to(settings, address):
    settings.CREDLY_BADGES_API_URLS = {"proxy": address}

    assert check_settings(None) == []


@pytest.mark.django_db
def test_an_organization_in_an_environment_that_the_settings_lost_is_named():
    lost = OrganizationFactory(environment="proxy")
    OrganizationFactory()

    (message,) = check_organizations(None, databases=["default"])

    assert message.id == "credly_badges.E006"
    assert str(lost.uuid) in message.msg


@pytest.mark.django_db
def test_organizations_are_not_looked_at_unless_the_database_may_be():
    OrganizationFactory(environment="proxy")

    assert check_organizations(None) == []


def test_manage_py_check_stops_at_an_error(settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "nowhere.Nothing"

    with pytest.raises(SystemCheckError, match=r"credly_badges\.E004"):
        call_command("check")


def test_every_setting_is_read_before_anything_depends_on_it(settings):
    """A setting of the wrong type is told by the check, and not by whatever stumbles over it."""
    untold = []
    for name in DEFAULTS:
        before = getattr(settings, name)
        setattr(settings, name, object())
        if not [each for each in check_settings(None) if each.id == "credly_badges.E001" and name in each.msg]:
            untold.append(name)
        setattr(settings, name, before)

    assert untold == []


@pytest.mark.parametrize(("storage", "told"), [("", True), ("default", False)])
def test_a_site_for_real_learners_is_asked_where_their_pictures_go(settings, storage, told):
    settings.CREDLY_BADGES_EVIDENCE_STORAGE = storage

    assert ("W005" in numbers(run_checks(include_deployment_checks=True))) is told
    assert "W005" not in numbers(run_checks())
