"""Keys listed, made and ended at Credly, whose values nobody gets to read; and the address for its notices."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from uuid import UUID

import pytest
from responses import matchers

from credly_badges.credly import errors, wire
from credly_badges.credly.answer import Answer

ORGANIZATION = UUID("0a000000-0000-4000-8000-000000000001")
TOKEN = UUID("0b0e6c1e-0000-4000-8000-000000000001")
ROOT = f"https://api.credly.com/v1/organizations/{ORGANIZATION}"
TOKENS = f"{ROOT}/authorization_tokens"
VALUE = "SUCCESSORtoken_0123456789"


@pytest.fixture
def made(credly_says):
    """What Credly answers when it makes a token."""
    said = credly_says("authorization_tokens.first_page")["data"][0]
    return {"data": {**said, "id": str(UUID(int=9)), "token": VALUE}, "metadata": {}}


def test_every_token_is_listed_with_its_end(credly, client, credly_says):
    older = credly_says("authorization_tokens.as_in_2020")
    credly.get(TOKENS, json=credly_says("authorization_tokens.first_page"))
    credly.get(TOKENS, json={**older, "metadata": {"next_page_url": None}})

    newest, oldest = client.tokens()

    assert (newest.id, newest.description) == (TOKEN, "LMS integration")
    assert newest.expires_at == datetime(2026, 8, 28, 9, tzinfo=UTC)
    assert (newest.read_enabled, newest.write_enabled, newest.delete_enabled) == (True, True, False)
    assert (oldest.expires_at, oldest.description, oldest.delete_enabled) == (None, "", True)
    assert "page=2" in credly.calls[1].request.url


def test_a_list_of_tokens_without_metadata_is_read_to_its_end(credly, client, credly_says):
    credly.get(TOKENS, json=credly_says("authorization_tokens.as_in_2020"))

    assert [token.value for token in client.tokens()] == ["OLDERtoken_0123456789"]


def test_a_list_with_a_token_that_cannot_be_read_does_not_look_complete(credly, client):
    credly.get(TOKENS, json={"data": [{"id": VALUE, "token": VALUE}], "metadata": {"next_page_url": None}})

    with pytest.raises(errors.Garbled, match="A token could not be read") as failed:
        client.tokens()

    assert VALUE not in str(failed.value)


def test_a_successor_is_made_beside_the_others(credly, client, made):
    wanted = {"description": "LMS", "read_enabled": True, "write_enabled": True, "delete_enabled": False}
    credly.post(TOKENS, json=made, status=201, match=[matchers.json_params_matcher(wanted)])

    token = client.create_token("LMS")

    assert token.value == VALUE
    assert VALUE not in repr(token)


def test_a_key_is_rotated_at_once(credly, client, made):
    credly.post(f"{TOKENS}/rotate", json=made)

    assert client.rotate_token().value == VALUE


@pytest.mark.parametrize("value", [None, "", "two words", "a:b", "schlüssel"])
@pytest.mark.parametrize("make", [lambda client: client.create_token("LMS"), lambda client: client.rotate_token()])
def test_a_new_key_that_cannot_be_used_is_looked_for_before_asking_again(credly, client, made, value, make):
    made["data"]["token"] = value
    for path in (TOKENS, f"{TOKENS}/rotate"):
        credly.post(path, json=made)
    credly.assert_all_requests_are_fired = False

    with pytest.raises(errors.Unanswered, match="before asking again"):
        make(client)


@pytest.mark.parametrize("answer", [{"status": 204}, {"status": 200, "json": {"data": {}, "metadata": {}}}])
def test_a_token_is_ended(credly, client, answer):
    credly.delete(f"{TOKENS}/{TOKEN}", **answer)

    client.delete_token(TOKEN)

    assert credly.calls[0].request.method == "DELETE"


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("status", [200, 400, 401, 422, 429, 500])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", f'{{"data":{{"message":"Bad {VALUE}","token":"{VALUE}"}}}}'),
        ("application/json", f'{{"message":"{VALUE} is old","data":[{{"access_token" : "{VALUE}"}}]}}'),
        ("application/json", f'{{"data":{{"message":"Half {VALUE}","token":"{VALUE}'),
        ("text/plain", f'{{"data":{{"token":"{VALUE}"}}}}'),
        ("text/plain", f'{{"data":{{"secret": "{VALUE}'),
    ],
)
def test_no_key_of_an_answer_is_read_in_an_error(acts, status, kind, body):
    answer = Answer("POST /authorization_tokens", acts, status, {"Content-Type": kind}, body.encode())

    try:
        answer.content()
        answer.unreadable(f"{VALUE} does not fit.")
    except errors.CredlyError as error:
        shown = "".join([str(error), repr(error), repr(vars(error)), repr(answer), str(pickle.dumps(error))])

    assert VALUE not in shown


def test_credly_is_told_where_to_send_its_notices(credly, client, credly_says):
    url = "https://lms.example/badges/credly/webhook/unguessable/"
    said = credly_says("organization.verified")
    said["data"]["webhook_url"] = url
    credly.put(ROOT, json=said, match=[matchers.json_params_matcher({"webhook_url": url})])

    organization = client.set_webhook_url(url)

    assert organization.webhook_url == url
    assert "unguessable" not in repr(organization)


def test_credly_is_told_to_send_no_notices(credly, client, credly_says):
    said = credly_says("organization.verified")
    said["data"]["webhook_url"] = None
    credly.put(ROOT, json=said, match=[matchers.json_params_matcher({"webhook_url": None})])

    assert client.set_webhook_url("").webhook_url == ""


def test_an_address_that_credly_did_not_take_over_is_told_without_its_secret(credly, client, credly_says):
    url = "https://lms.example/badges/credly/webhook/unguessable/"
    credly.put(ROOT, json=credly_says("organization.verified"))
    credly.put(ROOT, json={"data": {"message": f"Webhook url {url} is invalid"}, "metadata": None}, status=422)

    with pytest.raises(errors.Unanswered, match="does not fit"):
        client.set_webhook_url(url)
    with pytest.raises(errors.Refused) as refused:
        client.set_webhook_url(url)

    assert "unguessable" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        "lms.example/x",
        "ftp://lms.example/",
        "https://lms.example/a b",
        "https:///x\n",
        "http://lms.example/hook/",
        "http://localhost.example/hook/",
        "http://127.0.0.1@lms.example/hook/",
    ],
)
def test_only_an_address_is_given_for_notices(client, wrong):
    with pytest.raises(ValueError, match="begins with https"):
        client.set_webhook_url(wrong)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_on_this_machine_notices_may_come_without_tls(host, credly, client, credly_says):
    url = f"http://{host}/hook/"
    said = credly_says("organization.verified")
    said["data"]["webhook_url"] = url
    credly.put(ROOT, json=said)

    assert client.set_webhook_url(url).webhook_url == url


def test_a_token_is_never_shown_by_accident():
    token = wire.Token(id=TOKEN, created_at=datetime(2026, 3, 1, tzinfo=UTC), value=VALUE)

    assert VALUE not in f"{token} {token!r} {[token]}"
