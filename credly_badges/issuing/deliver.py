"""The second joint: one message, one destination. Take it, try it, and write down what came of it."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, close_old_connections, connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .. import conf, pacing, waking
from ..credly.errors import CredlyError
from ..models import DeliveryAttempt, EarnerIdentifier, OutboxMessage, Pulse
from . import queue
from .announce import announce_all
from .orders import carry_out
from .results import Blocked, Broken, Failed, Hopeless, Result
from .settle import settle

log = logging.getLogger(__name__)

NEEDED = (
    *("kind", "state", "open", "not_before", "attempts", "lease", "look_first", "details", "created"),
    *(f"award__{name}" for name in ("uuid", "learner", "occasion", "previous", "earned_at", "evidence", "credly_id")),
    "award__revocation_reason",
    *(f"award__template__{name}" for name in ("uuid", "name", "description", "image_url")),
    *(f"award__template__{name}" for name in ("expiry", "expiry_date", "expiry_days", "on_duplicate")),
    *(f"award__template__{name}" for name in ("evidence_certificate", "evidence_course", "evidence_grade")),
    *(f"award__template__{name}" for name in ("evidence_note", "suppress_email")),
    *(f"organization__{name}" for name in ("uuid", "name", "environment", "api_key", "paused", "wait_until")),
    *(f"organization__{name}" for name in ("concurrency", *pacing.COLUMNS)),
)
"""The columns that a delivery reads, of four tables that have many more."""

EARNER_ID = EarnerIdentifier.objects.filter(learner=OuterRef("award__learner")).values("value")

LAST_ONE_DIED = gettext_noop(
    "Its attempts are used up, the last one by a worker that died or was stopped before it could say what came of it. "
    "Look into the worker's log, then send it again."
)


def wake(message_id: int, *, at: datetime | None = None) -> None:
    """Have a worker deliver a message, now or at a time."""
    if at is None:
        waking.send(deliver_message, message_id)
        return
    if current_app.conf.task_always_eager:
        return  # Without a worker nothing can be put off; the next sweep finds it.
    wait = min(max(at - timezone.now(), timedelta(0)), conf.longest_follow_up())
    try:
        waking.send(deliver_message, message_id, at.isoformat(), countdown=wait.total_seconds())
    except Exception:
        # What was tried is stored already, and others may be due: a broker that is away must not stop the rest.
        log.exception("Nobody could be told to try message %s again; the sweep will find it.", message_id)


def wake_each(message_ids: Sequence[int]) -> None:
    """Have workers deliver messages now; of many, one task has a worker wake the others."""
    if len(message_ids) == 1:
        wake(message_ids[0])
    elif message_ids:
        waking.send(wake_messages, list(message_ids))


@shared_task(name="credly_badges.issuing.wake_messages", ignore_result=True, soft_time_limit=100, time_limit=115)
def wake_messages(message_ids: list[int]) -> None:
    """Worker's side of :func:`wake_each`."""
    for message_id in message_ids:
        wake(message_id)


@shared_task(
    name="credly_badges.issuing.deliver_message",
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=True,
    autoretry_for=(OperationalError,),  # The database: a deadlock, or a lock that was waited for too long.
    retry_backoff=True,
    max_retries=5,
    soft_time_limit=100,
    time_limit=115,
)
def deliver_message(message_id: int, follows: str | None = None) -> None:
    """Worker's side of :func:`wake`. ``follows`` is the ISO 8601 time that a follow-up was made for."""
    deliver(message_id, follows=datetime.fromisoformat(follows) if follows else None)
    _keep_going()


def deliver(message_id: int, *, follows: datetime | None = None) -> None:
    """Try one message once, if its time has come and no other worker has it."""
    rows = OutboxMessage.objects.select_related("award__template", "organization__pace").only(*NEEDED)
    message = rows.annotate(earner_id=Subquery(EARNER_ID)).filter(pk=message_id).first()
    if message is None or not message.open or message.state not in OutboxMessage.TAKEABLE:
        return
    now = timezone.now()
    if message.organization.paused:
        return  # Whoever lifts the pause wakes the queue.
    if _put_off(message, now, follows):
        return
    turn = pacing.turn(message.organization, now)
    if isinstance(turn, pacing.Held):
        _line_up(message, queue.turn_at(message, turn.until, turn.interval))
        return
    with turn:
        taken = _take(message, now)
        if taken is None:
            return
        attempt, earner_id = taken
        died = message.state == OutboxMessage.State.DELIVERING and message.attempts >= conf.max_attempts()
        result = Hopeless(_(LAST_ONE_DIED)) if died else _try(message, earner_id)
    again_at = settle(message, attempt, result, spread=random.random())  # noqa: S311  # no secret hangs on it
    if again_at is not None:
        wake(message_id, at=again_at)


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
        if _untouched(message).update(not_before=pace):
            wake(message.pk, at=pace)
        return True
    return False


