"""Every kind of event that a requirement can listen to.

An entry says which openedx-events signal tells of it, whom and what it is about, when it happened, and which of its
facts a rule can ask about. Nothing else of an event is kept: names, e-mail addresses, titles, texts and links to
documents stay behind, and so do facts that change although the learner did nothing (course versions), as every change
is one more event to hold against the requirements. To support one more, add an entry here and a pair of fixtures in
``tests/fixtures/events``; another plugin adds its own as ``registered`` says.

Source of the shapes: ``openedx_events/learning/data.py``; of when they are sent: edx-platform, July and September 2025.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...rules.fields import Field
from . import registered
from .entry import WHEN, EventType, Fact, NamedBy, ScopeKind
from .registered import Found, find

__all__ = ["CATALOGUE", "WHEN", "EventType", "Fact", "NamedBy", "ScopeKind", "field", "found", "opposites"]


class _Catalogue(Mapping[str, EventType]):
    """Looked for when somebody first asks: an LMS loads plugins before it has finished its settings."""

    def __init__(self) -> None:
        self._found: Found | None = None

    @property
    def found(self) -> Found:
        if self._found is None:
            self._found = find(registered.names_in_settings())
        return self._found

    def __getitem__(self, kind: str) -> EventType:
        return self.found.event_types[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found.event_types)

    def __len__(self) -> int:
        return len(self.found.event_types)


_catalogue = _Catalogue()

CATALOGUE: Mapping[str, EventType] = _catalogue
"""Every supported event by its kind, in the order in which people are offered them."""


def found() -> Found:
    """The catalogue with what could not be taken into it, and why."""
    return _catalogue.found


def field(kind: str, path: str) -> Field | None:
    """The field at ``path`` of an event, or None where the catalogue has no such event or field."""
    event_type = CATALOGUE.get(kind)
    return next((each for each in event_type.fields if each.path == path), None) if event_type else None


def opposites(kind: str) -> frozenset[str]:
    """The kinds that this one ends, and those that end it: after either, the same words said again are news."""
    return _catalogue.found.opposites.get(kind, frozenset())
