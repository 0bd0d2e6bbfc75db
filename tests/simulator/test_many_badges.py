"""A million badges that nobody had to issue, which are badges like any other."""

from __future__ import annotations

import base64
import tracemalloc
from itertools import count
from uuid import UUID

import pytest
import requests

from tests.simulator.conftest import order

SEARCH = "high_volume_issued_badge_search"


def in_bulk(api, **query) -> list[dict]:
    """Every badge of the bulk search."""
    url, found = f"{api.url(SEARCH)}?{'&'.join(f'{key}={value}' for key, value in query.items())}", []
    while url:
        body = api.get(url).json()
        found += body["data"]
        url = body["metadata"]["next_page_url"]
    return found


@pytest.fixture
def earners(credly, template) -> list[str]:
    """The earner ids of three badges made in bulk."""
    ids = ["u-1", "U-2", "u-3"]
    credly.add_badges(template, 3, earner_ids=ids, emails=["ana@example.org", "bo@example.org", "Ana@example.org"])
    return ids


def test_they_stand_in_their_order_among_the_others(credly, api, template):
    before = api.issue(template, "before@example.org").json()["data"]["id"]
    credly.add_badges(template, 5)
    after = api.issue(template, "after@example.org").json()["data"]["id"]
    credly.configure(bulk_page_size=2)

    found = in_bulk(api, badge_format="minimal", filter=f"badge_template_id::{template.uuid}")

    ids = [badge["id"] for badge in found]
    assert (len(set(ids)), ids[0], ids[-1]) == (7, before, after)
    assert {UUID(each).version for each in ids} == {4}
    assert [badge["state"] for badge in found[1:-1]] == ["accepted"] * 5
    assert len({badge["recipient_email"] for badge in found}) == 7
    assert [each["id"] for each in api.get("badges", sort="created_at").json()["data"]] == ids
    assert credly.events()[-1]["badge"]["id"] == after


def test_an_earner_is_found_by_id_and_by_address(credly, api, template, earners):
    by_id = api.get("badges", filter="issuer_earner_id::U-2").json()["data"]
    by_address = api.get("badges", filter="recipient_email::ana@EXAMPLE.org").json()["data"]

    assert [badge["recipient_email"] for badge in by_id] == ["bo@example.org"]
    assert [badge["issuer_earner_id"] for badge in by_address] == ["u-3", "u-1"]
    assert api.get("badges", filter="issuer_earner_id::u-2").json()["data"] == []
    assert credly.badges_of("bo@example.org") == [template.uuid]


def test_one_of_them_can_be_changed_and_stays_changed(credly, api, template, earners):
    first, second, third = (badge["id"] for badge in in_bulk(api))

    api.put(f"badges/{second}/revoke", reason="Grade corrected")
    api.delete(f"badges/{third}")
    renewed = credly.replace_badge(first, expires_at="2030-01-01")

    found = {badge["id"]: badge for badge in in_bulk(api)}
    assert list(found) == [first, second, renewed["id"]]
    assert (found[second]["state"], found[first]["replacement_badge_id"]) == ("revoked", renewed["id"])
    assert api.get(f"badges/{third}").status_code == 404
    assert template.badges_count == 3


def test_they_count_as_duplicates_and_as_issued(credly, api, template, earners):
    same_earner = api.issue(template, "cy@example.org", issuer_earner_id="u-1")
    same_address = api.issue(template, "bo@example.org")

    assert (same_earner.status_code, same_address.status_code) == (422, 422)
    assert credly.issued_count("ANA@example.org", template.uuid) == 2
    assert credly.counters() == {("ana@example.org", template.uuid): 2, ("bo@example.org", template.uuid): 1}


def test_a_template_that_is_deleted_and_brought_back_finds_its_badges_again(credly, api, template, earners):
    credly.delete_template(template)
    credly.restore_template(template)

    assert len(in_bulk(api, filter=f"badge_template_id::{template.uuid}")) == 3


def test_another_process_asks_for_them_over_http(credly, api, template):
    body = {"template_id": template.uuid, "number": 3, "emails": ["a@b.example"] * 3, "state": "pending"}
    url = f"{credly.origin}/_simulator/badges"

    answer = requests.post(url, json=body, timeout=10)
    unknown = requests.post(url, json={**body, "template_id": "nothing"}, timeout=10)
    none = requests.post(url, json={**body, "number": 0}, timeout=10)

    assert (answer.status_code, answer.json()["badges"]) == (200, 3)
    assert (unknown.status_code, none.status_code) == (404, 400)
    assert {badge["state"] for badge in in_bulk(api)} == {"pending"}
    assert requests.get(f"{credly.origin}/badges", timeout=10).text.count("a@b.example") == 3


@pytest.mark.parametrize("wrong", [{"number": 0}, {"number": 3, "emails": ["one@example.org"]}, {"state": "expired"}])
def test_what_cannot_be_made_is_said(credly, template, wrong):
    with pytest.raises(ValueError, match=r"how many|a text for each|in one of the states"):
        credly.add_badges(template, **{"number": 1, **wrong})


def test_a_million_take_no_room_until_somebody_looks(credly, api, template):
    credly.configure(bulk_page_size=100)
    tracemalloc.start()

    credly.add_badges(template, 1_000_000)
    cursor = base64.urlsafe_b64encode(f"after-{credly.store.number() - 101}".encode()).decode()
    last = api.get(SEARCH, after=cursor, badge_format="minimal").json()
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(last["data"]) == 100
    assert last["metadata"]["next_page_url"] is None
    assert taken < 5_000_000
    assert api.get(f"badges/{last['data'][-1]['id']}").json()["data"]["state"] == "accepted"