def _line_up(message: OutboxMessage, turn_at: datetime) -> None:
    """Have a message wait for its turn."""
    # Without its lease, an abandoned one does not count as being under way.
    if _untouched(message).update(not_before=turn_at, lease=None):
        wake(message.pk, at=turn_at)


@transaction.atomic
def _take(message: Any, now: datetime) -> tuple[DeliveryAttempt, str] | None:
    """Lease a message to this worker, and have an earner ID for its learner; None if another worker was faster.

    ``look_first`` is set in the table before anything leaves: should this process die, the next one looks at Credly
    before it sends. An attempt counts as used for the same reason, so that a message that kills its workers comes to
    an end. ``message`` keeps what was true until now.
    """
    full_until = queue.look_for_room(message, now)
    if full_until is not None:
        transaction.on_commit(lambda: _line_up(message, full_until), robust=True)
        return None
    lease = uuid.uuid4()
    if not _untouched(message).update(
        state=OutboxMessage.State.DELIVERING,
        lease=lease,
        not_before=now + conf.lease(),
        look_first=True,
        attempts=message.attempts + 1,
    ):
        return None
    message.lease = lease
    return DeliveryAttempt.objects.create(message=message, started_at=now), _earner_id(message)


def _earner_id(message: Any) -> str:
    """The lasting opaque name by which Credly knows the learner; empty where the learner has left."""
    learner_id = message.award.learner_id
    if message.earner_id is None and learner_id is not None:
        return str(EarnerIdentifier.objects.get_or_create(learner_id=learner_id)[0].value)
    return str(message.earner_id or "")


def _untouched(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """The message, as long as nobody has changed it since it was read."""
    return OutboxMessage.objects.filter(
        pk=message.pk, open=True, state=message.state, lease=message.lease, not_before=message.not_before
    )


def _try(message: OutboxMessage, earner_id: str) -> Result:
    try:
        return carry_out(message, earner_id)
    except CredlyError as error:
        return Failed(error)
    except ImproperlyConfigured as fault:
        return Blocked(str(fault))  # The LMS could not be asked about the learner.
    except OperationalError:
        raise  # The lease runs out, and the message is tried again.
    except Exception as fault:
        log.exception("Delivering message %s failed in a way that was not foreseen.", message.pk)
        return Broken(type(fault).__name__)


@dataclass(frozen=True)
class Swept:
    """What a round over the outbox did: messages tried, announcements sent that had been left unsent."""

    tried: int
    announced: int


def sweep(*, source: Pulse.Source | str, limit: int = 1000, threads: int = 1) -> Swept:
    """Deliver, in this process, everything that is due now."""
    _note_pulse(source)
    message_ids = due(limit)
    if threads > 1:
        left = iter(message_ids)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(_deliver_what_is_left, [left] * threads))
    else:
        for message_id in message_ids:
            _deliver_or_log(message_id)
    return Swept(tried=len(message_ids), announced=announce_all())


def wake_due(*, source: Pulse.Source | str, limit: int = 1000) -> int:
    """Wake workers for everything that is due now, and send what is left to announce; how many messages."""
    _note_pulse(source)
    announce_all()
    message_ids = due(limit)
    for message_id in message_ids:
        wake(message_id)
    return len(message_ids)


def due(limit: int) -> list[int]:
    """The messages whose time has come, the oldest first."""
    return list(OutboxMessage.objects.due(timezone.now()).order_by("not_before").values_list("pk", flat=True)[:limit])


def _deliver_what_is_left(message_ids: Iterator[int]) -> None:
    """One thread's part: the next message that no other thread has taken, until there is none."""
    try:
        for message_id in message_ids:
            close_old_connections()
            _deliver_or_log(message_id)
    finally:
        connection.close()  # The thread's own; opening one for each message would cost more than the message.


def _deliver_or_log(message_id: int) -> None:
    try:
        deliver(message_id)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        # One message must not hold up the rest. Its lease runs out, and it is tried again.
        log.exception("Message %s could not be delivered.", message_id)


def _note_pulse(source: Pulse.Source | str) -> None:
    Pulse.objects.update_or_create(source=source, defaults={"heard_at": timezone.now()})


_rounds = waking.Rounds()


def _keep_going() -> None:
    """Let a worker that is awake anyway look after the rest: not every LMS has a Celery beat."""
    if not _rounds.time_has_come():
        return
    now = timezone.now()
    Pulse.objects.get_or_create(source=Pulse.Source.WORKER, defaults={"heard_at": now - 2 * conf.sweep_every()})
    stale = Pulse.objects.filter(source=Pulse.Source.WORKER, heard_at__lt=now - conf.sweep_every())
    if stale.update(heard_at=now):  # Of several workers one wins.
        wake_due(source=Pulse.Source.WORKER)
