"""What the simulator remembers: organizations, tokens, templates, badges, events and earners."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True, eq=False)
class Organization:
    """An issuing organization; ``key`` is its newest authorization token."""

    uuid: str
    name: str
    created_at: datetime
    updated_at: datetime
    vanity_slug: str
    key: str = field(default="", repr=False)
    webhook_url: str | None = field(default=None, repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True, eq=False)
class Token:
    """An authorization token of an organization, or (with ``scopes``) an OAuth access token."""

    uuid: str
    value: str = field(repr=False)
    organization: Organization
    created_at: datetime
    expires_at: datetime
    description: str = ""
    read_enabled: bool = True
    write_enabled: bool = True
    delete_enabled: bool = True
    scopes: frozenset[str] | None = None


@dataclass(slots=True, eq=False)
class OAuthApplication:
    """A client that may ask for access tokens of one organization."""

    number: int
    name: str
    organization: Organization
    client_id: str
    client_secret: str = field(repr=False)
    scopes: frozenset[str]
    created_at: datetime


@dataclass(slots=True, eq=False)
class Template:
    """A badge template; ``fields`` holds everything that only travels."""

    uuid: str
    organization: Organization
    name: str
    state: str
    sequence: int
    created_at: datetime
    updated_at: datetime
    vanity_slug: str
    state_updated_at: datetime | None = None
    badges_count: int = 0
    allow_duplicate_badges: bool = False
    fields: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True, eq=False)
class User:
    """An earner with an account at Credly, who may own several addresses."""

    uuid: str
    first_name: str
    last_name: str
    emails: set[str]


@dataclass(slots=True, eq=False)
class Badge:
    """One issued badge."""

    uuid: str
    sequence: int
    organization: Organization
    template: Template
    recipient_email: str
    first_name: str
    last_name: str
    issued_at: datetime
    created_at: datetime
    updated_at: datetime
    state: str = "pending"
    middle_name: str | None = None
    issuer_earner_id: str | None = None
    locale: str = "en"
    public: bool = True
    expires_at: datetime | None = None
    evidence: list[dict[str, Any]] = field(default_factory=list)
    group: str | None = None
    country: str | None = None
    country_code: str | None = None
    state_or_province: str | None = None
    suppress_notification: bool = False
    state_updated_at: datetime | None = None
    replaces: str | None = None
    replacement: str | None = None
    revocation_reason: str | None = None

    @property
    def is_live(self) -> bool:
        """Whether the earner has, or can still take, this badge."""
        return self.state in ("pending", "accepted") and self.replacement is None


@dataclass(slots=True, eq=False)
class Event:
    """Something that happened to a badge or a template; ``snapshot`` is its subject in wire shape at that time."""

    uuid: str
    sequence: int
    event_type: str
    organization: Organization
    occurred_at: datetime
    subject: Badge | Template
    snapshot: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """One organization lets another issue its templates; no ``templates`` means all of them."""

    uuid: str
    grantor: Organization
    issuer: Organization
    templates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request that reached the simulator; ``status`` is None when no answer was sent."""

    method: str
    path: str
    query: str
    status: int | None
    time: datetime
    fault: str = ""
