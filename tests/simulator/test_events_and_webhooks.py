"""Sections 6 to 8: organizations, webhooks, events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread
from typing import Any

import pytest

ORGANIZATION = [
    "id",
    "name",
    "website_url",
    "webhook_url",
    "contact_email",
    "legal_contact_email",
    "technical_contact_email",
    "zip_or_postal_code",
    "organization_type",
    "bio",
    "twitter_url",
    "vanity_slug",
    "facebook_url",
    "linked_in_url",
    "linked_in_name",
    "linked_in_org_id",
    "city",
    "address",
    "primary_hex_color",
    "support_email",
    "support_url",
    "allow_saml_debug",
    "allowed_webhooks",
    "enable_blockchain",
    "print_method",
    "pdf_id",
    "internationalize_badge_templates",
    "integrated_with_faethm",
    "hide_subscription",
    "default_page",
    "industry_id",
    "workforce_enabled",
    "linkedin_a2p_url",
    "location",
    "country",
    "state_or_province",
    "created_at",
    "updated_at",
    "vanity_url",
    "verified_at",
    "verified",
    "require_template_detail_attributes",
    "photo",
    "photo_url",
    "has_employees",
    "missing_required_info",
    "featured_badge_templates",
]


class Receiver:
    """An address that notes what it is sent and answers as told, 200 once it ran out of other answers."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append(json.loads(body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?token=made-up"


