"""How long events are kept that decide nothing."""

from __future__ import annotations

import time

from django.db.models import QuerySet
from django.utils import timezone

from .. import conf
from ..models import BadgeProgress, BadgeRequirement, Fulfillment, ReceivedEvent

AT_ONCE = 2000
"""How many events are looked at in one go. MySQL locks what it deletes until the end; in pieces nobody waits long."""


def purge(*, until: float | None = None, dry_run: bool = False) -> int:
    """Delete the events that are old and decide nothing; how many those were, or with ``dry_run`` would be.

    One that a badge counts for its learner stays as long as it counts, and so does one that waits for a worker.
    ``until``, on the monotonic clock, is when to leave the rest to the next time.
    """
    kept = conf.kept_events()
    if kept is None:
        return 0
    old = ReceivedEvent.objects.filter(waiting=False, confirmed_at__lt=timezone.now() - kept)
    count = last = 0
    while until is None or time.monotonic() < until:
        piece = list(ReceivedEvent.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if not piece:
            break
        numbers = _deciding_nothing(old.filter(pk__gt=last, pk__lte=piece[-1]))
        last = piece[-1]
        # Those are asked once more that are deleted: a newer statement may have taken the place of an old one.
        count += len(numbers) if dry_run or not numbers else old.filter(pk__in=numbers).delete()[0]
    return count


def _deciding_nothing(events: QuerySet[ReceivedEvent]) -> list[int]:
    """Those that no badge counts. Three plain questions: MySQL may read far more than it needs for one with joins."""
    found = list(events.order_by().values_list("pk", "learner_id", "kind", "subject"))
    learners = {learner_id for _pk, learner_id, _kind, _subject in found}
    whose = dict(BadgeProgress.objects.filter(learner__in=learners).order_by().values_list("pk", "learner_id"))
    rows = Fulfillment.objects.filter(progress__in=list(whose), holds=True).order_by()
    held = list(rows.values_list("progress_id", "requirement_id", "subject"))
    asked = BadgeRequirement.objects.filter(pk__in={requirement_id for _progress, requirement_id, _subject in held})
    kinds = dict(asked.order_by().values_list("pk", "event_type"))
    counts = {(whose[progress], kinds.get(requirement), subject) for progress, requirement, subject in held}
    return [pk for pk, *what in found if tuple(what) not in counts]
