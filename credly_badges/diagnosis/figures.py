"""How the plugin is, in figures for a monitoring system that draws and compares them over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min
from django.utils import timezone

from .. import pacing
from ..models import (
    BadgeAward,
    CredlyNotice,
    CredlyOrganization,
    OutboxMessage,
    Pulse,
    ReceivedEvent,
    ReconcileRun,
)
from ..reconcile import reports

DAY = 86_400

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Figure:
    """One thing that is measured: its name, what it means, and its values, each under the labels that it is for."""

    name: str
    meaning: str
    values: tuple[tuple[Labels, float], ...]


def figures() -> Iterator[Figure]:
    """Everything that is measured, for the same few queries however much there is. Credly is not asked.

    The meanings are not translated: a monitoring system keeps them for all who look at it.
    """
    now = timezone.now()
    yield from _outbox(now)
    yield from _events(now)
    yield from _notices()
    yield from _awards()
    yield from _organizations(now)
    yield from _comparisons(now)
    yield from _rounds(now)


def _outbox(now: datetime) -> Iterator[Figure]:
    # Those that are finished are history, of which there may be millions; what became of it is in the awards.
    states = (*OutboxMessage.TAKEABLE, OutboxMessage.State.DEAD)
    count = _counted(OutboxMessage.objects.filter(open=True), "state")
    yield _by("outbox_messages", "Open messages to Credly, by state; dead ones need a person.", "state", states, count)
    yield _one("dead_letters", "Messages to Credly that need a person.", count.get(OutboxMessage.State.DEAD, 0))
    oldest = OutboxMessage.objects.due(now).aggregate(oldest=Min("not_before"))["oldest"]
    meaning = "For how long the oldest message that may be sent now has been due; 0 where none is."
    yield _one("outbox_oldest_due_age_seconds", meaning, _age(oldest, now) or 0.0)


def _events(now: datetime) -> Iterator[Figure]:
    waiting = ReceivedEvent.objects.filter(waiting=True).aggregate(count=Count("pk"), oldest=Min("received_at"))
    yield _one("events_waiting", "Events that have yet to be held against the requirements.", waiting["count"])
    meaning = "How long ago the oldest event that waits was received; 0 where none waits."
    yield _one("events_oldest_waiting_age_seconds", meaning, _age(waiting["oldest"], now) or 0.0)


def _notices() -> Iterator[Figure]:
    states = (CredlyNotice.State.WAITING, CredlyNotice.State.FAILED)
    count = _counted(CredlyNotice.objects.filter(state__in=states), "state")
    meaning = "Notices from Credly that wait, and that failed and need a person."
    yield _by("notices", meaning, "state", states, count)


def _awards() -> Iterator[Figure]:
    # One walk along the index on the state, without touching the rows.
    count = _counted(BadgeAward.objects.all(), "state")
    yield _by("awards", "Badge awards, by state.", "state", tuple(BadgeAward.State), count)


def _organizations(now: datetime) -> Iterator[Figure]:
    rows = CredlyOrganization.objects.select_related("pace").defer("api_key", "retiring_key", "successor_key")
    all_of_them = list(rows.order_by("pk"))
    for name, meaning, column in (
        ("notice", "the last notice from Credly came by webhook", "noticed_at"),
        ("feed", "Credly's events feed was read", "feed_read_at"),
        ("sync", "the badge templates were synced in whole", "synced_at"),
    ):
        ages = ((each, _age(getattr(each, column), now)) for each in all_of_them)
        yield _each(f"{name}_age_seconds", f"How long ago {meaning}; left out where it never was.", ages)
    days = ((each, _days(each.key_expires_at, now)) for each in all_of_them)
    yield _each("key_days_left", "Days until the API key expires, negative once it has; left out if unknown.", days)
    paused = ((each, float(bool(each.paused))) for each in all_of_them)
    yield _each("organization_paused", "1 where nothing is sent, as a person or a rejected key stopped it.", paused)
    broken = ((each, float(pacing.of(each, now).open)) for each in all_of_them)
    yield _each("breaker_open", "1 where nothing is sent, as Credly kept failing.", broken)


def _comparisons(now: datetime) -> Iterator[Figure]:
    done = ReconcileRun.objects.filter(state=ReconcileRun.State.DONE, only_template=None).order_by()
    newest = [pk for _organization, pk in done.values_list("organization").annotate(Max("pk"))]
    runs = list(ReconcileRun.objects.filter(pk__in=newest).select_related("organization").order_by("organization"))
    ages = ((each.organization, _age(each.finished_at or each.started_at, now)) for each in runs)
    meaning = "How long ago the last comparison of all badges with Credly's ended; left out where there was none."
    yield _each("reconcile_age_seconds", meaning, ages)
    left = reports.left_of(runs)
    meaning = "Differences that the last comparison found and that are still to be mended."
    yield _each("reconcile_differences_left", meaning, ((each.organization, float(left[each.pk])) for each in runs))


def _rounds(now: datetime) -> Iterator[Figure]:
    pulses = list(Pulse.objects.order_by("source"))
    ages = (({"source": each.source}, _age(each.heard_at, now)) for each in pulses)
    yield _told("pulse_age_seconds", "How long ago each of what is done again and again was last begun.", ages)
    failed = (({"source": each.source}, float(bool(each.failure))) for each in pulses)
    yield _told("pulse_failed", "1 where the last time went wrong.", failed)


def _counted(rows: Any, column: str) -> dict[Any, int]:
    return dict(rows.order_by().values_list(column).annotate(Count("pk")))


def _one(name: str, meaning: str, value: float) -> Figure:
    return Figure(name, meaning, (({}, float(value)),))


def _by(name: str, meaning: str, label: str, all_of_them: Iterable[str], count: Mapping[str, int]) -> Figure:
    """One value for each, 0 where there is none, so that no line of a graph has holes."""
    return Figure(name, meaning, tuple(({label: str(each)}, float(count.get(each, 0))) for each in all_of_them))


def _each(name: str, meaning: str, values: Iterable[tuple[CredlyOrganization, float | None]]) -> Figure:
    return _told(name, meaning, (({"organization": str(each.uuid)}, value) for each, value in values))


def _told(name: str, meaning: str, values: Iterable[tuple[Labels, float | None]]) -> Figure:
    return Figure(name, meaning, tuple((labels, value) for labels, value in values if value is not None))


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max((now - at).total_seconds(), 0.0)


def _days(until: datetime | None, now: datetime) -> float | None:
    return None if until is None else round((until - now).total_seconds() / DAY, 2)
