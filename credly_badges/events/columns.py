"""A learning event in the columns of our table."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from ..learning_event import LearningEvent


def columns(event: LearningEvent, *, received_at: datetime, waiting: bool, ended: bool = False) -> dict[str, Any]:
    """What is kept of an event, beside whose it is. ``waiting`` is whether it has yet to be looked at."""
    return {
        "course_key": _course_key(event.course_key or event.subject),
        "occurred_at": event.occurred_at,
        "confirmed_at": event.occurred_at,
        "attributes": dict(event.attributes),
        "scopes": list(event.scopes),
        "fingerprint": event.fingerprint,
        "received_at": received_at,
        "waiting": waiting,
        "ended": ended,
        "failure": "",
    }


@lru_cache(maxsize=10_000)
def _course_key(place: str) -> CourseKey | None:
    try:
        return CourseKey.from_string(place)
    except InvalidKeyError:
        return None
