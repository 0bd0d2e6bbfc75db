"""A right request for each operation of the REST API: what has to be there for it, and what is sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from credly_badges import applications, bulk
from credly_badges.models import (
    ApiKey,
    Application,
    ApplicationReview,
    BadgeAward,
    BadgeTemplate,
    BulkIssue,
    ClaimCode,
    Subscriber,
)
from credly_badges.testing.factories import PASSING_STATUS, AwardFactory
from credly_badges.testing.simulator import Simulator
from credly_badges.testing.simulator.records import Organization

from .api_world import COURSE, Somebody, World

BADGE: dict[str, Any] = {
    "name": "Archery",
    "description": "Hits the target.",
    "criteriaUrl": "https://example.org/criteria",
    "skills": ["Aim", "Calm", "Strength"],
    "activities": [{"title": "Shoot", "type": "Course", "url": "https://example.org/a"}],
}
GROUPS = [
    {
        "requirements": [
            {
                "event": PASSING_STATUS,
                "places": [COURSE],
                "rules": [{"field": "is_passing", "operator": "eq", "value": "yes"}],
            }
        ]
    }
]
QUERIES = {"listLearners": "?identifier=lea"}
"""What is asked in the address where an operation needs that."""

Things = dict[str, Any]


@dataclass
class Requests:
    """Right requests, in a world and with a Credly that has its badge."""

    world: World
    credly: Simulator
    at_credly: Organization
    receiver: str

    def made(self, operation: str, caller: Somebody) -> tuple[Things, Any]:
        """The things that the address is to name in the place of the world's own, and the body, or None for none.

        What has to be there for it is made; have it taken back.
        """
        things = BEFORE[operation](self, caller) if operation in BEFORE else {}
        body = BODIES.get(operation)
        return things or {}, body(self, caller) if callable(body) else body

    @property
    def badge(self) -> BadgeTemplate:
        """The badge that everything is about."""
        return BadgeTemplate.objects.get(uuid=self.world.things["badge_id"])

    @property
    def issuer(self) -> str:
        """The ID of its issuer."""
        return str(self.world.things["issuer_id"])

    @property
    def application(self) -> Application:
        """The application for it."""
        return Application.objects.get(uuid=self.world.things["application_id"])

    def names_learner(self, caller: Somebody) -> dict[str, str]:
        """Other systems say who is meant; people act for themselves."""
        return {} if caller.user is not None else {"learner": "oli"}

    def at_credlys(self, _caller: Somebody) -> Things:
        """The badge is one that Credly has, too."""
        theirs = self.credly.add_template(self.at_credly, f"Sailing {uuid.uuid4()}", skills=["Knots", "Oars", "Wind"])
        BadgeTemplate.objects.filter(pk=self.badge.pk).update(uuid=theirs.uuid)
        return {"badge_id": theirs.uuid}

    def listed(self, _caller: Somebody) -> Things:
        """A list that is ready."""
        rows = bulk.from_csv(b"learner\noli\n", now=timezone.now())
        return {"bulk_id": bulk.preview(self.badge, rows, reason="", by=None).uuid}

    def committed(self, caller: Somebody) -> Things:
        """A list that was committed."""
        things = self.listed(caller)
        bulk.commit(BulkIssue.objects.get(uuid=things["bulk_id"]), skip_wrong=False, by=None)
        return things

    def revoked(self, _caller: Somebody) -> None:
        """The award does not stand any more."""
        rows = BadgeAward.objects.filter(uuid=self.world.things["award_id"])
        rows.update(state=BadgeAward.State.REVOKED, live=None, revoked_at=timezone.now())

    def undelivered(self, _caller: Somebody) -> Things:
        """An award that Credly was never told of."""
        return {"award_id": AwardFactory(template=self.badge).uuid}

    def nobody_applied(self, caller: Somebody) -> None:
        """Nobody has applied yet, or has the badge."""
        self.revoked(caller)
        self.application.delete()

    def held_by_nobody(self, caller: Somebody) -> Things:
        """Credly has the badge, and no learner does."""
        self.revoked(caller)
        return self.at_credlys(caller)

    def denied(self, caller: Somebody) -> None:
        """The application was denied; the learner has no badge."""
        self.revoked(caller)
        applications.deny(self.application, by=get_user_model().objects.get(username="sue"), feedback="Not yet.")

    def with_criterion(self, _caller: Somebody) -> None:
        """Reviewers look at one thing, and somebody else decides."""
        criteria = [applications.Criterion("It floats.")]
        applications.set_form(self.badge, is_open=True, criteria=criteria, needs_evidence=False, awards_at_once=False)

    def found_good(self, caller: Somebody) -> None:
        """A reviewer has found that satisfied; the learner has no badge."""
        self.revoked(caller)
        self.with_criterion(caller)
        reviewer = get_user_model().objects.get(username="rae")
        findings = [applications.Finding(self.criterion, True)]
        applications.review(self.application, reviewer=reviewer, findings=findings)

    def reviewed_by(self, caller: Somebody) -> None:
        """The review is the caller's own."""
        self.with_criterion(caller)
        key = ApiKey.objects.filter(name=caller.name).first()
        ApplicationReview.objects.filter(uuid=self.world.things["review_id"]).update(
            reviewer=caller.user, api_key=key, author="" if key is None else "A jury"
        )

    @property
    def criterion(self) -> uuid.UUID:
        """What reviewers look at."""
        found: uuid.UUID = self.badge.application_form.criteria.values_list("uuid", flat=True)[0]
        return found

    def review(self, _caller: Somebody) -> dict[str, Any]:
        """All of it is satisfied."""
        return {"items": [{"criterionId": str(self.criterion), "satisfied": True}]}

    def listening(self, _caller: Somebody) -> None:
        """The subscriber is there, and is told what happens."""
        Subscriber.objects.filter(uuid=self.world.things["subscriber_id"]).update(url=self.receiver, is_active=True)

    def claim(self, caller: Somebody) -> dict[str, str]:
        """A code that can be claimed."""
        code = ClaimCode.objects.get(uuid=self.world.things["code_id"])
        return {"code": code.code, **self.names_learner(caller)}


