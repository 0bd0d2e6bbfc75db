"""What a subscriber is told, and what of a learner is part of that."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from .. import lms
from ..models import BadgeAward, BadgeTemplate, SubscriberMessage

LEARNER_ID = "learnerId"

PERSONAL: Mapping[str, Any] = {
    LEARNER_ID: _("The learner's ID in this LMS"),
    "username": _("The learner's user name"),
    "name": _("The learner's name"),
    "email": _("The learner's e-mail address"),
    "badgeUrl": _("The badge's page at Credly, which names its learner"),
    "reason": _("Why a badge was issued or revoked, in the words that somebody wrote"),
}
"""What speaks of a learner, and is left out unless the subscriber's allow-list has it."""

READ_WHEN_SENT = frozenset({LEARNER_ID, "username", "name", "email"})
"""What is never kept with a message, but read when it is sent."""


def award_data(award: BadgeAward) -> dict[str, Any]:
    """What is told of an award. Its template and organization have to be loaded, or are read."""
    data = {
        "awardId": str(award.uuid),
        "badgeId": str(award.template.uuid),
        "issuerId": str(award.template.organization.uuid),
        "state": str(award.state),
        "earnedAt": spelled(award.earned_at),
        "issuedAt": spelled(award.issued_at),
        "expiresAt": spelled(award.expires_at),
    }
    if award.badge_url:
        data["badgeUrl"] = award.badge_url
    if reason := award.revocation_reason or award.reason:
        data["reason"] = reason
    return data


def template_data(template: BadgeTemplate, changed: Collection[str]) -> dict[str, Any]:
    """What is told of a badge of which these columns have changed."""
    return {
        "badgeId": str(template.uuid),
        "issuerId": str(template.organization.uuid),
        "badgeName": template.name,
        "status": str(template.status),
        "credlyState": str(template.credly_state),
        "changed": sorted(_camel(name) for name in changed),
    }


def key_data(*, key: str, name: str, issuer_id: UUID | None, expires_at: datetime, days_left: int) -> dict[str, Any]:
    """What is told of a key that expires: ``key`` says whose it is, ``credly`` or ``api``."""
    return {
        "key": key,
        "keyName": name,
        "issuerId": str(issuer_id) if issuer_id else None,
        "expiresAt": spelled(expires_at),
        "daysLeft": days_left,
    }


def kept(data: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """What of it is stored for a subscriber with this allow-list."""
    return {
        name: value
        for name, value in data.items()
        if name not in READ_WHEN_SENT and (name not in PERSONAL or name in fields)
    }


def body(message: SubscriberMessage) -> str:
    """What is sent: the envelope that Standard Webhooks recommends. Who the learner is, is read now."""
    fields = set(message.subscriber.fields)
    data = {**kept(message.payload, fields), **_of_the_learner(message, fields)}
    envelope = {"type": message.event, "timestamp": spelled(message.occurred_at), "data": data}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))


def spelled(moment: datetime | None) -> str | None:
    """A time as JSON has it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _of_the_learner(message: SubscriberMessage, fields: set[str]) -> dict[str, Any]:
    wanted = fields & READ_WHEN_SENT
    learner = lms.learner(message.learner_id) if wanted and message.learner_id else None
    if learner is None:
        return {}
    facts = {
        LEARNER_ID: learner.id,
        "username": learner.username,
        "name": learner.profile_name or f"{learner.first_name} {learner.last_name}".strip(),
        "email": learner.email,
    }
    return {name: value for name, value in facts.items() if name in wanted}
