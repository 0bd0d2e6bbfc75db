"""``credly_api_keys``: keys of other systems, from a terminal."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from credly_badges.models import ApiKey, AuditEntry, BadgeProgram
from credly_badges.testing.factories import OrganizationFactory, TemplateFactory

pytestmark = pytest.mark.django_db

BADGES = "/api/badges/v1/badges"


def credly_api_keys(*arguments: str) -> str:
    """What the command printed."""
    out = StringIO()
    call_command("credly_api_keys", *arguments, stdout=out)
    return out.getvalue()


def made(*arguments: str) -> dict:
    """A new key, as JSON has it."""
    told = credly_api_keys("make", "--name", "Student records", "--scope", "badges:read", "--json", *arguments)
    return json.loads(told)


def test_a_new_key_is_shown_once_and_opens_the_api(client):
    badge = TemplateFactory()

    said = credly_api_keys("make", "--name", "Student records", "--scope", "badges:read")

    shown = said.splitlines()[0].rpartition(" ")[2]
    answer = client.get(BADGES, headers={"Authorization": f"Bearer {shown}"})
    assert [each["id"] for each in answer.json()["data"]] == [str(badge.uuid)]
    assert "With: all badges." in said
    assert shown not in credly_api_keys("list")
    assert AuditEntry.objects.get(action="api_key.made").object_id == str(ApiKey.objects.get().pk)


def test_a_key_of_an_issuer_or_a_program_sees_that_ones_badges_only(client):
    issuer = OrganizationFactory()
    inside, outside = TemplateFactory.create_batch(2, organization=issuer)
    program = BadgeProgram.objects.create(organization=issuer, slug="first-year", name="First year")
    program.templates.add(inside)
    TemplateFactory()

    def sees(key):
        return {each["id"] for each in client.get(BADGES, headers={"Authorization": f"Bearer {key}"}).json()["data"]}

    assert sees(made("--issuer", str(issuer.uuid))["key"]) == {str(inside.uuid), str(outside.uuid)}
    assert sees(made("--program", str(program.uuid))["key"]) == {str(inside.uuid)}
    assert "With: the badges of the program “First year”." in credly_api_keys("list")


def test_a_key_that_signs_has_a_secret_and_a_name_to_sign_with():
    told = made("--signing", "--days", "30", "--rate-limit", "1000")

    row = ApiKey.objects.get()
    assert (row.kind, row.prefix, row.rate_limit) == ("signing", told["prefix"], 1000)
    assert row.secret.reveal() == told["secret"]
    assert told["expires_at"] == row.expires_at.isoformat()
    said = credly_api_keys("make", "--name", "x", "--scope", "badges:read", "--signing")
    assert "to be given as “key” in what it signs: cbk_" in said
    assert "Its secret, shown this once: " in said


def test_a_revoked_key_opens_nothing(client):
    key = made()

    said = credly_api_keys("revoke", key["prefix"])

    assert said.strip() == f"“Student records” ({key['prefix']}) opens nothing any more."
    assert client.get(BADGES, headers={"Authorization": f"Bearer {key['key']}"}).status_code == 401
    assert json.loads(credly_api_keys("list", "--json"))[0]["revoked_at"]
    assert "It was revoked on " in credly_api_keys("list")


def test_the_whole_key_may_be_pasted_to_revoke_it():
    key = made()

    credly_api_keys("revoke", key["key"])

    assert ApiKey.objects.get().revoked_at is not None


def test_a_list_of_no_keys_says_so_and_one_in_use_says_since_when(client):
    assert credly_api_keys("list").strip() == "There is no API key yet."
    key = made("--days", "30")
    client.get(BADGES, headers={"Authorization": f"Bearer {key['key']}"})

    said = credly_api_keys("list")

    assert "It was last used on " in said
    assert "It expires on " in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("make", "--name", "x", "--scope", "everything"), "invalid choice: 'everything'"),
        (("make", "--name", "x"), "required: --scope"),
        (("make", "--name", " ", "--scope", "badges:read"), "it has to have 1 to 100 letters"),
        (("make", "--name", "x", "--scope", "badges:read", "--days", "0"), "it has to be between 1 and"),
        (("make", "--name", "x", "--scope", "badges:read", "--days", "soon"), "invalid days value"),
        (("make", "--name", "x", "--scope", "badges:read", "--rate-limit", "0"), "it has to be 1 or more"),
        (
            ("make", "--name", "x", "--scope", "badges:read", "--issuer", "0a0b0c0d-0000-4000-8000-000000000001"),
            "No organization here has the ID",
        ),
        (
            ("make", "--name", "x", "--scope", "badges:read", "--program", "0a0b0c0d-0000-4000-8000-000000000001"),
            "No program here has the ID",
        ),
        (("revoke", "cbk_unknown"), "No key begins with cbk_unknown"),
    ],
)
def test_what_cannot_be_made_or_found_is_refused_in_a_sentence(arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("credly_api_keys", *arguments)

    assert not ApiKey.objects.exists()
