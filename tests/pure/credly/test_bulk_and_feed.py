"""Everything Credly holds of a template, page by page, and what happened there."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credly_badges.credly import cursors, errors

ORGANIZATION = UUID("0a000000-0000-4000-8000-000000000001")
TEMPLATE = UUID("11111111-0000-4000-8000-000000000001")
BADGE = UUID("55555555-0000-4000-8000-000000000001")
ROOT = f"https://api.credly.com/v1/organizations/{ORGANIZATION}"
SEARCH = f"{ROOT}/high_volume_issued_badge_search"


def _asked(credly, call=0):
    return parse_qs(urlsplit(credly.calls[call].request.url).query, strict_parsing=True)


def test_the_badges_of_a_template_come_many_at_once(credly, client, credly_says):
    credly.get(SEARCH, json=credly_says("badges.in_bulk"))

    page = client.badges_in_bulk(template_id=TEMPLATE)

    assert [(badge.id, badge.state, badge.issuer_earner_id) for badge in page.items] == [(BADGE, "accepted", "u-17")]
    assert page.items[0].image_url == ""
    assert [line.partition(":")[0] for line in page.broken] == ["55555555-0000-4000-8000-000000000003"]
    assert _asked(credly) == {"filter": [f"badge_template_id::{TEMPLATE}"], "badge_format": ["minimal"]}


def test_the_search_goes_on_at_our_own_address_with_our_own_filter(credly, client, credly_says):
    credly.get(SEARCH, json=credly_says("badges.in_bulk"))
    credly.get(SEARCH, json={"data": [], "metadata": {"next_page_url": None}})

    first = client.badges_in_bulk(template_id=TEMPLATE)
    last = client.badges_in_bulk(template_id=TEMPLATE, cursor=first.next_cursor)

    assert first.next_cursor == "after=YWZ0ZXItMg%3D%3D"
    assert (last.items, last.next_cursor) == ((), "")
    assert _asked(credly, 1) == {
        "filter": [f"badge_template_id::{TEMPLATE}"],
        "badge_format": ["minimal"],
        "after": ["YWZ0ZXItMg=="],
    }


@pytest.mark.parametrize(
    ("metadata", "cursor"),
    [
        ({"next_page_url": None}, ""),
        ({"next_page_url": ""}, ""),
        ({"next_page_url": "https://thief.example/x?page=3&filter=state::active"}, "page=3"),
        ({"next_page_url": "/x?scroll=a%20b+c&per=9&filter[state]=active&filter%5Bx%5D=y"}, "scroll=a%20b%20c&per=9"),
        ({"next_page_url": "?badge_format=default&after=%F0%9F%98%80"}, "after=%F0%9F%98%80"),
    ],
)
def test_only_the_query_of_credlys_address_is_kept(metadata, cursor):
    assert cursors.following(metadata, "page=2", is_last=False) == cursor


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"next_page_url": "https://api.credly.com/v1/x"},
        {"next_page_url": "https://api.credly.com/v1/x?filter=badge_template_id::1&badge_format=minimal"},
        {"next_page_url": "https://api.credly.com/v1/x?page=2"},
        {"next_page_url": "https://[broken?page=3"},
        {"next_page_url": {"page": 3}},
        {"next_page_url": 3},
        {"next_page_url": "https://api.credly.com/v1/x?after=" + "9" * 500},
        {"next_page_url": "https://api.credly.com/v1/x?" + "a=1&" * 501},
    ],
)
def test_a_search_that_does_not_say_where_it_goes_on_is_not_taken_for_whole(credly, client, credly_says, metadata):
    said = {**credly_says("badges.in_bulk"), "metadata": metadata}
    credly.get(SEARCH, json=said)

    with pytest.raises(errors.Garbled):
        client.badges_in_bulk(template_id=TEMPLATE, cursor="page=2")


def test_after_an_empty_page_without_a_word_there_is_no_other(credly, client):
    credly.get(SEARCH, json={"data": [], "metadata": {}})

    assert client.badges_in_bulk(template_id=TEMPLATE).next_cursor == ""


@pytest.mark.parametrize("wrong", ["a" * 501, "after=ü", "after=\n", "filter=state::active", "nonsense"])
def test_what_is_no_cursor_does_not_leave(client, wrong):
    with pytest.raises(ValueError, match="start again"):
        client.badges_in_bulk(template_id=TEMPLATE, cursor=wrong)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=9), min_size=1, max_size=3))
def test_a_cursor_that_was_kept_asks_for_just_what_credly_named(parameters):
    parameters = {key: value for key, value in parameters.items() if key.partition("[")[0] != "filter"} or {"a": "b"}
    named = parse_qs(cursors.query(TEMPLATE, "k=v"))
    address = f"https://elsewhere.example/x?{urlencode(parameters)}"

    cursor = cursors.following({"next_page_url": address}, "", is_last=False)

    asked = parse_qs(cursors.query(TEMPLATE, cursor))
    assert asked == {
        **{key: named[key] for key in ("filter", "badge_format")},
        **{k: [v] for k, v in parameters.items()},
    }


def test_the_feed_is_read_page_by_page(credly, client, credly_says):
    foreign = {**credly_says("event.employee_created")["data"], "organization_id": str(BADGE)}
    frozen = credly_says("event.badge_created")["data"]
    frozen["badge"]["state"] = "frozen"
    data = [
        credly_says("event.template_changed")["data"],
        credly_says("event.badge_deleted_without_subject")["data"],
        frozen,
        foreign,
        {"id": "nonsense"},
    ]
    credly.get(f"{ROOT}/events", json={"data": data, "metadata": {"total_pages": 3, "next_page_url": "/x?page=3"}})

    page = client.events(page=2)

    assert [event.type for event in page.items] == ["badge_template.changed", "badge.deleted", "badge.created"]
    assert [bool(event.fault) for event in page.items] == [False, False, True]
    assert [line.rpartition(": ")[2] for line in page.broken] == [
        "“event_type” is not a text.",
        "It belongs to another organization.",
    ]
    assert (page.next_page, _asked(credly)) == (3, {"page": ["2"]})
