"""Badges made, changed, archived and deleted over HTTP, through to a stand-in Credly."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from credly_badges import access
from credly_badges.access import Level, Scope
from credly_badges.credly.transport import Transport
from credly_badges.models import AuditEntry, BadgeProgram, BadgeTemplate, CredlyOrganization, IdempotentAnswer
from credly_badges.rest_api.v1 import idempotency
from credly_badges.testing.factories import AwardFactory, OrganizationFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

BADGES = "/api/badges/v1/badges"
NEW: dict[str, Any] = {
    "name": "Archery",
    "description": "Hits the target.",
    "criteriaUrl": "https://example.org/criteria",
    "imageUrl": "https://images.example/archery.png",
    "skills": ["Aim", "Calm", "Strength"],
    "activities": [{"title": "Shoot", "type": "Course", "url": "https://example.org/a"}],
}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()


class System:
    """Another system, with a key of an organization."""

    def __init__(self, client: Any, organization: CredlyOrganization, *scopes: Scope) -> None:
        self.client = client
        scopes = scopes or (Scope.BADGES_READ, Scope.BADGES_WRITE)
        self.made = access.make(name="A system", scopes=scopes, level=Level(organization.pk))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method,
            path,
            data=b"" if body is None else _as_json(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.made.shown}", **headers},
        )

    def post(self, body: Any = None, path: str = BADGES, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def patch(self, template: BadgeTemplate, **headers_and_body: Any) -> Any:
        return self.ask("PATCH", at(template), headers_and_body)


def _as_json(body: Any) -> bytes:
    return json.dumps(body).encode()


def at(template: Any, more: str = "") -> str:
    return f"{BADGES}/{getattr(template, 'uuid', template)}{more}"


@pytest.fixture
def system(client, organization) -> System:
    return System(client, organization)


@pytest.fixture
def badge(credly, at_credly, organization) -> BadgeTemplate:
    """A badge that Credly has, and that was brought here."""
    theirs = credly.add_template(at_credly, "Sailing", skills=["Knots", "Oars", "Wind"])
    return TemplateFactory(organization=organization, uuid=uuid.UUID(theirs.uuid), name="Sailing")


def posts(credly) -> int:
    return len(credly.requests("POST", "badge_templates"))


# Making.


def test_a_badge_is_made_at_credly_and_is_here_at_once(credly, system, organization):
    answer = system.post({**NEW, "issuer": str(organization.uuid), "level": "Advanced", "expiresInDays": 365})

    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["tags"], made["isActive"], made["expiresInDays"]) == (
        "Archery",
        NEW["skills"],
        False,
        365,
    )
    assert made["slug"] == "archery"
    assert answer["Location"].endswith(at(made["id"]))
    template = BadgeTemplate.objects.get(uuid=made["id"])
    assert (template.level, template.criteria_url, template.status) == ("Advanced", NEW["criteriaUrl"], "draft")
    assert credly.templates()[0]["badge_template_activities"][0]["title"] == "Shoot"
    entry = AuditEntry.objects.get(action="template.created_at_credly")
    assert entry.after["api_key"] == system.made.key.prefix


def test_a_picture_can_be_sent_itself(credly, system):
    answer = system.post({**{k: v for k, v in NEW.items() if k != "imageUrl"}, "image": PNG})

    assert answer.status_code == 201
    assert answer.json()["imageUrl"].startswith("http")


def test_a_person_makes_a_badge_with_their_session(credly, client, organization):
    admin = UserFactory(admin=True)
    client.force_login(admin)

    answer = client.post(f"{BADGES}?view=full", NEW, content_type="application/json")

    assert answer.status_code == 201
    assert answer.json()["issuer"]["id"] == str(organization.uuid)
    entry = AuditEntry.objects.get(action="template.created_at_credly")
    assert (entry.actor, "api_key" in entry.after) == (admin, False)


def test_no_second_badge_of_a_name_is_made(credly, system):
    first = system.post(NEW).json()

    answer = system.post({**NEW, "name": " Archery "})

    assert answer.status_code == 409
    assert answer.json()["error"] == "CONFLICT"
    assert answer.json()["details"] == {"badgeId": first["id"]}
    assert posts(credly) == 1


def test_the_name_of_an_archived_badge_is_free(credly, system):
    first = system.post(NEW).json()
    system.post(path=at(first["id"], "/archive"))

    answer = system.post(NEW)

    assert answer.status_code == 201
    assert answer.json()["slug"] == "archery-2"


# Lost answers.


def test_a_badge_whose_answer_was_lost_is_found_and_not_made_twice(credly, system):
    credly.after_acting("POST /badge_templates", lose_the_answer=True)

    answer = system.post(NEW)

    assert answer.status_code == 201
    assert [each["name"] for each in credly.templates()] == ["Archery"]


def test_where_nobody_knows_the_caller_is_told_and_the_same_key_does_not_make_it_twice(credly, system):
    credly.after_acting("POST /badge_templates", lose_the_answer=True)
    credly.before_acting("GET /badge_templates", status=None, times=1, latency=0.0)
    credly.before_acting("GET /badge_templates", status=503, times=1)

    lost = system.post(NEW, Idempotency_Key="k-1")
    again = system.post(NEW, Idempotency_Key="k-1")
    once_more = system.post(NEW, Idempotency_Key="k-1")

    assert (lost.status_code, lost.json()["error"]) == (503, "UNAVAILABLE")
    assert "may have done it" in lost.json()["message"]
    assert int(lost["Retry-After"]) > 0
    assert again.status_code == 201
    assert once_more.json() == again.json()
    assert once_more["Idempotency-Replayed"] == "true"
    assert (posts(credly), BadgeTemplate.objects.count()) == (1, 1)


def test_without_a_key_the_second_one_is_told_of_the_badge_that_was_made(credly, system):
    credly.after_acting("POST /badge_templates", lose_the_answer=True)
    credly.before_acting("GET /badge_templates", status=None, times=1, latency=0.0)
    credly.before_acting("GET /badge_templates", status=503, times=1)

    lost, again = system.post(NEW), system.post(NEW)

    assert (lost.status_code, again.status_code) == (503, 409)
    assert again.json()["details"]["badgeId"] == str(BadgeTemplate.objects.get().uuid)
    assert posts(credly) == 1


@pytest.mark.parametrize(("minutes", "status"), [(9, 409), (11, 201)])
def test_a_request_that_is_being_done_is_not_done_beside_it_until_it_is_taken_for_dead(system, minutes, status):
    note = IdempotentAnswer.objects.create(
        caller=f"key:{system.made.key.pk}",
        key=idempotency.kept_as("k-1"),
        request_digest=digest_of(NEW),
        body={"begun_at": "2026-01-01T00:00:00+00:00", "busy": True},
    )

    begun = timezone.now() - timedelta(minutes=minutes)
    IdempotentAnswer.objects.filter(pk=note.pk).update(created=begun)

    answer = system.post(NEW, Idempotency_Key="k-1")

    assert answer.status_code == status
    assert answer.get("Retry-After") == ("60" if status == 409 else None)


@pytest.mark.parametrize(("minutes", "status"), [(9, 409), (11, 201)])
def test_a_name_is_free_again_when_whoever_made_a_badge_of_it_is_taken_for_dead(system, organization, minutes, status):
    name = hashlib.sha256(b"Archery").hexdigest()
    place = IdempotentAnswer.objects.create(caller=f"template:{organization.pk}", key=name)
    begun = timezone.now() - timedelta(minutes=minutes)
    IdempotentAnswer.objects.filter(pk=place.pk).update(created=begun)

    answer = system.post(NEW)

    assert answer.status_code == status
    assert answer.get("Retry-After") == ("60" if status == 409 else None)


def test_a_key_for_another_request_is_refused(credly, system):
    system.post(NEW, Idempotency_Key="k-1")

    answer = system.post({**NEW, "name": "Sailing"}, Idempotency_Key="k-1")

    assert answer.status_code == 409
    assert posts(credly) == 1


def test_what_was_refused_may_be_sent_again_with_the_same_key(credly, system):
    credly.configure(template_description_limit=5)
    refused = system.post(NEW, Idempotency_Key="k-1")
    credly.configure(template_description_limit=0)

    answer = system.post(NEW, Idempotency_Key="k-1")

    assert (refused.status_code, answer.status_code) == (502, 201)


def digest_of(body: Any) -> str:
    return hashlib.sha256(b"POST\n" + BADGES.encode() + b"\n" + _as_json(body)).hexdigest()


# Changing.


def test_what_is_sent_is_changed_at_credly_and_nothing_else(credly, system, badge):
    answer = system.patch(badge, name="Sailing II", skills=["Knots", "Oars", "Rain"])

    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["tags"]) == ("Sailing II", ["Knots", "Oars", "Rain"])
    theirs = credly.templates()[0]
    assert (theirs["name"], theirs["state"]) == ("Sailing II", "active")
    entry = AuditEntry.objects.get(action="template.changed_at_credly")
    assert entry.after["fields"] == ["name", "skills"]


def test_when_its_badges_expire_is_ours_to_say(credly, system, badge):
    answer = system.patch(badge, expiresInDays=30)
    back = system.patch(badge, expiresInDays=None)

    assert (answer.json()["expiresInDays"], back.json()["expiresInDays"]) == (30, None)
    assert credly.requests("PUT") == []
    badge.refresh_from_db()
    assert badge.expiry == BadgeTemplate.Expiry.TEMPLATE


def test_a_whole_badge_is_put_and_what_is_left_out_is_emptied(credly, system):
    made = system.post({**NEW, "level": "Advanced", "expiresInDays": 3}).json()
    whole = {name: value for name, value in NEW.items() if name != "imageUrl"}

    answer = system.ask("PUT", f"{at(made['id'])}?view=full", {**whole, "name": "Bow"})

    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["name"], shown["level"], shown["expiresInDays"]) == ("Bow", "", None)
    assert shown["imageUrl"] == NEW["imageUrl"]
    assert shown["slug"] == "archery"


def test_a_whole_badge_that_is_not_whole_is_refused(system, badge):
    answer = system.ask("PUT", at(badge), {"name": "Bow"})

    assert answer.status_code == 400
    assert set(answer.json()["details"]) == {"description", "criteriaUrl", "skills", "activities"}


def test_a_change_of_what_somebody_else_changed_is_refused(credly, system, badge):
    etag = system.ask("GET", at(badge))["ETag"]
    first = system.ask("PATCH", at(badge), {"name": "A"}, If_Match=etag)

    second = system.ask("PATCH", at(badge), {"name": "B"}, If_Match=etag)
    third = system.ask("PATCH", at(badge), {"name": "C"}, If_Match=first["ETag"])

    assert (first.status_code, second.status_code, third.status_code) == (200, 412, 200)


def test_a_badge_that_credly_has_no_more_is_known_to_be_gone(credly, system, badge):
    credly.delete_template(credly.store.templates[str(badge.uuid)])

    answer = system.patch(badge, name="Sailing II")

    assert answer.status_code == 409
    badge.refresh_from_db()
    assert badge.credly_state == BadgeTemplate.CredlyState.GONE


# Archiving and deleting.


def test_an_archived_badge_is_earned_no_more(credly, system, badge):
    BadgeTemplate.objects.update(status="active")

    answer = system.post(path=at(badge, "/archive?view=full"))
    again = system.post(path=at(badge, "/archive"))

    assert (answer.status_code, again.status_code) == (200, 200)
    assert (answer.json()["credlyState"], answer.json()["status"]) == ("archived", "retired")
    assert len(credly.requests("PUT")) == 1


def test_a_deleted_badge_is_listed_no_more_and_stays_known(credly, system, badge):
    answer = system.ask("DELETE", at(badge))
    again = system.ask("DELETE", at(badge))

    assert (answer.status_code, again.status_code) == (204, 204)
    assert credly.templates() == []
    assert system.ask("GET", BADGES).json()["data"] == []
    assert [each["id"] for each in system.ask("GET", f"{BADGES}?credlyState=gone").json()["data"]] == [str(badge.uuid)]
    assert AuditEntry.objects.filter(action="template.deleted_at_credly").count() == 1


def test_a_badge_that_somebody_holds_is_not_deleted(credly, system, badge):
    AwardFactory(template=badge, offered=True)

    answer = system.ask("DELETE", at(badge))

    assert answer.status_code == 409
    assert answer.json()["details"] == {"awards": 1}
    assert "Archive it" in answer.json()["message"]
    assert len(credly.templates()) == 1


# What Credly and its organization have against it.


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [
        (400, 502, "CREDLY_REFUSED"),
        (422, 502, "CREDLY_REFUSED"),
        (401, 409, "CONFLICT"),
        (403, 409, "CONFLICT"),
        (429, 503, "UNAVAILABLE"),
        (503, 503, "UNAVAILABLE"),
        (500, 503, "UNAVAILABLE"),
    ],
)
def test_what_credly_says_against_a_change_is_told(credly, system, badge, status, expected, code):
    said = {"data": {"message": "The moon is in the wrong place."}, "metadata": None}
    credly.before_acting("PUT /badge_templates/*", status=status, body=said, headers={"Retry-After": "7"})

    answer = system.patch(badge, name="Sailing II")

    assert (answer.status_code, answer.json()["error"]) == (expected, code)
    badge.refresh_from_db()
    assert badge.name == "Sailing"
    if expected == 502:
        assert "The moon is in the wrong place." in answer.json()["message"]
    if status == 429:
        assert answer["Retry-After"] == "7"
    assert ("Retry-After" in answer) == (expected == 503)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"paused": CredlyOrganization.Pause.BY_HAND}, "paused"),
        ({"paused": CredlyOrganization.Pause.KEY_REJECTED}, "paused"),
        ({"api_key": ""}, "API key"),
    ],
)
def test_an_organization_that_cannot_be_asked_for_is_told_of(credly, system, organization, columns, words):
    CredlyOrganization.objects.filter(pk=organization.pk).update(**columns)

    answer = system.post(NEW)

    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
    assert words in answer.json()["message"]
    assert credly.requests() == []


# Who may.


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_who_may_only_read_changes_nothing(client, organization, badge, method):
    reader = System(client, organization, Scope.BADGES_READ)

    answer = reader.ask(method, at(badge), {} if method != "DELETE" else None)

    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")


def test_the_badge_of_another_organization_is_not_found(system):
    theirs = TemplateFactory()

    answers = [
        system.ask("PATCH", at(theirs), {"name": "Mine"}),
        system.ask("DELETE", at(theirs)),
        system.post(path=at(theirs, "/archive")),
    ]

    assert {answer.status_code for answer in answers} == {404}


def test_no_badge_is_made_for_another_organization(credly, system):
    other = OrganizationFactory()

    answer = system.post({**NEW, "issuer": str(other.uuid)})

    assert answer.status_code == 400
    assert "issuer" in answer.json()["details"]
    assert credly.requests() == []


def test_where_there_are_several_it_has_to_be_said_for_whom(client, organization):
    OrganizationFactory()
    client.force_login(UserFactory(admin=True))

    answer = client.post(BADGES, NEW, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["details"] == {"issuer": ["Say for which issuer: there are several."]}


def test_a_key_that_only_writes_makes_a_badge(client, organization):
    assert System(client, organization, Scope.BADGES_WRITE).post(NEW).status_code == 201


def test_a_key_of_a_program_makes_no_badge_of_its_organization(credly, client, organization):
    program = BadgeProgram.objects.create(organization=organization, slug="masters", name="Masters")
    system = System(client, organization)
    system.made = access.make(
        name="Another", scopes=[Scope.BADGES_READ, Scope.BADGES_WRITE], level=Level(None, program.pk)
    )

    answer = system.post({**NEW, "issuer": str(organization.uuid)})

    assert (answer.status_code, credly.requests()) == (403, [])


def test_a_learner_makes_nothing(client, organization):
    client.force_login(get_user_model().objects.create_user("lea"))

    assert client.post(BADGES, NEW, content_type="application/json").status_code == 403


# What is sent.


HTML = "<img src=x onerror=alert(1)>'; DROP TABLE badges; --"


def test_html_and_sql_are_texts_like_any_other(credly, system):
    texts = {"name": HTML, "description": HTML, "skills": [HTML, "B", "C"], "level": "<b>"}

    made = system.post({**NEW, **texts})
    read = system.ask("GET", f"{at(made.json()['id'])}?view=full").json()

    assert made.status_code == 201
    assert (read["name"], read["description"], read["skills"][0], read["level"]) == (HTML, HTML, HTML, "<b>")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": ["A"]}, "name"),
        ({"name": "A" * 256}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "bell\u0007"}, "name"),
        ({"description": ""}, "description"),
        ({"description": "A" * 10_001}, "description"),
        ({"criteriaUrl": "javascript:alert(1)"}, "criteriaUrl"),
        ({"criteriaUrl": "ftp://example.org/x"}, "criteriaUrl"),
        ({"criteriaUrl": "example.org"}, "criteriaUrl"),
        ({"criteriaUrl": "https://example.org/" + "a" * 500}, "criteriaUrl"),
        ({"imageUrl": "file:///etc/passwd"}, "imageUrl"),
        ({"imageUrl": None}, "imageUrl"),
        ({"image": PNG}, "image"),
        ({"image": "no base64!"}, "image"),
        ({"image": base64.b64encode(b"<svg onload=alert(1)>").decode()}, "image"),
        ({"skills": ["One", "Two"]}, "skills"),
        ({"skills": ["One", "Two", "two"]}, "skills"),
        ({"skills": "One, Two, Three"}, "skills"),
        ({"skills": ["A"] * 51}, "skills"),
        ({"skills": [{}, {}, {}]}, "skills"),
        ({"activities": []}, "activities"),
        ({"activities": [{"name": "Shoot"}]}, "activities"),
        ({"activities": [{"title": "Shoot", "url": "javascript:alert(1)"}]}, "activities"),
        ({"alignments": [{"name": "X", "url": "nowhere"}]}, "alignments"),
        ({"expiresInDays": 0}, "expiresInDays"),
        ({"expiresInDays": 1.5}, "expiresInDays"),
        ({"expiresInDays": 10**9}, "expiresInDays"),
        ({"issuer": "mine"}, "issuer"),
        ({"isActive": True}, "isActive"),
        ({"x" * 300: 1}, "x" * 100),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_field_and_credly_is_not_asked(credly, system, wrong, field):
    answer = system.post({**NEW, **wrong})

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
    assert field in answer.json()["details"]
    assert (credly.requests(), BadgeTemplate.objects.count()) == ([], 0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b"[" * 5_000, b'{"name": NaN}'])
def test_what_is_no_object_in_json_is_refused(credly, system, body):
    answer = system.client.generic(
        "POST",
        BADGES,
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {system.made.shown}"},
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
    assert credly.requests() == []


def test_a_body_that_is_too_large_is_not_even_read(credly, system):
    answer = system.post({**NEW, "description": "A" * 2_000_001})

    assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")


# Transactions.


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_credly_is_asked(credly, system, badge, monkeypatch):
    seen: list[tuple[str, bool]] = []
    ask = Transport.ask

    def watched(self: Transport, label: str, *args: Any, **kwargs: Any) -> Any:
        seen.append((label, connection.in_atomic_block))
        return ask(self, label, *args, **kwargs)

    monkeypatch.setattr(Transport, "ask", watched)
    made = system.post(NEW, Idempotency_Key="k-1").json()
    system.patch(badge, name="Sailing II")
    system.post(path=at(badge, "/archive"))
    system.ask("DELETE", at(made["id"]))

    assert {label.partition(" ")[0] for label, _ in seen} == {"GET", "POST", "PUT", "DELETE"}
    assert not any(is_open for _, is_open in seen)


@pytest.mark.django_db(transaction=True)
def test_credlys_notice_of_it_may_be_faster(credly, system, organization):
    faster: list[str] = []

    def notice(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT INTO") and "_badgetemplate" in sql and not faster:
            faster.append(credly.templates()[0]["id"])
            TemplateFactory(organization=organization, uuid=uuid.UUID(faster[0]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(notice):
        answer = system.post(NEW)

    assert (len(faster), answer.status_code) == (1, 201)
    assert BadgeTemplate.objects.get().name == "Archery"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_one_moment_one_makes_it(credly, client, organization, settings):
    systems = [System(type(client)(), organization) for _ in range(2)]
    answers: list[Any] = []
    credly.before_acting("GET /badge_templates", status=None, times=2, latency=0.5)

    def make(system: System) -> None:
        try:
            answers.append(system.post(NEW))
        finally:
            connection.close()

    threads = [threading.Thread(target=make, args=(each,)) for each in systems]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert posts(credly) == 1