def test_earner_ids_may_come_from_a_source_without_end(credly, api, template):
    credly.add_badges(template, 3, earner_ids=(f"u-{number}" for number in count()))

    assert [badge["issuer_earner_id"] for badge in in_bulk(api)] == ["u-0", "u-1", "u-2"]


def test_a_badge_replaced_on_credlys_own_site_is_told_as_a_new_one(credly, api, template):
    badge = api.issue(template, issuer_earner_id="u-1").json()["data"]["id"]
    credly.accept_badge(badge)

    renewed = credly.replace_badge(badge, expires_at="2030-01-01", issued_to_last_name="Ng-Ode")

    event = credly.events()[-1]
    assert (event["event_type"], event["badge"]["id"]) == ("badge.created", renewed["id"])
    assert (renewed["replaces_badge_id"], renewed["state"]) == (badge, "accepted")
    assert (renewed["issuer_earner_id"], renewed["issued_to_last_name"]) == ("u-1", "Ng-Ode")


def test_an_address_is_corrected_while_the_badge_is_pending(credly, api, template):
    badge = api.issue(template).json()["data"]["id"]
    credly.configure(event_badge_changed="badge.changed")

    credly.change_email(badge, "ana@home.example")

    assert credly.badges_of("ana@home.example") == [template.uuid]
    assert credly.badges_of("ana@example.org") == []
    assert credly.events()[-1]["event_type"] == "badge.changed"


@pytest.mark.parametrize(("setting", "address"), [("refuse", "ana@example.org"), ("allow", "ana@home.example")])
def test_the_address_of_a_claimed_badge_stays_or_not(credly, api, template, setting, address):
    credly.configure(email_of_claimed_badge=setting)
    badge = api.issue(template).json()["data"]["id"]
    credly.accept_badge(badge)

    url = f"{credly.origin}/_simulator/badges/{badge}/change_email"
    requests.post(url, json={"email": "ana@home.example"}, timeout=10)

    assert credly.badge(badge)["recipient_email"] == address


@pytest.mark.parametrize(
    ("fields", "start", "expires"),
    [
        ({"default_expires_at": "2 years"}, "2024-02-29", "2026-02-28"),
        ({"default_expires_at": "18 months"}, "2026-05-31", "2027-11-30"),
        ({"default_expires_at": "90 days", "default_expires_at_type": "relative"}, "2026-05-01", "2026-07-30"),
        ({"default_expires_at": 2, "default_expires_at_type": "weeks"}, "2026-05-01", "2026-05-15"),
        ({"default_expires_at": "2030-01-01"}, "2026-05-01", "2030-01-01"),
        ({"default_expires_at": "some day"}, "2026-05-01", None),
        ({}, "2026-05-01", None),
    ],
)
def test_a_template_lets_its_badges_expire_after_a_while(credly, api, at_credly, fields, start, expires):
    template = credly.add_template(at_credly, "Expiring", **fields)

    badge = api.issue(template, issued_at=start).json()["data"]

    assert badge["expires_at_date"] == expires


@pytest.mark.parametrize(("setting", "year"), [("issued_at", 2021), ("created_at", None)])
def test_a_relative_expiry_is_counted_from_the_issue_or_from_now(credly, api, at_credly, setting, year):
    credly.configure(relative_expiry_from=setting)
    template = credly.add_template(at_credly, "Expiring", default_expires_at="1 year")

    badge = api.issue(template, issued_at="2020-05-01").json()["data"]

    assert badge["expires_at_date"].startswith(str(year or credly.store.now().year + 1))


@pytest.mark.parametrize(("setting", "named"), [(True, True), (False, False)])
def test_a_refused_batch_names_its_item_or_not(credly, api, template, setting, named):
    credly.configure(batch_error_index=setting)

    data = api.post("badges/batch", badges=[order(template), order(template, "no address")]).json()["data"]

    assert (data.get("error_index") == 1) is named


def test_the_feed_has_a_page_size_and_an_order_of_its_own(credly, api, template):
    credly.configure(event_page_size=2, event_order="newest")
    for number in range(3):
        api.issue(template, f"e{number}@example.org")

    newest = api.get("events").json()
    oldest = api.get("events", sort="occurred_at").json()

    assert (newest["metadata"]["per"], newest["metadata"]["total_pages"]) == (2, 2)
    assert oldest["data"][0]["event_type"] == "badge_template.created"
    assert newest["data"][0]["badge"]["recipient_email"] == "e2@example.org"


@pytest.mark.parametrize(
    ("setting", "flags", "status", "seen"),
    [
        ("by_permission", {}, 200, 2),
        ("by_permission", {"delete_enabled": False}, 200, 0),
        ("all", {"delete_enabled": False}, 200, 2),
        ("refuse", {}, 403, None),
    ],
)
def test_who_sees_the_tokens_is_a_setting(credly, api, at_credly, setting, flags, status, seen):
    credly.configure(list_of_tokens=setting)
    api.session.auth = (credly.new_key(at_credly, **flags), "")

    answer = api.get("authorization_tokens")

    assert answer.status_code == status
    assert seen is None or len(answer.json()["data"]) == seen


@pytest.mark.parametrize(
    ("setting", "value", "expiry"), [("all", True, True), ("without_value", False, True), ("as_in_2020", True, False)]
)
def test_what_is_told_of_a_token_is_a_setting(credly, api, at_credly, setting, value, expiry):
    credly.configure(told_of_tokens=setting)

    token = api.get("authorization_tokens").json()["data"][0]

    assert (token["token"] == at_credly.key) is value
    assert ("expires_at" in token) is expiry
