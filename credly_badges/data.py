"""What :mod:`credly_badges.api` gives and takes: frozen values that refer to no row, and can be passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Evidence:
    """A page that shows what a learner did. It is public on the badge."""

    name: str
    url: str
    description: str = ""


@dataclass(frozen=True)
class BadgeData:
    """A badge that can be awarded.

    ``id`` is its template's ID at Credly, and ``issuer_id`` that of its organization. ``is_active`` says whether
    learners earn it by themselves now.
    """

    id: UUID
    issuer_id: UUID
    issuer_name: str
    name: str
    description: str
    image_url: str
    skills: tuple[str, ...]
    is_active: bool
    is_sandbox: bool


@dataclass(frozen=True)
class AwardData:
    """A badge that a learner was awarded.

    ``state`` is ``queued``, ``offered``, ``accepted``, ``declined``, ``revoked``, ``deleted`` or ``failed``;
    ``stands`` says whether the learner has it, or will once Credly has heard of it. ``created`` says whether the call
    that gives it made it: False where the learner had the badge already.
    """

    id: UUID
    badge_id: UUID
    learner_id: int | None
    state: str
    stands: bool
    earned_at: datetime
    issued_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    badge_url: str
    image_url: str
    created: bool = False


@dataclass(frozen=True)
class ProgressData:
    """How far a learner is towards a badge, by which version of its requirements; these in sentences."""

    badge_id: UUID
    learner_id: int
    percent: int
    completed_at: datetime | None
    version: int
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class RequirementData:
    """One requirement: what it asks for, whether it is met, and in sentences how far it is and what is missing."""

    key: str
    sentence: str
    met: bool
    met_at: datetime | None
    said: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class WhyData:
    """Why a learner has a badge, or not: in one sentence, by its requirements, and by its way after they were met."""

    badge_id: UUID
    learner_id: int
    headline: str
    complete: bool
    completed_at: datetime | None
    percent: int
    version: int
    requirements: tuple[RequirementData, ...]
    path: tuple[str, ...]
