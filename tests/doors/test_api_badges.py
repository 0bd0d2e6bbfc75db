"""Badges over HTTP: who sees which, and in which shape."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from credly_badges import access
from credly_badges.access import Level, Scope
from credly_badges.models import BadgeTemplate
from credly_badges.testing.factories import OrganizationFactory, TemplateFactory

pytestmark = pytest.mark.django_db

SHAPE = [
    *("id", "name", "slug", "description", "criteria", "imageUrl", "expiresInDays", "tags", "isActive", "createdAt"),
    *("publicUrl", "achievementUrl"),
]


def key_of(organization, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes or [Scope.BADGES_READ], level=Level(organization.pk))
    return {"Authorization": f"Bearer {made.shown}"}


def test_a_key_lists_the_badges_of_its_organization_in_the_known_shape(client):
    mine, other = OrganizationFactory(), OrganizationFactory()
    first = TemplateFactory(organization=mine, name="A")
    TemplateFactory(organization=other, status=BadgeTemplate.Status.ACTIVE)

    answer = client.get("/api/badges/v1/badges", headers=key_of(mine))

    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["data", "pagination"]
    assert body["pagination"] == {"limit": 50, "offset": 0, "total": 1}
    assert list(body["data"][0]) == SHAPE
    assert body["data"][0]["id"] == str(first.uuid)
    assert answer["X-RateLimit-Limit"] == "600"


def test_what_another_organization_has_is_not_found(client):
    mine, other = OrganizationFactory(), OrganizationFactory()
    theirs = TemplateFactory(organization=other, status=BadgeTemplate.Status.ACTIVE)

    answer = client.get(f"/api/badges/v1/badges/{theirs.uuid}", headers=key_of(mine))

    assert answer.status_code == 404
    assert answer.json()["error"] == "NOT_FOUND"


def test_a_learner_sees_what_can_be_earned(client):
    TemplateFactory(status=BadgeTemplate.Status.DRAFT)
    open_one = TemplateFactory(status=BadgeTemplate.Status.ACTIVE)
    client.force_login(get_user_model().objects.create_user("lea"))

    answer = client.get("/api/badges/v1/badges")

    assert [each["id"] for each in answer.json()["data"]] == [str(open_one.uuid)]


def test_nobody_sees_nothing(client):
    answer = client.get("/api/badges/v1/badges")

    assert answer.status_code == 401
    assert answer.json()["error"] == "UNAUTHORIZED"
    assert "Bearer" in answer["WWW-Authenticate"]


def test_what_was_not_changed_is_not_sent_again(client):
    organization = OrganizationFactory()
    headers = key_of(organization)
    first = client.get("/api/badges/v1/badges", headers=headers)

    second = client.get("/api/badges/v1/badges", headers={**headers, "If-None-Match": first["ETag"]})

    assert second.status_code == 304


def test_a_list_takes_as_many_queries_for_many_badges_as_for_one(client, django_assert_num_queries):
    organization = OrganizationFactory()
    headers = key_of(organization)
    TemplateFactory.create_batch(60, organization=organization)
    client.get("/api/badges/v1/badges", headers=headers)

    # The key, the count, the page; what the badges ask for, as it was written down and else as it is now; which of
    # them have a page.
    with django_assert_num_queries(6):
        answer = client.get("/api/badges/v1/badges", headers=headers)

    assert len(answer.json()["data"]) == 50
