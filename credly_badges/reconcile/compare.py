"""What two accounts of one badge, ours and Credly's, say of each other. Nothing is asked and nothing written here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from .. import lms
from ..credly import wire
from ..issuing import mirror
from ..models import BadgeAward
from .causes import Cause

State = BadgeAward.State

COMPARED = frozenset({"state", "expires_at", "is_public"})
"""What every form of a badge at Credly carries; the bulk search has neither pictures nor some of the addresses."""


@dataclass(frozen=True)
class Finding:
    """One thing on which the accounts do not agree; ``facts`` are ours and Credly's, without personal data."""

    cause: Cause
    award_id: int | None = None
    learner_id: int | None = None
    credly_id: UUID | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def difference(award: BadgeAward, badge: wire.Badge) -> Finding | None:
    """What is the matter between an award and its badge, if anything; ``award.learner`` has been read."""
    found = _what(award, badge)
    if found is None:
        return None
    cause, facts = found
    return Finding(cause, award.pk, award.learner_id, badge.id, facts)


def is_suspect(award: BadgeAward, badge: wire.Badge) -> bool:
    """Whether a badge of the bulk search is worth a look: it differs, or Credly has changed it since we last heard."""
    # The search does not say that a badge was replaced; that it was changed is all there is to see of it.
    known = award.credly_updated_at
    is_newer = known is not None and badge.updated_at is not None and badge.updated_at > known
    return is_newer or difference(award, badge) is not None


def stands(badge: wire.Badge) -> bool:
    """Whether the learner holds the badge or was offered it; also one that they declined."""
    return badge.state != mirror.REVOKED and badge.replacement_badge_id is None


def _what(award: BadgeAward, badge: wire.Badge) -> tuple[Cause, dict[str, Any]] | None:
    differs = mirror.differs(award, badge)
    if badge.replacement_badge_id is not None:
        return Cause.REPLACED, differs
    if award.state == State.REVOKED and stands(badge):
        return Cause.NOT_REVOKED, {"state": differs["state"]}
    if COMPARED & differs.keys():
        return Cause.STATE, differs
    if badge.state == "pending" and _has_left(award, badge.recipient_email):
        return Cause.ADDRESS, {}
    return None


def _has_left(award: BadgeAward, address: str) -> bool:
    """Whether the learner is known by another e-mail address now; that of an account being retired is nobody's."""
    learner: Any = award.learner
    if learner is None or not learner.is_active or not lms.is_address(learner.email):
        return False
    return bool(learner.email.strip().casefold() != address.strip().casefold())
