"""One process of an LMS: it is told on its standard input what learners do, and sends the events of it.

A line is a JSON list of happenings, each ``[learner_id, course_key, hours, is_passing]``. Once they are sent, the
longest and the total time that this took, in seconds, are printed as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import django

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def passing_status(learner_id: int, course_key: str, hours: float = 0, is_passing: bool = True) -> dict[str, Any]:
    """What edx-platform says when a grade was recalculated."""
    from opaque_keys.edx.keys import CourseKey
    from openedx_events.learning.data import CourseData, CoursePassingStatusData, UserData, UserPersonalData

    return {
        "time": NOON + timedelta(hours=hours),
        "course_passing_status": CoursePassingStatusData(
            is_passing=is_passing,
            course=CourseData(course_key=CourseKey.from_string(course_key)),
            user=UserData(
                id=learner_id, is_active=True, pii=UserPersonalData(username=f"learner{learner_id}", email="", name="")
            ),
        ),
    }


def happen(happenings: list[list[Any]]) -> dict[str, float]:
    """Send the events, one after the other; how long that took, in seconds."""
    from openedx_events.learning.signals import COURSE_PASSING_STATUS_UPDATED

    took = []
    for happening in happenings:
        event = passing_status(*happening)
        began = time.monotonic()
        COURSE_PASSING_STATUS_UPDATED.send_event(send_robust=False, **event)
        took.append(time.monotonic() - began)
    return {"longest": max(took), "total": sum(took)}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.services.settings")
    django.setup()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(happen(json.loads(line))), flush=True)
