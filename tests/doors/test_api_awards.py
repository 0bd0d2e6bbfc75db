"""Awards over HTTP: issued, listed, revoked, restored and sent again by other systems, and by people."""

from __future__ import annotations

import pytest

from credly_badges import access, lms
from credly_badges.access import Level, Scope
from credly_badges.models import AuditEntry, BadgeAward
from credly_badges.testing.factories import TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

ISSUER = (Scope.BADGES_READ, Scope.AWARDS_READ, Scope.AWARDS_ISSUE, Scope.AWARDS_REVOKE)


@pytest.fixture(autouse=True)
def _nobody_has_a_profile():
    lms.backend().clear()


@pytest.fixture
def badge():
    """A badge that Credly would issue."""
    return TemplateFactory(name="Scholar")


def key_of(organization, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes or ISSUER, level=Level(organization.pk))
    return {"Authorization": f"Bearer {made.shown}"}


def post(client, path, body, headers):
    return client.post(f"/api/badges/v1/{path}", body, content_type="application/json", headers=headers)


def test_another_system_issues_a_badge(client, badge):
    UserFactory(username="ada")
    headers = key_of(badge.organization)

    answer = post(client, f"badges/{badge.uuid}/awards", {"learner": "ada"}, headers)

    assert answer.status_code == 201, answer.json()
    award = BadgeAward.objects.get()
    assert answer.json()["id"] == str(award.uuid)
    assert award.source == BadgeAward.Source.SYSTEM
    assert award.granted_with is not None
    assert AuditEntry.objects.get(action="award.granted").after["api_key"] == award.granted_with.prefix
