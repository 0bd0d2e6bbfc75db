"""Credly's objects, frozen, as far as this plugin uses them.

``parse`` takes what stands under ``data`` in an answer: fields we do not know are
passed over, fields we rely on have to be right. ``dump`` gives back what we use
under Credly's own names, so that ``parse(x.dump()) == x``. ``parse`` raises
``Malformed`` or ``UnknownState`` (both ``ValueError``) with a sentence.
Times are aware and in UTC. E-mail addresses and names stay out of every ``repr``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from . import quirks, reading
from .order import Evidence, IssueOrder, ReplaceOrder
from .page import Page
from .quirks import UnknownState
from .reading import Data, Malformed
from .template import Activity, Alignment, Template
from .template_order import Image, TemplateChange, TemplateOrder
from .tokens import Token

__all__ = [
    "Activity",
    "Alignment",
    "Badge",
    "BulkPage",
    "Event",
    "Evidence",
    "Image",
    "IssueOrder",
    "Malformed",
    "Organization",
    "Page",
    "ReplaceOrder",
    "Template",
    "TemplateChange",
    "TemplateOrder",
    "Token",
    "UnknownState",
]


@dataclass(frozen=True, slots=True)
class Organization:
    """An issuer at Credly (developer docs, "Organizations")."""

    id: UUID
    name: str
    website_url: str = ""
    vanity_url: str = ""
    photo_url: str = ""
    verified: bool = False
    webhook_url: str = field(default="", repr=False)

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            id=reading.identity(data, "id"),
            name=reading.text(data, "name"),
            website_url=reading.web_address(data, "website_url"),
            vanity_url=reading.web_address(data, "vanity_url"),
            photo_url=reading.web_address(data, "photo_url"),
            verified=reading.flag(data, "verified", default=False),
            webhook_url=reading.web_address(data, "webhook_url"),
        )

    def dump(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "name": self.name,
            "website_url": self.website_url or None,
            "vanity_url": self.vanity_url or None,
            "photo_url": self.photo_url or None,
            "verified": self.verified,
            "webhook_url": self.webhook_url or None,
        }


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge issued to a learner (developer docs, "Issued badges").

    ``badge_url`` and ``accept_url`` are "" in states in which Credly has none. An expired
    badge keeps its state: compare ``expires_at`` with the time.
    """

    id: UUID
    template_id: UUID
    state: str
    recipient_email: str = field(repr=False)
    issuer_earner_id: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    badge_url: str = ""
    accept_url: str = ""
    image_url: str = ""
    public: bool = True
    revocation_reason: str = ""
    replaces_badge_id: UUID | None = None
    replacement_badge_id: UUID | None = None
    updated_at: datetime | None = None
    state_updated_at: datetime | None = None

    NEEDS: ClassVar[tuple[str, ...]] = ("id", "badge_template", "state", "recipient_email")

    @classmethod
    def parse(cls, data: Data) -> Self:
        template = reading.mapping(data.get("badge_template"), "badge_template")
        return cls(
            id=reading.identity(data, "id"),
            template_id=reading.identity(template, "id"),
            state=quirks.badge_state(data.get("state")),
            recipient_email=reading.text(data, "recipient_email"),
            issuer_earner_id=reading.text_or_empty(data, "issuer_earner_id") or None,
            issued_at=reading.moment_or_none(data, "issued_at"),
            expires_at=reading.moment_or_none(data, "expires_at"),
            badge_url=reading.web_address(data, "badge_url"),
            accept_url=reading.web_address(data, "accept_badge_url"),
            image_url=reading.image_url(data),
            public=reading.flag(data, "public", default=True),
            revocation_reason=reading.text_or_empty(data, "revocation_reason"),
            replaces_badge_id=reading.identity_or_none(data, "replaces_badge_id"),
            replacement_badge_id=reading.identity_or_none(data, "replacement_badge_id"),
            updated_at=reading.moment_or_none(data, "updated_at"),
            state_updated_at=reading.moment_or_none(data, "state_updated_at"),
        )

    def dump(self) -> dict[str, Any]:
        # Credly leaves out an address that does not fit the state; it does not send null.
        addresses = {"badge_url": self.badge_url, "accept_badge_url": self.accept_url}
        return {
            "id": str(self.id),
            "badge_template": {"id": str(self.template_id)},
            "state": self.state,
            "recipient_email": self.recipient_email,
            "issuer_earner_id": self.issuer_earner_id,
            "issued_at": reading.spelled(self.issued_at),
            "expires_at": reading.spelled(self.expires_at),
            "image_url": self.image_url or None,
            "public": self.public,
            "revocation_reason": self.revocation_reason or None,
            "replaces_badge_id": reading.spelled_id(self.replaces_badge_id),
            "replacement_badge_id": reading.spelled_id(self.replacement_badge_id),
            "updated_at": reading.spelled(self.updated_at),
            "state_updated_at": reading.spelled(self.state_updated_at),
            **{key: address for key, address in addresses.items() if address},
        }


@dataclass(frozen=True, slots=True)
class BulkPage:
    """Many badges of Credly's bulk search, without evidence or pictures; ``broken`` is that of ``Page``.

    The same badge may come twice, and one that was just issued not yet. ``next_cursor`` is "" at the end.
    """

    items: tuple[Badge, ...]
    broken: tuple[str, ...] = ()
    next_cursor: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at Credly, with what it happened to.

    After a deletion Credly may send the subject whole, by its id, or not at all, so
    ``badge`` and ``template`` are None unless it came whole, and ``subject_id`` may be None.
    ``fault`` is a sentence where a subject came that could not be read, "" otherwise.
    """

    id: UUID
    type: str
    organization_id: UUID
    occurred_at: datetime
    badge: Badge | None = None
    template: Template | None = None
    subject_id: UUID | None = None
    fault: str = ""

    @classmethod
    def parse(cls, data: Data) -> Self:
        event_type = reading.text(data, "event_type")
        key = quirks.subject_key(event_type)
        badge: Badge | None = None
        template: Template | None = None
        subject_id: UUID | None = None
        fault = ""
        try:
            subject = reading.mapping(data.get(key) or {}, key)
            subject_id = reading.identity_or_none(subject, "id")
            if key == "badge" and _whole(subject, Badge.NEEDS):
                badge = Badge.parse(subject)
            if key == "badge_template" and _whole(subject, Template.NEEDS):
                template = Template.parse(subject)
        except ValueError as error:
            # That it happened is worth knowing, even where what it happened to is beyond us.
            fault = str(error)
        return cls(
            id=reading.identity(data, "id"),
            type=event_type,
            organization_id=reading.identity(data, "organization_id"),
            occurred_at=reading.moment(data, "occurred_at"),
            badge=badge,
            template=template,
            subject_id=subject_id,
            fault=fault,
        )

    def dump(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": str(self.id),
            "event_type": self.type,
            "organization_id": str(self.organization_id),
            "occurred_at": reading.spelled(self.occurred_at),
        }
        subject = self.badge or self.template
        if subject is not None:
            data[quirks.subject_key(self.type)] = subject.dump()
        elif self.subject_id is not None:
            data[quirks.subject_key(self.type)] = {"id": str(self.subject_id)}
        return data


def _whole(subject: Data, needs: tuple[str, ...]) -> bool:
    return all(subject.get(key) is not None for key in needs)
