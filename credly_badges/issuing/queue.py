"""An organization's messages among one another: whose turn is when, and how many may be under way at once."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from .. import conf
from ..models import OutboxMessage, Pace

USUAL_DELIVERY = timedelta(seconds=0.5)
"""How long a delivery is thought to take, where only so many may be under way at once."""


def turn_at(message: OutboxMessage, first: datetime, interval: timedelta) -> datetime:
    """When a message's turn is: ``first``, and later by an interval for each older one that waits for nothing else.

    So it comes back when those before it have gone, and not with each of them: a thousand messages take two to three
    thousand looks, and no attempt too many, to leave at the pace that is set.
    """
    if not interval:
        return first
    queue = OutboxMessage.objects.filter(open=True, state=OutboxMessage.State.WAITING, waiting_for="")
    older = queue.filter(organization=message.organization_id, pk__lt=message.pk)
    return first + interval * older.count()


def look_for_room(message: OutboxMessage, now: datetime) -> datetime | None:
    """None where one more delivery may be under way, or when to look again. Locks the organization's pace meanwhile.

    A batch is one delivery, as its messages have one lease. One that has run out does not count, for its worker is
    given up.
    """
    most = message.organization.concurrency
    if not most:
        return None
    Pace.objects.select_for_update().get_or_create(organization_id=message.organization_id)
    leased = OutboxMessage.objects.filter(open=True, state=OutboxMessage.State.DELIVERING, not_before__gt=now)
    leased = leased.filter(organization=message.organization_id, lease__isnull=False)
    if leased.aggregate(deliveries=Count("lease", distinct=True))["deliveries"] < most:
        return None
    soon = USUAL_DELIVERY / most
    return turn_at(message, now + soon * (1 + random.random()), soon)  # noqa: S311  # no secret hangs on it


def portions(messages: QuerySet[OutboxMessage]) -> list[list[int]]:
    """Messages in the portions in which they are delivered: what may go in a batch together, others alone."""
    size = conf.batch_size()
    found: list[list[int]] = []
    filling: dict[int, list[int]] = {}
    columns = ("look_first", "award__occasion", "award__template__allow_duplicates")
    for number, organization_id, kind, *alone in messages.values_list("pk", "organization", "kind", *columns):
        if any(alone) or kind != OutboxMessage.Kind.ISSUE:
            found.append([number])
        elif len(filling.get(organization_id, ())) in (0, size):
            filling[organization_id] = [number]
            found.append(filling[organization_id])
        else:
            filling[organization_id].append(number)
    return found