BEFORE: Mapping[str, Callable[[Requests, Somebody], Things | None]] = {
    **dict.fromkeys(("replaceBadge", "changeBadge", "archiveBadge"), Requests.at_credlys),
    "deleteBadge": Requests.held_by_nobody,
    "commitBulkIssue": Requests.listed,
    "undoBulkIssue": Requests.committed,
    "restoreAward": Requests.revoked,
    "resendAward": Requests.undelivered,
    "submitApplication": Requests.nobody_applied,
    "resubmitApplication": Requests.denied,
    "changeReview": Requests.reviewed_by,
    "submitReview": Requests.with_criterion,
    "approveApplication": Requests.found_good,
    "testSubscriber": Requests.listening,
    "redeliverSubscriberMessage": Requests.listening,
}
"""What has to be there for an operation beside the world."""

BODIES: Mapping[str, Any] = {
    "createBadge": lambda made, _: {
        **BADGE, "name": str(uuid.uuid4()), "imageUrl": "https://images.example/a.png", "issuer": made.issuer,
    },
    "replaceBadge": BADGE,
    "changeBadge": {"description": "Hits it."},
    "moveBadge": {"to": "paused"},
    "putRequirements": {"groups": GROUPS},
    "issueBadge": {"learner": "oli"},
    "previewBulkIssue": {"rows": [{"learner": "oli"}]},
    "commitBulkIssue": {},
    "undoBulkIssue": {},
    "revokeAward": {"reason": "Awarded by mistake."},
    "restoreAward": {"reason": "Revoked by mistake."},
    "claimBadge": Requests.claim,
    "claimCode": Requests.claim,
    "makeCode": {"most": 3},
    "changeCode": {"note": "For the fair."},
    "submitApplication": lambda made, caller: {"statement": "Please", **made.names_learner(caller)},
    "resubmitApplication": {"statement": "Please, again"},
    "setApplicationForm": {"isOpen": True, "criteria": [{"description": "It floats."}]},
    "assignApplication": {"to": "rae"},
    "approveApplication": {},
    "denyApplication": {"feedback": "Not yet."},
    "submitReview": lambda made, caller: {
        **made.review(caller), **({} if caller.user is not None else {"author": "A jury"}),
    },
    "changeReview": Requests.review,
    "shareMyBadge": {"shared": True},
    "createSubscriber": lambda made, _: {"name": "Records", "url": made.receiver, "issuer": made.issuer},
    "changeSubscriber": {"name": "Records"},
    "rotateSubscriberSecret": {},
    "giveRole": lambda made, _: {"user": "oli", "role": "viewer", "issuer": made.issuer},
    "changeIssuer": {"url": "https://example.org"},
    "createProgram": lambda made, _: {"issuer": made.issuer, "name": "Another"},
    "replaceProgram": lambda made, _: {
        "issuer": made.issuer, "name": "Renamed", "badges": [str(made.world.things["badge_id"])],
    },
    "changeProgram": {"name": "Renamed"},
}  # fmt: skip
"""What is sent to an operation that takes something."""
