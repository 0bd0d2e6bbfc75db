"""Section 4: badge templates."""

from __future__ import annotations

from typing import Any

import pytest
import requests

NEW: dict[str, Any] = {
    "name": "Archery",
    "description": "Hits the target.",
    "image": {"remote_upload_url": "https://images.example/archery.png"},
    "skills": ["Aim", "Calm", "Strength"],
    "global_activity_url": "https://example.org/criteria",
    "badge_template_activities": [
        {"activity_type": "Course", "title": "Shoot", "activity_url": "https://example.org/a"}
    ],
}
CORE = [
    "id",
    "name",
    "description",
    "state",
    "state_updated_at",
    "public",
    "visibility",
    "vanity_slug",
    "url",
    "image",
    "image_url",
    "global_activity_url",
    "criteria_url",
    "criteria_url_name",
    "level",
    "cost",
    "time_to_earn",
    "type_category",
    "skills",
    "reporting_tags",
    "alignments",
    "recommendations",
    "badge_template_activities",
    "required_badge_templates",
    "owner",
    "created_at",
    "updated_at",
    "allow_duplicate_badges",
    "badges_count",
    "get_issue_count",
    "recipient_type",
    "certification",
    "lock_badge_state",
    "printing_disabled",
    "record_to_blockchain",
    "send_expiring_badge_notifications",
    "show_badge_lmi",
    "show_lmi_jobs",
    "show_skill_tag_links",
    "show_template_settings",
    "default_expires_at",
    "default_expires_at_date",
    "default_expires_at_type",
    "earn_this_badge_url",
    "enable_earn_this_badge",
    "enable_detail_attribute_visibility",
    "translatable",
]
OWNER = {"type", "id", "name", "enable_blockchain", "url", "vanity_url", "vanity_slug", "verified", "viewable"}


def names(answer) -> list[str]:
    return [item["name"] for item in answer.json()["data"]]


def test_a_template_has_every_known_field(api, template):
    item = api.get("badge_templates").json()["data"][0]

    assert set(CORE) <= item.keys()
    assert item["owner"].keys() == OWNER
    assert item["image"]["url"] == item["image_url"]
    assert item["show_template_settings"] is False


def test_read_alone_a_template_tells_what_recommends_it(api, template):
    item = api.get(f"badge_templates/{template.uuid}").json()["data"]

    assert (item["recommending_templates"], item["criterion_for"], item["show_template_settings"]) == ([], [], True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"filter": "state::active,draft"}, ["Archery II", "Archery", "Sailing"]),
        ({"filter": "state::archived"}, ["Old Archery"]),
        ({"filter": "query::WIND"}, ["Sailing"]),
        ({"filter": "name::archery"}, ["Archery II", "Old Archery", "Archery"]),
        ({"filter": 'name::"Archery"'}, ["Archery"]),
        ({"filter": "skills::Knots,Oars"}, ["Sailing"]),
        ({"filter": "reporting_tags::sea"}, ["Sailing"]),
        ({"filter": "public::false"}, ["Archery II"]),
        ({"filter": "created_at_max::2001-01-01"}, []),
        ({"filter": "created_at_min::2001-01-01|name::sail"}, ["Sailing"]),
        ({"filter": "state::active", "sort": "name"}, ["Archery", "Archery II"]),
        ({"filter": "state::active", "sort": "-name"}, ["Archery II", "Archery"]),
    ],
)
def test_templates_are_filtered_and_sorted(credly, api, at_credly, query, found):
    credly.add_template(
        at_credly, "Sailing", state="draft", description="Reads the wind.", skills=["Knots"], reporting_tags=["sea"]
    )
    credly.add_template(at_credly, "Archery")
    credly.add_template(at_credly, "Old Archery", state="archived")
    credly.add_template(at_credly, "Archery II", public=False)

    assert names(api.get("badge_templates", **query)) == found


