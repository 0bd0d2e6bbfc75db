"""After a pause: what learners did meanwhile was kept, and is now held against the badge."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractBaseUser
from django.db import OperationalError
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from .. import progress
from ..models import BadgeTemplate, HistoryRun, ListeningPlace, ReceivedEvent
from . import runs, sources

log = logging.getLogger(__name__)

AT_ONCE = 100
STATES = (BadgeTemplate.Status.ACTIVE, BadgeTemplate.Status.SHADOW)
FROM = "from"


class Kept(NamedTuple):
    """How much a replay would go through."""

    events: int
    learners: int


def count(template: BadgeTemplate, since: datetime) -> Kept:
    """How many events were kept since a time, and of how many learners: to ask with before a badge is resumed."""
    found = _kept(template, since).aggregate(events=Count("pk"), learners=Count("learner", distinct=True))
    return Kept(found["events"], found["learners"])


def begin(template: BadgeTemplate, by: AbstractBaseUser | None, since: datetime, *, wake: bool = True) -> HistoryRun:
    """Begin to replay what was kept since a time, which a worker then does. Raises runs.Busy."""
    return runs.begin(runs.Kind.REPLAY, template, by, wake=wake, counts={FROM: since.isoformat()})


def go_on(run: HistoryRun, *, until: float | None = None, on_chunk: runs.OnChunk | None = None) -> HistoryRun:
    """Replay from where a run stands; the run as it is then. Its cursor is over events."""
    return runs.go_on(run, _work, until=until, on_chunk=on_chunk)


@shared_task(name="credly_badges.events.replay", ignore_result=True, soft_time_limit=540, time_limit=570)
def replay(run_id: int) -> None:
    """Replay for a while, and have a worker go on."""
    runs.one_slice(run_id, go_on)


def _kept(template: BadgeTemplate, since: datetime) -> QuerySet[ReceivedEvent]:
    places = ListeningPlace.objects.filter(requirement__group__template=template)
    kinds: dict[str, set[str]] = {}
    for kind, place in places.values_list("event_type", "scope").distinct():
        kinds.setdefault(kind, set()).add(place)
    return ReceivedEvent.objects.filter(sources.asked(kinds), received_at__gte=since)


def _work(hold: runs.Hold) -> Iterator[None]:
    run = hold.run
    kept = _kept(run.template, datetime.fromisoformat(run.counts[FROM])).order_by("pk")
    while event_ids := list(kept.filter(pk__gt=run.cursor).values_list("pk", flat=True)[:AT_ONCE]):
        run.template.refresh_from_db()
        if run.template.status not in STATES:
            raise runs.CannotRun(
                _("This badge is %(state)s. Resume it, then what happened meanwhile can be replayed.")
                % {"state": run.template.get_status_display()}
            )
        done = Counter(_hold_against(event_id, run.template) for event_id in event_ids)
        before = Counter({name: number for name, number in run.counts.items() if name != FROM})
        hold.keep(cursor=event_ids[-1], counts={FROM: run.counts[FROM], **(before + done)})
        yield


def _hold_against(event_id: int, template: BadgeTemplate) -> str:
    """Hold one event against the badge; under which name it is counted."""
    try:
        progress.hold_against(event_id, template.pk)
    except (SoftTimeLimitExceeded, OperationalError):
        raise  # Nothing about this event: it is tried again.
    except Exception as error:
        # One event that cannot be held against the badge must not hold up the rest.
        log.exception("Event %s could not be held against badge %s.", event_id, template.pk)
        ReceivedEvent.objects.filter(pk=event_id).update(failure=repr(error)[:1000])
        return "failed"
    return "events"
