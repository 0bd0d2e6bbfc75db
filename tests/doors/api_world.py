"""Two organizations with everything that the REST API knows, and everybody who may call it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from django.utils import timezone

from credly_badges import access, claims, lms
from credly_badges.access import SITE, Level, Scope
from credly_badges.models import (
    ApiKey,
    Application,
    ApplicationEvidence,
    ApplicationForm,
    ApplicationReview,
    BadgeProgram,
    BulkIssue,
    LevelRole,
)
from credly_badges.testing.factories import (
    AwardFactory,
    OrganizationFactory,
    SubscriberFactory,
    SubscriberMessageFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

COURSE, OTHER_COURSE = "course-v1:edX+MINE+2026", "course-v1:edX+OTHER+2026"
CANARY = "canary-of-the-other-organization"
SECRET = "whsec_Y2FuYXJ5IG9mIGEgc2VjcmV0IHRoYXQgaXMgbmV2ZXIgc2hvd24="


@dataclass(frozen=True)
class Somebody:
    """A caller: a user who has logged in, or the headers of another system."""

    name: str
    user: Any = None
    headers: Callable[[str, str, bytes], dict[str, str]] = field(default=lambda _method, _path, _body: {})


@dataclass
class World:
    """What there is, by the names that the addresses have for it."""

    things: dict[str, Any]
    callers: dict[str, Somebody]


def world(organization: Any = None) -> World:
    """An organization with one of everything, another one, and all callers."""
    organization = organization or OrganizationFactory()
    badge = a_badge_for_passing(COURSE, organization=organization, name="The badge")
    program = BadgeProgram.objects.create(organization=organization, slug="p", name="P")
    program.templates.add(badge)
    foreign = OrganizationFactory(name=f"{CANARY} university", slug=CANARY)
    hidden = TemplateFactory(organization=foreign, name=f"{CANARY} badge", description=CANARY)
    learner, reviewer = UserFactory(username="lea"), UserFactory(username="rae")
    award = AwardFactory(learner=learner, template=badge, offered=True)
    AwardFactory(learner=UserFactory(username="canary-learner", email="canary@example.com"), template=hidden)
    form = ApplicationForm.objects.create(template=badge, is_open=True, needs_evidence=False)
    application = Application.objects.create(template=badge, learner=learner, statement="Please")
    evidence = ApplicationEvidence.objects.create(application=application, kind="text", text="What I did")
    review = ApplicationReview.objects.create(
        application=application, reviewer=reviewer, reviewed_as=f"user:{reviewer.pk}"
    )
    code = claims.make(badge, by=None, most=5)
    # One that is told nothing, so that nobody is connected to.
    subscriber = SubscriberFactory(organization=organization, secret=SECRET, is_active=False)
    bulk = BulkIssue.objects.create(template=badge)
    role = LevelRole.objects.create(user=reviewer, role=LevelRole.Role.REVIEWER, organization=organization)
    things = {
        "badge_id": badge.uuid, "award_id": award.uuid, "learner_id": learner.pk, "application_id": application.uuid,
        "evidence_id": evidence.uuid, "review_id": review.uuid, "code_id": code.uuid, "bulk_id": bulk.uuid,
        "subscriber_id": subscriber.uuid, "message_id": SubscriberMessageFactory(subscriber=subscriber).uuid,
        "issuer_id": organization.uuid, "program_id": program.uuid, "role_id": role.pk, "system": "testserver",
        "organization": organization.uuid, "badge": badge.uuid, "form": form,
    }  # fmt: skip
    levels = {
        "site": SITE, "issuer": Level(organization.pk), "program": Level(program_id=program.pk),
        "foreign": Level(foreign.pk),
    }  # fmt: skip
    return World(things, {each.name: each for each in _callers(levels, learner)})


def _callers(levels: dict[str, Level], learner: Any) -> list[Somebody]:
    staff, others_staff = UserFactory(username="sam"), UserFactory(username="ola")
    lms.backend().add_staff(staff.pk, COURSE)
    lms.backend().add_staff(others_staff.pk, OTHER_COURSE)
    found = [
        Somebody("nobody"),
        Somebody("learner", learner),
        Somebody("other learner", UserFactory(username="oli")),
        Somebody("course staff", staff),
        Somebody("staff of another course", others_staff),
        Somebody("superuser", UserFactory(username="sue", admin=True)),
    ]
    for where, level in levels.items():
        for role in LevelRole.Role.values:
            person = UserFactory(username=f"{where}-{role}")
            LevelRole.objects.create(
                user=person, role=role, organization_id=level.organization_id, program_id=level.program_id
            )
            found.append(Somebody(f"{where} {role}", person))
        found.append(_with_key(f"{where} key", list(Scope), level))
    found.append(_with_key("key without scopes", [], levels["issuer"]))
    found.append(_that_signs("signing key", levels["issuer"]))
    return found


def _with_key(name: str, scopes: list[Scope], level: Level) -> Somebody:
    shown = access.make(name=name, scopes=scopes, level=level, rate_limit=1_000_000).shown
    return Somebody(name, headers=lambda _method, _path, _body: {"Authorization": f"Bearer {shown}"})


def _that_signs(name: str, level: Level) -> Somebody:
    made = access.make(name=name, scopes=list(Scope), level=level, kind=ApiKey.Kind.SIGNING, rate_limit=1_000_000)

    def headers(method: str, path: str, body: bytes) -> dict[str, str]:
        claims_ = {
            "key": made.key.prefix,
            "exp": int(time.time()) + 60,
            "jti": str(timezone.now().timestamp()),
            "method": method,
            "path": path,
            "body": {"alg": "sha256", "hash": hashlib.sha256(body).hexdigest()},
        }
        return {"Authorization": f'JWT token="{jwt.encode(claims_, made.shown)}"'}

    return Somebody(name, headers=headers)
