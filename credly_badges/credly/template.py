"""A badge template at Credly, as far as this plugin uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from . import quirks, reading
from .reading import Data


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing a learner has to do for a badge, as the issuer described it at Credly."""

    title: str
    type: str = ""
    url: str = ""

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            title=reading.text_or_empty(data, "title"),
            type=reading.text_or_empty(data, "activity_type"),
            url=reading.web_address(data, "activity_url"),
        )

    def dump(self) -> dict[str, Any]:
        return {"title": self.title, "activity_type": self.type, "activity_url": self.url}


@dataclass(frozen=True, slots=True)
class Alignment:
    """A standard that a badge is aligned with."""

    name: str
    url: str = ""
    description: str = ""

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            name=reading.text_or_empty(data, "name"),
            url=reading.web_address(data, "url"),
            description=reading.text_or_empty(data, "description"),
        )

    def dump(self) -> dict[str, Any]:
        return {"name": self.name, "url": self.url, "description": self.description}


@dataclass(frozen=True, slots=True)
class Template:
    """A badge template (developer docs, "Badge templates"). ``description`` is not to be trusted as HTML.

    ``default_expires_at`` is a time where Credly gives one, else Credly's own text.
    """

    id: UUID
    name: str
    state: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    image_url: str = ""
    criteria_url: str = ""
    level: str = ""
    cost: str = ""
    time_to_earn: str = ""
    type_category: str = ""
    skills: tuple[str, ...] = ()
    activities: tuple[Activity, ...] = ()
    alignments: tuple[Alignment, ...] = ()
    public_url: str = ""
    allow_duplicates: bool = False
    default_expires_at: str | datetime | None = None
    default_expires_at_type: str = ""
    owner_id: UUID | None = None

    NEEDS: ClassVar[tuple[str, ...]] = ("id", "name", "state", "created_at", "updated_at")

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            id=reading.identity(data, "id"),
            name=reading.text(data, "name"),
            state=quirks.template_state(data.get("state")),
            created_at=reading.moment(data, "created_at"),
            updated_at=reading.moment(data, "updated_at"),
            description=reading.text_or_empty(data, "description"),
            image_url=reading.image_url(data),
            criteria_url=reading.web_address(data, "global_activity_url") or reading.web_address(data, "criteria_url"),
            level=reading.text_or_empty(data, "level"),
            cost=reading.text_or_empty(data, "cost"),
            time_to_earn=reading.text_or_empty(data, "time_to_earn"),
            type_category=reading.text_or_empty(data, "type_category"),
            skills=_skills(data),
            activities=tuple(Activity.parse(item) for item in reading.objects(data, "badge_template_activities")),
            alignments=tuple(Alignment.parse(item) for item in reading.objects(data, "alignments")),
            public_url=reading.web_address(data, "url"),
            allow_duplicates=reading.flag(data, "allow_duplicate_badges", default=False),
            default_expires_at=_default_expiry(data),
            default_expires_at_type=reading.text_or_empty(data, "default_expires_at_type"),
            owner_id=reading.identity_or_none(reading.mapping(data.get("owner") or {}, "owner"), "id"),
        )

    def dump(self) -> dict[str, Any]:
        expiry = self.default_expires_at
        return {
            "id": str(self.id),
            "name": self.name,
            "state": self.state,
            "created_at": reading.spelled(self.created_at),
            "updated_at": reading.spelled(self.updated_at),
            "description": self.description,
            "image_url": self.image_url or None,
            "global_activity_url": self.criteria_url or None,
            "level": self.level or None,
            "cost": self.cost or None,
            "time_to_earn": self.time_to_earn or None,
            "type_category": self.type_category or None,
            "skills": list(self.skills),
            "badge_template_activities": [activity.dump() for activity in self.activities],
            "alignments": [alignment.dump() for alignment in self.alignments],
            "url": self.public_url or None,
            "allow_duplicate_badges": self.allow_duplicates,
            "default_expires_at": reading.spelled(expiry) if isinstance(expiry, datetime) else expiry,
            "default_expires_at_type": self.default_expires_at_type or None,
            "owner": {"id": reading.spelled_id(self.owner_id)},
        }


def _skills(data: Data) -> tuple[str, ...]:
    # Texts in every sample; one public client met objects with a name.
    value = data.get("skills")
    items = value if isinstance(value, list) else []
    named = ({"name": item} if isinstance(item, str) else item for item in items)
    names = (reading.text_or_empty(item, "name") for item in named if isinstance(item, Mapping))
    return tuple(name for name in names if name)


def _default_expiry(data: Data) -> str | datetime | None:
    value = reading.text_or_empty(data, "default_expires_at")
    return reading.as_moment(value) or value or None
