"""A run in figures, and its differences row by row: what the command and the admin tell."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count

from ..models import ReconcileDifference, ReconcileRun
from .causes import FIXES, Cause, advice, in_order

Fix = ReconcileDifference.Fix

COLUMNS: Final = ("organization", "template", "cause", "award", "user_id", "badge", "facts", "fix", "fix_said", "found")
CHUNK: Final = 1_000


@dataclass(frozen=True)
class Row:
    """One cause of a run: how many there were, and what became of them."""

    cause: str
    words: str
    advice: str
    has_fix: bool
    found: int
    mended: int
    failed: int
    listed: int

    @property
    def left(self) -> int:
        """How many are still to be mended."""
        return self.found - self.mended

    @property
    def not_listed(self) -> int:
        """How many are only counted."""
        return self.found - self.listed


def rows(run: ReconcileRun) -> list[Row]:
    """The causes that a run met."""
    counted: dict[str, dict[str, int]] = {}
    by_fix = run.differences.order_by().values_list("cause", "fix").annotate(count=Count("pk"))
    for cause, fix, count in by_fix:
        counted.setdefault(cause, {})[fix] = count
    return [
        Row(
            cause=cause.value,
            words=str(cause.label),
            advice=advice(cause),
            has_fix=cause in FIXES,
            found=found,
            mended=counted.get(cause, {}).get(Fix.FIXED, 0) + counted.get(cause, {}).get(Fix.ORDERED, 0),
            failed=counted.get(cause, {}).get(Fix.FAILED, 0),
            listed=sum(counted.get(cause, {}).values()),
        )
        for cause, found in in_order(run.counts)
    ]


def left(run: ReconcileRun) -> int:
    """How many differences of a run are still to be mended, by a fix or by a person; badges of others are not."""
    return left_of([run])[run.pk]


def left_of(runs: Collection[ReconcileRun]) -> dict[int, int]:
    """The same of several runs at once, by their keys."""
    differences = ReconcileDifference.objects.filter(run__in=runs, fix__in=(Fix.FIXED, Fix.ORDERED))
    counted = differences.exclude(cause=Cause.FOREIGN).order_by().values_list("run").annotate(count=Count("pk"))
    mended = dict(counted)
    return {
        run.pk: sum(found for cause, found in in_order(run.counts) if cause != Cause.FOREIGN) - mended.get(run.pk, 0)
        for run in runs
    }


def as_data(run: ReconcileRun) -> dict[str, Any]:
    """A run as JSON values."""
    return {
        "run": run.pk,
        "organization": str(run.organization.uuid),
        "name": run.organization.name,
        "state": run.state,
        "error": run.error,
        "compared": run.compared,
        "fixes": run.fixes,
        "causes": {
            row.cause: {
                "found": row.found,
                "mended": row.mended,
                "failed": row.failed,
                "left": row.left,
                "listed": row.listed,
                "what": row.words,
                "advice": row.advice,
            }
            for row in rows(run)
        },
    }


def differences(run: ReconcileRun, *, with_names: bool = False) -> Iterator[ReconcileDifference]:
    """Those that a run keeps one by one, in the order in which they were found.

    Read in pieces: MySQL's client would take in all of them at once.
    """
    joined = ("template", "award", *(["learner"] if with_names else []))
    found, last = run.differences.select_related(*joined).order_by("pk"), 0
    while piece := list(found.filter(pk__gt=last)[:CHUNK]):
        yield from piece
        last = piece[-1].pk


def values(run: ReconcileRun, difference: ReconcileDifference) -> list[Any]:
    """A difference by ``COLUMNS``: of the learner, only the user ID."""
    return [
        run.organization.uuid,
        difference.template.uuid,
        difference.cause,
        difference.award.uuid if difference.award else "",
        difference.learner_id or "",
        difference.credly_id or "",
        json.dumps(difference.facts, ensure_ascii=False),
        difference.fix,
        difference.fix_said,
        difference.created.isoformat(),
    ]