@pytest.mark.parametrize(("setting", "total"), [("all", 3), ("not_archived", 2), ("active", 1)])
def test_which_states_come_without_a_state_filter(credly, api, at_credly, setting, total):
    credly.configure(template_unfiltered_states=setting)
    for state in ("active", "draft", "archived"):
        credly.add_template(at_credly, state, state)

    assert api.get("badge_templates").json()["metadata"]["total_count"] == total


def test_templates_sort_by_how_many_badges_they_have(credly, api, at_credly):
    rare, common = credly.add_template(at_credly, "Rare"), credly.add_template(at_credly, "Common")
    api.issue(common)

    assert names(api.get("badge_templates", sort="-badges_count")) == ["Common", "Rare"]
    assert api.get(f"badge_templates/{rare.uuid}").json()["data"]["get_issue_count"] == 0


def test_a_new_template_is_created_at_its_location(api):
    answer = api.post("badge_templates", **NEW)

    assert answer.status_code == 201
    assert answer.json()["data"]["state"] == "active"
    assert api.get(answer.headers["Location"]).json()["data"]["name"] == "Archery"
    assert answer.json()["data"]["image_url"] == "https://images.example/archery.png"


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": None},
        {"skills": ["One", "Two"]},
        {"global_activity_url": ""},
        {"badge_template_activities": []},
        {"name": " "},
        {"description": ""},
        {"state": "gone"},
    ],
)
def test_an_incomplete_template_is_refused(api, wrong):
    answer = api.post("badge_templates", **{**NEW, **wrong})

    assert answer.status_code == 422
    assert api.get("badge_templates").json()["data"] == []


def test_a_template_is_archived_by_changing_it(api, template):
    answer = api.put(f"badge_templates/{template.uuid}", state="archived")

    assert answer.json()["data"]["state"] == "archived"
    assert answer.json()["data"]["state_updated_at"].endswith("Z")
    event = api.get("events").json()["data"][0]
    assert (event["event_type"], event["badge_template"]["state"]) == ("badge_template.changed", "archived")


@pytest.mark.parametrize(("setting", "status"), [("allow", 200), ("refuse", 422)])
def test_an_archived_template_comes_back_or_not(credly, api, template, setting, status):
    credly.configure(template_unarchive=setting)
    credly.archive_template(template)

    assert api.put(f"badge_templates/{template.uuid}", state="active").status_code == status


@pytest.mark.parametrize("status", [200, 204])
def test_a_template_without_badges_is_deleted(credly, api, template, status):
    credly.configure(template_delete_status=status)

    assert api.delete(f"badge_templates/{template.uuid}").status_code == status
    assert api.get(f"badge_templates/{template.uuid}").status_code == 404


@pytest.mark.parametrize(("setting", "status"), [("refuse", 422), ("allow", 204)])
def test_a_template_with_badges_is_deleted_or_not(credly, api, template, setting, status):
    credly.configure(template_delete_with_badges=setting)
    api.issue(template)

    assert api.delete(f"badge_templates/{template.uuid}").status_code == status


def test_what_is_done_on_credlys_site_is_seen_over_the_api(credly, api, at_credly, template):
    credly.update_template(template, name="Data Literacy 2", level="Advanced")
    changed = api.get(f"badge_templates/{template.uuid}").json()["data"]
    credly.delete_template(template)
    gone = api.get(f"badge_templates/{template.uuid}").status_code
    credly.restore_template(template)

    assert (changed["name"], changed["level"], gone) == ("Data Literacy 2", "Advanced", 404)
    assert api.get(f"badge_templates/{template.uuid}").json()["data"]["state"] == "active"


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": {"remote_upload_url": "nowhere"}},
        {"image": {"url": "https://images.example/archery.png"}},
        {"image": "no base64!"},
        {"global_activity_url": "nowhere"},
        {"skills": ["One", "Two", {"name": "Three"}]},
        {"skills": "One, Two, Three"},
        {"badge_template_activities": [{"activity_type": "Course"}]},
        {"badge_template_activities": [{"activity_type": "Badge", "title": "Earlier badge"}]},
        {"badge_template_activities": ["Shoot"]},
        {"alignments": ["ESCO"]},
    ],
)
@pytest.mark.parametrize("ask", ["post", "put"])
def test_values_that_no_template_has_are_refused_of_new_and_of_old_ones(api, template, wrong, ask):
    before = api.get("badge_templates").json()

    if ask == "post":
        answer = api.post("badge_templates", **{**NEW, **wrong})
    else:
        answer = api.put(f"badge_templates/{template.uuid}", **wrong)

    assert answer.status_code == 422
    assert api.get("badge_templates").json() == before


