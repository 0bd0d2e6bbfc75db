"""The second joint: one message, one destination. Take it, try it, and write down what came of it."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import close_old_connections, connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .. import conf, pacing, waking
from ..models import OutboxMessage, Pulse
from . import leases, queue
from .announce import announce_all
from .batch import carry_out_together, may_go_in_one
from .orders import attempted, carry_out
from .results import Hopeless, Result
from .settle import settle

log = logging.getLogger(__name__)

LAST_ONE_DIED = gettext_noop(
    "Its attempts are used up, the last one by a worker that died or was stopped before it could say what came of it. "
    "Look into the worker's log, then send it again."
)


def wake(message_id: int, *, at: datetime | None = None) -> None:
    """Have a worker deliver a message, now or at a time."""
    if at is None:
        waking.send(deliver_message, message_id)
    else:
        waking.put_off(deliver_message, message_id, at.isoformat(), at=at)


def wake_each(message_ids: Sequence[int]) -> None:
    """Have workers deliver messages now; of many, one task has a worker wake the others, in portions."""
    if len(message_ids) == 1:
        wake(message_ids[0])
    elif message_ids:
        waking.send(wake_messages, list(message_ids))


@shared_task(name="credly_badges.issuing.wake_messages", ignore_result=True, soft_time_limit=100, time_limit=115)
def wake_messages(message_ids: list[int]) -> None:
    """Worker's side of :func:`wake_each`."""
    _wake_portions(OutboxMessage.objects.filter(pk__in=message_ids, open=True, state__in=OutboxMessage.TAKEABLE))


def _wake_portions(messages: QuerySet[OutboxMessage]) -> int:
    portions = queue.portions(messages)
    for portion in portions:
        if len(portion) == 1:
            wake(portion[0])
        else:
            waking.send(deliver_messages, portion)
    return sum(map(len, portions))


TASK = {**waking.STORED_WORK, "soft_time_limit": 100, "time_limit": 115}


@shared_task(name="credly_badges.issuing.deliver_message", **TASK)
def deliver_message(message_id: int, follows: str | None = None) -> None:
    """Worker's side of :func:`wake`. ``follows`` is the ISO 8601 time that a follow-up was made for."""
    deliver(message_id, follows=datetime.fromisoformat(follows) if follows else None)
    waking.keep_going()


@shared_task(name="credly_badges.issuing.deliver_messages", **TASK)
def deliver_messages(message_ids: list[int]) -> None:
    """As :func:`deliver_message`, for a portion."""
    deliver_together(message_ids)
    waking.keep_going()


def deliver(message_id: int, *, follows: datetime | None = None) -> None:
    """Try one message once, if its time has come and no other worker has it."""
    message = next(iter(leases.read([message_id])), None)
    if message is None or not message.open or message.state not in OutboxMessage.TAKEABLE:
        return
    now = timezone.now()
    if message.organization.paused:
        return  # Whoever lifts the pause wakes the queue.
    if _put_off(message, now, follows):
        return
    turn = pacing.turn(message.organization, now)
    if isinstance(turn, pacing.Held):
        _line_up([message], queue.turn_at(message, turn.until, turn.interval))
        return
    with turn:
        taken = _take(message, now)
        if taken is None:
            return
        died = message.state == OutboxMessage.State.DELIVERING and message.attempts >= conf.max_attempts()
        result = Hopeless(_(LAST_ONE_DIED)) if died else attempted(message, lambda: carry_out(message, taken.earner_id))
    _settle(taken, result)


def deliver_together(message_ids: Sequence[int]) -> None:
    """Try several messages once: of each organization, those that are new in one request, and the others alone."""
    now = timezone.now()
    batches: dict[int, list[OutboxMessage]] = {}
    for message in leases.read(message_ids) if conf.batch_size() > 1 else ():
        if may_go_in_one(message, now):
            batches.setdefault(message.organization_id, []).append(message)
    in_batches = set()
    for batch in batches.values():
        if len(batch) > 1:
            in_batches |= {message.pk for message in batch}
            _deliver_batch(batch, now)
    for message_id in message_ids:
        if message_id not in in_batches:
            _deliver_portion([message_id])


