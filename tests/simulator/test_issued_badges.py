"""Section 5, second half: lists, bulk search, states, replace, revoke, delete."""

from __future__ import annotations

import pytest
import requests

from tests.simulator.conftest import order

MINIMAL = [
    "id",
    "issued_to",
    "issued_to_first_name",
    "issued_to_last_name",
    "issuer_earner_id",
    "public",
    "recipient_email",
    "state",
    "badge_url",
    "updated_at",
    "created_at",
    "expires_at",
    "issued_at",
    "state_updated_at",
    "badge_template",
    "user",
]


@pytest.fixture
def badge(api, template) -> str:
    return api.issue(template, issuer_earner_id="u-1").json()["data"]["id"]


def emails(answer) -> list[str]:
    return [item["recipient_email"].partition("@")[0] for item in answer.json()["data"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["cy", "bo", "ana"]),
        ({"filter": "query::cy@"}, ["cy"]),
        ({"filter": "state::accepted,revoked"}, ["cy", "bo"]),
        ({"filter": "recipient_email::BO@example.org"}, ["bo"]),
        ({"filter": "recipient_email_all::bo@home.example"}, ["bo"]),
        ({"filter": "issuer_earner_id::u-1"}, ["ana"]),
        ({"filter": "issuer_earner_id::u-1|state::revoked"}, []),
        ({"filter": "public::false"}, ["bo"]),
        ({"filter": "badge_templates[reporting_tags]::data"}, ["cy"]),
        ({"filter[badge_templates][reporting_tags]": "data"}, ["cy"]),
        ({"filter[recipient_email]": "ana@example.org"}, ["ana"]),
        ({"filter": "expires_at_date_max::2027-12-31"}, ["cy"]),
        ({"sort": "created_at"}, ["ana", "bo", "cy"]),
        ({"sort": "-issued_at"}, ["ana", "cy", "bo"]),
        ({"filter": "issued_at_min::2026-01-01"}, ["ana"]),
    ],
)
def test_badges_are_filtered_and_sorted(credly, api, at_credly, template, query, found):
    tagged = credly.add_template(at_credly, "Tagged", reporting_tags=["data"])
    credly.add_user("bo@example.org", "bo@home.example")
    api.issue(template, "ana@example.org", issuer_earner_id="u-1")
    bo = api.issue(template, "bo@example.org", issued_at="2024-01-01").json()["data"]["id"]
    cy = api.issue(tagged, "cy@example.org", issued_at="2025-01-01", expires_at="2027-01-01").json()["data"]["id"]
    credly.accept_badge(bo)
    credly.toggle_public(bo)
    credly.revoke_badge(cy)

    assert emails(api.get("badges", **query)) == found


@pytest.mark.parametrize("by", ["badge_template_id", "user_id"])
def test_badges_are_found_by_template_and_by_user(credly, api, at_credly, badge, template, by):
    api.issue(credly.add_template(at_credly, "Other"), "bo@example.org")
    user = credly.accept_badge(badge)["user"]["id"]
    wanted = {"badge_template_id": template.uuid, "user_id": user}[by]

    assert [item["id"] for item in api.get("badges", filter=f"{by}::{wanted}").json()["data"]] == [badge]


def test_the_bulk_search_has_no_totals_and_is_followed_to_its_end(credly, api, template):
    credly.configure(bulk_page_size=20)
    for start in range(0, 50, 25):
        api.post("badges/batch", badges=[order(template, f"e{start + place}@example.org") for place in range(25)])

    url, pages = api.url("high_volume_issued_badge_search") + "?badge_format=minimal&filter=state::pending", []
    while url:
        body = api.get(url).json()
        assert body["metadata"].keys() == {"next_page_url"}
        pages.append(len({item["id"] for item in body["data"]}))
        url = body["metadata"]["next_page_url"]

    assert pages == [20, 20, 10]


