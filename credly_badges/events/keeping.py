"""How long events are kept that decide nothing."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from .. import conf
from ..models import Fulfillment, ReceivedEvent

AT_ONCE = 5000
"""How many events are looked at in one go. MySQL locks what it deletes until the end; in pieces nobody waits long."""


def purge(*, until: float | None = None, dry_run: bool = False) -> int:
    """Delete the events that are old and decide nothing; how many those were, or with ``dry_run`` would be.

    One that a badge counts for its learner stays as long as it counts, and so does one that waits for a worker.
    ``until``, on the monotonic clock, is when to leave the rest to the next time.
    """
    kept = conf.kept_events()
    if kept is None:
        return 0
    before = timezone.now() - kept
    old = deciding_nothing(before)
    count = last = 0
    while until is None or time.monotonic() < until:
        numbers = ReceivedEvent.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
        piece = list(numbers)
        if not piece:
            break
        found = list(old.filter(pk__gt=last, pk__lte=piece[-1]).values_list("pk", flat=True))
        last = piece[-1]
        count += len(found) if dry_run else _delete(found, before)
    return count


def deciding_nothing(before: datetime) -> QuerySet[ReceivedEvent]:
    """The events last stated before a moment that are done with, and that no badge counts."""
    counted = Fulfillment.objects.filter(
        progress__learner=OuterRef("learner"),
        requirement__event_type=OuterRef("kind"),
        subject=OuterRef("subject"),
        holds=True,
    )
    return ReceivedEvent.objects.filter(~Exists(counted), waiting=False, confirmed_at__lt=before).order_by()


def _delete(numbers: Collection[int], before: datetime) -> int:
    # A newer statement may have taken the place of one of them since it was found.
    still_old = ReceivedEvent.objects.filter(pk__in=numbers, waiting=False, confirmed_at__lt=before)
    return still_old.delete()[0] if numbers else 0
