"""Waking a worker: a task is sent if the broker takes it at once, and is else left for a sweep to find.

Tasks are sent right after a commit, often within a learner's request. Celery itself would wait some seconds for a
broker that is away, for every task anew.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from celery import Task, current_app
from django import db
from django.utils import timezone
from kombu import pools
from kombu.exceptions import OperationalError

from . import conf
from .models import Pulse

log = logging.getLogger(__name__)

SWEEP = "credly_badges.sweep"
"""The name of the task in ``tasks`` that does everything that is done again and again."""
KEEPS_TIME = 3
"""For how many rounds a beat or cron that was not heard from is still taken to be there."""
CONNECT_SECONDS = 1
TRY_ONCE = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
# A connection that was kept may have died with the broker it led to; then a new one is tried, once.
TRY_ANEW = {**TRY_ONCE, "max_retries": 1}

STORED_WORK: dict[str, Any] = {
    "acks_late": True,
    "reject_on_worker_lost": True,
    "ignore_result": True,
    "autoretry_for": (db.OperationalError,),  # A deadlock, or a lock that was waited for too long.
    "retry_backoff": True,
    "max_retries": 5,
}
"""Options of a task whose work is a row: whoever dies over it, another does it again."""


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


def put_off(task: Task[Any, Any], *arguments: Any, at: datetime) -> None:
    """Have a worker do a task at a time, or look at it again after the longest countdown where that is far off."""
    if current_app.conf.task_always_eager:
        return  # Without a worker nothing can be put off; the next sweep finds it.
    wait = min(max(at - timezone.now(), timedelta(0)), conf.longest_follow_up())
    try:
        send(task, *arguments, countdown=wait.total_seconds())
    except Exception:
        # What was tried is stored already, and others may be due: a broker that is away must not stop the rest.
        log.exception("Nobody could be told to do %s with %s again; the sweep will find it.", task.name, arguments[0])


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


_rounds = Rounds()


def keep_going() -> None:
    """Let a worker that is awake anyway look after the rest: not every LMS has a Celery beat, or cron."""
    if not _rounds.time_has_come():
        return
    fresh = Pulse.objects.filter(source=Pulse.Source.WORKER, heard_at__gt=timezone.now() - follow_up_every())
    if not fresh.exists():
        _send_sweep()


def take_turn() -> bool:
    """Whether this follow-up of the workers is the one that does the round: of several that come at once, one is."""
    now = timezone.now()
    # A little early is in time: the clocks of two machines differ, and a chain must not end over that.
    since = now - 0.9 * follow_up_every()
    Pulse.objects.get_or_create(source=Pulse.Source.WORKER, defaults={"heard_at": since})
    return bool(Pulse.objects.filter(source=Pulse.Source.WORKER, heard_at__lte=since).update(heard_at=now))


def follow_up() -> None:
    """Leave a task for the next round, unless a beat or cron keeps the time.

    So what is done again and again goes on while no learner earns anything.
    """
    if current_app.conf.task_always_eager:
        return
    since = timezone.now() - KEEPS_TIME * conf.sweep_every()
    if not Pulse.objects.filter(source__in=(Pulse.Source.BEAT, Pulse.Source.COMMAND), heard_at__gt=since).exists():
        _send_sweep(countdown=follow_up_every().total_seconds())


def follow_up_every() -> timedelta:
    """How far off the workers' own follow-ups are."""
    return min(conf.sweep_every(), conf.longest_follow_up())


def _send_sweep(countdown: float | None = None) -> None:
    # The task calls what lies above this module, so it is found by its name.
    task: Task[Any, Any] = current_app.tasks[SWEEP]
    try:
        send(task, Pulse.Source.WORKER.value, countdown=countdown)
    except OperationalError:
        # The work that brought us here is done. The next one that is done brings us here again.
        log.exception("The broker is away, so no worker could be told to look after the rest.")
