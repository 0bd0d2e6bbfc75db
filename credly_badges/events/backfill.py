"""Badges for what learners did before: the LMS's history, written as the corridor would have written it."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser

from ..models import BadgeTemplate, HistoryRun
from . import runs


def begin(template: BadgeTemplate, by: AbstractBaseUser | None = None, *, wake: bool = True) -> HistoryRun:
    """Begin a backfill, which a worker then does. Raises runs.Busy and runs.CannotRun."""
    return runs.begin(runs.Kind.BACKFILL, template, by, wake=wake)


def go_on(run: HistoryRun, *, until: float | None = None, on_chunk: runs.OnChunk | None = None) -> HistoryRun:
    """Backfill from where a run stands; the run as it is then."""
    raise NotImplementedError
