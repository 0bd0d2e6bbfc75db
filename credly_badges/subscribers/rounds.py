"""What is done for subscribers again and again: what is due is sent, what is old removed, what has expired told."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from .. import conf
from ..models import BadgeAward, Pulse, Subscriber, SubscriberMessage
from . import deliver, settle
from .catalogue import Event
from .telling import tell_of_award

AT_ONCE = 500
NEWS = timedelta(days=30)
"""How long ago a badge may have expired for that to be worth telling; one that was found late is nothing new."""

State = BadgeAward.State


def due(source: str, *, until: float) -> int:
    """See that everybody is told what is due: by workers, or here where a command keeps the time; how much that was."""
    settle.give_up_late(timezone.now())
    if source == Pulse.Source.COMMAND:
        return deliver.deliver_due(until=until)
    return deliver.wake_due()


def purge() -> int:
    """Remove messages that were finished long ago, with their attempts; how many."""
    old = SubscriberMessage.objects.filter(open=None, finished_at__lt=timezone.now() - conf.subscriber_days())
    removed = 0
    while numbers := list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        SubscriberMessage.objects.filter(pk__in=numbers).delete()
        removed += len(numbers)
    Subscriber.objects.filter(previous_until__lt=timezone.now()).update(previous_secret="", previous_until=None)
    return removed


def expiries(*, until: float) -> int:
    """Tell of badges whose time has come, once each; how many."""
    told = 0
    while time.monotonic() < until:
        now = timezone.now()
        found = BadgeAward.objects.filter(expiry_told=False, expires_at__lte=now)
        numbers = list(found.order_by("expires_at").values_list("pk", flat=True)[:AT_ONCE])
        if not numbers:
            break
        told += _tell_of(numbers, now)
    return told


@transaction.atomic
def _tell_of(numbers: list[int], now: datetime) -> int:
    # Anew, for one may have been renewed meanwhile.
    due_now = BadgeAward.objects.filter(pk__in=numbers, expiry_told=False, expires_at__lte=now)
    rows = list(due_now.select_for_update().order_by("pk").only("pk", "template", "live", "state", "expires_at"))
    expired = [row for row in rows if row.live and row.state in (State.OFFERED, State.ACCEPTED) and _is_news(row, now)]
    if expired and Subscriber.objects.filter(is_active=True).exists():
        for row in expired:
            tell_of_award(Event.AWARD_EXPIRED, row.pk, row.template_id, occurred_at=row.expires_at)
    # ``modified`` stays: nothing about the badge is another than before.
    BadgeAward.objects.filter(pk__in=[row.pk for row in rows]).update(expiry_told=True)
    return len(expired)


def _is_news(award: BadgeAward, now: datetime) -> bool:
    return award.expires_at is not None and award.expires_at > now - NEWS
