"""An Open edX event made into a learning event: ids and facts, and nothing that names a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from opaque_keys.edx.keys import CourseKey

from .. import lms
from ..learning_event import ANYWHERE, LearningEvent
from . import readings
from .catalogue import CATALOGUE, EventType, NamedBy, ScopeKind
from .catalogue.entry import nested

LONGEST_SUBJECT = 255


class Unusable(ValueError):
    """The event lacks what would make it a learning event: whom it is about, or what."""


class Place(NamedTuple):
    """Where an event happened: its own name, the course run if it is one, and the scopes under which it is heard."""

    name: str
    course_key: str
    scopes: tuple[str, ...]


def normalize(kind: str, payload: Mapping[str, Any], told_at: datetime) -> LearningEvent | None:
    """What an event of the LMS says, in our own words; None for a kind that the catalogue does not have.

    ``payload`` holds the data classes that the signal carries, ``told_at`` is the time in its metadata. An event bus
    carries both, so an event that comes twice, in the process and over the bus, gives the same learning event twice.
    The learner need not be active. Raises ``Unusable``. Asks the LMS only where the event does not have the user id.
    """
    event_type = CATALOGUE.get(kind)
    if event_type is None:
        return None
    place = place_of(event_type, payload)
    occurred_at = _occurred_at(event_type, payload, told_at)
    return LearningEvent(
        learner_id=_LEARNERS[event_type.named_by](event_type, payload, place),
        kind=kind,
        subject=_subject(event_type, payload, place, occurred_at),
        occurred_at=occurred_at,
        attributes=_attributes(event_type, payload),
        scopes=place.scopes,
        course_key=place.course_key,
    )


def place_of(event_type: EventType, payload: Mapping[str, Any]) -> Place:
    """Where an event happened. Raises ``Unusable``."""
    return _PLACES[event_type.scope_kind](_find(payload, event_type.place or event_type.subject), event_type.kind)


def course(key: CourseKey) -> Place:
    """A course run as a place: itself, for a CCX its original run, the course in any run, its organization."""
    original = (str(key.to_course_locator()),) if hasattr(key, "to_course_locator") else ()
    return Place(str(key), str(key), (str(key), *original, f"{key.org}+{key.course}", str(key.org), ANYWHERE))


def _told(event_type: EventType, payload: Mapping[str, Any], place: Place) -> int:  # noqa: ARG001 (see _LEARNERS)
    found = _find(payload, event_type.learner)
    if not isinstance(found, int) or isinstance(found, bool):
        # Credentials knows some of its users without an LMS user id.
        raise Unusable(
            f"{event_type.kind} came without an LMS user id at {event_type.learner}. "
            "Whatever sends it has to know the learner's id in the LMS."
        )
    return found


def _looked_up(event_type: EventType, payload: Mapping[str, Any], place: Place) -> int:
    anonymous_id = readings.text(_find(payload, event_type.learner))
    found = lms.user_id_of_anonymous(anonymous_id, place.course_key) if anonymous_id else None
    if found is None:
        raise Unusable(f"{event_type.kind} came with an anonymous user id that this LMS has not given to anybody.")
    return found


def _asking(event_type: EventType, payload: Mapping[str, Any], place: Place) -> int:  # noqa: ARG001 (see _LEARNERS)
    found = lms.current_user_id()
    if found is None:
        raise Unusable(f"{event_type.kind} does not say whom it is about, and came outside a learner's request.")
    return found


_LEARNERS = {NamedBy.USER_ID: _told, NamedBy.ANONYMOUS_ID: _looked_up, NamedBy.REQUEST: _asking}


def _subject(event_type: EventType, payload: Mapping[str, Any], place: Place, occurred_at: datetime) -> str:
    subject = place.name
    if event_type.place or event_type.scope_kind is ScopeKind.SITE:
        subject = str(readings.text(_find(payload, event_type.subject)) or "") if event_type.subject else ""
        if not subject and event_type.subject:
            raise Unusable(f"{event_type.kind} came without saying what it is about at {event_type.subject}.")
    if event_type.daily:
        subject = f"{subject} {occurred_at.date().isoformat()}".strip()
    if len(subject) > LONGEST_SUBJECT:
        raise Unusable(f"{event_type.kind} came with more than {LONGEST_SUBJECT} characters at {event_type.subject}.")
    return subject


def _occurred_at(event_type: EventType, payload: Mapping[str, Any], told_at: datetime) -> datetime:
    found = _find(payload, event_type.time) if event_type.time else told_at
    if not isinstance(found, datetime):
        return told_at
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _attributes(event_type: EventType, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of the catalogue, nested along their paths; what the event does not say is left out."""
    values = {fact.field.path: fact.read(_find(payload, fact.source)) for fact in event_type.facts}
    return nested({path: value for path, value in values.items() if value is not None})


def _find(payload: Mapping[str, Any], source: str) -> Any:
    """What stands at a path of the catalogue; None where an older openedx-events does not have it yet."""
    found: Any = payload
    for name in source.split("."):
        found = found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)
    return found


def _course(found: Any, kind: str) -> Place:
    key = readings.course_of(found)
    if key is None:
        raise Unusable(f"{kind} came without a valid course key.")
    return course(key)


def _program(found: Any, kind: str) -> Place:
    return _by_uuid(found, f"{kind} came without a valid program UUID.")


def _badge(found: Any, kind: str) -> Place:
    return _by_uuid(found, f"{kind} came without a valid badge template UUID.")


def _by_uuid(found: Any, fault: str) -> Place:
    name = readings.uuid(found)
    if name is None:
        raise Unusable(fault)
    return Place(name, "", (name, ANYWHERE))


def _site(found: Any, kind: str) -> Place:  # noqa: ARG001 (see _PLACES)
    return Place("", "", (ANYWHERE,))


_PLACES = {ScopeKind.COURSE: _course, ScopeKind.PROGRAM: _program, ScopeKind.BADGE: _badge, ScopeKind.SITE: _site}