def _deliver_batch(messages: Sequence[OutboxMessage], now: datetime) -> None:
    turn = pacing.turn(messages[0].organization, now)
    if isinstance(turn, pacing.Held):
        # They leave in one request, so it takes one turn.
        _line_up(messages, queue.turn_at(messages[0], turn.until, turn.interval / len(messages)))
        return
    with turn:
        taken = _take_together(messages, now)
        results = carry_out_together([(leased.message, leased.earner_id) for leased in taken])
    failure: Exception | None = None
    for leased in taken:
        try:
            _settle(leased, results[leased.message.pk])
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            # Credly has acted on the others as well, and what came of them has to be written down all the same.
            log.exception("What came of message %s could not be recorded; it is looked for later.", leased.message.pk)
            failure = error
    if failure is not None:
        raise failure


def _take(message: OutboxMessage, now: datetime) -> leases.Leased | None:
    return next(iter(_take_together([message], now)), None)


def _take_together(messages: Sequence[OutboxMessage], now: datetime) -> list[leases.Leased]:
    """Lease messages that leave together, which are one delivery; without room for it, all of them wait."""
    taken: list[leases.Leased] = []
    for position, message in enumerate(messages):
        leased = leases.take(message, now, beside=taken[0] if taken else None)
        if isinstance(leased, datetime):
            _line_up(messages[position:], leased)
            break
        if leased is not None:
            taken.append(leased)
    return taken


def _settle(leased: leases.Leased, result: Result) -> None:
    spread = random.random()  # noqa: S311  # no secret hangs on it
    again_at = settle(leased.message, leased.attempt, result, spread=spread)
    if again_at is not None:
        wake(leased.message.pk, at=again_at)


def _put_off(message: OutboxMessage, now: datetime, follows: datetime | None) -> bool:
    """Leave a message for when its time has come; whether that is later than now.

    However many tasks come here for one message, only the follow-up for its present ``not_before`` goes on.
    """
    pace = message.organization.wait_until or now
    if message.not_before > now:
        # Also while another worker has it: should that one have been killed, the broker brings us its task at once,
        # and the end of the lease is when to look again.
        if follows in (None, message.not_before):
            wake(message.pk, at=message.not_before)
        return True
    if pace > now:
        # Credly has asked to slow down, perhaps not for the first time since this message began to wait.
        if leases.untouched(message).update(not_before=pace):
            wake(message.pk, at=pace)
        return True
    return False


def _line_up(messages: Sequence[OutboxMessage], turn_at: datetime) -> None:
    """Have messages wait for their turn, and come back together."""
    # Without its lease, an abandoned one does not count as being under way.
    waiting = [each.pk for each in messages if leases.untouched(each).update(not_before=turn_at, lease=None)]
    if len(waiting) == 1:
        wake(waiting[0], at=turn_at)
    elif waiting:
        waking.put_off(deliver_messages, waiting, at=turn_at)


@dataclass(frozen=True)
class Swept:
    """What a round over the outbox did: messages tried, announcements sent that had been left unsent."""

    tried: int
    announced: int


def sweep(*, source: Pulse.Source | str, limit: int = 1000, threads: int = 1) -> Swept:
    """Deliver, in this process, everything that is due now."""
    _note_pulse(source)
    portions = queue.portions(due(limit))
    if threads > 1:
        left = iter(portions)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(_deliver_what_is_left, [left] * threads))
    else:
        for portion in portions:
            _deliver_portion(portion)
    return Swept(tried=sum(map(len, portions)), announced=announce_all())


def wake_due(*, source: Pulse.Source | str, limit: int = 1000) -> int:
    """Wake workers for everything that is due now, and send what is left to announce; how many messages."""
    _note_pulse(source)
    announce_all()
    return _wake_portions(due(limit))


def due(limit: int) -> QuerySet[OutboxMessage]:
    """The messages whose time has come, the oldest first."""
    return OutboxMessage.objects.due(timezone.now()).order_by("not_before")[:limit]


def _deliver_what_is_left(portions: Iterator[list[int]]) -> None:
    """One thread's part: the next portion that no other thread has taken, until there is none."""
    try:
        for portion in portions:
            close_old_connections()
            _deliver_portion(portion)
    finally:
        connection.close()  # The thread's own; opening one for each message would cost more than the message.


def _deliver_portion(portion: Sequence[int]) -> None:
    try:
        if len(portion) > 1:
            deliver_together(portion)
        else:
            deliver(portion[0])
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        # One message must not hold up the rest. Its lease runs out, and it is tried again.
        log.exception("Of the messages %s, not all could be delivered.", portion)


def _note_pulse(source: Pulse.Source | str) -> None:
    Pulse.objects.update_or_create(source=source, defaults={"heard_at": timezone.now()})
