"""How fast a badge's requirements are held against what learners did before, and how much memory that takes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from credly_badges import lms
from credly_badges.events import backfill, rehearsal
from credly_badges.lms import GradeRow
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    DeliveryAttempt,
    Fulfillment,
    HistoryRun,
    OutboxMessage,
    ReceivedEvent,
)
from credly_badges.testing.factories import OrganizationFactory

from . import world
from .memory import peak, resident

ROWS = "CREDLY_BENCHMARK_ROWS"
"""Names a variable of the environment with the number of learner-course rows."""
COURSES = 5
"""In so many courses each learner has a grade."""
CHUNK = 10_000
LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)
KILLED_AT = 0.5
LEFT_BEHIND = (
    DeliveryAttempt,
    OutboxMessage,
    AuditEntry,
    BadgeAward,
    Fulfillment,
    BadgeProgress,
    ReceivedEvent,
)
NOTHING, TENTH, EVERY = "no row matches", "one row in ten completes", "every row completes"


def measure(*, quick: bool) -> dict[str, Any]:
    """Rows per second and memory: of a rehearsal, of a backfill, and of one that is killed and goes on."""
    rows = int(os.environ.get(ROWS) or (20_000 if quick else 100_000))
    people = _people(max(rows // COURSES, rows // 10))
    organization = OrganizationFactory()
    figures = {
        f"rehearsal, {NOTHING}": _rehearse(_badge(organization), rows, people, passing=0),
        f"rehearsal, {TENTH}": _rehearse(_badge(organization), rows, people, passing=10),
        f"backfill, {NOTHING}": _backfill(_badge(organization), rows, people, passing=0),
        f"backfill, {EVERY}": _backfill(_badge(organization), rows // 10, people, passing=1),
        f"backfill, {TENTH}, killed half-way": _killed(_badge(organization), rows, people),
    }
    return {"rows": rows, "cases": figures}


def _people(number: int) -> range:
    """Learners, made in pieces so as to leave no mark on the memory; their numbers follow each other."""
    made = [world.learners(min(CHUNK, number - start)) for start in range(0, number, CHUNK)]
    first = made[0][0].pk
    return range(first, first + number)


def _badge(organization: Any) -> BadgeTemplate:
    """The only active badge, for passing any course; of those before it, nothing is left."""
    with connection.cursor() as cursor:
        for model in (
            DeliveryAttempt,
            OutboxMessage,
            AuditEntry,
            BadgeAward,
            Fulfillment,
            BadgeProgress,
            ReceivedEvent,
        ):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608 (a table of ours)
    BadgeTemplate.objects.update(status=BadgeTemplate.Status.RETIRED)
    world.badges(organization, [""])
    return BadgeTemplate.objects.latest("pk")


def _load(rows: int, people: range, *, passing: int) -> None:
    lms.backend().clear()
    lms.backend().load_grades(_grades(rows, people, passing))


def _grades(rows: int, people: range, passing: int) -> Iterator[GradeRow]:
    """Grades of these learners; one in ``passing`` of them (0 for none) is enough to pass."""
    per_learner = max(1, rows // len(people))
    for number in range(rows):
        passes = bool(passing) and number % passing == 0
        at = LONG_AGO + timedelta(minutes=number % 500_000)
        yield GradeRow(
            people[number // per_learner % len(people)],
            f"course-v1:edX+C{number % per_learner}+1",
            80 if passes else 20,
            "Pass" if passes else "",
            at if passes else None,
            at,
        )


class Watch:
    """What a run costs, looked at after each portion."""

    def __init__(self) -> None:
        self.portions = self.queries = 0
        self.highest = resident()

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)

    def after_portion(self, _run: HistoryRun) -> None:
        self.portions += 1
        self.highest = max(self.highest, resident())


def _rehearse(template: BadgeTemplate, rows: int, people: range, *, passing: int) -> dict[str, Any]:
    _load(rows, people, passing=passing)
    expected = len({row.user_id for row in _grades(rows, people, passing) if row.letter})
    figures, run = _timed(rehearsal, rehearsal.begin(template, wake=False), rows)
    _see(run, rows, run.counts.get("would_gain", 0) == expected)
    return figures


def _backfill(template: BadgeTemplate, rows: int, people: range, *, passing: int) -> dict[str, Any]:
    _load(rows, people, passing=passing)
    figures, run = _timed(backfill, backfill.begin(template, wake=False), rows)
    _see(run, rows, _is_whole(template, rows, people, passing))
    return figures


def _killed(template: BadgeTemplate, rows: int, people: range) -> dict[str, Any]:
    """A backfill in a process of its own, which is killed half-way; then this one goes on to the end."""
    _load(rows, people, passing=10)
    run = backfill.begin(template, wake=False)
    connections.close_all()
    child = os.fork()
    if not child:
        backfill.go_on(run)
        os._exit(0)
    while run.counts.get("rows", 0) < rows * KILLED_AT:
        time.sleep(0.05)
        run.refresh_from_db()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    run.refresh_from_db()
    done_before = run.counts["rows"]
    # The dead process's lease, which a site would wait for.
    HistoryRun.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    figures, run = _timed(backfill, run, rows - done_before)
    _see(run, rows, _is_whole(template, rows, people, 10))
    return {**figures, "killed_after": done_before}


def _timed(how: Any, run: HistoryRun, rows: int) -> tuple[dict[str, Any], HistoryRun]:
    before, watch = resident(), Watch()
    began, worked = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(watch):
        run = how.go_on(run, on_chunk=watch.after_portion)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    figures = {
        "rows": rows,
        "seconds": round(seconds, 1),
        "per_second": round(rows / seconds),
        # Of this process alone: what it comes to on a core of its own, as far as the database is not another process.
        "per_second_of_computing": round(rows / worked),
        "queries_per_portion": round(watch.queries / watch.portions, 1),
        "megabytes": {"before": before, "highest": watch.highest, "peak": peak()},
    }
    return figures, run


def _is_whole(template: BadgeTemplate, rows: int, people: range, passing: int) -> bool:
    """Whether everybody who should have the badge has it, once."""
    expected = {row.user_id for row in _grades(rows, people, passing) if row.letter}
    awarded = list(BadgeAward.objects.filter(template=template).values_list("learner_id", flat=True))
    orders = OutboxMessage.objects.filter(award__template=template).count()
    begun = BadgeProgress.objects.filter(template=template).count()
    is_stored = not expected or ReceivedEvent.objects.filter(learner__in=list(expected)[:100]).exists()
    return sorted(expected) == sorted(awarded) and orders == begun == len(expected) and is_stored


def _see(run: HistoryRun, rows: int, is_right: bool) -> None:
    if run.state != HistoryRun.State.DONE or run.counts["rows"] < rows or not is_right:
        raise RuntimeError(f"Not everything was done, or more than that: {run.state}, {run.counts}, {run.error}")
