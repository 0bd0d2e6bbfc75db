"""Badges over HTTP: who sees which, and in which shape."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credly_badges import access
from credly_badges.access import Level, Scope
from credly_badges.models import ApplicationForm, BadgeProgram, BadgeTemplate
from credly_badges.testing.factories import (
    COURSE_KEY,
    OrganizationFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

BADGES = "/api/badges/v1/badges"
CERTDIRECTORY = Path(__file__).parents[1] / "fixtures" / "certdirectory"
SHAPE = list(json.loads((CERTDIRECTORY / "get.json").read_text()))
OURS = [
    *("issuer", "programs", "status", "credlyState", "sandbox", "level", "cost", "timeToEarn", "type", "skills"),
    *("alignments", "activities", "criteriaUrl", "credlyUrl", "version", "requirementsUrl", "updatedAt"),
    "acceptsApplications",
]
Status = BadgeTemplate.Status


def key_of(organization, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes or [Scope.BADGES_READ], level=Level(organization.pk))
    return {"Authorization": f"Bearer {made.shown}"}


@pytest.fixture
def mine(db):
    return OrganizationFactory(name="Example University", slug="example-university")


@pytest.fixture
def ask(client, mine):
    """Ask with a key of the organization; the answer's JSON."""
    headers = key_of(mine)
    return lambda query="", path=BADGES: client.get(f"{path}{query}", headers=headers)


def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["name"] for each in answer.json()["data"]]


# CertDirectory's shape.


@pytest.fixture
def as_in_the_example(mine, settings):
    """The badges of which CertDirectory's documents would tell what is in the example."""
    settings.LMS_ROOT_URL = "https://lms.example"
    badge = a_badge_for_passing(
        organization=mine,
        uuid=uuid.UUID("11111111-0000-4000-8000-000000000001"),
        name="Data Literacy",
        slug="data-literacy",
        description="Reads, checks and explains data.",
        image_url="https://images.example/data-literacy.png",
        expiry=BadgeTemplate.Expiry.PERIOD,
        expiry_days=365,
        skills=["Statistics", "Charts", "Writing"],
    )
    badge.groups.get().requirements.update(description="Pass the course")
    draft = TemplateFactory(
        organization=mine,
        uuid=uuid.UUID("11111111-0000-4000-8000-000000000002"),
        name="Archery",
        slug="archery",
        description="",
    )
    for day, each in enumerate((badge, draft), 5):
        BadgeTemplate.objects.filter(pk=each.pk).update(created=datetime(2026, 1, day, 10, tzinfo=UTC))


@pytest.mark.usefixtures("as_in_the_example")
def test_a_list_is_byte_for_byte_as_in_the_example(ask):
    example = json.loads((CERTDIRECTORY / "list.json").read_text())
    example["data"].reverse()  # Ours are sorted by their names.

    answer = ask()

    assert answer.content == as_bytes(example)
    assert answer["Content-Type"] == "application/json"


@pytest.mark.usefixtures("as_in_the_example")
def test_a_badge_is_byte_for_byte_as_in_the_example(ask):
    example = json.loads((CERTDIRECTORY / "get.json").read_text())

    answer = ask(f"/{example['id']}")

    assert answer.content == as_bytes(example)


