"""Section 5, first half: issuing, times, evidence, duplicates, batches."""

from __future__ import annotations

import pytest

from tests.simulator.conftest import order

FULL = [
    "user",
    "created_by",
    "issuer",
    "printing_enabled",
    "print_method",
    "badge_template",
    "id",
    "issued_to",
    "issued_to_first_name",
    "issued_to_middle_name",
    "issued_to_last_name",
    "issuer_earner_id",
    "locale",
    "public",
    "recipient_email",
    "replacement_badge_id",
    "replaces_badge_id",
    "revocation_reason",
    "state",
    "suppress_badge_notification_email",
    "updated_at",
    "country",
    "country_code",
    "state_or_province",
    "created_at",
    "expires_at",
    "expires_at_date",
    "issued_at",
    "issued_at_date",
    "state_updated_at",
    "image",
    "image_url",
    "alignments",
    "evidence",
    "accept_badge_url",
]


def test_a_new_badge_is_pending_and_has_every_known_field(credly, api, template):
    answer = api.issue(template, issued_to_middle_name="Li", issuer_earner_id=17, country_name="US")

    badge = answer.json()["data"]
    assert answer.status_code == 201
    assert badge.keys() == set(FULL)
    assert (badge["state"], badge["user"], badge["issued_to"]) == ("pending", {}, "Ana Li Ng")
    assert (badge["issuer_earner_id"], badge["country"], badge["country_code"]) == ("17", "United States", "USA")
    assert badge["accept_badge_url"] == f"https://www.credly.com/badges/{badge['id']}/accept"
    assert badge["badge_template"]["id"] == template.uuid
    assert api.get(f"badges/{badge['id']}").json()["data"] == badge
    assert "Location" not in answer.headers


def test_a_location_is_sent_when_set(credly, api, template):
    credly.configure(location_on_issue=True)

    answer = api.issue(template)

    assert api.get(answer.headers["Location"]).json()["data"]["id"] == answer.json()["data"]["id"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2014-04-01 09:41:00 -0500", "2014-04-01T14:41:00.000Z"),
        ("2014-04-01T09:41:00.123Z", "2014-04-01T09:41:00.123Z"),
        ("2014-04-01T09:41:00+0000", "2014-04-01T09:41:00.000Z"),
        ("2014-04-01T09:41:00+05:30", "2014-04-01T04:11:00.000Z"),
        ("2014-04-01T09:41:00.123456789Z", "2014-04-01T09:41:00.123Z"),
        ("2014-04-01 09:41:00 UTC", "2014-04-01T09:41:00.000Z"),
        ("2014-04-01  09:41:00 pm", "2014-04-01T21:41:00.000Z"),
        ("2014-04-01T09:41:00", "2014-04-01T09:41:00.000Z"),
        ("2014-04-01 00:00:00 +0200", "2014-03-31T22:00:00.000Z"),
        ("2014-04-01", "2014-04-01T00:00:00.000Z"),
        ("Tue, 01 Apr 2014 09:41:00 GMT", "2014-04-01T09:41:00.000Z"),
    ],
)
def test_the_time_of_issue_is_read_broadly_and_kept_in_utc(api, template, sent, stored):
    badge = api.issue(template, issued_at=sent).json()["data"]

    assert badge["issued_at"] == stored
    assert badge["issued_at_date"] == stored[:10]


def test_a_time_without_a_zone_may_be_read_in_another(credly, api, template):
    credly.configure(naive_issued_at_zone=-300)

    assert api.issue(template, issued_at="2014-04-01 20:00:00").json()["data"]["issued_at_date"] == "2014-04-02"


@pytest.mark.parametrize(("setting", "status"), [("accept", 201), ("refuse", 422)])
def test_a_future_time_of_issue(credly, api, template, setting, status):
    credly.configure(future_issued_at=setting)

    assert api.issue(template, issued_at="2999-01-01 00:00:00 +0000").status_code == status


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"recipient_email": ""}, "Recipient email can't be blank"),
        ({"recipient_email": "ana"}, "Recipient email is invalid"),
        ({"issued_to_first_name": None}, "Issued to first name can't be blank"),
        ({"issued_to_last_name": ""}, "Issued to last name can't be blank"),
        ({"issued_to_last_name": "x" * 256}, "Issued to last name is too long (maximum is 255 characters)"),
        ({"issued_at": None}, "Issued at can't be blank"),
        ({"issued_at": "yesterday"}, "Issued at is invalid"),
        ({"expires_at": ""}, "Expires at is invalid"),
        ({"locale": "tlh"}, "Locale is not included in the list"),
        ({"duplicate_behavior": "ignore"}, "Duplicate behavior is not included in the list"),
        ({"badge_template_id": None}, "Invalid or missing Badge Template ID: "),
        ({"badge_template_id": "9999"}, "Invalid or missing Badge Template ID: 9999"),
        ({"evidence": "https://example.org"}, "Evidence is invalid"),
        ({"evidence": [{"type": "UrlEvidence", "name": "no address"}]}, "Evidence is invalid"),
        ({"evidence": [{"type": "SongEvidence", "value": "la"}]}, "Evidence is invalid"),
        ({"evidence": [{"type": "TextEvidence", "title": "t", "description": "x" * 351}]}, "Evidence is invalid"),
    ],
)
def test_what_credly_does_not_take_is_a_422_in_a_sentence(credly, api, template, wrong, message):
    answer = api.issue(template, **wrong)

    assert answer.status_code == 422
    assert answer.json() == {"data": {"message": message}, "metadata": None}
    assert credly.badges() == []


