"""How long it takes to sync templates: when all are new, and when nothing has changed."""

from __future__ import annotations

import time
from typing import Any

from credly_badges.models import BadgeTemplate
from credly_badges.sync import templates

from . import world
from .simulator import simulator

NUMBERS = (1_000, 5_000)


def measure(*, quick: bool) -> dict[str, Any]:
    """Seconds by number of templates, the first time and again."""
    figures = {}
    with simulator() as credly:
        for number in NUMBERS[:1] if quick else NUMBERS:
            with world.connected(credly) as organization:
                credly.ask("templates", organization_id=str(organization.uuid), number=number)
                seconds = []
                for _ in range(2):
                    began = time.perf_counter()
                    templates.apply(templates.plan(organization))
                    seconds.append(round(time.perf_counter() - began, 2))
                if BadgeTemplate.objects.filter(organization=organization).count() != number:
                    raise RuntimeError("Not every template was synced.")
                figures[str(number)] = {"first": seconds[0], "again": seconds[1]}
    return {"seconds": figures}