def as_bytes(example: Any) -> bytes:
    return json.dumps(example, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_key_lists_the_badges_of_its_organization_in_the_known_shape(client):
    mine, other = OrganizationFactory(), OrganizationFactory()
    first = TemplateFactory(organization=mine, name="A")
    TemplateFactory(organization=other, status=Status.ACTIVE)

    answer = client.get(BADGES, headers=key_of(mine))

    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["data", "pagination"]
    assert body["pagination"] == {"limit": 50, "offset": 0, "total": 1}
    assert list(body["data"][0]) == SHAPE
    assert body["data"][0]["id"] == str(first.uuid)
    assert answer["X-RateLimit-Limit"] == "600"


def test_the_criteria_are_in_words_and_else_where_credly_has_them(ask, mine):
    worded = TemplateFactory(organization=mine, name="A", criteria_url="https://example.org/a")
    RequirementFactory(group__template=worded, description="Pass it")
    TemplateFactory(organization=mine, name="B", criteria_url="https://example.org/b")

    first, second = ask().json()["data"]

    assert first["criteria"].startswith("Pass it – ")
    assert COURSE_KEY in first["criteria"]
    assert second["criteria"] == "https://example.org/b"


@pytest.mark.parametrize(
    ("status", "has_one"),
    [(Status.DRAFT, False), (Status.REVIEW, False), (Status.SHADOW, False), (Status.ACTIVE, True)],
)
def test_an_address_for_everybody_is_told_where_there_is_a_page(ask, mine, status, has_one):
    TemplateFactory(organization=mine, status=status)

    badge = ask().json()["data"][0]

    assert (badge["publicUrl"] is not None, badge["achievementUrl"] is not None) == (has_one, has_one)


def test_without_public_pages_no_address_is_told(ask, mine, settings):
    settings.CREDLY_BADGES_PUBLIC_PAGES = False
    TemplateFactory(organization=mine, status=Status.ACTIVE)

    badge = ask().json()["data"][0]

    assert (badge["publicUrl"], badge["achievementUrl"]) == (None, None)


@pytest.mark.parametrize(
    ("columns", "days"),
    [
        ({}, None),
        ({"expiry": "never"}, None),
        ({"expiry": "period", "expiry_days": 30}, 30),
        ({"expiry": "certificate", "expiry_days": 30}, None),
    ],
)
def test_only_days_that_are_counted_from_the_badge_are_told(ask, mine, columns, days):
    TemplateFactory(organization=mine, **columns)

    assert ask().json()["data"][0]["expiresInDays"] == days


# All of it.


def test_all_of_a_badge_is_told_after_the_known_fields(client, ask, mine):
    program = BadgeProgram.objects.create(organization=mine, slug="masters", name="Masters")
    badge = TemplateFactory(
        organization=mine,
        status=Status.ACTIVE,
        level="Advanced",
        cost="Free",
        time_to_earn="Months",
        type_category="Learning",
        skills=["Aim"],
        alignments=[{"name": "ESCO", "url": "https://esco.example", "description": "Skills"}],
        activities=[{"title": "Exam", "type": "Assessment", "url": ""}],
        criteria_url="https://example.org/c",
        public_url="https://www.credly.com/org/x/badge/y",
    )
    program.templates.add(badge)
    ApplicationForm.objects.create(template=badge, is_open=True)

    whole = ask(f"/{badge.uuid}?view=full").json()

    assert list(whole) == [*SHAPE, *OURS]
    assert whole["issuer"] == {"id": str(mine.uuid), "name": "Example University", "slug": "example-university"}
    assert whole["programs"] == [{"id": str(program.uuid), "name": "Masters", "slug": "masters"}]
    assert (whole["status"], whole["credlyState"], whole["sandbox"]) == ("active", "active", True)
    assert (whole["level"], whole["cost"], whole["timeToEarn"], whole["type"]) == (
        "Advanced", "Free", "Months", "Learning",
    )  # fmt: skip
    assert whole["alignments"] == badge.alignments
    assert whole["activities"] == badge.activities
    assert (whole["criteriaUrl"], whole["credlyUrl"]) == (badge.criteria_url, badge.public_url)
    assert (whole["version"], whole["acceptsApplications"]) == (1, True)
    requirements = client.get(whole["requirementsUrl"], headers=key_of(mine, Scope.REQUIREMENTS_READ))
    assert requirements.status_code == 200


def test_a_list_can_have_all_of_each(ask, mine):
    TemplateFactory.create_batch(2, organization=mine)

    assert [list(each) for each in ask("?view=full").json()["data"]] == [[*SHAPE, *OURS]] * 2


# Who sees what.


def test_what_another_organization_has_is_not_found(client):
    mine, other = OrganizationFactory(), OrganizationFactory()
    theirs = TemplateFactory(organization=other, status=Status.ACTIVE)

    answer = client.get(f"{BADGES}/{theirs.uuid}", headers=key_of(mine))

    assert answer.status_code == 404
    assert answer.json()["error"] == "NOT_FOUND"


def test_a_learner_sees_what_can_be_earned(client):
    TemplateFactory(status=Status.DRAFT)
    open_one = TemplateFactory(status=Status.ACTIVE)
    client.force_login(get_user_model().objects.create_user("lea"))

    answer = client.get(BADGES)

    assert [each["id"] for each in answer.json()["data"]] == [str(open_one.uuid)]


def test_nobody_sees_nothing(client):
    answer = client.get(BADGES)

    assert answer.status_code == 401
    assert answer.json()["error"] == "UNAUTHORIZED"
    assert "Bearer" in answer["WWW-Authenticate"]


# Chosen and sorted.


@pytest.fixture
def four(mine):
    """An active badge, a draft, an archived one, and one that is gone."""
    program = BadgeProgram.objects.create(organization=mine, slug="masters", name="Masters")
    rows = {
        "Archery": {"status": Status.ACTIVE, "skills": ["Aim", "Calm"]},
        "Bowling": {"skills": ["aim", "100 % Übung"]},
        "Chess": {"credly_state": "archived", "status": Status.RETIRED},
        "Darts": {"credly_state": "gone", "status": Status.RETIRED},
    }
    for name, columns in rows.items():
        row = TemplateFactory(organization=mine, name=name, **columns)
        BadgeTemplate.objects.filter(pk=row.pk).update(modified=datetime(2026, 1, len(name), tzinfo=UTC))
    program.templates.add(*BadgeTemplate.objects.filter(name__in=["Archery", "Chess"]))
    return program


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Archery", "Bowling", "Chess"]),
        ("?active=true", ["Archery"]),
        ("?active=1", ["Archery"]),
        ("?active=false", ["Bowling", "Chess"]),
        ("?status=retired", ["Chess"]),
        ("?status=draft&active=false", ["Bowling"]),
        ("?credlyState=archived", ["Chess"]),
        ("?credlyState=gone", ["Darts"]),
        ("?tag=AIM", ["Archery", "Bowling"]),
        ("?tag=100+%25+%C3%BCbung", ["Bowling"]),
        ("?tag=Ai", []),
        ("?q=ow", ["Bowling"]),
        ("?q=%25", []),
        ("?q='; DROP TABLE credly_badges_badgetemplate; --", []),
        ("?updatedSince=2026-01-06", ["Archery", "Bowling"]),
        ("?updatedSince=2026-01-05T00:00:00Z", ["Archery", "Bowling", "Chess"]),
        ("?limit=1&offset=1", ["Bowling"]),
        ("?program=11111111-0000-4000-8000-00000000000f", []),
        ("?issuer=11111111-0000-4000-8000-00000000000f", []),
    ],
)
@pytest.mark.usefixtures("four")
def test_badges_are_chosen_and_sorted_by_name(ask, query, found):
    assert names(ask(query)) == found


