"""Waking a worker: a task is sent if the broker takes it at once, and is else left for a sweep to find.

Tasks are sent right after a commit, often within a learner's request. Celery itself would wait some seconds for a
broker that is away, for every task anew.
"""

from __future__ import annotations

import time
from typing import Any

from celery import Task, current_app
from kombu import pools

from . import conf

CONNECT_SECONDS = 1
TRY_ONCE = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
# A connection that was kept may have died with the broker it led to; then a new one is tried, once.
TRY_ANEW = {**TRY_ONCE, "max_retries": 1}


def send(task: Task[Any, Any], *arguments: Any, countdown: float | None = None) -> None:
    """Have a worker do a task, now or after a number of seconds. Raises kombu's OperationalError without a broker."""
    options = {"countdown": countdown, **conf.task_options()}
    if current_app.conf.task_always_eager:
        task.apply_async(arguments, **options)
        return
    connection = current_app.connection_for_write(
        connect_timeout=CONNECT_SECONDS,
        # The second of these is read by Redis alone, which does without the first.
        transport_options={**TRY_ONCE, "socket_connect_timeout": CONNECT_SECONDS},
    )
    with pools.producers[connection].acquire(block=True) as producer:
        task.apply_async(arguments, producer=producer, retry=True, retry_policy=TRY_ANEW, **options)


class Rounds:
    """When this process last looked after work that nobody was woken for, so that not every task asks the database."""

    def __init__(self) -> None:
        self._next = 0.0

    def time_has_come(self) -> bool:
        """Whether to look now: once in CREDLY_BADGES_SWEEP_SECONDS, and never where tasks run inside a request."""
        if current_app.conf.task_always_eager or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + conf.sweep_every().total_seconds()
        return True