@pytest.mark.parametrize(
    ("settings", "sent", "key", "stored"),
    [
        ({"empty_last_name": "accept"}, {"issued_to_last_name": ""}, "issued_to_last_name", ""),
        ({"unknown_locale": "english"}, {"locale": "tlh"}, "locale", "en"),
        ({"empty_expires_at": "null"}, {"expires_at": ""}, "expires_at", None),
    ],
)
def test_some_of_it_is_taken_when_set(credly, api, template, settings, sent, key, stored):
    credly.configure(**settings)

    assert api.issue(template, **sent).json()["data"][key] == stored


@pytest.mark.parametrize(("state", "settings", "status"), [
    ("archived", {}, 422),
    ("draft", {}, 422),
    ("draft", {"template_draft_issues": True}, 201),
])  # fmt: skip
def test_only_an_active_template_issues(credly, api, at_credly, state, settings, status):
    credly.configure(**settings)
    template = credly.add_template(at_credly, "Not active", state)

    answer = api.issue(template)

    assert answer.status_code == status


def test_a_template_of_another_organization_issues_only_when_it_lets_us(credly, api, at_credly):
    other = credly.add_organization("Grantor")
    shared, kept = credly.add_template(other, "Shared"), credly.add_template(other, "Kept")

    before = api.issue(shared)
    credly.authorize_issuer(other, at_credly, shared)
    after, never = api.issue(shared), api.issue(kept)

    assert before.json()["data"]["message"] == f"Invalid or missing Badge Template ID: {shared.uuid}"
    assert (after.status_code, never.status_code) == (201, 422)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (None, "2030-01-01T00:00:00.000Z"),
        (False, None),
        ("2028-05-01 00:00:00 +0000", "2028-05-01T00:00:00.000Z"),
    ],
)
def test_expiry_is_the_templates_own_or_never_or_a_time(credly, api, at_credly, sent, stored):
    template = credly.add_template(at_credly, "Expiring", default_expires_at="2030-01-01T00:00:00Z")

    badge = api.issue(template, expires_at=sent).json()["data"]

    assert badge["expires_at"] == stored
    assert badge["expires_at_date"] == (stored and stored[:10])


def test_evidence_comes_back_with_an_id(api, template):
    sent = [
        {"type": "UrlEvidence", "value": "https://example.org/course", "name": "Course", "description": "Passed"},
        {"type": "IdEvidence", "title": "Certificate number", "description": "12345"},
    ]

    given = api.issue(template, evidence=sent).json()["data"]["evidence"]

    assert [{key: item[key] for key in item if key != "id"} for item in given] == sent
    assert all(len(item["id"]) == 36 for item in given)


@pytest.mark.parametrize(("setting", "state"), [("everyone", "accepted"), ("known_users", "pending")])
def test_a_badge_may_be_accepted_at_once(credly, api, template, setting, state):
    credly.configure(auto_accept=setting)

    badge = api.issue(template).json()["data"]

    assert badge["state"] == state
    assert ("badge_url" in badge) is (state == "accepted")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"email": "ANA@example.org"}),
        ({"issuer_earner_id": "0"}, {"email": "bo@example.org", "issuer_earner_id": 0}),
        ({}, {"email": "ana@home.example"}),
    ],
    ids=["address", "address in capitals", "earner id", "another address of the same user"],
)
def test_a_duplicate_is_refused(credly, api, template, first, second):
    credly.add_user("ana@example.org", "ana@home.example")
    api.issue(template, **first)

    answer = api.issue(template, **second)

    assert answer.status_code == 422
    assert "already has this badge" in answer.json()["data"]["message"]
    assert len(credly.badges()) == 1


def test_another_earner_or_another_template_is_no_duplicate(credly, api, at_credly, template):
    other = credly.add_template(at_credly, "Other")
    api.issue(template, issuer_earner_id="u-1")

    answers = [api.issue(other, issuer_earner_id="u-1"), api.issue(template, "bo@example.org", issuer_earner_id="u-2")]

    assert [answer.status_code for answer in answers] == [201, 201]