def test_badges_of_a_program_and_of_an_issuer(ask, four, mine):
    assert names(ask(f"?program={four.uuid}")) == ["Archery", "Chess"]
    assert names(ask(f"?issuer={mine.uuid}")) == ["Archery", "Bowling", "Chess"]


@pytest.mark.parametrize(
    "query",
    [
        *("?active=perhaps", "?active=", "?limit=0", "?limit=101", "?limit=a", "?offset=-1", "?issuer=1", "?program=x"),
        *("?status=asleep", "?credlyState=asleep", "?view=whole", "?updatedSince=yesterday", "?unknown=1", "?q=%00"),
        f"?tag={'a' * 256}",
    ],
)
def test_a_parameter_that_cannot_be_read_is_refused(ask, query):
    answer = ask(query)

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")


def test_badges_of_one_name_keep_their_order(ask, mine):
    made = [str(each.uuid) for each in TemplateFactory.create_batch(6, organization=mine, name="Same")]

    pages = [ask(f"?limit=2&offset={offset}").json()["data"] for offset in (0, 2, 4)]

    assert [each["id"] for page in pages for each in page] == made


def test_what_was_not_changed_is_not_sent_again(client):
    organization = OrganizationFactory()
    headers = key_of(organization)
    first = client.get(BADGES, headers=headers)

    second = client.get(BADGES, headers={**headers, "If-None-Match": first["ETag"]})

    assert second.status_code == 304


@pytest.mark.parametrize(("query", "queries"), [("", 8), ("?view=full", 10), ("?active=true&tag=Aim&q=a", 9)])
def test_a_list_takes_as_many_queries_for_many_badges_as_for_one(
    client, mine, django_assert_num_queries, query, queries
):
    headers = key_of(mine)
    counted = []
    for count in (1, 49):
        for _ in range(count):
            badge = a_badge_for_passing(organization=mine, skills=["Aim"])
            RuleFactory(requirement__group__template=badge)
        client.get(BADGES, headers=headers)

        # The key, the count, the page, their organizations; what they ask for: groups, requirements, rules, and
        # the titles of what these name. With all of each, its programs and its application form.
        with django_assert_num_queries(queries):
            counted.append(len(client.get(f"{BADGES}{query}", headers=headers).json()["data"]))

    assert counted == [1, 50]


