"""What an event costs, at 10, 1,000 and 10,000 active badges."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import CourseData, CoursePassingStatusData, UserData, UserPersonalData
from openedx_events.learning.signals import COURSE_PASSING_STATUS_UPDATED

from credly_badges import progress
from credly_badges.models import BadgeProgress, OutboxMessage, ReceivedEvent
from credly_badges.testing.factories import OrganizationFactory, RuleFactory, TemplateFactory

from . import world

NUMBERS = (10, 1_000, 10_000)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOBODY_LISTENS, HALF, OTHER_HALF, WHOLE = (f"course-v1:edX+{name}+2026" for name in ("No", "Half", "Other", "Whole"))
WARM_UP = 20


def measure(*, quick: bool) -> dict[str, Any]:
    """Milliseconds per event by number of badges and kind of event: in the LMS's process, and in the worker's."""
    organization = OrganizationFactory()
    world.badges(organization, [WHOLE])
    halves = TemplateFactory(organization=organization, active=True)
    for course in (HALF, OTHER_HALF):
        RuleFactory(requirement__group__template=halves, requirement__scope=course)
    there = 2
    figures: dict[str, Any] = {}
    for number in NUMBERS[:2] if quick else NUMBERS:
        world.badges(organization, [f"course-v1:edX+C{place}+1" for place in range(there, number)])
        there = number
        figures[str(number)] = _at_this_number(50 if quick else 200)
    fewest, most = figures[str(NUMBERS[0])], figures[str(there)]
    return {
        "milliseconds": figures,
        "most_to_fewest": {
            kind: round(most[kind]["total"]["median"] / fewest[kind]["total"]["median"], 2) for kind in most
        },
    }


def _at_this_number(samples: int) -> dict[str, Any]:
    figures = {}
    for kind, course in {"unmatched": NOBODY_LISTENS, "matched": HALF, "completing": WHOLE}.items():
        people = world.learners(samples + WARM_UP)
        figures[kind] = _summary([_event(person.pk, course) for person in people][WARM_UP:])
        _check(kind, len(people))
        if kind == "matched":  # The same again: the LMS repeats itself at every recalculation.
            figures["repeated"] = _summary([_event(person.pk, course) for person in people][WARM_UP:])
    return figures


def send(learner_id: int, course: str) -> None:
    """Tell, as the LMS does, that a learner passes."""
    data = CoursePassingStatusData(
        is_passing=True,
        course=CourseData(course_key=CourseKey.from_string(course)),
        user=UserData(id=learner_id, is_active=True, pii=UserPersonalData(username="", email="", name="")),
    )
    COURSE_PASSING_STATUS_UPDATED.send_event(time=NOON, course_passing_status=data)


def _event(learner_id: int, course: str) -> tuple[float, float]:
    """Send one event and do the worker's part; seconds in the LMS and in the worker."""
    received = _timed(lambda: send(learner_id, course))
    waiting = ReceivedEvent.objects.filter(learner_id=learner_id, waiting=True).values_list("pk", flat=True).first()
    return received, _timed(lambda: progress.record(waiting)) if waiting else 0.0


def _timed(deed: Callable[[], Any]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def _summary(seconds: list[tuple[float, float]]) -> dict[str, Any]:
    columns = {
        "lms": [lms for lms, _ in seconds],
        "worker": [worker for _, worker in seconds],
        "total": [lms + worker for lms, worker in seconds],
    }
    return {
        name: {"median": round(median(each) * 1000, 3), "p95": round(quantiles(each, n=20)[-1] * 1000, 3)}
        for name, each in columns.items()
    }


def _check(kind: str, number: int) -> None:
    """That what was timed is what happened; raises RuntimeError."""
    done = {
        "unmatched": lambda: not ReceivedEvent.objects.filter(subject=NOBODY_LISTENS).exists(),
        "matched": lambda: BadgeProgress.objects.filter(percent=50).count() % number == 0,
        "completing": lambda: OutboxMessage.objects.count() % number == 0,
    }[kind]
    if not done():
        raise RuntimeError(f"The events that should be {kind} were not.")
