"""What the page for people says about each kind of record: its columns, and its rows newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .records import Badge, Event, Organization, RequestRecord, Template
from .store import Store


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads somewhere on this site."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class State:
    """A word for a state, shown with a mark; ``tone`` is good, bad, waiting or plain."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Code:
    """An id or a path, shown in fixed width."""

    text: str


Cell = str | int | Link | State | Code | None


@dataclass(frozen=True, slots=True)
class Listing:
    """One table; ``find`` gives records newest first and ``row`` their cells."""

    slug: str
    title: str
    empty: str
    columns: Sequence[str]
    find: Callable[[Store], Iterable[Any]]
    row: Callable[[Store, Any], Sequence[Cell]]
    count: Callable[[Store], int]


TONES = {
    "active": "good",
    "accepted": "good",
    "pending": "waiting",
    "draft": "waiting",
    "rejected": "bad",
    "revoked": "bad",
    "replaced": "bad",
    "archived": "plain",
}


def when(moment: datetime | None) -> str:
    """A time for people, in UTC."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _organization(store: Store, organization: Organization) -> Sequence[Cell]:
    return (
        organization.name,
        Code(organization.uuid),
        len(store.templates_of(organization)),
        len(store.badges_of(organization)),
        "set" if organization.webhook_url else "not set",
    )


def _template(store: Store, template: Template) -> Sequence[Cell]:
    return (
        template.name,
        Code(template.uuid),
        State(template.state, TONES.get(template.state, "plain")),
        template.organization.name,
        template.badges_count,
        when(template.updated_at),
    )


def _badge(store: Store, badge: Badge) -> Sequence[Cell]:
    state = badge.state if badge.replacement is None else "replaced"
    return (
        Link(f"{badge.first_name} {badge.last_name}", f"/badges/{badge.uuid}"),
        badge.recipient_email,
        badge.template.name,
        State(state, TONES.get(state, "plain")),
        when(badge.issued_at),
        when(badge.created_at),
    )


def _event(store: Store, event: Event) -> Sequence[Cell]:
    subject = event.subject
    about = subject.name if isinstance(subject, Template) else f"{subject.template.name}, {subject.recipient_email}"
    return when(event.occurred_at), Code(event.event_type), about, event.organization.name, Code(event.uuid)


def _request(store: Store, record: RequestRecord) -> Sequence[Cell]:
    path = f"{record.path}?{record.query}" if record.query else record.path
    status = record.status
    shown = State("no answer", "bad") if status is None else State(str(status), "good" if status < 300 else "bad")
    return when(record.time), Code(record.method), Code(path), shown, record.fault or "none"


LISTINGS = {
    listing.slug: listing
    for listing in (
        Listing(
            "organizations",
            "Organizations",
            "No organization yet. Start with --seed demo, or POST one to /_simulator/organizations.",
            ("Name", "Id", "Templates", "Badges", "Webhook"),
            lambda store: list(reversed(store.organizations.values())),
            _organization,
            lambda store: len(store.organizations),
        ),
        Listing(
            "templates",
            "Badge templates",
            "No badge template yet.",
            ("Name", "Id", "State", "Organization", "Badges", "Updated (UTC)"),
            lambda store: reversed(store.templates.values()),
            _template,
            lambda store: len(store.templates),
        ),
        Listing(
            "badges",
            "Badges",
            "No badge was issued yet.",
            ("Earner", "E-mail", "Badge template", "State", "Earned (UTC)", "Created (UTC)"),
            lambda store: store.badges.newest(),
            _badge,
            lambda store: len(store.badges),
        ),
        Listing(
            "events",
            "Events",
            "Nothing happened yet.",
            ("Time (UTC)", "Type", "About", "Organization", "Id"),
            lambda store: reversed(store.events.values()),
            _event,
            lambda store: len(store.events),
        ),
        Listing(
            "requests",
            "Requests",
            "No request arrived yet.",
            ("Time (UTC)", "Method", "Path", "Answer", "Fault"),
            lambda store: reversed(store.requests),
            _request,
            lambda store: len(store.requests),
        ),
    )
}
