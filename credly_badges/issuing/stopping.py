"""Stopping orders for an award that shall not be carried out any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from .. import conf
from ..models import BadgeAward, OutboxMessage

State = OutboxMessage.State


def stop(award: BadgeAward, kinds: Collection[str]) -> datetime | None:
    """Drop an award's open orders of these kinds, or say until when a worker has one of them in hand."""
    now = timezone.now()
    until: list[datetime] = []
    for order in award.messages.filter(kind__in=kinds, open=True):
        if order.state == State.DELIVERING and order.not_before > now:
            until.append(order.not_before)
            continue
        stopped = OutboxMessage.objects.filter(pk=order.pk, open=True, lease=order.lease).update(
            open=None, state=State.DROPPED, lease=None, finished_at=now, waiting_for=""
        )
        if not stopped:
            until.append(now + conf.first_wait())
    return max(until, default=None)
