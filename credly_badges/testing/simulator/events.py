"""The feed of what happened, and what it still tells of its subject."""

from __future__ import annotations

from typing import Any

from .records import Badge, Event, Template
from .store import Store
from .wire import Wire


def announce(store: Store, kind: str, subject: Badge | Template) -> Event:
    """Write an event, with a copy of its subject if the feed is set to keep what was."""
    snapshot = None
    if store.settings.event_subject == "snapshot":
        snapshot = _dump(store, subject, Wire(store.settings, store.settings.link_origin or store.origin))
    return store.tell(kind, subject, snapshot)


def dump(store: Store, event: Event, wire: Wire) -> dict[str, Any]:
    """An event in wire shape, with its subject as it was or as it is."""
    subject: dict[str, Any] | None = event.snapshot or _dump(store, event.subject, wire)
    if event.event_type.endswith(".deleted"):
        shown = store.settings.event_deleted_subject
        if shown == "absent":
            subject = None
        elif shown == "id":
            subject = {"id": event.subject.uuid}
    return wire.event(event, subject)


def _dump(store: Store, subject: Badge | Template, wire: Wire) -> dict[str, Any]:
    if isinstance(subject, Template):
        return wire.template(subject)
    return wire.badge(subject, store.user_of(subject.recipient_email))
