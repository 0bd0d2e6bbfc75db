"""One method for each thing Credly can be asked, and what it makes of the answers."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import requests
import responses
from responses import matchers

from credly_badges.credly import errors, wire
from credly_badges.credly.client import Client
from credly_badges.credly.page import follow

ORGANIZATION = UUID("0a000000-0000-4000-8000-000000000001")
TEMPLATE = UUID("11111111-0000-4000-8000-000000000001")
BADGE = UUID("55555555-0000-4000-8000-000000000001")
KEY = "EXAMPLEtoken_0123456789"
ROOT = f"https://api.credly.com/v1/organizations/{ORGANIZATION}"
ORDER = wire.IssueOrder(
    template_id=TEMPLATE,
    recipient_email="ana+lms@example.org",
    first_name="Ana",
    last_name="Ng",
    issued_at=datetime(2026, 5, 1, 7, 59, 58, tzinfo=UTC),
    issuer_earner_id="u-17",
)


def _asked(credly: responses.RequestsMock, call: int = 0) -> dict[str, str]:
    query = parse_qs(urlsplit(credly.calls[call].request.url).query, strict_parsing=True)
    return {key: values[0] for key, values in query.items()}


def test_the_organization_is_read_with_its_key_as_user_name(credly, client, credly_says):
    credly.get(ROOT, json=credly_says("organization.verified"))

    organization = client.organization()

    assert organization.name == "Example Org"
    assert organization.verified
    sent = credly.calls[0].request.headers
    assert base64.b64decode(sent["Authorization"].removeprefix("Basic ")).decode() == f"{KEY}:"
    assert sent["Accept"] == "application/json"
    assert sent["User-Agent"].startswith("openedx-credly-badges/")


def test_an_answer_about_another_organization_is_not_taken(credly, client, credly_says):
    said = credly_says("organization.verified")
    said["data"]["id"] = str(BADGE)
    credly.get(ROOT, json=said)

    with pytest.raises(errors.Garbled, match="does not fit"):
        client.organization()


def test_templates_of_every_state_are_asked_for_in_a_steady_order(credly, client, credly_says):
    credly.get(f"{ROOT}/badge_templates", json=credly_says("badge_templates.first_page"))

    page = client.templates()

    assert [template.name for template in page.items] == ["Course One", "Course Two"]
    assert (page.total_count, page.total_pages, page.next_page) == (3, 2, 2)
    assert _asked(credly) == {"filter": "state::draft,active,archived", "sort": "created_at", "page": "1"}


def test_templates_are_narrowed_as_a_person_wishes(credly, client, credly_says):
    credly.get(f"{ROOT}/badge_templates", json=credly_says("badge_templates.first_page"))

    page = client.templates(
        states=["active"], sort="-name", page=4, query="a+b & c", name="Course One", updated_since=date(2026, 1, 2)
    )

    assert [template.state for template in page.items] == ["active"]
    assert _asked(credly) == {
        "filter": 'state::active|updated_at_min::2026-01-02|query::a+b & c|name::"Course One"',
        "sort": "-name",
        "page": "4",
    }


def test_since_a_moment_is_since_its_day_in_utc(credly, client, credly_says):
    credly.get(f"{ROOT}/badge_templates", json=credly_says("badge_templates.last_page"))

    client.templates(updated_since=datetime(2026, 1, 2, 1, 0, tzinfo=timezone(timedelta(hours=3))))

    assert "updated_at_min::2026-01-01" in _asked(credly)["filter"]


@pytest.mark.parametrize("wrong", [{"query": "a|state::draft"}, {"name": 'say "x"'}, {"states": ["frozen"]}])
def test_a_filter_that_credly_would_misread_never_leaves(client, wrong):
    with pytest.raises(ValueError, match=r"search for|does not know"):
        client.templates(**wrong)


def every_page(client, most=1_000, **wanted):
    """What is on all pages of the templates, from the first on."""
    return list(follow(lambda number: client.templates(page=number, **wanted), 1, most, "GET /badge_templates"))


def test_every_page_is_read_with_our_own_filter_from_our_own_address(credly, client, credly_says):
    first = credly_says("badge_templates.first_page")
    first["metadata"]["next_page_url"] = "https://thief.example/v1/badge_templates?page=2&filter=state::archived"
    credly.get(f"{ROOT}/badge_templates", json=first)
    credly.get(f"{ROOT}/badge_templates", json=credly_says("badge_templates.last_page"))

    pages = every_page(client, sort="name")

    assert [template.name for page in pages for template in page.items] == ["Course One", "Course Two", "Course Three"]
    assert _asked(credly, 1) == {"filter": "state::draft,active,archived", "sort": "name", "page": "2"}


def test_a_list_without_metadata_is_read_until_nothing_new_comes(credly, client, credly_says):
    credly.get(f"{ROOT}/badge_templates", json=credly_says("badge_templates.without_metadata"))

    pages = every_page(client)

    assert [len(page.items) for page in pages] == [1]
    assert len(credly.calls) == 2


def test_a_list_that_repeats_a_page_before_its_end_is_not_taken_for_whole(credly, client, credly_says):
    said = credly_says("badge_templates.first_page")
    credly.get(f"{ROOT}/badge_templates", json=said)

    with pytest.raises(errors.Garbled, match="Page 2 repeats"):
        every_page(client)

    assert len(credly.calls) == 2


def test_a_list_that_leads_back_does_not_go_on_for_ever(credly, client, credly_says):
    said = credly_says("badge_templates.last_page")
    said["metadata"]["next_page_url"] = f"{ROOT}/badge_templates?page=1"
    credly.get(f"{ROOT}/badge_templates", json=said)

    with pytest.raises(errors.Garbled, match="leads back"):
        every_page(client)


def test_a_list_whose_pages_never_end_is_given_up(credly, client, credly_says):
    said = credly_says("badge_templates.without_metadata")

    def another(request):
        said["data"][0]["id"] = str(UUID(int=int(parse_qs(urlsplit(request.url).query)["page"][0])))
        return 200, {}, json.dumps(said)

    credly.add_callback("GET", f"{ROOT}/badge_templates", another, content_type="application/json")

    with pytest.raises(errors.Garbled, match="more than 5 pages"):
        every_page(client, most=5)


def test_a_page_that_repeats_an_item_is_read_on(credly, client, credly_says):
    first, last = credly_says("badge_templates.first_page"), credly_says("badge_templates.last_page")
    last["data"].insert(0, first["data"][1])
    credly.get(f"{ROOT}/badge_templates", json=first)
    credly.get(f"{ROOT}/badge_templates", json=last)

    pages = every_page(client)

    assert {template.name for page in pages for template in page.items} == {"Course One", "Course Two", "Course Three"}


def test_pages_wholly_of_other_states_do_not_end_the_list(credly, client, credly_says):
    first, last = credly_says("badge_templates.first_page"), credly_says("badge_templates.last_page")
    credly.get(f"{ROOT}/badge_templates", json=first)
    credly.get(f"{ROOT}/badge_templates", json=last)

    pages = every_page(client, states=["archived"])

    assert [[template.name for template in page.items] for page in pages] == [[], ["Course Three"]]


def test_a_list_that_is_no_list_cannot_be_read(credly, client):
    credly.get(f"{ROOT}/badge_templates", json={"data": {}, "metadata": {}})

    with pytest.raises(errors.Garbled, match="not a list"):
        client.templates()


def test_one_template_is_read(credly, client, credly_says):
    wanted = UUID("11111111-0000-4000-8000-000000000004")
    credly.get(f"{ROOT}/badge_templates/{wanted}", json=credly_says("badge_template.everything_filled"))

    assert client.template(wanted).name == "Course Four"


def test_a_badge_is_issued_with_exactly_the_order(credly, client, credly_says):
    credly.post(
        f"{ROOT}/badges",
        json=credly_says("badges.issued"),
        status=201,
        match=[
            matchers.json_params_matcher(ORDER.dump()),
            matchers.header_matcher({"Content-Type": "application/json"}),
        ],
    )

    badge = client.issue(ORDER)

    assert (badge.id, badge.state, badge.badge_url) == (BADGE, "pending", "")
    assert badge.accept_url == f"https://www.credly.com/badges/{BADGE}/accept"


@pytest.mark.parametrize(
    ("fixture", "status", "kind"),
    [
        ("error.duplicate", 422, errors.Duplicate),
        ("error.bad_template", 422, errors.Refused),
        ("error.already_replaced", 422, errors.AlreadyReplaced),
        ("error.not_found", 404, errors.NotFound),
        ("error.field_errors", 422, errors.Refused),
    ],
)
def test_credlys_no_is_told_apart_and_its_words_are_kept(credly, client, credly_says, fixture, status, kind):
    said = credly_says(fixture)
    credly.post(f"{ROOT}/badges", json=said, status=status)

    with pytest.raises(errors.Refused) as refused:
        client.issue(ORDER)

    assert type(refused.value) is kind
    assert refused.value.said
    assert refused.value.said.split(" ")[0] in json.dumps(said)
    assert (refused.value.status, refused.value.request) == (status, "POST /badges")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda said: said["data"].update(state="frozen"),
        lambda said: said["data"].pop("id"),
        lambda said: said["data"]["badge_template"].update(id=str(BADGE)),
        lambda said: said.update(data=[]),
        lambda said: said.pop("data"),
    ],
)
def test_after_an_issue_whose_answer_makes_no_sense_we_look_before_asking_again(credly, client, credly_says, spoil):
    said = credly_says("badges.issued")
    spoil(said)
    credly.post(f"{ROOT}/badges", json=said, status=201)

    with pytest.raises(errors.Unanswered, match="before asking again"):
        client.issue(ORDER)


def test_a_badge_is_read_as_it_is_now(credly, client, credly_says):
    credly.get(f"{ROOT}/badges/{BADGE}", json=credly_says("badge.accepted"))

    badge = client.badge(BADGE)

    assert (badge.state, badge.badge_url) == ("accepted", f"https://www.credly.com/badges/{BADGE}")


def test_a_badge_in_an_unknown_state_is_shown_as_such(credly, client, credly_says):
    said = credly_says("badge.accepted")
    said["data"]["state"] = "frozen"
    credly.get(f"{ROOT}/badges/{BADGE}", json=said)

    with pytest.raises(errors.Garbled, match="'frozen'"):
        client.badge(BADGE)


def test_a_learners_badges_are_found_even_if_credly_passes_over_the_filter(credly, client, credly_says):
    credly.get(f"{ROOT}/badges", json=credly_says("badges.filter_passed_over"))

    by_earner = client.find_badges(template_id=TEMPLATE, issuer_earner_id="u-17")
    by_email = client.find_badges(template_id=TEMPLATE, email="ana@example.org")
    by_both = client.find_badges(template_id=TEMPLATE, issuer_earner_id="u-18", email="ana@example.org")

    assert [badge.id for badge in by_earner] == [BADGE]
    assert [badge.id for badge in by_email] == [BADGE]
    assert by_both == []


def test_a_plus_and_an_at_in_an_address_arrive_as_they_are(credly, client, credly_says):
    credly.get(f"{ROOT}/badges", json=credly_says("badges.none_found"))

    assert client.find_badges(template_id=TEMPLATE, issuer_earner_id="u-17", email="ana+lms@example.org") == []

    assert "ana%2Blms%40example.org" in credly.calls[0].request.url
    assert _asked(credly)["filter"] == (
        f"badge_template_id::{TEMPLATE}|issuer_earner_id::u-17|recipient_email::ana+lms@example.org"
    )


def test_an_address_that_cannot_stand_in_a_filter_is_looked_for_on_our_side(credly, client, credly_says):
    said = credly_says("badges.issued")
    said["data"]["recipient_email"] = "a|b@example.org"
    credly.get(f"{ROOT}/badges", json={"data": [said["data"]], "metadata": {"next_page_url": None}})

    found = client.find_badges(template_id=TEMPLATE, email="A|b@example.org")

    assert [badge.id for badge in found] == [BADGE]
    assert _asked(credly)["filter"] == f"badge_template_id::{TEMPLATE}"


def test_a_badge_that_cannot_be_read_is_not_taken_for_absent(credly, client, credly_says):
    credly.get(f"{ROOT}/badges", json=credly_says("badges.broken_item"))

    with pytest.raises(errors.Garbled, match="none can be ruled out"):
        client.find_badges(template_id=TEMPLATE, issuer_earner_id="u-17")


def test_nobody_is_looked_for_without_a_name(client):
    with pytest.raises(ValueError, match="Name a learner"):
        client.find_badges(template_id=TEMPLATE)


def test_a_badge_is_revoked_with_a_reason(credly, client, credly_says):
    credly.put(
        f"{ROOT}/badges/{BADGE}/revoke",
        json=credly_says("badge.revoked"),
        match=[
            matchers.json_params_matcher({"reason": "Issued by mistake", "suppress_revoke_notification_email": True})
        ],
    )

    badge = client.revoke(BADGE, "Issued by mistake", suppress_notification=True)

    assert (badge.state, badge.revocation_reason) == ("revoked", "Issued by mistake")


def test_a_badge_that_is_not_revoked_afterwards_is_looked_at_again(credly, client, credly_says):
    credly.put(f"{ROOT}/badges/{BADGE}/revoke", json=credly_says("badge.accepted"))

    with pytest.raises(errors.Unanswered, match="does not fit"):
        client.revoke(BADGE, "Issued by mistake")


def test_a_badge_is_not_revoked_without_a_reason(client):
    with pytest.raises(ValueError, match="give a reason"):
        client.revoke(BADGE, " ")


def test_an_event_is_fetched_back_with_its_badge(credly, client, credly_says):
    event = UUID("66666666-0000-4000-8000-000000000001")
    credly.get(f"{ROOT}/events/{event}", json=credly_says("event.badge_created"))

    found = client.event(event)

    assert found.type == "badge.created"
    assert found.badge is not None
    assert found.badge.id == found.subject_id == BADGE


def test_an_event_of_another_organization_is_not_taken(credly, client, credly_says):
    said = credly_says("event.badge_created")
    said["data"]["organization_id"] = str(BADGE)
    credly.get(f"{ROOT}/events/{said['data']['id']}", json=said)

    with pytest.raises(errors.Garbled, match="does not fit"):
        client.event(UUID(said["data"]["id"]))


@pytest.mark.parametrize("wrong", ["../users", "1/revoke", "", None, 7, "\N{FULLWIDTH DIGIT FIVE}" * 3])
def test_only_an_id_may_enter_a_path(client, wrong):
    for ask in (client.template, client.badge, client.event, lambda it: client.revoke(it, "why")):
        with pytest.raises(ValueError, match="UUID"):
            ask(wrong)


@pytest.mark.parametrize(
    "address",
    [
        "http://api.credly.com/v1",
        "http://10.0.0.1/v1",
        "http://127.0.0.1.example/v1",
        "ftp://localhost/v1",
        "https://key@api.credly.com/v1",
        "https://api.credly.com/v1?x=1",
        "https:///v1",
        "api.credly.com/v1",
        "",
    ],
)
def test_the_key_is_not_sent_to_an_address_where_it_could_be_read(address):
    with pytest.raises(ValueError, match="Credly's address"):
        Client(address, ORGANIZATION, KEY)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080/v1", "http://localhost/v1/", "http://[::1]:1/v1"])
def test_this_machine_may_stand_in_for_credly_without_https(address):
    with Client(address, ORGANIZATION, KEY) as client:
        assert "organization 0a000000" in repr(client)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "a:b", "schlüssel"])
def test_what_cannot_be_a_key_is_refused_without_being_repeated(key):
    with pytest.raises(ValueError, match="paste it again") as refused:
        Client("https://api.credly.com/v1", ORGANIZATION, key)

    assert not key or key not in str(refused.value)


def test_nobody_reads_the_key_in_a_repr_or_an_error(credly, client):
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    credly.get(ROOT, json={"data": {"message": f"{KEY} ({basic}) is not known"}}, status=401)

    with pytest.raises(errors.Unauthorized) as refused:
        client.organization()

    for shown in (repr(client), str(refused.value), repr(refused.value), repr(vars(refused.value))):
        assert KEY not in shown
        assert basic not in shown
    assert refused.value.said == "[key] ([key]) is not known"


def test_no_address_of_a_learner_hides_behind_an_error(credly, client):
    credly.get(f"{ROOT}/badges", body=requests.ConnectionError("https://api.credly.com/?ana%40example.org"))

    with pytest.raises(errors.Unavailable) as failed:
        client.find_badges(template_id=TEMPLATE, email="ana@example.org")

    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
    assert "ana" not in str(failed.value)


def test_a_password_file_of_the_server_is_not_asked(credly, client, credly_says, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.credly.com login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    credly.get(ROOT, json=credly_says("organization.verified"))

    client.organization()

    sent = credly.calls[0].request.headers["Authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == f"{KEY}:"


def test_cookies_are_not_kept(credly, client, credly_says):
    credly.get(ROOT, json=credly_says("organization.verified"), headers={"Set-Cookie": "session=1; Path=/"})

    client.organization()
    client.organization()

    assert "Cookie" not in credly.calls[1].request.headers
