"""What badges ask for, read and written over HTTP as it stands in files."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credly_badges import access, lms, requirements, versions
from credly_badges.access import Level, Scope
from credly_badges.models import AuditEntry, BadgeTemplate, LevelRole
from credly_badges.requirements import files
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    OrganizationFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

GROUPS: list[dict[str, Any]] = [
    {
        "key": "basics",
        "name": "Basics",
        "needs": "any",
        "requirements": [
            {
                "key": "pass",
                "event": PASSING_STATUS,
                "places": [COURSE_KEY],
                "description": "Pass it",
                "rules": [{"field": "is_passing", "operator": "eq", "value": "yes"}],
            },
            {"key": "other", "event": PASSING_STATUS, "places": ["course-v1:edX+Other+2026"]},
        ],
    },
    {"key": "then", "after": "basics", "requirements": [{"key": "two", "event": PASSING_STATUS, "times": 2}]},
]
Status = BadgeTemplate.Status
MEANT = ["always_true", "course_unknown"]


class Asking:
    """Somebody who asks for the requirements of one badge."""

    def __init__(self, client: Any, headers: dict[str, str] | None = None) -> None:
        self.client, self.headers = client, headers or {}

    def at(self, badge: BadgeTemplate) -> str:
        return f"/api/badges/v1/badges/{badge.uuid}/requirements"

    def get(self, badge: BadgeTemplate) -> Any:
        return self.client.get(self.at(badge), headers=self.headers)

    def put(self, badge: BadgeTemplate, groups: Any, *, more: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.send(badge, {"groups": groups, **(more or {})}, **headers)

    def send(self, badge: BadgeTemplate, body: Any, **headers: str) -> Any:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.put(self.at(badge), data, content_type="application/json", headers={**self.headers, **more})


@pytest.fixture(autouse=True)
def course():
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    yield stand_in
    stand_in.clear()


@pytest.fixture
def badge(db) -> BadgeTemplate:
    return TemplateFactory(organization=OrganizationFactory())


def with_key(client, badge, *scopes) -> Asking:
    made = access.make(
        name="A system",
        scopes=scopes or (Scope.BADGES_READ, Scope.REQUIREMENTS_READ, Scope.REQUIREMENTS_WRITE),
        level=Level(badge.organization_id),
    )
    return Asking(client, {"Authorization": f"Bearer {made.shown}"})


@pytest.fixture
def system(client, badge) -> Asking:
    return with_key(client, badge)


def changed(**values: Any) -> list[dict[str, Any]]:
    """The groups with another first requirement."""
    groups = copy.deepcopy(GROUPS)
    groups[0]["requirements"][0].update(values)
    return groups


# Read.


def test_what_a_badge_asks_for_is_told_as_files_have_it_and_in_words(system, badge):
    gone = "course-v1:edX+Gone+2026"
    requirement = RuleFactory(requirement__group__template=badge, requirement__scope=gone).requirement

    answer = system.get(badge)

    told = answer.json()
    assert list(told) == ["organization", "template", "groups", "version", "criteria", "faults"]
    assert told["groups"] == versions.data(badge)["groups"]
    assert told["groups"][0]["requirements"][0]["key"] == requirement.key
    assert told["criteria"][0].startswith("Pass the course – ")
    assert told["version"] == 1
    fault = told["faults"][0]
    assert (fault["code"], fault["level"], fault["where"]) == ("course_unknown", "error", "groups[0].requirements[0]")
    assert gone in fault["sentence"]


def test_a_badge_that_asks_for_nothing_is_told_so(system, badge):
    told = system.get(badge).json()

    assert (told["groups"], told["criteria"]) == ([], [])
    assert [fault["level"] for fault in told["faults"]][:1] == ["error"]


def test_much_is_read_in_as_many_queries_as_little(system, badge):

    counted = []
    for count in (1, 49):
        for _ in range(count):
            RuleFactory(requirement__group__template=badge)
        system.get(badge)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            system.get(badge)
        counted.append(len(captured))

    assert counted[0] == counted[1] < 30


# Written.


def test_what_was_read_is_changed_and_sent_back(system, badge):
    system.put(badge, GROUPS)
    read = system.get(badge).json()
    read["groups"][0]["name"] = "Foundations"

    answer = system.send(badge, read)

    assert answer.status_code == 200, answer.content
    assert answer.json()["groups"][0]["name"] == "Foundations"
    assert system.get(badge)["ETag"] == answer["ETag"]


def test_files_and_addresses_agree(system, badge):
    system.put(badge, GROUPS)

    file = files.read(files.export([badge]))

    assert files.diff(file) == []
    assert system.get(badge).json()["groups"][0]["requirements"][0]["rules"] == GROUPS[0]["requirements"][0]["rules"]


def test_the_same_a_second_time_changes_nothing(system, badge):
    system.put(badge, GROUPS)

    answer = system.put(badge, GROUPS)

    assert answer.status_code == 200
    assert AuditEntry.objects.filter(action="requirements.changed").count() == 1


def test_who_changed_it_is_recorded(client, system, badge):
    system.put(badge, GROUPS)
    admin = UserFactory(admin=True)
    client.force_login(admin)
    Asking(client).put(badge, [])

    by_key, by_person = AuditEntry.objects.filter(action="requirements.changed").order_by("pk")

    assert (by_key.actor, len(by_key.after["api_key"]) > 0) == (None, True)
    assert (by_person.actor, "api_key" in by_person.after) == (admin, False)


def test_of_a_badge_that_learners_earn_a_new_version_is_made(client):
    badge = a_badge_for_passing()
    versions.seal(badge)
    system = with_key(client, badge)

    answer = system.put(badge, GROUPS, more={"despite": MEANT})

    assert answer.status_code == 200, answer.content
    assert answer.json()["version"] == 2


def test_a_change_of_what_somebody_else_changed_is_refused(system, badge):
    etag = system.get(badge)["ETag"]
    first = system.put(badge, GROUPS, If_Match=etag)

    second = system.put(badge, [], If_Match=etag)
    third = system.put(badge, [], If_Match=first["ETag"])

    assert (first.status_code, second.status_code, third.status_code) == (200, 412, 200)
    assert second.json()["error"] == "PRECONDITION_FAILED"


# Refused.


@pytest.mark.parametrize(
    ("groups", "where"),
    [
        (None, "groups"),
        ({}, "groups"),
        ("all", "groups"),
        ([1], "groups[0]"),
        ([{}], "groups[0]"),
        ([{"requirements": [], "color": "red"}], "groups[0].color"),
        (changed(event="org.openedx.nothing"), "groups[0].requirements[0].event"),
        (changed(event="x" * 151), "groups[0].requirements[0].event"),
        (changed(event=None), "groups[0].requirements[0].event"),
        (changed(places=["course-v1:edX"]), "groups[0].requirements[0].places[0]"),
        (changed(places=[COURSE_KEY] * 2), "groups[0].requirements[0].places"),
        (changed(description="two\nlines"), "groups[0].requirements[0].description"),
        (changed(description="A" * 256), "groups[0].requirements[0].description"),
        (changed(times=0), "groups[0].requirements[0].times"),
        (changed(times="often"), "groups[0].requirements[0].times"),
        (changed(weight=10**6), "groups[0].requirements[0].weight"),
        (changed(weight=True), "groups[0].requirements[0].weight"),
        (changed(key="with a blank"), "groups[0].requirements[0].key"),
        (changed(key="other"), "body"),
        (changed(rules=[{"field": "shoe_size", "operator": "eq"}]), "groups[0].requirements[0].rules[0].field"),
        (
            changed(rules=[{"field": "is_passing", "operator": "eq", "value": "perhaps"}]),
            "groups[0].requirements[0].rules[0].value",
        ),
        (changed(rules=[{"field": "is_passing", "operator": "is"}]), "groups[0].requirements[0].rules[0].operator"),
        ([{**GROUPS[1], "after": "nothing"}], "body"),
        ([{**GROUPS[1], "after": "then"}], "body"),
        ([{**GROUPS[0], "opens_on": "2026-02-30"}], "groups[0].opens_on"),
        ([{**GROUPS[0], "time_zone": "Europe/Atlantis"}], "groups[0].time_zone"),
        ([{**GROUPS[0], "within_days": 3}], "groups[0]"),
        ([{"requirements": []}] * 501, "groups"),
        (changed(rules=[{"field": "is_passing", "operator": "eq", "value": "yes"}] * 51), "groups"),
    ],
)
def test_a_mistake_is_told_at_its_place_and_nothing_is_stored(system, badge, groups, where):
    answer = system.put(badge, groups)

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
    assert where in answer.json()["details"], answer.json()
    assert requirements.stored(badge) == ()


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body"),
        ({"groups": [], "colour": 1}, "colour"),
        ({"groups": [], "despite": "everything"}, "despite"),
        ({"groups": [], "despite": ["everything"]}, "despite"),
        ({"groups": [], "despite": [{}]}, "despite"),
        ({"groups": [], "template": "11111111-0000-4000-8000-000000000001"}, "template"),
        ({"groups": [], "organization": 1}, "organization"),
    ],
)
def test_a_body_with_something_else_is_refused(system, badge, body, where):
    answer = system.send(badge, body)

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
    assert where in answer.json()["details"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"null", b"\xff", b"[" * 3_000])
def test_what_is_no_object_in_json_is_refused(system, badge, body):
    answer = system.send(badge, body)

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")


def test_html_and_sql_are_texts_like_any_other(system, badge):
    text = "<script>alert(1)</script>'; DROP TABLE x; --"

    answer = system.put(badge, changed(description=text))

    assert answer.json()["groups"][0]["requirements"][0]["description"] == text
    assert text in answer.json()["criteria"][1]


def test_a_badge_may_not_take_itself(system, badge):
    groups = [{"requirements": [{"event": "org.openedx.learning.badge.awarded.v1", "places": [str(badge.uuid)]}]}]

    answer = system.put(badge, groups)

    assert answer.status_code == 400
    assert "would take itself" in json.dumps(answer.json(), ensure_ascii=False)


def test_an_active_badge_is_not_changed_into_one_that_nobody_can_earn(client):
    badge = a_badge_for_passing()
    system = with_key(client, badge)

    answer = system.put(badge, [])

    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
    assert len(requirements.stored(badge)) == 1


def test_what_is_meant_is_taken(client):
    badge = a_badge_for_passing()
    system = with_key(client, badge)

    refused = system.put(badge, GROUPS)
    taken = system.put(badge, GROUPS, more={"despite": refused.json()["details"]["canBeMeant"]})

    assert (refused.status_code, taken.status_code) == (409, 200)
    assert "groups[0].requirements[1]" in refused.json()["details"]


# Who may.


def test_whose_scope_is_reading_writes_nothing(client, badge):
    reader = with_key(client, badge, Scope.BADGES_READ, Scope.REQUIREMENTS_READ)

    assert (reader.get(badge).status_code, reader.put(badge, GROUPS).status_code) == (200, 403)


def test_the_badge_of_another_organization_is_not_found(client, system):
    theirs = TemplateFactory()

    assert (system.get(theirs).status_code, system.put(theirs, GROUPS).status_code) == (404, 404)


def test_a_learner_reads_and_writes_nothing(client):
    badge = a_badge_for_passing()
    client.force_login(get_user_model().objects.create_user("lea"))

    assert (Asking(client).get(badge).status_code, Asking(client).put(badge, []).status_code) == (403, 403)


def test_the_staff_of_a_course_read_and_do_not_write(client, course):
    badge = a_badge_for_passing()
    teacher = UserFactory()
    course.add_staff(teacher.pk, COURSE_KEY)
    client.force_login(teacher)

    assert (Asking(client).get(badge).status_code, Asking(client).put(badge, []).status_code) == (200, 403)


def test_no_key_changes_what_has_to_be_reviewed(client, settings):
    settings.CREDLY_BADGES_REVIEW_REQUIRED = True
    badge = a_badge_for_passing()
    draft = TemplateFactory(organization=badge.organization)
    system = with_key(client, badge)

    assert system.put(badge, GROUPS, more={"despite": MEANT}).status_code == 403
    assert system.put(draft, GROUPS).status_code == 200


def test_somebody_who_may_not_approve_changes_nothing_that_has_to_be_reviewed(client, settings):
    settings.CREDLY_BADGES_REVIEW_REQUIRED = True
    badge = a_badge_for_passing()
    somebody = UserFactory()
    LevelRole.objects.create(user=somebody, role="administrator", organization=badge.organization)
    client.force_login(somebody)

    answer = Asking(client).put(badge, GROUPS, more={"despite": MEANT})

    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
