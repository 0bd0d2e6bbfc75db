"""Telling subscribers, beside the deliveries to Credly: never in their way, whatever a subscriber does.

A worker's task only hands over to a thread of the same process, so that the worker takes the next task at once. Of one
subscriber one message is on its way at a time, and messages about the same thing arrive in order.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from celery import current_app, shared_task
from django.db import close_old_connections, connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from .. import conf, waking
from ..models import Subscriber, SubscriberAttempt, SubscriberMessage
from ..models.encryption import UndecryptableSecret
from ..models.subscribers import SubscriberMessageQuerySet
from . import payloads, sending, settle, signing

log = logging.getLogger(__name__)

THREADS = 4
"""How many subscribers one process tells at the same moment."""
TURN = timedelta(seconds=20)
"""For how long one subscriber is told before others of the same process have their turn."""


def wake(subscriber_id: int, *, at: datetime | None = None) -> None:
    """Have a worker tell a subscriber what waits for it, now or at a time. Raises kombu's OperationalError."""
    if at is None:
        waking.send(tell_subscriber, subscriber_id)
    else:
        waking.put_off(tell_subscriber, subscriber_id, at=at)


@shared_task(name="credly_badges.subscribers.tell", ignore_result=True)
def tell_subscriber(subscriber_id: int) -> None:
    """Worker's side of :func:`wake`. Done when it is handed over; what gets lost with a worker, the round finds."""
    if current_app.conf.task_always_eager:
        deliver(subscriber_id)
    else:
        _threads.take(subscriber_id)


class _Threads:
    """The threads of this process, and for whom something is to be done that none of them has begun yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        # It starts a thread once there is something to do, so none before a worker forks.
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="credly-badges-subscribers")

    def take(self, subscriber_id: int) -> None:
        """Have a thread tell this subscriber. Once is enough, however many tasks there are for it."""
        with self._lock:
            if subscriber_id in self._waiting:
                return
            self._waiting.add(subscriber_id)
        self._pool.submit(self._do, subscriber_id)

    def _do(self, subscriber_id: int) -> None:
        with self._lock:
            self._waiting.discard(subscriber_id)
        close_old_connections()
        try:
            deliver(subscriber_id)
        except Exception:
            log.exception("Subscriber %s could not be told; the round will find it.", subscriber_id)
        finally:
            connection.close()  # The thread's own.


_threads = _Threads()
# Threads, and whatever they hold, stay behind in the process that forks.
os.register_at_fork(after_in_child=_threads.__init__)  # type: ignore[misc]


def deliver(subscriber_id: int, *, until: float | None = None) -> int:
    """Tell a subscriber what waits for it, unless another worker does that now; how many messages were tried.

    ``until`` is the end by ``time.monotonic``; what is left by then is handed on.
    """
    until = until or time.monotonic() + TURN.total_seconds()
    tried = 0
    # Once more after the lease was given back: who committed meanwhile found it taken, and left it to us.
    while _is_due(subscriber_id, timezone.now()) and time.monotonic() < until:
        lease = _take(subscriber_id)
        if lease is None:
            return tried
        try:
            while time.monotonic() < until and _tell_next(subscriber_id, lease):
                tried += 1
        finally:
            Subscriber.objects.filter(pk=subscriber_id, lease=lease).update(lease=None, leased_until=None)
    if tried:
        _hand_on(subscriber_id)
    return tried


def due(limit: int = 1000) -> list[int]:
    """Subscribers for whom something waits whose time has come, and whom nobody tells at this moment."""
    now = timezone.now()
    free = Q(lease=None) | Q(leased_until__lte=now)
    waiting = SubscriberMessage.objects.due(now).filter(subscriber=OuterRef("pk"))
    return list(
        Subscriber.objects.filter(free, Exists(waiting)).order_by("wait_until").values_list("pk", flat=True)[:limit]
    )


def deliver_due(*, until: float) -> int:
    """Tell everybody in this process, where no worker does it; how many messages were tried."""
    tried = 0
    for subscriber_id in due():
        if time.monotonic() >= until:
            break
        tried += deliver(subscriber_id, until=min(until, time.monotonic() + TURN.total_seconds()))
    return tried


def wake_due() -> int:
    """Wake workers for everybody for whom something is due; how many."""
    found = due()
    for subscriber_id in found:
        wake(subscriber_id)
    return len(found)


def _take(subscriber_id: int) -> uuid.UUID | None:
    """Lease a subscriber to this worker; None where another has it, or nothing may be sent now."""
    now, lease = timezone.now(), uuid.uuid4()
    free = Subscriber.objects.filter(
        Q(lease=None) | Q(leased_until__lte=now),
        Q(wait_until=None) | Q(wait_until__lte=now),
        pk=subscriber_id,
        is_active=True,
    )
    return lease if free.update(lease=lease, leased_until=_lease_end(now)) else None


def _lease_end(now: datetime) -> datetime:
    return now + conf.subscriber_timeout() + conf.lease()


def _is_due(subscriber_id: int, now: datetime) -> bool:
    return _next(subscriber_id, now) is not None


def _next(subscriber_id: int, now: datetime) -> SubscriberMessage | None:
    rows = whose_turn_it_is().due(now).filter(subscriber=subscriber_id)
    return rows.select_related("subscriber").order_by("not_before", "pk").first()


def whose_turn_it_is() -> SubscriberMessageQuerySet:
    """Open messages that nothing stands before: of those about one thing to one subscriber, the first."""
    before = SubscriberMessage.objects.filter(
        subscriber=OuterRef("subscriber"), subject=OuterRef("subject"), open=True, pk__lt=OuterRef("pk")
    )
    return SubscriberMessage.objects.filter(~Exists(before), open=True)


def _tell_next(subscriber_id: int, lease: uuid.UUID) -> bool:
    """Send one message, and write down what came of it; whether to go on with the next one."""
    now = timezone.now()
    message = _next(subscriber_id, now)
    if message is None:
        return False
    mine = Subscriber.objects.filter(pk=subscriber_id, lease=lease)
    if not mine.update(leased_until=_lease_end(now)):
        return False  # This worker was too slow, and another has taken over.
    attempt = SubscriberAttempt.objects.create(message=message, started_at=now)
    answer = send(message, now)
    return settle.settle(message, attempt, answer, lease=lease, spread=random.random())  # noqa: S311  # no secret hangs on it


def send(message: SubscriberMessage, now: datetime) -> sending.Answer:
    """Send a message as it is now; what came of it."""
    try:
        body = payloads.body(message)
        signed = signing.headers(message, body, now)
    except UndecryptableSecret:
        return sending.Answer(None, settle.unreadable_secret())
    headers = {"Content-Type": "application/json", "User-Agent": "credly-badges-webhooks", **signed}
    seconds = conf.subscriber_timeout().total_seconds()
    return sending.post(message.subscriber.url, body.encode(), headers, seconds=seconds)


def _hand_on(subscriber_id: int) -> None:
    """Leave word for when the next message is due. What is far off is for the round: there is one chain, not many."""
    row = Subscriber.objects.filter(pk=subscriber_id, is_active=True).values_list("wait_until", flat=True)
    not_before = (
        whose_turn_it_is()
        .filter(subscriber=subscriber_id)
        .order_by("not_before")
        .values_list("not_before", flat=True)
        .first()
    )
    if not row or not_before is None:
        return
    now = timezone.now()
    at = max(not_before, row[0] or now, now)
    if at - now <= conf.longest_follow_up():
        wake(subscriber_id, at=at)
