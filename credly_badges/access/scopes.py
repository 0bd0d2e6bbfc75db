"""What can be allowed, one by one; what each role may do; and which permissions of Django's say the same."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from ..models import LevelRole

Role = LevelRole.Role


class Scope(StrEnum):
    """One thing that somebody, or a key, may be allowed to do at a level."""

    BADGES_READ = "badges:read"
    BADGES_WRITE = "badges:write"
    REQUIREMENTS_READ = "requirements:read"
    REQUIREMENTS_WRITE = "requirements:write"
    AWARDS_READ = "awards:read"
    AWARDS_ISSUE = "awards:issue"
    AWARDS_REVOKE = "awards:revoke"
    CODES_READ = "codes:read"
    CODES_WRITE = "codes:write"
    APPLICATIONS_READ = "applications:read"
    APPLICATIONS_SUBMIT = "applications:submit"
    APPLICATIONS_REVIEW = "applications:review"
    APPLICATIONS_DECIDE = "applications:decide"
    LEARNERS_READ = "learners:read"
    LEVELS_READ = "levels:read"
    LEVELS_WRITE = "levels:write"
    SUBSCRIBERS_READ = "subscribers:read"
    SUBSCRIBERS_WRITE = "subscribers:write"


DESCRIPTIONS: Mapping[Scope, Any] = {
    Scope.BADGES_READ: _("See badges"),
    Scope.BADGES_WRITE: _("Create, change, archive and delete badges at Credly"),
    Scope.REQUIREMENTS_READ: _("See what badges require"),
    Scope.REQUIREMENTS_WRITE: _("Change what badges require"),
    Scope.AWARDS_READ: _("See who was awarded which badge"),
    Scope.AWARDS_ISSUE: _("Issue badges, one by one and by lists"),
    Scope.AWARDS_REVOKE: _("Revoke, restore and resend badges"),
    Scope.CODES_READ: _("See claim codes"),
    Scope.CODES_WRITE: _("Make and close claim codes"),
    Scope.APPLICATIONS_READ: _("See applications and their reviews"),
    Scope.APPLICATIONS_SUBMIT: _("Submit applications for learners"),
    Scope.APPLICATIONS_REVIEW: _("Review applications"),
    Scope.APPLICATIONS_DECIDE: _("Assign and decide applications, and say how they are decided"),
    Scope.LEARNERS_READ: _("See learners' badges and progress"),
    Scope.LEVELS_READ: _("See organizations and programs"),
    Scope.LEVELS_WRITE: _("Change organizations and programs"),
    Scope.SUBSCRIBERS_READ: _("See who is told what happens"),
    Scope.SUBSCRIBERS_WRITE: _("Set up who is told what happens"),
}

_VIEWER = frozenset(
    {
        Scope.BADGES_READ,
        Scope.REQUIREMENTS_READ,
        Scope.AWARDS_READ,
        Scope.APPLICATIONS_READ,
        Scope.LEARNERS_READ,
        Scope.LEVELS_READ,
    }
)
_ISSUER = _VIEWER | {
    Scope.AWARDS_ISSUE,
    Scope.AWARDS_REVOKE,
    Scope.CODES_READ,
    Scope.CODES_WRITE,
    Scope.APPLICATIONS_SUBMIT,
    Scope.APPLICATIONS_REVIEW,
    Scope.APPLICATIONS_DECIDE,
}

ROLES: Mapping[str, frozenset[Scope]] = {
    Role.VIEWER: _VIEWER,
    Role.REVIEWER: frozenset(
        {
            Scope.BADGES_READ,
            Scope.REQUIREMENTS_READ,
            Scope.APPLICATIONS_READ,
            Scope.APPLICATIONS_REVIEW,
            Scope.LEVELS_READ,
        }
    ),
    Role.ISSUER: _ISSUER,
    Role.ADMINISTRATOR: frozenset(Scope),
}
"""What each role may do at its level and at all below it."""

COURSE_STAFF = frozenset({Scope.BADGES_READ, Scope.REQUIREMENTS_READ, Scope.AWARDS_READ, Scope.LEARNERS_READ})
"""What the staff of courses may do with badges all of whose requirements lie in courses of theirs."""

PERMISSIONS: Mapping[Scope, str] = {
    Scope.BADGES_READ: "credly_badges.view_badgetemplate",
    Scope.BADGES_WRITE: "credly_badges.sync_badgetemplate",
    Scope.REQUIREMENTS_READ: "credly_badges.view_badgetemplate",
    Scope.REQUIREMENTS_WRITE: "credly_badges.change_badgetemplate",
    Scope.AWARDS_READ: "credly_badges.view_badgeaward",
    Scope.AWARDS_ISSUE: "credly_badges.issue_badgeaward",
    Scope.AWARDS_REVOKE: "credly_badges.revoke_badgeaward",
    Scope.CODES_READ: "credly_badges.view_claimcode",
    Scope.CODES_WRITE: "credly_badges.add_claimcode",
    Scope.APPLICATIONS_READ: "credly_badges.view_application",
    Scope.APPLICATIONS_SUBMIT: "credly_badges.submit_application",
    Scope.APPLICATIONS_REVIEW: "credly_badges.review_application",
    Scope.APPLICATIONS_DECIDE: "credly_badges.decide_application",
    Scope.LEARNERS_READ: "credly_badges.view_badgeprogress",
    Scope.LEVELS_READ: "credly_badges.view_badgeprogram",
    Scope.LEVELS_WRITE: "credly_badges.change_badgeprogram",
    Scope.SUBSCRIBERS_READ: "credly_badges.view_subscriber",
    Scope.SUBSCRIBERS_WRITE: "credly_badges.change_subscriber",
}
"""The permission of Django's by which a user of the admin may do the same, at the level of the whole site."""


def described() -> list[tuple[str, str]]:
    """Every scope with its description, as the choices of a form."""
    return [(scope.value, str(said)) for scope, said in DESCRIPTIONS.items()]