@pytest.fixture
def receiver(credly, api) -> Iterator[Receiver]:
    receiver = Receiver()
    thread = Thread(target=receiver.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    api.put("", webhook_url=receiver.url)
    yield receiver
    credly.webhooks.stop()
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join(5)


def types(items: list[dict[str, Any]]) -> list[str]:
    return [item["event_type"] for item in items]


def test_a_token_lists_its_one_organization(credly, api, at_credly):
    credly.add_organization("Other")

    items = api.get("/organizations").json()["data"]

    assert [item["id"] for item in items] == [at_credly.uuid]
    assert items[0].keys() == set(ORGANIZATION)


def test_an_organization_is_changed_where_it_may_be(api):
    api.put("", name="Example College", city="Ulm", vanity_slug="mine", verified=False)

    data = api.get().json()["data"]
    assert (data["name"], data["city"], data["verified"]) == ("Example College", "Ulm", True)
    assert data["vanity_slug"] != "mine"
    assert api.put("", name="").status_code == 422


def test_who_lets_whom_issue_is_listed_and_ended(credly, api, at_credly, template):
    partner = credly.add_organization("Partner")
    relation = credly.authorize_issuer(at_credly, partner, template)
    credly.authorize_issuer(partner, at_credly)

    issuers, grantors = api.get("issuers").json()["data"], api.get("grantors").json()["data"]
    ended = api.delete(f"issuers/{relation.uuid}").status_code

    assert [(item["issuer"]["name"], item["restrict_by_badge_templates"]) for item in issuers] == [("Partner", True)]
    assert [item["grantor"]["name"] for item in grantors] == ["Partner"]
    assert (ended, api.delete(f"issuers/{relation.uuid}").status_code) == (204, 404)


def test_the_feed_tells_what_happened_newest_first(credly, api, at_credly, template):
    badge = api.issue(template).json()["data"]["id"]
    credly.accept_badge(badge)
    credly.toggle_public(badge)
    api.put(f"badges/{badge}/revoke", reason="Mistake")
    api.delete(f"badges/{badge}")
    credly.archive_template(template)
    credly.delete_template(template)

    items = api.get("events").json()["data"]

    assert types(items) == [
        "badge_template.deleted",
        "badge_template.changed",
        "badge.deleted",
        "badge.state.changed",
        "badge.privacy.changed",
        "badge.state.changed",
        "badge.created",
        "badge_template.created",
    ]
    assert api.get(f"events/{items[0]['id']}").json()["data"] == items[0]
    assert items[0].keys() == {"id", "event_type", "organization_id", "occurred_at", "badge_template"}
    assert items[3]["organization_id"] == at_credly.uuid


@pytest.mark.parametrize(("setting", "state"), [("present", "accepted"), ("snapshot", "pending")])
def test_the_subject_of_an_event_is_as_it_is_or_as_it_was(credly, api, template, setting, state):
    credly.configure(event_subject=setting)
    credly.accept_badge(api.issue(template).json()["data"]["id"])

    created = api.get("events", filter="event_type::badge.created").json()["data"][0]

    assert created["badge"]["state"] == state


@pytest.mark.parametrize(("setting", "told"), [("full", True), ("id", {"id"}), ("absent", None)])
def test_what_a_deletion_tells_of_its_subject(credly, api, template, setting, told):
    credly.configure(event_deleted_subject=setting)
    credly.delete_template(template)

    subject = api.get("events").json()["data"][0].get("badge_template")

    assert (subject["name"] == "Data Literacy") if told is True else (subject and subject.keys()) == told


def test_the_feed_may_be_oldest_first_unfiltered_short_and_name_things_otherwise(credly, api, at_credly):
    credly.configure(
        event_order="oldest", event_filters=False, event_retention=3, event_state_changed="badge.state.updated"
    )
    for place in range(3):
        credly.add_template(at_credly, f"Template {place}")
    badge = api.issue(credly.add_template(at_credly, "Last")).json()["data"]["id"]
    credly.accept_badge(badge)

    items = api.get("events", filter="event_type::badge.created").json()["data"]

    assert types(items) == ["badge_template.created", "badge.created", "badge.state.updated"]


def test_another_organizations_event_does_not_exist(credly, api):
    credly.add_template(credly.add_organization("Other"), "Theirs")

    assert api.get("events").json()["data"] == []
    assert api.get(f"events/{credly.events()[0]['id']}").status_code == 404


def test_a_webhook_brings_a_thin_notice_that_can_be_looked_up(credly, api, template, receiver):
    api.issue(template)

    assert credly.wait_for_webhooks()
    notice = receiver.bodies[0]
    assert notice.keys() == {"id", "organization_id", "event_type", "occurred_at"}
    assert api.get(f"events/{notice['id']}").json()["data"]["badge"]["recipient_email"] == "ana@example.org"
    assert notice == credly.notices()[-1]


def test_a_webhook_may_bring_its_subject(credly, api, template, receiver):
    credly.configure(webhook_subject=True)
    api.issue(template)

    assert credly.wait_for_webhooks()
    assert receiver.bodies[0]["badge"]["recipient_email"] == "ana@example.org"


def test_a_webhook_comes_again_at_growing_intervals_until_it_is_answered_200(credly, template, receiver):
    receiver.statuses = [500, 302, 204, 404]
    credly.update_template(template, name="Changed")

    assert credly.wait_for_webhooks()
    assert [attempt.status for attempt in credly.deliveries()] == [500, 302, 204, 404, 200]
    assert len({body["id"] for body in receiver.bodies}) == 1
    times = [attempt.time for attempt in credly.deliveries()]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[3] > gaps[0]


@pytest.mark.parametrize(("setting", "tries"), [("2xx", [204]), ("200", [204, 200])])
def test_whether_204_will_do_is_a_setting(credly, template, receiver, setting, tries):
    credly.configure(webhook_success=setting)
    receiver.statuses = [204]
    credly.update_template(template, name="Changed")

    assert credly.wait_for_webhooks()
    assert [attempt.status for attempt in credly.deliveries()] == tries


def test_a_webhook_is_given_up_in_the_end(credly, template, receiver):
    credly.configure(webhook_retry_days=0.001)
    receiver.statuses = [503] * 1000
    credly.update_template(template, name="Changed")

    assert credly.wait_for_webhooks()
    assert 1 < len(receiver.bodies) < 20
    assert not any(attempt.delivered for attempt in credly.deliveries())


def test_nobody_at_the_address_is_a_failure_too(credly, template, receiver):
    credly.configure(webhook_retry_days=0.0005)
    credly.set_webhook(template.organization, "http://127.0.0.1:9/nobody")
    credly.update_template(template, name="Changed")

    assert credly.wait_for_webhooks()
    assert credly.deliveries()[0].status is None


@pytest.mark.parametrize("url", ["https://credly.example/hook", "file:///etc/hostname", "not an address"])
def test_a_webhook_never_leaves_this_computer(credly, api, template, url):
    answer = api.put("", webhook_url=url)
    credly.update_template(template, name="Changed")

    assert answer.json()["data"]["webhook_url"] == url
    assert credly.wait_for_webhooks()
    assert credly.deliveries() == []


def test_only_picked_events_are_delivered_when_set(credly, api, template, receiver):
    credly.configure(webhook_selected_only=True)
    api.put("", allowed_webhooks=["badge.created"])
    credly.update_template(template, name="Changed")
    api.issue(template)

    assert credly.wait_for_webhooks()
    assert types(receiver.bodies) == ["badge.created"]
