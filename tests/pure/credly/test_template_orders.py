"""Badge templates made, changed, archived, deleted and found; and what each answer of Credly's means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from responses import matchers

from credly_badges.credly import errors, wire

ORGANIZATION = UUID("0a000000-0000-4000-8000-000000000001")
TEMPLATE = UUID("11111111-0000-4000-8000-000000000004")
ROOT = f"https://api.credly.com/v1/organizations/{ORGANIZATION}/badge_templates"
ONE = f"{ROOT}/{TEMPLATE}"
ORDER = wire.TemplateOrder(
    name="Course Four",
    description="Shows that the learner can do it.",
    criteria_url="https://org.example/criteria",
    image=wire.Image(url="https://images.example/x.png"),
    skills=("Aim", "Calm", "Strength"),
    activities=(wire.Activity("Final exam", "Assessment", "https://org.example/exam"),),
)
BODY = {
    "name": "Course Four",
    "description": "Shows that the learner can do it.",
    "global_activity_url": "https://org.example/criteria",
    "image": {"remote_upload_url": "https://images.example/x.png"},
    "skills": ["Aim", "Calm", "Strength"],
    "badge_template_activities": [
        {"title": "Final exam", "activity_type": "Assessment", "activity_url": "https://org.example/exam"}
    ],
}


@pytest.fixture
def said(credly_says) -> dict[str, Any]:
    """A template as Credly answers with it."""
    return credly_says("badge_template.everything_filled")


def refusal(message: str, **data: Any) -> dict[str, Any]:
    return {"data": {"message": message, **data}, "metadata": None}


# What is sent.


def test_an_order_has_credlys_names_and_nothing_that_is_empty():
    assert ORDER.dump() == BODY


def test_an_order_with_everything_is_read_back_as_it_was():
    whole = replace(
        ORDER,
        image=wire.Image(data_url="data:image/png;base64,iVBORw0KGgo="),
        level="Advanced",
        cost="Free",
        time_to_earn="Months",
        type_category="Learning",
        alignments=(wire.Alignment("ESCO", "https://esco.example", "European skills"),),
    )

    assert wire.TemplateOrder.parse(whole.dump()) == whole


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "a name"),
        ({"description": ""}, "a description"),
        ({"criteria_url": ""}, "a criteria_url"),
        ({"skills": ("Aim", "Calm")}, "at least 3 skills"),
        ({"activities": ()}, "at least one activity"),
    ],
)
def test_an_order_that_credly_would_refuse_is_not_made(wrong, said):
    with pytest.raises(ValueError, match=said):
        replace(ORDER, **wrong)


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"url": "https://images.example/x.png", "data_url": "data:image/png;base64,AA=="},
        {"data_url": "data:text/html;base64,AA=="},
    ],
)
def test_a_template_has_one_picture(image):
    with pytest.raises(ValueError, match="picture"):
        wire.Image(**image)


def test_a_picture_stays_out_of_logs():
    assert "iVBORw0KGgo" not in repr(wire.Image(data_url="data:image/png;base64,iVBORw0KGgo="))


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (wire.TemplateChange(), {}),
        (wire.TemplateChange(name="New"), {"name": "New"}),
        (wire.TemplateChange(level=""), {"level": None}),
        (wire.TemplateChange(criteria_url="https://org.example/c"), {"global_activity_url": "https://org.example/c"}),
        (wire.TemplateChange(skills=()), {"skills": []}),
        (wire.TemplateChange(alignments=()), {"alignments": []}),
        (wire.TemplateChange(state="archived"), {"state": "archived"}),
    ],
)
def test_of_a_change_only_that_is_sent(change, body):
    assert change.dump() == body
    assert change.is_empty is (body == {})


def test_a_template_is_not_brought_into_a_state_that_nobody_knows():
    with pytest.raises(wire.UnknownState):
        wire.TemplateChange(state="deleted")


# What comes of it.


def test_a_template_is_made(credly, client, said):
    credly.post(ROOT, json=said, status=201, match=[matchers.json_params_matcher(BODY)])

    made = client.create_template(ORDER)

    assert (made.id, made.name, made.state) == (TEMPLATE, "Course Four", "active")


def test_a_template_is_changed(credly, client, said):
    credly.put(ONE, json=said, match=[matchers.json_params_matcher({"name": "Course Four"})])

    assert client.change_template(TEMPLATE, wire.TemplateChange(name="Course Four")).name == "Course Four"


def test_a_template_is_archived_by_a_change(credly, client, said):
    said["data"]["state"] = "archived"
    credly.put(ONE, json=said, match=[matchers.json_params_matcher({"state": "archived"})])

    assert client.archive_template(TEMPLATE).state == "archived"


@pytest.mark.parametrize("answer", [{"status": 204}, {"status": 200, "json": {"data": {}, "metadata": {}}}])
def test_a_template_is_deleted(credly, client, answer):
    credly.delete(ONE, **answer)

    client.delete_template(TEMPLATE)


CREATE = ("POST", ROOT, lambda client: client.create_template(ORDER))
CHANGE = ("PUT", ONE, lambda client: client.archive_template(TEMPLATE))
DELETE = ("DELETE", ONE, lambda client: client.delete_template(TEMPLATE))

ANSWERS = [
    (400, {"json": refusal("Name can't be blank")}, errors.Refused),
    (401, {"body": "Invalid or expired token.", "content_type": "text/plain"}, errors.Unauthorized),
    (403, {"json": refusal("You are not permitted to perform this action.")}, errors.Unauthorized),
    (404, {"json": refusal("resource not found")}, errors.NotFound),
    (422, {"json": refusal("Skills must have at least 3 items")}, errors.Refused),
    (422, {"json": refusal("Validation failed", errors=[{"field": "image", "message": "is bad"}])}, errors.Refused),
    (422, {"body": b"", "content_type": "application/json"}, errors.Unanswered),
    (422, {"body": b'{"data": {"mess', "content_type": "application/json"}, errors.Unanswered),
    (429, {"body": b"", "headers": {"Retry-After": "7"}}, errors.Throttled),
    (500, {"json": refusal("Internal error")}, errors.Unanswered),
    (502, {"body": "<html>", "content_type": "text/html"}, errors.Unanswered),
    (503, {"body": b""}, errors.Unavailable),
    (504, {"body": b""}, errors.Unanswered),
    (302, {"headers": {"Location": "https://elsewhere.example"}}, errors.Unanswered),
]


@pytest.mark.parametrize(("status", "answer", "meaning"), ANSWERS)
@pytest.mark.parametrize("asked", [CREATE, CHANGE, DELETE], ids=["create", "archive", "delete"])
def test_what_an_answer_means(credly, client, asked, status, answer, meaning):
    method, url, ask = asked
    credly.add(method, url, status=status, **answer)

    with pytest.raises(errors.CredlyError) as raised:
        ask(client)

    assert type(raised.value) is meaning


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"data": null}', b'{"data": {"id": "x"}}', b'{"data": {"name": "Cour'],
)
@pytest.mark.parametrize(("asked", "status"), [(CREATE, 201), (CHANGE, 200)])
def test_a_yes_that_cannot_be_read_has_to_be_looked_into(credly, client, asked, status, body):
    method, url, ask = asked
    credly.add(method, url, status=status, body=body, content_type="application/json")

    with pytest.raises(errors.Unanswered):
        ask(client)


def test_an_answer_about_another_template_is_not_taken(credly, client, said):
    said["data"]["name"] = "Something else"
    credly.post(ROOT, json=said, status=201)
    said["data"]["id"] = str(UUID(int=7))
    credly.put(ONE, json=said)

    for ask in (CREATE[2], CHANGE[2]):
        with pytest.raises(errors.Unanswered):
            ask(client)


def test_a_template_that_did_not_become_archived_has_to_be_looked_into(credly, client, said):
    credly.put(ONE, json=said)

    with pytest.raises(errors.Unanswered):
        client.archive_template(TEMPLATE)


# Found by name.


def page(*items: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"data": list(items), "metadata": {"next_page_url": None, **metadata}}


def test_templates_of_a_name_are_found_though_credly_passes_over_the_filter(credly, client, said):
    other = {**said["data"], "id": str(UUID(int=7)), "name": "Course Four, advanced"}
    credly.get(ROOT, json=page(said["data"], other))

    found = client.find_templates("Course Four ")

    assert [each.id for each in found] == [TEMPLATE]
    assert (
        "filter=state%3A%3Adraft%2Cactive%2Carchived%7Cname%3A%3A%22Course%20Four%20%22" in credly.calls[0].request.url
    )


@pytest.mark.parametrize("name", ['Course "Four"', "Course|Four"])
def test_a_name_that_cannot_be_filtered_is_looked_for_among_all(credly, client, said, name):
    credly.get(ROOT, json=page({**said["data"], "name": name}))

    assert [each.name for each in client.find_templates(name)] == [name]
    assert "name%3A%3A" not in credly.calls[0].request.url


def test_where_one_could_not_be_read_none_is_ruled_out(credly, client, said):
    credly.get(ROOT, json=page({**said["data"], "state": "sleeping"}))

    with pytest.raises(errors.Garbled, match="none can be ruled out"):
        client.find_templates("Course Four")


def test_a_name_that_nobody_has_is_not_found(credly, client):
    credly.get(ROOT, json=page())

    assert client.find_templates("Course Four") == []
