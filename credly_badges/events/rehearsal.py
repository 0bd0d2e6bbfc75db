"""A rehearsal: what a badge's requirements would do with all that learners did before. Only its run is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser

from ..models import BadgeTemplate, HistoryRun
from . import runs


class Row(NamedTuple):
    """One learner who would get the badge, or who has it and would not."""

    learner_id: int
    earned_at: datetime | None
    """When the deciding event happened; None where they would not get it."""
    course: str
    """The course run in which it happened, where it was in one."""
    change: str
    """``gain`` where they do not have it yet, ``lose`` where they have it and would not get it, else empty."""


def begin(template: BadgeTemplate, by: AbstractBaseUser | None = None, *, wake: bool = True) -> HistoryRun:
    """Begin a rehearsal, which a worker then does. Raises runs.Busy and runs.CannotRun."""
    return runs.begin(runs.Kind.REHEARSAL, template, by, wake=wake)


def go_on(
    run: HistoryRun, *, until: float | None = None, on_chunk: runs.OnChunk | None = None, limit: int | None = None
) -> HistoryRun:
    """Rehearse from where a run stands; the run as it is then. ``limit`` is after how many learners it is enough."""
    raise NotImplementedError


def rows(template: BadgeTemplate) -> Iterator[Row]:
    """Everybody who would get it, or would lose it, one after the other; memory stays the same however many."""
    raise NotImplementedError
