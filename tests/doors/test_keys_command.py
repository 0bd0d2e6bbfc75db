"""``credly_keys``: what an operator reads, and how it ends."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command

from credly_badges import access
from credly_badges.keys import reencryption
from credly_badges.models import ApiKey, CredlyOrganization, Subscriber
from credly_badges.models.encryption import EncryptedTextField
from credly_badges.testing.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


def credly_keys(*arguments: str) -> tuple[int, str]:
    """How the command ended, and what it printed."""
    out = StringIO()
    try:
        call_command("credly_keys", *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_a_check_says_what_each_key_may_do_and_when_it_expires(organization):
    ended, said = credly_keys("check")

    assert ended == 0
    assert "It may read, write and delete." in said
    assert "(as Credly says)" in said


def test_a_check_ends_with_1_if_a_key_fails(organization):
    OrganizationFactory(name="Broken College", environment="simulator", api_key="an-unknown-key-1234")

    ended, said = credly_keys("check", "--json")

    assert ended == 1
    assert {each["ok"] for each in json.loads(said)} == {True, False}
    assert "an-unknown-key-1234" not in said


def test_a_rotation_is_foretold_and_then_done(organization, at_credly, credly):
    foretold = credly_keys("rotate", str(organization.uuid), "--dry-run", "--overlap", "2")
    assert CredlyOrganization.objects.get().api_key.reveal() == at_credly.key

    ended, said = credly_keys("rotate", str(organization.uuid), "--overlap", "2", "--json")

    assert foretold[0] == 0
    assert "kept for 2 hours" in foretold[1]
    assert ended == 0
    told = json.loads(said)
    assert told["done"] is True
    row = CredlyOrganization.objects.get()
    assert told["retire_at"] == row.retire_at.isoformat()
    assert not {row.api_key.reveal(), at_credly.key} & set(said.split('"'))


def test_a_rotation_at_once_leaves_the_new_key_alone_at_credly(organization, credly):
    ended, said = credly_keys("rotate", str(organization.uuid), "--at-once")

    assert ended == 0
    assert "the old one works no more" in said
    assert list(credly.store.tokens) == [CredlyOrganization.objects.get().api_key.reveal()]


def test_what_is_not_rotated_ends_with_1_and_says_why(organization, settings, at_credly):
    settings.CREDLY_BADGES_API_KEYS = {str(organization.uuid): at_credly.key}

    ended, said = credly_keys("rotate", str(organization.uuid))

    assert ended == 1
    assert "put it where the setting takes it from" in said


def test_an_unknown_organization_and_an_overlap_of_nothing_are_refused(organization):
    with pytest.raises(CommandError, match="No organization here has the ID"):
        call_command("credly_keys", "rotate", "11111111-1111-4111-8111-111111111111")
    for hours in ("0", "-1", "nan", "5000", "soon"):
        with pytest.raises(CommandError, match="overlap"):
            call_command("credly_keys", "rotate", str(organization.uuid), f"--overlap={hours}")


def test_an_old_encryption_key_can_go_once_all_was_encrypted_anew(organization, at_credly, settings):
    old, new = settings.CREDLY_BADGES_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [new, old]

    foretold = credly_keys("rotate-encryption", "--dry-run")
    stayed = CredlyOrganization.objects.get().api_key.ring_position
    done = credly_keys("rotate-encryption")
    again = credly_keys("rotate-encryption", "--json")
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [new]

    assert foretold == (0, f"{organization.uuid}  API key in force: encrypted with key 2 of the ring\n")
    assert stayed == 2
    assert done[0] == 0
    assert "is now with the newest" in done[1]
    assert [each["position"] for each in json.loads(again[1])] == [1]
    assert CredlyOrganization.objects.get().api_key.reveal() == at_credly.key
    assert not {old, new, at_credly.key} & set((foretold[1] + done[1] + again[1]).split())


def test_the_secrets_of_the_rest_api_and_of_subscribers_are_encrypted_anew_as_well(settings):
    old, new = settings.CREDLY_BADGES_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    made = access.make(name="A system", scopes=[access.Scope.BADGES_READ], kind=ApiKey.Kind.SIGNING)
    Subscriber.objects.create(name="CRM", url="https://crm.example.com/", secret="whsec_1", previous_secret="whsec_0")
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [new, old]

    ended, said = credly_keys("rotate-encryption")
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [new]

    assert ended == 0
    assert said.count("is now with the newest") == 3
    assert ApiKey.objects.get().secret.reveal() == made.shown
    subscriber = Subscriber.objects.get()
    assert [subscriber.secret.reveal(), subscriber.previous_secret.reveal()] == ["whsec_1", "whsec_0"]
    assert not {made.shown, "whsec_1", "whsec_0"} & set(said.split())


def test_no_encrypted_column_is_forgotten():
    encrypted = {
        (model, field.name)
        for model in apps.get_app_config("credly_badges").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    }

    assert encrypted == {(model, name) for model, names in reencryption.COLUMNS.items() for name in names}


def test_a_key_that_cannot_be_read_ends_it_with_1_and_the_others_are_done(organization, settings):
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    OrganizationFactory(name="Example College")
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [
        Fernet.generate_key().decode(),
        *settings.CREDLY_BADGES_ENCRYPTION_KEYS,
    ]

    ended, said = credly_keys("rotate-encryption")

    assert ended == 1
    assert "no key of the ring can read it" in said
    assert "is now with the newest" in said


def test_without_a_ring_it_says_how_to_make_one(organization, settings):
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = []

    with pytest.raises(CommandError, match="generate_key"):
        call_command("credly_keys", "rotate-encryption", skip_checks=True)


def test_with_nothing_stored_there_is_nothing_to_encrypt():
    assert credly_keys("rotate-encryption") == (0, "No API key is stored.\n")
