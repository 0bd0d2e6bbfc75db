"""How many badges a second are issued, by Credly's latency and the number of threads."""

from __future__ import annotations

import time
from typing import Any

from django.utils import timezone

from credly_badges.issuing import deliver
from credly_badges.models import BadgeAward, CredlyOrganization, OutboxMessage
from credly_badges.testing.factories import TemplateFactory

from . import world
from .simulator import RemoteSimulator, simulator

CASES = ((0.0, 1), (0.0, 8), (0.1, 1), (0.1, 8))
WARM_UP = 16


def measure(*, quick: bool) -> dict[str, Any]:
    """Deliveries per second; a full outbox, and the simulator in another process."""
    figures = []
    with simulator() as credly, world.connected(credly) as organization:
        (there,) = credly.ask("templates", organization_id=str(organization.uuid), number=1)
        template = TemplateFactory(uuid=there["id"], organization=organization, active=True)
        for latency, threads in CASES:
            number = 10 * threads if quick else 60 if (latency, threads) == (0.1, 1) else 400
            credly.ask("faults", fault="always", latency=latency)
            per_second = _rate(credly, organization, template, number, threads)
            ideal = threads / latency if latency else None
            share = round(per_second / ideal, 2) if ideal else None
            figures.append(
                {"latency": latency, "threads": threads, "per_second": round(per_second, 1), "share_of_ideal": share}
            )
    return {"deliveries": figures}


def _rate(credly: RemoteSimulator, organization: CredlyOrganization, template: Any, number: int, threads: int) -> float:
    _fill_outbox(organization, template, WARM_UP)
    deliver.sweep(source="command", threads=threads)
    _fill_outbox(organization, template, number)
    before = credly.counts()["badges"]
    began = time.perf_counter()
    swept = deliver.sweep(source="command", limit=number, threads=threads)
    seconds = time.perf_counter() - began
    if not swept.tried == number == credly.counts()["badges"] - before:
        raise RuntimeError("Not every badge was issued.")
    return number / seconds


def _fill_outbox(organization: CredlyOrganization, template: Any, number: int) -> None:
    awards = BadgeAward.objects.bulk_create(
        [BadgeAward(learner=person, template=template, earned_at=timezone.now()) for person in world.learners(number)],
        batch_size=world.BATCH,
    )
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(kind="issue", award=award, organization=organization, not_before=timezone.now())
            for award in awards
        ],
        batch_size=world.BATCH,
    )
