"""Credly's objects are read strictly where we rely on them, and kindly elsewhere."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credly_badges.credly import quirks, wire

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
TEXTS = st.text(LETTERS, max_size=20)
NAMES = TEXTS.filter(str.strip)
TIMES = st.datetimes(timezones=st.just(UTC))
PERHAPS_TIMES = st.none() | TIMES
LINKS = st.just("") | st.uuids().map(lambda identity: f"https://www.credly.com/badges/{identity}")
PERHAPS_IDS = st.none() | st.uuids()
ACTIVITIES = st.builds(wire.Activity, title=TEXTS, type=TEXTS, url=LINKS)
ALIGNMENTS = st.builds(wire.Alignment, name=TEXTS, url=LINKS, description=TEXTS)
ORGANIZATIONS = st.builds(
    wire.Organization,
    name=NAMES,
    website_url=LINKS,
    vanity_url=LINKS,
    photo_url=LINKS,
    verified=st.booleans(),
    webhook_url=LINKS,
)
TEMPLATES = st.builds(
    wire.Template,
    name=NAMES,
    state=st.sampled_from(sorted(quirks.TEMPLATE_STATES)),
    created_at=TIMES,
    updated_at=TIMES,
    description=TEXTS,
    image_url=LINKS,
    criteria_url=LINKS,
    level=TEXTS,
    cost=TEXTS,
    time_to_earn=TEXTS,
    type_category=TEXTS,
    skills=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
    activities=st.lists(ACTIVITIES, max_size=2).map(tuple),
    alignments=st.lists(ALIGNMENTS, max_size=2).map(tuple),
    public_url=LINKS,
    allow_duplicates=st.booleans(),
    default_expires_at=PERHAPS_TIMES | st.just("1 year"),
    default_expires_at_type=TEXTS,
    owner_id=PERHAPS_IDS,
)
BADGES = st.builds(
    wire.Badge,
    state=st.sampled_from(sorted(quirks.BADGE_STATES)),
    recipient_email=NAMES,
    issuer_earner_id=st.none() | TEXTS.filter(bool),
    issued_at=PERHAPS_TIMES,
    expires_at=PERHAPS_TIMES,
    badge_url=LINKS,
    accept_url=LINKS,
    image_url=LINKS,
    public=st.booleans(),
    revocation_reason=TEXTS,
    replaces_badge_id=PERHAPS_IDS,
    replacement_badge_id=PERHAPS_IDS,
    updated_at=PERHAPS_TIMES,
    state_updated_at=PERHAPS_TIMES,
)
EVENTS = st.one_of(
    BADGES.flatmap(
        lambda badge: st.builds(
            wire.Event,
            type=st.just("badge.created"),
            occurred_at=TIMES,
            badge=st.just(badge),
            template=st.none(),
            fault=st.just(""),
            subject_id=st.just(badge.id),
        )
    ),
    TEMPLATES.flatmap(
        lambda template: st.builds(
            wire.Event,
            type=st.just("badge_template.changed"),
            occurred_at=TIMES,
            badge=st.none(),
            template=st.just(template),
            fault=st.just(""),
            subject_id=st.just(template.id),
        )
    ),
    st.builds(
        wire.Event,
        type=st.just("badge.deleted"),
        occurred_at=TIMES,
        badge=st.none(),
        template=st.none(),
        fault=st.just(""),
        subject_id=PERHAPS_IDS,
    ),
)
EVIDENCE = st.one_of(
    st.builds(wire.Evidence, name=TEXTS, url=NAMES, description=TEXTS, kind=st.just("UrlEvidence")),
    st.builds(wire.Evidence, name=NAMES, url=st.just(""), description=TEXTS, kind=st.just("IdEvidence")),
)
TOKENS = st.builds(
    wire.Token,
    created_at=TIMES,
    description=TEXTS,
    read_enabled=st.booleans(),
    write_enabled=st.booleans(),
    delete_enabled=st.booleans(),
    expires_at=PERHAPS_TIMES,
    value=TEXTS,
)
ORDERS = st.builds(
    wire.IssueOrder,
    recipient_email=NAMES,
    first_name=TEXTS,
    last_name=TEXTS,
    issued_at=st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(timezone(timedelta(hours=5)))),
    issuer_earner_id=NAMES,
    middle_name=TEXTS,
    locale=st.sampled_from(["", "es-419", "ar", *quirks.LOCALES]),
    expires_at=st.none() | st.just(False) | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),
    evidence=st.lists(EVIDENCE, max_size=2).map(tuple),
    suppress_notification=st.booleans(),
    duplicate_behavior=st.sampled_from(["", *sorted(quirks.DUPLICATE_BEHAVIORS)]),
)
REPLACEMENTS = st.builds(
    wire.ReplaceOrder,
    issued_at=st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(timezone(timedelta(hours=5)))),
    first_name=TEXTS,
    last_name=TEXTS,
    middle_name=TEXTS,
    issuer_earner_id=TEXTS,
    expires_at=st.none() | st.just(False) | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),
    evidence=st.lists(EVIDENCE, max_size=2).map(tuple),
    notification_message=TEXTS,
)


@given(st.one_of(ORGANIZATIONS, TEMPLATES, BADGES, EVENTS, EVIDENCE, ORDERS, REPLACEMENTS, TOKENS))
def test_what_was_dumped_is_read_back_the_same(thing):
    assert type(thing).parse(thing.dump()) == thing


def _agrees(ours: Any, credlys: Any) -> bool:
    if isinstance(ours, dict):
        return all(_agrees(value, credlys[key]) for key, value in ours.items())
    if isinstance(ours, list):
        return len(ours) == len(credlys) and all(map(_agrees, ours, credlys))
    return ours == credlys


@pytest.mark.parametrize(
    ("fixture", "kind"),
    [
        ("organization.verified", wire.Organization),
        ("badge_template.everything_filled", wire.Template),
        ("badges.issued", wire.Badge),
        ("badge.accepted", wire.Badge),
        ("badge.revoked", wire.Badge),
        ("event.badge_created", wire.Event),
        ("event.template_changed", wire.Event),
        ("event.badge_deleted_without_subject", wire.Event),
    ],
)
def test_an_answer_that_is_read_and_dumped_says_what_credly_said(credly_says, fixture, kind):
    said = credly_says(fixture)["data"]

    dumped = kind.parse(said).dump()

    assert _agrees(dumped, said)


def test_a_template_tells_what_a_badge_manager_sees_at_credly(credly_says):
    template = wire.Template.parse(credly_says("badge_template.everything_filled")["data"])

    assert template.name == "Course Four"
    assert template.criteria_url == "https://org.example/criteria"
    assert template.activities == (wire.Activity("Final exam", "Assessment"),)
    assert template.alignments == (wire.Alignment("ESCO", "https://esco.example", "European skills"),)
    assert template.allow_duplicates
    assert template.default_expires_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert template.owner_id == UUID("0a000000-0000-4000-8000-000000000001")


def test_an_older_or_odd_template_is_read_and_its_dangerous_link_is_not_kept(credly_says):
    template = wire.Template.parse(credly_says("badge_template.skills_as_objects")["data"])

    assert template.skills == ("Skill A", "Skill B")
    assert template.criteria_url == "https://org.example/older-criteria"
    assert template.image_url == "https://images.example/x.png"
    assert template.public_url == ""


def test_a_numeric_earner_id_is_read_as_text(credly_says):
    badge = wire.Badge.parse(credly_says("badge.replaced_into")["data"])

    assert badge.issuer_earner_id == "17"
    assert badge.replaces_badge_id == UUID("55555555-0000-4000-8000-000000000001")


@pytest.mark.parametrize("fixture", ["badges.issued", "badge.accepted", "badge.revoked"])
@pytest.mark.parametrize("key", wire.Badge.NEEDS)
def test_a_badge_without_what_we_rely_on_is_not_taken(credly_says, fixture, key):
    data = credly_says(fixture)["data"]
    del data[key]

    with pytest.raises(ValueError, match=key.removeprefix("badge_").split("_")[0]):
        wire.Badge.parse(data)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "../organizations"),
        ("id", 7),
        ("id", ["5555"]),
        ("badge_template", "1111"),
        ("badge_template", {}),
        ("state", "frozen"),
        ("state", None),
        ("state", ["pending"]),
        ("recipient_email", " "),
        ("recipient_email", {"email": "ana@example.org"}),
        ("recipient_email", "\ud800"),
        ("recipient_email", "a\x00@example.org"),
        ("issued_at", "yesterday"),
        ("issued_at", "2026-05-01T08:00:00"),
        ("issued_at", 20260501),
        ("public", "yes"),
        ("replaces_badge_id", "none"),
    ],
)
def test_a_badge_with_a_wrong_value_is_not_taken(credly_says, key, value):
    data = {**credly_says("badges.issued")["data"], key: value}

    with pytest.raises(ValueError, match=r"“|does not know"):
        wire.Badge.parse(data)


@pytest.mark.parametrize("key", wire.Template.NEEDS)
def test_a_template_without_what_we_rely_on_is_not_taken(credly_says, key):
    data = credly_says("badge_template.everything_filled")["data"]
    del data[key]

    with pytest.raises(ValueError, match=key):
        wire.Template.parse(data)


def test_an_event_about_something_deleted_names_it_where_credly_does(credly_says):
    with_id = wire.Event.parse(credly_says("event.template_deleted_with_its_id")["data"])
    without = wire.Event.parse(credly_says("event.badge_deleted_without_subject")["data"])

    assert with_id.subject_id == UUID("11111111-0000-4000-8000-000000000001")
    assert with_id.template is None
    assert without.subject_id is None


def test_an_event_about_people_at_work_is_read_without_its_subject(credly_says):
    event = wire.Event.parse(credly_says("event.employee_created")["data"])

    assert (event.type, event.badge, event.template, event.subject_id) == ("employee.created", None, None, None)


@pytest.mark.parametrize(
    ("subject", "fault", "named"),
    [
        ({"state": "frozen"}, "'frozen'", True),
        ({"issued_at": "yesterday"}, "issued_at", True),
        ({"id": "../organizations"}, "“id”", False),
    ],
)
def test_an_event_whose_badge_cannot_be_read_is_known_to_have_happened(credly_says, subject, fault, named):
    data = credly_says("event.badge_created")["data"]
    data["badge"] |= subject

    event = wire.Event.parse(data)

    assert event.badge is None
    assert fault in event.fault
    assert (event.subject_id is not None) == named


def test_an_event_with_nonsense_for_a_subject_is_known_to_have_happened(credly_says):
    event = wire.Event.parse({**credly_says("event.badge_created")["data"], "badge": "5555"})

    assert (event.badge, event.subject_id, event.fault) == (None, None, "“badge” is not an object.")


def _order(**changed: Any) -> wire.IssueOrder:
    given = {
        "template_id": UUID("11111111-0000-4000-8000-000000000001"),
        "recipient_email": "ana@example.org",
        "first_name": "Ana",
        "last_name": "Ng",
        "issued_at": datetime(2026, 5, 1, 9, 59, 58, 123456, tzinfo=timezone(timedelta(hours=2))),
        "issuer_earner_id": "u-17",
    }
    return wire.IssueOrder(**{**given, **changed})


def test_an_order_names_the_moment_in_utc_and_leaves_out_what_was_not_given():
    assert _order().dump() == {
        "badge_template_id": "11111111-0000-4000-8000-000000000001",
        "recipient_email": "ana@example.org",
        "issued_to_first_name": "Ana",
        "issued_to_last_name": "Ng",
        "issued_at": "2026-05-01 07:59:58 +0000",
        "issuer_earner_id": "u-17",
    }


@pytest.mark.parametrize(
    ("expires_at", "sent"),
    [
        (None, {}),
        (False, {"expires_at": False}),
        (datetime(2028, 5, 1, tzinfo=UTC), {"expires_at": "2028-05-01 00:00:00 +0000"}),
    ],
)
def test_an_expiry_is_left_to_the_template_or_never_or_a_date(expires_at, sent):
    dumped = _order(expires_at=expires_at).dump()

    assert {key: value for key, value in dumped.items() if key == "expires_at"} == sent


def test_an_order_carries_evidence_language_and_silence_where_given():
    dumped = _order(
        locale="es-419",
        evidence=(wire.Evidence("Certificate", "https://lms.example/c/1"),),
        suppress_notification=True,
        duplicate_behavior="deny",
        middle_name="Lu",
    ).dump()

    assert dumped["locale"] == "es-US"
    assert dumped["evidence"] == [{"type": "UrlEvidence", "value": "https://lms.example/c/1", "name": "Certificate"}]
    assert dumped["suppress_badge_notification_email"] is True
    assert dumped["duplicate_behavior"] == "deny"
    assert dumped["issued_to_middle_name"] == "Lu"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"recipient_email": " "}, "recipient"),
        ({"issuer_earner_id": ""}, "issuer_earner_id"),
        ({"issued_at": datetime(2026, 5, 1)}, "time zone"),
        ({"expires_at": datetime(2026, 5, 1)}, "time zone"),
        ({"duplicate_behavior": "shrug"}, "allow, deny and replace"),
    ],
)
def test_an_order_that_credly_could_misread_is_not_made(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        _order(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Certificate"},
        {"name": "Certificate", "url": " "},
        {"name": " ", "description": "12345", "kind": "IdEvidence"},
        {"name": "Number", "url": "https://lms.example", "kind": "IdEvidence"},
        {"name": "Note", "description": "Well done", "kind": "TextEvidence"},
    ],
)
def test_evidence_that_shows_nothing_is_not_made(wrong):
    with pytest.raises(ValueError, match="Evidence"):
        wire.Evidence(**wrong)


def test_nobody_reads_a_name_or_an_address_in_a_repr(credly_says):
    badge = wire.Badge.parse(credly_says("badge.accepted")["data"])

    shown = repr(_order(middle_name="Lu")) + repr(badge)

    assert not [private for private in ("ana@", "Ana", "Ng", "Lu") if private in shown]


def test_what_travels_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        _order().recipient_email = "eve@example.org"


def test_one_bad_template_does_not_spoil_its_page(credly_says):
    said = credly_says("badge_templates.one_item_in_an_unknown_state")

    page = wire.Page.parse([*said["data"], "nonsense"], said["metadata"], wire.Template.parse)

    assert [template.name for template in page.items] == ["Course One"]
    assert page.broken[0].startswith("11111111-0000-4000-8000-000000000002: ")
    assert "frozen" in page.broken[0]
    assert page.broken[1].startswith("item 3: ")


@pytest.mark.parametrize(
    ("metadata", "following"),
    [
        ({"next_page_url": None, "total_pages": 9}, None),
        ({"next_page_url": "https://elsewhere.example/api/v1/x?page=3"}, 3),
        ({"next_page_url": "/x?page=3&filter=lost"}, 3),
        ({"next_page_url": "https://api.credly.com/v1/x?cursor=abc"}, 3),
        ({"next_page_url": "https://[broken?page=3"}, 3),
        ({"next_page_url": "https://api.credly.com/v1/x?page=" + "9" * 5000}, 3),
        ({"total_pages": 3}, 3),
        ({"total_pages": 2}, None),
        ({"total_pages": "2"}, None),
        ({}, 3),
    ],
)
def test_the_number_of_the_next_page_is_found_in_what_credly_tells(metadata, following):
    page = wire.Page.parse([{}], metadata, dict, asked=2)

    assert page.next_page == following


def test_after_an_empty_page_there_is_no_other():
    assert wire.Page.parse([], {}, dict).next_page is None
