"""The clock's door: what a Celery beat calls.

Importing this module is also how Celery finds the tasks of the corridor.
"""

from __future__ import annotations

from celery import shared_task

from . import progress
from .issuing import deliver
from .models import Pulse

__all__ = ["sweep"]


@shared_task(name="credly_badges.sweep", ignore_result=True, soft_time_limit=240, time_limit=270)
def sweep() -> None:
    """Find the work that a lost wake-up left behind."""
    progress.sweep()
    deliver.wake_due(source=Pulse.Source.BEAT)