@pytest.mark.parametrize(
    ("setting", "image", "status"),
    [
        ("either", "data:image/png;base64,iVBORw0KGgo=", 201),
        ("either", "iVBORw0KGgo=", 201),
        ("data_url", "iVBORw0KGgo=", 422),
        ("bare", "data:image/png;base64,iVBORw0KGgo=", 422),
    ],
)
def test_in_which_form_a_picture_is_taken(credly, api, setting, image, status):
    credly.configure(template_image_base64=setting)

    answer = api.post("badge_templates", **{**NEW, "image": image})

    assert answer.status_code == status
    if status == 201:
        made = answer.json()["data"]
        assert made["image_url"] == made["image"]["url"] == f"{credly.origin}/images/{made['id']}.svg"


@pytest.mark.parametrize(("setting", "status"), [("accept", 201), ("refuse", 422)])
def test_words_that_are_not_in_use_are_taken_or_not(credly, api, setting, status):
    credly.configure(template_unknown_words=setting)

    assert api.post("badge_templates", **NEW, level="Grand master").status_code == status
    assert api.post("badge_templates", **NEW, level="Advanced", cost="Free").status_code == 201


def test_names_may_have_a_limit(credly, api):
    credly.configure(template_name_limit=5)

    assert api.post("badge_templates", **NEW).status_code == 422


def test_what_a_change_leaves_out_stays(api, template):
    before = api.get(f"badge_templates/{template.uuid}").json()["data"]

    after = api.put(f"badge_templates/{template.uuid}", level="Advanced").json()["data"]

    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"level", "updated_at"}


@pytest.mark.parametrize(
    ("flags", "statuses"),
    [
        ({"write_enabled": False}, (403, 403, 204)),
        ({"delete_enabled": False}, (201, 200, 403)),
    ],
)
def test_a_key_writes_and_deletes_only_with_the_permission(credly, api, template, flags, statuses):
    for token in credly.store.tokens.values():
        for flag, value in flags.items():
            setattr(token, flag, value)

    made = api.post("badge_templates", **NEW).status_code
    changed = api.put(f"badge_templates/{template.uuid}", level="Advanced").status_code
    deleted = api.delete(f"badge_templates/{template.uuid}").status_code

    assert (made, changed, deleted) == statuses


def test_each_change_is_told(api):
    made = api.post("badge_templates", **NEW).json()["data"]["id"]
    api.put(f"badge_templates/{made}", level="Advanced")
    api.put(f"badge_templates/{made}", state="archived")
    api.delete(f"badge_templates/{made}")

    told = [(event["event_type"], event["badge_template"]["id"]) for event in api.get("events").json()["data"]]

    assert told == [
        ("badge_template.deleted", made),
        ("badge_template.changed", made),
        ("badge_template.changed", made),
        ("badge_template.created", made),
    ]


def test_a_template_is_made_though_the_answer_is_lost(credly, api, at_credly):
    credly.after_acting("POST /badge_templates", lose_the_answer=True)

    with pytest.raises(requests.ConnectionError):
        api.post("badge_templates", **NEW)

    assert [each["name"] for each in credly.templates()] == ["Archery"]
