"""Writing down what a subscriber answered, and when it is tried again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit
from ..models import Subscriber, SubscriberAttempt, SubscriberMessage
from . import schedule
from .sending import Answer

log = logging.getLogger(__name__)

State = SubscriberMessage.State

TAKEN = range(200, 300)
REDIRECTS = range(300, 400)
GONE = 410
ASKS_TO_WAIT = frozenset({429, 503})


def settle(
    message: SubscriberMessage, attempt: SubscriberAttempt, answer: Answer, *, lease: UUID, spread: float
) -> bool:
    """Record an answer in one transaction; whether the next message may follow at once."""
    now = timezone.now()
    taken = answer.status in TAKEN
    said = "" if taken else sentence(answer)
    with transaction.atomic():
        SubscriberAttempt.objects.filter(pk=attempt.pk).update(
            finished_at=now, succeeded=taken, status=answer.status, said=said[:500]
        )
        mine = Subscriber.objects.filter(pk=message.subscriber_id, lease=lease)
        if taken:
            _finish(message, State.DELIVERED, now)
            mine.update(failures=0, wait_until=None, last_delivered_at=now)
            return True
        if answer.status == GONE:
            _deactivate(message, said, now)
            return False
        _put_back(message, answer, said, now, spread)
        failures = message.subscriber.failures + 1
        hold = max(schedule.hold_until(now, failures, spread), now + _asked_for(answer, spread))
        mine.update(failures=F("failures") + 1, wait_until=hold)
    return False


def settle_test(message: SubscriberMessage, attempt: SubscriberAttempt, answer: Answer) -> SubscriberAttempt:
    """Record what came of a test, which nothing follows from."""
    attempt.finished_at = timezone.now()
    attempt.succeeded, attempt.status = answer.status in TAKEN, answer.status
    attempt.said = "" if attempt.succeeded else sentence(answer)[:500]
    message.state = State.DELIVERED if attempt.succeeded else State.DROPPED
    message.error, message.finished_at = attempt.said, attempt.finished_at
    with transaction.atomic():
        attempt.save()
        message.save(update_fields=["state", "error", "finished_at"])
    return attempt


def sentence(answer: Answer) -> str:
    """What came of it in words. Never what the receiver wrote: that is not ours to keep."""
    if answer.status is None:
        return answer.said
    if answer.status in REDIRECTS:
        return _("It answered %(status)d, a redirect; enter the address that it leads to.") % {"status": answer.status}
    return _("It answered %(status)d.") % {"status": answer.status}


def unreadable_secret() -> str:
    """What is said where the secret cannot be decrypted."""
    return _("Its secret cannot be read any more. Make a new one, and give it to the receiver.")


def give_up_late(now: datetime) -> int:
    """Give up what was waiting for too long at subscribers that take nothing; how many messages."""
    late = SubscriberMessage.objects.filter(open=True, give_up_at__lte=now, subscriber__in=_that_take_nothing())
    return late.update(
        state=State.DEAD, open=None, finished_at=now, error=_("The subscriber took nothing for three days.")
    )


def _that_take_nothing() -> Any:
    return Subscriber.objects.filter(Q(is_active=False) | Q(failures__gt=0)).values("pk")


def _put_back(message: SubscriberMessage, answer: Answer, said: str, now: datetime, spread: float) -> None:
    wait = max(schedule.wait_before(message.attempts + 1, spread), _asked_for(answer, spread))
    again_at = schedule.again_at(now, wait, message.give_up_at)
    if again_at is None:
        log.warning("Subscriber %s did not take message %s: %s", message.subscriber.uuid, message.uuid, said)
        _finish(message, State.DEAD, now, attempts=message.attempts + 1, error=said[:500])
    else:
        SubscriberMessage.objects.filter(pk=message.pk, open=True).update(
            not_before=again_at, attempts=message.attempts + 1, error=said[:500]
        )


def _asked_for(answer: Answer, spread: float) -> timedelta:
    if answer.status not in ASKS_TO_WAIT or answer.retry_after is None:
        return timedelta(0)
    return schedule.wait_as_told(answer.retry_after, spread)


def _deactivate(message: SubscriberMessage, said: str, now: datetime) -> None:
    """Leave a subscriber alone that says it is gone for good: 410, by Standard Webhooks."""
    _finish(message, State.DEAD, now, attempts=message.attempts + 1, error=said[:500])
    if Subscriber.objects.filter(pk=message.subscriber_id, is_active=True).update(is_active=False):
        log.warning("Subscriber %s says that it is gone; it is told nothing from now on.", message.subscriber.uuid)
        audit.record("subscriber.gone", message.subscriber, because=said, before={"is_active": True})


def _finish(message: SubscriberMessage, state: SubscriberMessage.State, now: datetime, **columns: Any) -> None:
    SubscriberMessage.objects.filter(pk=message.pk, open=True).update(
        **{"state": state, "open": None, "finished_at": now, "error": "", **columns}
    )