def test_the_bulk_search_has_a_minimal_and_a_default_form(credly, api, badge):
    credly.accept_badge(badge)

    minimal = api.get("high_volume_issued_badge_search", badge_format="minimal").json()["data"][0]
    default = api.get("high_volume_issued_badge_search").json()["data"][0]
    credly.configure(bulk_format="minimal")
    unasked = api.get("high_volume_issued_badge_search").json()["data"][0]

    assert minimal.keys() == set(MINIMAL)
    assert minimal["badge_template"].keys() == {"id", "name"}
    assert default == api.get(f"badges/{badge}").json()["data"]
    assert unasked == minimal


@pytest.mark.parametrize(("setting", "path"), [("bulk_lag", "high_volume_issued_badge_search"), ("list_lag", "badges")])
def test_an_index_may_lag_behind(credly, api, badge, setting, path):
    credly.configure(**{setting: 60.0})
    early = api.get(path).json()["data"]
    credly.advance(seconds=61)

    assert early == []
    assert len(api.get(path).json()["data"]) == 1


@pytest.mark.parametrize(
    ("deeds", "urls"),
    [
        ([], {"accept_badge_url"}),
        (["accept_badge"], {"badge_url"}),
        (["reject_badge"], set()),
        (["accept_badge", "revoke_badge"], set()),
        (["accept_badge", "replace"], {"accept_badge_url", "badge_url"}),
    ],
    ids=["pending", "accepted", "rejected", "revoked", "replaced into"],
)
def test_a_badge_has_the_urls_of_its_state_and_no_others(credly, api, template, badge, deeds, urls):
    for deed in deeds:
        if deed == "replace":
            body = {"badge_template_id": template.uuid, "issued_at": "2026-06-01"}
            badge = api.post(f"badges/{badge}/replace", **body).json()["data"]["id"]
        else:
            getattr(credly, deed)(badge)

    assert {key for key in credly.badge(badge) if key.endswith("badge_url")} == urls


def test_an_earner_who_accepts_becomes_a_user_with_a_masked_address(credly, api, badge):
    user = credly.accept_badge(badge)["user"]

    assert user["first_name"] == "Ana"
    assert user["email"] != "ana@example.org"
    assert set(user["current_position_name"]) == {"*"}


def test_expiry_is_a_date_and_not_a_state(credly, api, template):
    badge = api.issue(template, expires_at="2020-01-01").json()["data"]

    assert credly.accept_badge(badge["id"])["state"] == "accepted"


@pytest.mark.parametrize(("setting", "happens"), [("refuse", False), ("allow", True)])
def test_a_rejected_badge_is_accepted_later_or_not(credly, api, badge, setting, happens):
    credly.configure(accept_after_reject=setting)
    credly.reject_badge(badge)

    answer = api_deed(credly, badge, "accept_badge")

    assert (answer == "accepted") is happens


@pytest.mark.parametrize(("setting", "happens"), [("refuse", False), ("allow", True)])
def test_a_locked_template_keeps_earners_from_deciding_or_not(credly, api, at_credly, setting, happens):
    credly.configure(locked_state=setting)
    template = credly.add_template(at_credly, "Locked", lock_badge_state=True)
    badge = api.issue(template).json()["data"]["id"]

    assert (api_deed(credly, badge, "reject_badge") == "rejected") is happens


def api_deed(credly, badge: str, deed: str) -> str:
    """The state after a deed, done over HTTP as another process would."""
    requests.post(f"{credly.origin}/_simulator/badges/{badge}/{deed}", json={}, timeout=10)
    return credly.badge(badge)["state"]


def test_a_replacement_is_a_new_badge_that_inherits_the_acceptance(credly, api, template, badge):
    credly.accept_badge(badge)

    answer = api.post(
        f"badges/{badge}/replace", badge_template_id=template.uuid, issued_at="2026-06-01", expires_at="2028-06-01"
    )

    new, old = answer.json()["data"], credly.badge(badge)
    assert answer.status_code == 201
    assert (new["replaces_badge_id"], old["replacement_badge_id"]) == (badge, new["id"])
    assert (new["state"], new["recipient_email"], new["issuer_earner_id"]) == ("accepted", "ana@example.org", "u-1")
    assert new["expires_at_date"] == "2028-06-01"
    assert credly.badges_of("ana@example.org") == [template.uuid]


