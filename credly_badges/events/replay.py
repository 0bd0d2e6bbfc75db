"""After a pause: what learners did meanwhile was kept, and is now held against the badge."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser

from ..models import BadgeTemplate, HistoryRun
from . import runs


class Kept(NamedTuple):
    """How much a replay would go through."""

    events: int
    learners: int


def count(template: BadgeTemplate, since: datetime) -> Kept:
    """How many events were kept since a time, and of how many learners: to ask with before a badge is resumed."""
    raise NotImplementedError


def begin(template: BadgeTemplate, by: AbstractBaseUser | None, since: datetime, *, wake: bool = True) -> HistoryRun:
    """Begin to replay what was kept since a time, which a worker then does. Raises runs.Busy."""
    return runs.begin(runs.Kind.REPLAY, template, by, wake=wake, counts={"from": since.isoformat()})


def go_on(run: HistoryRun, *, until: float | None = None, on_chunk: runs.OnChunk | None = None) -> HistoryRun:
    """Replay from where a run stands; the run as it is then."""
    raise NotImplementedError
