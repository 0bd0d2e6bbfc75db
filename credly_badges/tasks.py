"""The clock's door: what a Celery beat calls, and what workers leave for themselves where there is none.

Importing this module is also how Celery finds the tasks of the corridor.
"""

from __future__ import annotations

from celery import shared_task

from . import bulk, progress, rounds, waking
from .events import backfill, rehearsal, replay
from .issuing import deliver
from .models import Pulse

__all__ = ["backfill", "bulk", "rehearsal", "replay", "sweep"]


@shared_task(name=waking.SWEEP, ignore_result=True, soft_time_limit=540, time_limit=570)
def sweep(source: str = Pulse.Source.BEAT.value) -> None:
    """Find the work that a lost wake-up left behind, and do what is done again and again."""
    if source == Pulse.Source.WORKER:
        if not waking.take_turn():
            return
        waking.follow_up()  # First: whatever becomes of this round, there is a next one.
    progress.sweep()
    deliver.wake_due(source=source)
    rounds.due(source)
