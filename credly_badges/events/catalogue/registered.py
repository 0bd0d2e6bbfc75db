"""Where the entries of the catalogue come from: ours, those of other plugins, and those of the site's settings.

A plugin registers its own events as an entry point of the group ``credly_badges.events``; a site names them in the
setting ``CREDLY_BADGES_EVENTS`` by their dotted paths. Both lead to an ``EventType``, or to several of them in a list.
Whatever is wrong with one of them keeps that one out and is told by a system check; the LMS goes on.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ... import conf
from . import courses, credentials, exams, taking_part
from .entry import EventType

log = logging.getLogger(__name__)

GROUP = "credly_badges.events"

OURS: tuple[EventType, ...] = (
    *courses.EVENT_TYPES,
    *credentials.EVENT_TYPES,
    *exams.EVENT_TYPES,
    *taking_part.EVENT_TYPES,
)


@dataclass
class Found:
    """The catalogue; what this release of openedx-events does not have; and what is wrong with entries of others."""

    event_types: dict[str, EventType] = field(default_factory=dict)
    signals: dict[str, Any] = field(default_factory=dict)
    missing: list[EventType] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    opposites: Mapping[str, frozenset[str]] = field(default_factory=dict)


def names_in_settings() -> Sequence[str]:
    """The dotted paths that the site gives; none where they cannot be read, which a system check tells."""
    try:
        return conf.events()
    except ImproperlyConfigured:
        return ()


def find(dotted_paths: Iterable[str] = (), *, ours: Iterable[EventType] = OURS) -> Found:
    """All that is registered at this moment. It never fails."""
    found = Found()
    for event_type in ours:
        try:
            _take(found, event_type)
        except ImportError as error:
            if isinstance(error.__cause__, AttributeError):
                # The module is there and has no such signal: an older openedx-events cannot tell of it.
                found.missing.append(event_type)
            else:
                _leave_out(found, event_type.kind, error)
    for origin, load in _registered(dotted_paths):
        try:
            for event_type in _event_types(load()):
                _take(found, event_type)
        except Exception as error:  # noqa: BLE001  # Whatever another plugin does wrong must not keep the LMS from starting.
            _leave_out(found, origin, error)
    found.opposites = _opposites(found.event_types.values())
    return found


def _leave_out(found: Found, origin: str, error: Exception) -> None:
    found.faults.append(f"{origin} cannot be used: {error}")
    log.warning("%s cannot be used: %s", origin, error)


def _registered(dotted_paths: Iterable[str]) -> Iterator[tuple[str, Callable[[], Any]]]:
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        yield f"The entry point {entry.name} = {entry.value} ({GROUP})", entry.load
    for path in dotted_paths:
        yield f"“{path}” in CREDLY_BADGES_EVENTS", partial(import_string, path)


def _event_types(loaded: Any) -> tuple[EventType, ...]:
    each = (loaded,) if isinstance(loaded, EventType) else tuple(loaded)
    for one in each:
        if not isinstance(one, EventType):
            raise TypeError(f"it has to be an EventType or a list of them, and holds a {type(one).__name__}.")
    return each


def _take(found: Found, event_type: EventType) -> None:
    if event_type.kind in found.event_types:
        raise ValueError(f"there is an event {event_type.kind} already.")
    signal = import_string(event_type.signal)
    if getattr(signal, "event_type", None) != event_type.kind:
        raise ValueError(f"{event_type.signal} is not the signal of {event_type.kind}.")
    found.event_types[event_type.kind] = event_type
    found.signals[event_type.kind] = signal


def _opposites(event_types: Iterable[EventType]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for event_type in event_types:
        for ended in event_type.ends:
            found[event_type.kind].add(ended)
            found[ended].add(event_type.kind)
    return {kind: frozenset(kinds) for kind, kinds in found.items()}