def test_whether_badges_that_nobody_earns_have_a_page_takes_one_query_for_all(client, mine):
    headers = key_of(mine)
    a_badge_for_passing(organization=mine)
    client.get(BADGES, headers=headers)
    asked = []
    for retired in (0, 1, 30):
        TemplateFactory.create_batch(retired, organization=mine, status=Status.RETIRED)
        with CaptureQueriesContext(connection) as queries:
            client.get(BADGES, headers=headers)
        asked.append(len(queries))

    assert asked[1] == asked[2]
    assert asked[1] - asked[0] == 1


# Moved.


@pytest.fixture
def admin(client):
    user = UserFactory(admin=True)
    client.force_login(user)
    return user


def move(client, badge, to, **more) -> Any:
    headers = more.pop("headers", None)
    return client.post(
        f"{BADGES}/{badge.uuid}/status", {"to": to, **more}, content_type="application/json", headers=headers
    )


def test_a_badge_goes_through_its_life(client, admin, mine):
    badge = a_badge_for_passing(organization=mine, status=Status.DRAFT)

    answers = [move(client, badge, to, despite=["course_unknown"]) for to in ("active", "paused", "active", "retired")]

    assert [answer.status_code for answer in answers] == [200] * 4, [answer.content for answer in answers]
    assert [answer.json()["isActive"] for answer in answers] == [True, False, True, False]


def test_a_badge_is_submitted_approved_and_sent_back_with_a_reason(client, admin, mine):
    badge = a_badge_for_passing(organization=mine, status=Status.DRAFT)
    despite = ["course_unknown"]

    submitted = move(client, badge, "review", despite=despite)
    without_a_reason = move(client, badge, "draft")
    sent_back = move(client, badge, "draft", reason="Say which course.")
    move(client, badge, "review", despite=despite)
    approved = move(client, badge, "active", despite=despite)

    assert [each.status_code for each in (submitted, without_a_reason, sent_back, approved)] == [200, 409, 200, 200]
    assert "Say why" in without_a_reason.json()["message"]


def test_a_move_that_there_is_not_is_a_conflict(client, admin, mine):
    badge = TemplateFactory(organization=mine)

    answer = move(client, badge, "paused")

    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")


def test_a_badge_that_nobody_could_earn_is_not_activated(client, admin, mine):
    badge = TemplateFactory(organization=mine)

    answer = move(client, badge, "active")

    assert answer.status_code == 409
    assert answer.json()["details"]["reasons"]


@pytest.mark.parametrize(
    "body", [{}, {"to": "asleep"}, {"to": "active", "despite": ["everything"]}, {"to": "active", "x": 1}]
)
def test_a_move_that_cannot_be_read_is_refused(client, admin, mine, body):
    badge = TemplateFactory(organization=mine)

    answer = client.post(f"{BADGES}/{badge.uuid}/status", body, content_type="application/json")

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")


def test_a_learner_moves_nothing(client, mine):
    badge = TemplateFactory(organization=mine, active=True)
    client.force_login(UserFactory())

    assert move(client, badge, "paused").status_code == 403
    badge.refresh_from_db()
    assert badge.is_active


@pytest.mark.parametrize(("scope", "status"), [(Scope.BADGES_WRITE, 200), (Scope.BADGES_READ, 403)])
def test_a_key_pauses_with_its_scope(client, mine, scope, status):
    badge = TemplateFactory(organization=mine, active=True)

    answer = move(client, badge, "paused", headers=key_of(mine, scope, Scope.BADGES_READ))

    assert answer.status_code == status


@pytest.mark.parametrize("was", [Status.DRAFT, Status.REVIEW, Status.RETIRED])
def test_no_key_takes_the_place_of_a_reviewer(client, mine, settings, was):
    settings.CREDLY_BADGES_REVIEW_REQUIRED = True
    badge = a_badge_for_passing(organization=mine, status=was)

    answer = move(client, badge, "active", headers=key_of(mine, Scope.BADGES_WRITE, Scope.BADGES_READ))

    assert answer.status_code == 403
    badge.refresh_from_db()
    assert badge.status == was
