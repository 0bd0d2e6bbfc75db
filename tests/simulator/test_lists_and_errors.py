"""Section 3: envelope, pages, filters, sorts, errors."""

from __future__ import annotations

import pytest
import requests


def test_one_object_comes_with_empty_metadata(api):
    assert api.get().json().keys() == {"data", "metadata"}
    assert api.get().json()["metadata"] == {}


def test_a_list_comes_in_pages_of_fifty_with_its_counts(credly, api, at_credly):
    credly.add_templates(at_credly, 120)

    first = api.get("badge_templates").json()["metadata"]
    last = api.get("badge_templates", page="3").json()["metadata"]

    assert (first["count"], first["current_page"], first["total_count"], first["total_pages"]) == (50, 1, 120, 3)
    assert (first["per"], first["previous_page_url"]) == (50, None)
    assert (last["count"], last["next_page_url"]) == (20, None)
    assert last["previous_page_url"].endswith("page=2")


def test_following_the_pages_shows_everything_once(credly, api, at_credly):
    made = {template.uuid for template in credly.add_templates(at_credly, 120)}

    url, seen = api.url("badge_templates") + "?sort=name", []
    while url:
        body = api.get(url).json()
        seen += [item["id"] for item in body["data"]]
        url = body["metadata"]["next_page_url"]

    assert len(seen) == 120
    assert set(seen) == made


@pytest.mark.parametrize(("keeps", "held"), [(True, True), (False, False)])
def test_the_next_page_may_forget_what_was_asked(credly, api, at_credly, keeps, held):
    credly.configure(next_page_url_keeps_query=keeps)
    credly.add_templates(at_credly, 51)

    url = api.get("badge_templates", filter="state::active").json()["metadata"]["next_page_url"]

    assert ("filter=state%3A%3Aactive" in url) is held


@pytest.mark.parametrize(("setting", "status", "count"), [("empty", 200, 0), ("last", 200, 10), ("404", 404, None)])
def test_a_page_past_the_end(credly, api, at_credly, setting, status, count):
    credly.configure(page_past_end=setting)
    credly.add_templates(at_credly, 60)

    answer = api.get("badge_templates", page="9")

    assert answer.status_code == status
    assert count is None or len(answer.json()["data"]) == count


@pytest.mark.parametrize(("honored", "per"), [(False, 50), (True, 10)])
def test_another_page_size_is_honored_only_when_set(credly, api, honored, per):
    credly.configure(per_honored=honored)

    assert api.get("badge_templates", per="10").json()["metadata"]["per"] == per


@pytest.mark.parametrize("pages", [0, 1])
def test_an_empty_list_has_one_page_or_none(credly, api, pages):
    credly.configure(empty_total_pages=pages)

    assert api.get("badges").json()["metadata"]["total_pages"] == pages


def test_old_lists_had_no_metadata(credly, api):
    credly.configure(empty_metadata=True)

    assert api.get("/organizations").json()["metadata"] == {}


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "state::active|query::archery"},
        {"filter[state]": "active", "filter[query]": "archery"},
    ],
)
def test_filters_are_read_in_both_forms(credly, api, at_credly, query):
    wanted = credly.add_template(at_credly, "Archery")
    credly.add_template(at_credly, "Archery of old", state="archived")
    credly.add_template(at_credly, "Sailing")

    found = api.get("badge_templates", **query).json()["data"]

    assert [item["id"] for item in found] == [wanted.uuid]


def test_a_misspelled_filter_parameter_filters_nothing(credly, api, at_credly):
    credly.add_templates(at_credly, 3)

    assert api.get("badge_templates", filters="state::draft").json()["metadata"]["total_count"] == 3


@pytest.mark.parametrize(("setting", "status"), [("ignore", 200), ("refuse", 422)])
@pytest.mark.parametrize("query", [{"filter": "color::red"}, {"sort": "color"}])
def test_an_unknown_key_is_ignored_or_refused(credly, api, setting, status, query):
    credly.configure(unknown_filter=setting)

    assert api.get("badge_templates", **query).status_code == status


def test_a_plus_that_is_not_encoded_becomes_a_space(credly, api, template):
    api.issue(template, "ana+school@example.org")
    path = api.url("badges") + "?filter=recipient_email::"

    raw = api.get(path + "ana+school@example.org").json()["data"]
    encoded = api.get(path + "ana%2Bschool%40example.org").json()["data"]

    assert (len(raw), len(encoded)) == (0, 1)


@pytest.mark.parametrize(
    "path", ["badges/5555", "badge_templates/1111", "events/6666", "nothing", "/nothing", "authorization_tokens/0"]
)
def test_what_is_unknown_is_a_404(credly, api, path):
    answer = api.get(path)

    assert answer.status_code == 404
    assert answer.json() == {"data": {"message": "resource not found"}, "metadata": None}


@pytest.mark.parametrize("body", [b"{not json", b"[1, 2]"])
def test_a_body_that_is_no_object_is_a_400(api, body):
    answer = api.ask("POST", "badges", data=body)

    assert answer.status_code == 400
    assert "JSON" in answer.json()["data"]["message"]


def test_a_422_may_say_that_validation_failed_and_list_its_fields(credly, api, template):
    credly.configure(validation_prefix=True, error_list=True)

    data = api.issue(template, email="nobody").json()["data"]

    assert data["message"] == "Validation failed: Recipient email is invalid"
    assert data["errors"][0]["field"] == "recipient_email"


@pytest.mark.parametrize("settings", [{}, {"rate_retry_after": False, "rate_body": "text"}, {"rate_window": "sliding"}])
def test_too_many_requests_in_a_minute_are_refused(credly, api, settings):
    credly.configure(rate_limit=2, rate_headers=True, **settings)
    credly.advance(seconds=60 - credly.store.now().second)

    statuses = [api.get().status_code for _ in range(3)]
    refused = api.get()
    credly.advance(seconds=61)

    assert statuses == [200, 200, 429]
    assert ("Retry-After" in refused.headers) is settings.get("rate_retry_after", True)
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert api.get().status_code == 200


def test_the_limit_is_counted_for_each_token(credly, api, at_credly):
    credly.configure(rate_limit=1, rate_window="sliding")
    api.get()

    second = requests.get(api.url(), auth=(credly.new_key(at_credly), ""), timeout=10)

    assert (api.get().status_code, second.status_code) == (429, 200)
