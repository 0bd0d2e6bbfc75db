"""An Open edX event made into a learning event: ids and facts, and nothing that names a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from ..learning_event import ANYWHERE, LearningEvent
from . import readings
from .catalogue import CATALOGUE, EventType, ScopeKind


class Unusable(ValueError):
    """The event lacks what would make it a learning event: whom it is about, or what."""


def normalize(kind: str, payload: Mapping[str, Any], told_at: datetime) -> LearningEvent | None:
    """What an event of the LMS says, in our own words; None for a kind that the catalogue does not have.

    ``payload`` holds the data classes that the signal carries, ``told_at`` is the time in its metadata. An event bus
    carries both, so an event that comes twice, in the process and over the bus, gives the same learning event twice.
    The learner need not be active. Raises ``Unusable``.
    """
    event_type = CATALOGUE.get(kind)
    if event_type is None:
        return None
    subject, scopes = _SUBJECTS[event_type.scope_kind](_find(payload, event_type.subject), kind)
    return LearningEvent(
        learner_id=_learner_id(event_type, payload),
        kind=kind,
        subject=subject,
        occurred_at=_occurred_at(event_type, payload, told_at),
        attributes=_attributes(event_type, payload),
        scopes=scopes,
    )


def _learner_id(event_type: EventType, payload: Mapping[str, Any]) -> int:
    found = _find(payload, event_type.learner)
    if not isinstance(found, int) or isinstance(found, bool):
        # Credentials knows some of its users without an LMS user id.
        raise Unusable(
            f"{event_type.kind} came without an LMS user id at {event_type.learner}. "
            "Whatever sends it has to know the learner's id in the LMS."
        )
    return found


def _occurred_at(event_type: EventType, payload: Mapping[str, Any], told_at: datetime) -> datetime:
    found = _find(payload, event_type.time) if event_type.time else told_at
    if not isinstance(found, datetime):
        return told_at
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _attributes(event_type: EventType, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of the catalogue, nested along their paths; what the event does not say is left out."""
    attributes: dict[str, Any] = {}
    for fact in event_type.facts:
        value = fact.read(_find(payload, fact.source))
        if value is None:
            continue
        *folders, name = fact.field.path.split(".")
        here = attributes
        for folder in folders:
            here = here.setdefault(folder, {})
        here[name] = value
    return attributes


def _find(payload: Mapping[str, Any], source: str) -> Any:
    """What stands at a path of the catalogue; None where an older openedx-events does not have it yet."""
    first, *rest = source.split(".")
    found = payload.get(first)
    for name in rest:
        found = getattr(found, name, None)
    return found


def _course(found: Any, kind: str) -> tuple[str, tuple[str, ...]]:
    try:
        key = found if isinstance(found, CourseKey) else CourseKey.from_string(str(found or ""))
    except InvalidKeyError:
        raise Unusable(f"{kind} came without a valid course key.") from None
    original = (str(key.to_course_locator()),) if hasattr(key, "to_course_locator") else ()
    return str(key), (str(key), *original, f"{key.org}+{key.course}", str(key.org), ANYWHERE)


def _program(found: Any, kind: str) -> tuple[str, tuple[str, ...]]:
    program = readings.uuid(found)
    if program is None:
        raise Unusable(f"{kind} came without a valid program UUID.")
    return program, (program, ANYWHERE)


_SUBJECTS = {ScopeKind.COURSE: _course, ScopeKind.PROGRAM: _program}
