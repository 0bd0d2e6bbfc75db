"""How much memory a process takes that does everything, from the event to Credly's answer."""

from __future__ import annotations

import resource
import sys
from typing import Any

import psutil
from celery import current_app

from credly_badges.models import BadgeAward

from . import world
from .events import WHOLE, send
from .simulator import simulator


def measure(*, quick: bool) -> dict[str, Any]:
    """The resident memory in MB before, after a tenth of the events and after all, and its peak (ru_maxrss)."""
    number = 500 if quick else 5_000
    current_app.conf.task_always_eager = True
    with simulator() as credly, world.connected(credly) as organization:
        (there,) = credly.ask("templates", organization_id=str(organization.uuid), number=1)
        world.badges(organization, [WHOLE])
        organization.templates.update(uuid=there["id"])
        people = [person.pk for person in world.learners(number)]
        megabytes = {"before": resident()}
        for place, learner_id in enumerate(people, start=1):
            send(learner_id, WHOLE)
            if place == number // 10:
                megabytes["after_a_tenth"] = resident()
        megabytes |= {"after_all": resident(), "peak": peak()}
        if BadgeAward.objects.filter(state=BadgeAward.State.OFFERED).count() != number:
            raise RuntimeError("Not every badge was issued.")
    return {"events": number, "megabytes": megabytes}


def resident() -> float:
    return round(psutil.Process().memory_info().rss / 1024**2, 1)


def peak() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024), 1)
