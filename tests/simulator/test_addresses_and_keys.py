"""Sections 1 and 2 of what is known of Credly: hosts, prefixes, tokens, OAuth."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest
import requests

from tests.simulator.conftest import order


def header(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_path_answers_under_both_prefixes_with_and_without_a_last_slash(credly, api, template, prefix, slash):
    path = f"{credly.origin}{prefix}/organizations/{api.organization.uuid}/badge_templates{slash}"

    answer = api.get(path)

    assert answer.status_code == 200
    assert [item["id"] for item in answer.json()["data"]] == [template.uuid]


def test_urls_in_answers_sit_under_the_other_prefix(credly, api, at_credly):
    credly.add_templates(at_credly, 51)

    default = api.get("badge_templates").json()["metadata"]["next_page_url"]
    credly.configure(link_prefix="/v1", link_origin="https://api.credly.com")
    changed = api.get("badge_templates").json()["metadata"]["next_page_url"]

    assert default.startswith(f"{credly.origin}/api/v1/")
    assert changed.startswith("https://api.credly.com/v1/")


def test_asking_for_html_alone_gives_a_page(credly, api):
    page = api.ask("GET", headers={"Accept": "text/html"})
    json = api.ask("GET", headers={"Accept": "text/html, application/json"})

    assert page.headers["Content-Type"].startswith("text/html")
    assert json.json()["data"]["id"] == api.organization.uuid


def test_no_other_site_may_read_the_answers(api):
    answer = api.ask("GET", headers={"Origin": "https://elsewhere.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("text", "settings", "status"),
    [
        ("{key}:", {}, 200),
        ("{key}", {}, 200),
        ("{key}", {"lenient_basic": False}, 401),
        ("{key}|", {}, 401),
        ("{key}|", {"pipe_basic": True}, 200),
        ("{key}:password", {}, 401),
        ("wrong:", {}, 401),
    ],
)
def test_basic_credentials_in_the_forms_that_people_send(credly, api, text, settings, status):
    credly.configure(**settings)
    sent = header(text.format(key=api.organization.key))

    answer = requests.get(api.url(), headers=sent, timeout=10)

    assert answer.status_code == status


@pytest.mark.parametrize("sent", [{}, {"Authorization": "Basic %%%"}, {"Authorization": "Bearer x"}])
def test_without_credentials_there_is_nothing_to_see(credly, api, sent):
    answer = requests.get(api.url(), headers=sent, timeout=10)

    assert answer.status_code == 401
    assert answer.json() == {"data": {"message": credly.settings.unauthorized_message}, "metadata": None}


def test_a_401_may_be_plain_text(credly, api):
    credly.configure(unauthorized_body="text", unauthorized_message="HTTP Basic: Access denied.")

    answer = requests.get(api.url(), timeout=10)

    assert answer.text == "HTTP Basic: Access denied."


def test_a_token_dies_after_180_days(credly, api):
    credly.advance(days=179, hours=23)
    before = api.get()
    credly.advance(hours=2)

    assert before.status_code == 200
    assert api.get().status_code == 401


def test_keys_are_revoked_expired_and_made_anew(credly, api, at_credly):
    credly.expire_key(at_credly)
    expired = api.get().status_code
    api.session.auth = (credly.new_key(at_credly), "")
    renewed = api.get().status_code
    credly.revoke_key(at_credly)

    assert (expired, renewed, api.get().status_code) == (401, 200, 401)


@pytest.mark.parametrize(
    ("flag", "method", "path"),
    [
        ("read_enabled", "GET", "badges"),
        ("write_enabled", "POST", "badges"),
        ("write_enabled", "PUT", "badges/x/revoke"),
        ("delete_enabled", "DELETE", "badges/x"),
    ],
)
def test_a_token_does_only_what_its_flags_allow(credly, api, at_credly, flag, method, path):
    api.session.auth = (credly.new_key(at_credly, **{flag: False}), "")

    answer = api.ask(method, path, json={} if method != "GET" else None)

    assert answer.status_code == 403


@pytest.mark.parametrize("status", [401, 403, 404])
def test_another_organization_is_refused_in_whichever_way_is_set(credly, api, status):
    credly.configure(foreign_org_status=status)
    other = credly.add_organization("Other Org")

    answer = api.get(f"/organizations/{other.uuid}/badge_templates")

    assert answer.status_code == status


def test_the_token_list_shows_every_token_and_when_it_ends(api, at_credly):
    item = api.get("authorization_tokens").json()["data"][0]

    life = datetime.fromisoformat(item["expires_at"]) - datetime.fromisoformat(item["created_at"])
    assert item["token"] == at_credly.key
    assert item["owner_id"] == item["owner"]["id"] == at_credly.uuid
    assert (item["read_enabled"], item["write_enabled"], item["delete_enabled"]) == (True, True, True)
    assert life == timedelta(days=180)


def test_a_token_that_cannot_write_sees_only_tokens_that_can_but_read(credly, api, at_credly):
    reader = credly.new_key(at_credly, write_enabled=False, delete_enabled=False)
    api.session.auth = (reader, "")

    seen = [item["token"] for item in api.get("authorization_tokens").json()["data"]]

    assert seen == [reader]


def test_rotating_kills_the_old_token_at_once(api):
    answer = api.post("authorization_tokens/rotate")

    assert answer.status_code == 200
    assert api.get().status_code == 401
    api.session.auth = (answer.json()["data"]["token"], "")
    assert api.get().status_code == 200


def test_a_second_token_lets_keys_change_without_a_gap(api):
    made = api.post("authorization_tokens", description="Next", write_enabled=True, delete_enabled=True)
    old = api.get("authorization_tokens").json()["data"][0]["id"]
    api.session.auth = (made.json()["data"]["token"], "")

    gone = api.delete(f"authorization_tokens/{old}")

    assert (made.status_code, gone.status_code) == (201, 204)
    assert len(api.get("authorization_tokens").json()["data"]) == 1


def oauth(credly, application, **values):
    sent = {
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "grant_type": "client_credentials",
    }
    return requests.post(f"{credly.origin}/oauth/token", data=sent | values, timeout=10)


def test_an_oauth_application_gets_an_access_token_for_two_hours(credly, api, at_credly, template):
    application = credly.add_oauth_application(at_credly)
    given = oauth(credly, application, scope="issued_badges badge_templates").json()
    sent = {"Authorization": f"Bearer {given['access_token']}"}

    issued = requests.post(api.url("badges"), json=order(template), headers=sent, timeout=10)
    events = requests.get(api.url("events"), headers=sent, timeout=10)
    credly.advance(hours=2, seconds=1)
    late = requests.get(api.url("badges"), headers=sent, timeout=10)

    assert (given["token_type"], given["expires_in"]) == ("Bearer", 7200)
    assert (issued.status_code, events.status_code, late.status_code) == (201, 403, 401)


@pytest.mark.parametrize(
    ("values", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "everything"}, 400, "invalid_scope"),
    ],
)
def test_oauth_refuses_in_its_own_words(credly, at_credly, values, status, error):
    answer = oauth(credly, credly.add_oauth_application(at_credly), **values)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_oauth_endpoint_is_not_under_the_api_prefix_unless_set(credly, at_credly):
    application = credly.add_oauth_application(at_credly)
    values = {"grant_type": "client_credentials"}
    login = (application.client_id, application.client_secret)

    before = requests.post(f"{credly.url}/oauth/token", data=values, auth=login, timeout=10)
    credly.configure(oauth_under_prefix=True, oauth_answer="wrapped")
    after = requests.post(f"{credly.url}/oauth/token", data=values, auth=login, timeout=10)

    assert before.status_code != 200
    assert after.json()["data"]["token"]


def test_oauth_applications_are_read_without_their_secret(credly, api, at_credly):
    application = credly.add_oauth_application(at_credly)

    listed = api.get("oauth_applications").json()["data"]
    one = api.get(f"oauth_applications/{application.number}").json()["data"]

    assert listed == [one]
    assert one["uid"] == application.client_id
    assert one["secret"] is None
