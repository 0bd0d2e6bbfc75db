"""How fast badges are compared with Credly's, and how much memory that takes, by how many there are."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from credly_badges import connections
from credly_badges.models import BadgeAward, BadgeTemplate, CredlyOrganization, EarnerIdentifier, ReconcileRun
from credly_badges.reconcile import runs, work
from credly_badges.testing.factories import TemplateFactory

from . import world
from .memory import peak, resident
from .simulator import RemoteSimulator, simulator

NUMBERS = (10_000, 100_000)
LARGER = "CREDLY_BENCHMARK_BADGES"
"""Names a variable of the environment with a further number of badges, such as 1000000."""
CHUNK = 10_000
STRANGERS = 10
"""One in so many badges is of somebody who is no learner here."""


def measure(*, quick: bool) -> dict[str, Any]:
    """Badges per second, queries per page and memory; the simulator is in another process."""
    numbers = [1_000] if quick else [*NUMBERS, *map(int, os.environ.get(LARGER, "").split())]
    figures = {}
    for number in numbers:
        with simulator() as credly, world.connected(credly) as organization:
            (there,) = credly.ask("templates", organization_id=str(organization.uuid), number=1)
            template = TemplateFactory(uuid=there["id"], organization=organization, active=True)
            _fill(credly, organization, template, number)
            figures[str(number)] = _compare(organization, number)
    return {"badges": figures}


def _fill(credly: RemoteSimulator, organization: CredlyOrganization, template: BadgeTemplate, number: int) -> None:
    """Badges at Credly, most of them of learners, and their awards: in pieces, so as to leave no mark on the memory."""
    strangers = number // STRANGERS
    credly.ask("badges", template_id=str(template.uuid), number=strangers)
    for size in _chunks(number - strangers):
        people = world.learners(size)
        earners = EarnerIdentifier.objects.bulk_create(
            [EarnerIdentifier(learner=person) for person in people], batch_size=world.BATCH
        )
        credly.ask(
            "badges",
            template_id=str(template.uuid),
            number=size,
            earner_ids=[str(earner.value) for earner in earners],
            emails=[person.email for person in people],
        )
    client, cursor = connections.connect(organization), ""
    while True:
        page = client.badges_in_bulk(template_id=template.uuid, cursor=cursor)
        BadgeAward.objects.bulk_create(_awards(template, page.items), batch_size=world.BATCH)
        cursor = page.next_cursor
        if not cursor:
            break
    BadgeAward.objects.update(modified=timezone.now() - timedelta(hours=1))


def _chunks(number: int) -> Iterator[int]:
    while number > 0:
        yield min(number, CHUNK)
        number -= CHUNK


def _awards(template: BadgeTemplate, badges: Any) -> list[BadgeAward]:
    wanted = [uuid.UUID(badge.issuer_earner_id) for badge in badges if badge.issuer_earner_id]
    learners = dict(EarnerIdentifier.objects.filter(value__in=wanted).values_list("value", "learner_id"))
    return [
        BadgeAward(
            learner_id=learners[uuid.UUID(badge.issuer_earner_id)],
            template=template,
            state=BadgeAward.State.ACCEPTED,
            earned_at=badge.issued_at,
            issued_at=badge.issued_at,
            credly_id=badge.id,
            badge_url=badge.badge_url,
            is_public=badge.public,
        )
        for badge in badges
        if badge.issuer_earner_id
    ]


class Watch:
    """What a run costs, looked at after each page."""

    def __init__(self) -> None:
        self.pages = self.queries = 0
        self.highest = resident()

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)

    def after_page(self, _run: ReconcileRun) -> None:
        self.pages += 1
        self.highest = max(self.highest, resident())


def _compare(organization: CredlyOrganization, number: int) -> dict[str, Any]:
    before, watch = resident(), Watch()
    began = time.perf_counter()
    with connection.execute_wrapper(watch):
        run = work.go_on(runs.begin(organization), on_page=watch.after_page)
    seconds = time.perf_counter() - began
    if (run.state, run.compared, run.counts) != ("done", number, {"foreign": number // STRANGERS}):
        raise RuntimeError(f"Not every badge was compared: {run.state}, {run.compared}, {run.counts}, {run.error}")
    return {
        "seconds": round(seconds, 1),
        "per_second": round(number / seconds),
        "queries_per_page": round(watch.queries / watch.pages, 1),
        "megabytes": {"before": before, "highest": watch.highest, "peak": peak()},
    }