@pytest.mark.parametrize(("setting", "earner"), [("keep", "u-1"), ("drop", None)])
def test_what_a_replacement_leaves_out_is_kept_or_lost(credly, api, template, badge, setting, earner):
    credly.configure(replace_omitted=setting)

    answer = api.post(f"badges/{badge}/replace", badge_template_id=template.uuid, issued_at="2026-06-01")

    assert answer.json()["data"]["issuer_earner_id"] == earner


@pytest.mark.parametrize(("setting", "state"), [("keep", "pending"), ("revoked", "revoked")])
def test_the_state_of_a_replaced_badge(credly, api, template, badge, setting, state):
    credly.configure(replaced_state=setting)
    api.post(f"badges/{badge}/replace", badge_template_id=template.uuid, issued_at="2026-06-01")

    assert credly.badge(badge)["state"] == state


def test_a_replaced_badge_names_the_one_to_replace_instead(api, template, badge):
    body = {"badge_template_id": template.uuid, "issued_at": "2026-06-01"}
    second = api.post(f"badges/{badge}/replace", **body).json()["data"]["id"]
    third = api.post(f"badges/{second}/replace", **body).json()["data"]["id"]

    answer = api.post(f"badges/{badge}/replace", **body)

    assert answer.status_code == 422
    assert answer.json()["data"]["message"] == (
        "Validation failed: This badge cannot be replaced because it has already been replaced."
    )
    assert answer.json()["metadata"] == {"current_badge_id": third}


def test_a_replacement_needs_a_template_and_a_time(api, template, badge):
    without_template = api.post(f"badges/{badge}/replace", issued_at="2026-06-01")
    without_time = api.post(f"badges/{badge}/replace", badge_template_id=template.uuid)

    assert (without_template.status_code, without_time.status_code) == (422, 422)


def test_a_revoked_badge_says_why(credly, api, badge):
    answer = api.put(f"badges/{badge}/revoke", reason="Grade corrected")

    data = answer.json()["data"]
    assert answer.status_code == 200
    assert (data["state"], data["revocation_reason"]) == ("revoked", "Grade corrected")
    assert data["state_updated_at"].endswith("Z")
    assert credly.badges_of("ana@example.org") == []


def test_the_reason_may_come_in_the_query(credly, api, badge):
    api.ask("PUT", f"badges/{badge}/revoke", params={"reason": "Grade corrected"})

    assert credly.badge(badge)["revocation_reason"] == "Grade corrected"


def test_a_replaced_badge_cannot_be_revoked(api, template, badge):
    api.post(f"badges/{badge}/replace", badge_template_id=template.uuid, issued_at="2026-06-01")

    assert api.put(f"badges/{badge}/revoke", reason="Late").status_code == 422


@pytest.mark.parametrize(
    ("before", "setting", "reason"),
    [
        ("revoke_badge", "revoke_twice", "Again"),
        ("reject_badge", "revoke_rejected", "Anyway"),
        (None, "revoke_pending", "Early"),
        ("accept_badge", "revoke_without_reason", ""),
    ],
)
def test_what_may_be_revoked_is_a_setting(credly, api, badge, before, setting, reason):
    if before:
        getattr(credly, before)(badge)

    credly.configure(**{setting: "refuse"})
    refused = api.put(f"badges/{badge}/revoke", reason=reason).status_code
    credly.configure(**{setting: "accept"})
    accepted = api.put(f"badges/{badge}/revoke", reason=reason).status_code

    assert (refused, accepted) == (422, 200)


def test_a_deleted_badge_is_gone_but_was_counted(credly, api, template, badge):
    answer = api.delete(f"badges/{badge}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"badges/{badge}").status_code == 404
    assert credly.badges() == []
    assert credly.issued_count("ana@example.org", template.uuid) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", "/revoke"), ("POST", "/replace"), ("DELETE", "")])
def test_another_organizations_badge_does_not_exist(credly, api, method, path):
    other = credly.add_organization("Other")
    badge = credly.issue_badge(other, **order(credly.add_template(other, "Theirs")))

    answer = api.ask(method, f"badges/{badge['id']}{path}", json={} if method != "GET" else None)

    assert answer.status_code == 404
