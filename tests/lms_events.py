"""The events of an LMS, as they lie in ``tests/fixtures/events``: read, built and sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attr
from ccx_keys.locator import CCXLocator
from crum import impersonate
from django.utils.module_loading import import_string
from opaque_keys.edx.keys import CourseKey, UsageKey

from credly_badges import lms
from credly_badges.events import catalogue
from credly_badges.events.catalogue import CATALOGUE
from credly_badges.learning_event import LearningEvent

FIXTURES = Path(__file__).parent / "fixtures" / "events"
MISSING = {event_type.kind for event_type in catalogue.found().missing}
"""What the installed release of openedx-events does not have."""
KINDS = sorted({path.name for path in FIXTURES.iterdir()} - MISSING)
LEARNER = 17
"""The user id of the learner in every fixture."""
ANONYMOUS = "3f2b8c1d4e5f60718293a4b5c6d7e8f9"
"""The id that the course of the fixtures knows them by."""
COURSE = "course-v1:edX+DemoX+2026"


@contextmanager
def the_learner_asking(user_id: int = LEARNER) -> Iterator[None]:
    """The LMS knows whose the anonymous id is, and answers a request of the learner."""
    lms.backend().add_anonymous_id(ANONYMOUS, user_id, COURSE)
    with impersonate(SimpleNamespace(pk=user_id, is_authenticated=True)):
        yield


def signal_of(kind: str) -> Any:
    return import_string(CATALOGUE[kind].signal)


def received(kind: str, **changes: Any) -> tuple[dict[str, Any], datetime]:
    """The data classes that the signal carries, with changes to the outermost one, and the time in its metadata."""
    stored = json.loads((FIXTURES / kind / "received.json").read_text())
    data = {name: _build(cls, stored["data"][name] | changes) for name, cls in signal_of(kind).init_data.items()}
    return data, datetime.fromisoformat(stored["time"])


def expected(kind: str) -> LearningEvent:
    """The learning event that a fixture becomes."""
    stored = json.loads((FIXTURES / kind / "event.json").read_text())
    stored["occurred_at"] = datetime.fromisoformat(stored["occurred_at"])
    return LearningEvent(**{**stored, "scopes": tuple(stored["scopes"])})


def send(kind: str, *, from_event_bus: bool = False, **changes: Any) -> None:
    """Send it as the LMS does, or as an event bus consumer does; whatever a receiver raises is raised here."""
    data, told_at = received(kind, **changes)
    signal = signal_of(kind)
    if from_event_bus:
        metadata = signal.generate_signal_metadata(time=told_at)
        signal.send_event_with_custom_metadata(metadata, send_robust=False, **data)
    else:
        signal.send_event(send_robust=False, time=told_at, **data)


def _build(cls: type, value: Any) -> Any:
    if value is None:
        return None
    if attr.has(cls):
        fields = attr.fields_dict(cls)
        return cls(**{name: _build(fields[name].type, each) for name, each in value.items()})
    if cls in (CourseKey, CCXLocator, UsageKey):
        return cls.from_string(value)
    return datetime.fromisoformat(value) if cls is datetime else value