def test_a_template_may_allow_duplicates(credly, api, at_credly):
    template = credly.add_template(at_credly, "Again", allow_duplicate_badges=True)

    statuses = [api.issue(template).status_code for _ in range(2)]
    denied = api.issue(template, duplicate_behavior="deny").status_code

    assert (statuses, denied) == ([201, 201], 201)
    assert credly.issued_count("ana@example.org", template.uuid) == 3
    assert credly.badges_of("Ana@example.org") == [template.uuid] * 3


@pytest.mark.parametrize(("behavior", "status", "badges"), [("allow", 201, 2), ("deny", 422, 1), ("replace", 201, 1)])
def test_duplicate_behavior_decides_where_the_template_disallows(credly, api, template, behavior, status, badges):
    api.issue(template)

    answer = api.issue(template, duplicate_behavior=behavior)

    assert answer.status_code == status
    assert len(credly.badges()) == credly.issued_count("ana@example.org", template.uuid) == badges


def test_replacing_a_duplicate_keeps_its_issue_date_and_drops_what_is_left_out(credly, api, template):
    old = api.issue(template, issuer_earner_id="u-1", state_or_province="Bavaria").json()["data"]

    new = api.issue(
        template,
        "ana@new.example",
        issuer_earner_id="u-1",
        issued_to_last_name="Ng-Li",
        issued_at="2026-06-01 00:00:00 +0000",
        duplicate_behavior="replace",
    ).json()["data"]

    assert (new["id"], new["issued_at"]) == (old["id"], old["issued_at"])
    assert (new["recipient_email"], new["issued_to_last_name"]) == ("ana@new.example", "Ng-Li")
    assert new["state_or_province"] is None
    assert credly.badges_of("ana@example.org") == []


def test_the_address_of_an_accepted_badge_cannot_be_replaced(credly, api, template):
    badge = api.issue(template, issuer_earner_id="u-1").json()["data"]
    credly.accept_badge(badge["id"])

    answer = api.issue(template, "ana@new.example", issuer_earner_id="u-1", duplicate_behavior="replace")

    assert answer.status_code == 422
    assert credly.badges_of("ana@example.org") == [template.uuid]


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize("kind", ["revoked", "rejected", "expired", "replaced"])
def test_whether_a_finished_badge_still_stands_in_the_way_is_a_setting(credly, api, template, kind, counts):
    expired = {"expires_at": "2020-01-01 00:00:00 +0000"} if kind == "expired" else {}
    badge = api.issue(template, **expired).json()["data"]["id"]
    if kind == "revoked":
        credly.revoke_badge(badge)
    elif kind == "rejected":
        credly.reject_badge(badge)
    elif kind == "replaced":
        new = api.post(f"badges/{badge}/replace", badge_template_id=template.uuid, issued_at="2026-05-02").json()[
            "data"
        ]
        credly.revoke_badge(new["id"])
    credly.configure(**{f"duplicate_{kind}": counts})

    assert api.issue(template).status_code == (422 if counts else 201)


def test_addresses_may_be_told_apart_by_case(credly, api, template):
    credly.configure(duplicate_email_case="distinguish")
    api.issue(template)

    assert api.issue(template, "Ana@example.org").status_code == 201


def test_a_batch_answers_in_the_order_asked(credly, api, template):
    orders = [order(template, f"earner{place}@example.org") for place in range(5)]

    answer = api.post("badges/batch", badges=orders)

    assert answer.status_code == 201
    assert answer.json()["metadata"] == {}
    assert [badge["recipient_email"] for badge in answer.json()["data"]] == [each["recipient_email"] for each in orders]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"issued_at": "never"}, "Issued at is invalid"),
        ({"recipient_email": "a@example.org"}, "already has this badge"),
    ],
)
def test_one_bad_item_refuses_its_whole_batch(credly, api, template, second, message):
    orders = [order(template, "a@example.org"), order(template, "b@example.org") | second]

    answer = api.post("badges/batch", badges=orders)

    assert answer.status_code == 422
    assert message in answer.json()["data"]["message"]
    assert answer.json()["data"]["error_index"] == 1
    assert credly.badges() == []


def test_a_batch_that_is_not_atomic_keeps_what_came_before(credly, api, template):
    credly.configure(batch_atomic=False)

    api.post("badges/batch", badges=[order(template), order(template, "wrong")])

    assert credly.badges_of("ana@example.org") == [template.uuid]


@pytest.mark.parametrize("badges", [[], None, "all", [1], [{}] * 51])
def test_a_batch_is_a_list_of_at_most_fifty(credly, api, badges):
    answer = api.post("badges/batch", badges=badges)

    assert answer.status_code == 422
    assert "error_index" not in answer.json()["data"]


def test_the_simulator_counts_what_was_issued_to_whom(credly, api, at_credly, template):
    other = credly.add_template(at_credly, "Other")
    api.issue(template)
    api.issue(other)
    api.issue(template, duplicate_behavior="allow")

    assert credly.counters() == {("ana@example.org", template.uuid): 2, ("ana@example.org", other.uuid): 1}
