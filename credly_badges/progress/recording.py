"""Folding an event into a learner's progress, and seeing what is complete."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import groupby

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils import timezone

from .. import waking
from ..models import BadgeTemplate, ReceivedEvent
from . import judging, moving, trying
from .advancing import Moved, News, advance, advance_by
from .judging import Heard

log = logging.getLogger(__name__)

GIVE_A_WORKER = timedelta(minutes=1)
"""How long an event may wait for the worker that was woken for it before a sweep wakes another."""

TRIES = 5
"""How often an event is folded anew because its learner was moved to another version meanwhile."""


class StillMoving(RuntimeError):
    """The learner was moved to another version each time; in a transaction of its own, it is tried once more."""


def wake(event_id: int) -> None:
    """Have a worker hold a stored event against the requirements."""
    waking.send(record_event, event_id)


@shared_task(name="credly_badges.progress.record_event", **waking.STORED_WORK, soft_time_limit=120, time_limit=150)
def record_event(event_id: int) -> None:
    """Worker's side of :func:`wake`."""
    record(event_id)
    waking.keep_going()


def sweep(limit: int = 1000) -> int:
    """Record the events that nobody was woken for, try again what was withheld, and move learners to new versions.

    How many events there were.
    """
    event_ids = _late(limit)
    for event_id in event_ids:
        try:
            record(event_id)
        except SoftTimeLimitExceeded:
            raise  # The time of the whole sweep is up; that is nothing about the event.
        except Exception as error:
            # One event that cannot be recorded must not hold up the rest; it stays in the list with its reason.
            log.exception("Recording event %s failed.", event_id)
            ReceivedEvent.objects.filter(pk=event_id).update(failure=repr(error)[:1000], received_at=timezone.now())
    if trying.try_again() == trying.PORTION:
        trying.wake()
    moving.move_on()
    return len(event_ids)


def _late(limit: int) -> list[int]:
    late = ReceivedEvent.objects.filter(waiting=True, received_at__lt=timezone.now() - GIVE_A_WORKER)
    return list(late.order_by("received_at").values_list("pk", flat=True)[:limit])


def record(event_id: int) -> None:
    """Fold one stored event into every progress it concerns, and award what is now complete."""
    _retried(lambda: _record(event_id))


def hold_against(event_id: int, template_id: int) -> None:
    """Hold one stored event against one badge, as if it had just come: for what happened during a pause."""
    _retried(lambda: _hold_against(event_id, template_id))


def hold_all_against(event_ids: Collection[int], template_id: int) -> None:
    """Hold several stored events of one learner against one badge together: it is earned by all of them."""
    _retried(lambda: _hold_all_against(event_ids, template_id))


def _retried(fold: Callable[[], None]) -> None:
    """Fold an event anew where its learner was moved to another version at that moment."""
    for _attempt in range(TRIES):
        with suppress(Moved):
            return fold()
    raise StillMoving(f"The learner was moved to other versions {TRIES} times while an event was being recorded.")


@transaction.atomic
def _record(event_id: int) -> None:
    """The transaction of :func:`record`.

    The lock on the event's row makes all that is stated of one learner and subject go through here one after the
    other, each time with the latest statement; so the order of arrival leaves no trace.
    """
    event = ReceivedEvent.objects.select_for_update().filter(pk=event_id, waiting=True).first()
    if event is not None:
        _fold(event, judging.listening(event))
        # The time of now: an event that was received before a pause, and passed over in it, belongs to its replay.
        ReceivedEvent.objects.filter(pk=event.pk).update(waiting=False, failure="", received_at=timezone.now())


@transaction.atomic
def _hold_against(event_id: int, template_id: int) -> None:
    event = ReceivedEvent.objects.select_for_update().filter(pk=event_id).first()
    if event is not None:
        _fold(event, judging.listening(event, template_id))


@transaction.atomic
def _hold_all_against(event_ids: Collection[int], template_id: int) -> None:
    # Locked in the order of their numbers, and held against the badge in that of what happened.
    events = list(ReceivedEvent.objects.select_for_update().filter(pk__in=event_ids).order_by("pk"))
    events.sort(key=lambda event: event.occurred_at)
    told = [
        (event, template, news)
        for event in events
        for template, news in _news(event, judging.listening(event, template_id))
    ]
    if told:
        advance_by(told[0][1], [(event, news) for event, _template, news in told])


def _fold(event: ReceivedEvent, heard: list[Heard]) -> None:
    for template, news in _news(event, heard):
        advance(template, event, news)


def _news(event: ReceivedEvent, heard: list[Heard]) -> Iterator[tuple[BadgeTemplate, News]]:
    """By badge, what an event says otherwise than it was decided before."""
    seen = judging.seen_by([event], (each.condition for each in heard))[event.pk]
    for template, concerned in groupby(heard, key=lambda each: each.requirement.group.template):
        news = []
        for each in concerned:
            verdict = judging.verdict(each.condition, event, seen)
            is_new = judging.overturns(verdict, held=each.held, own_rules=each.own_rules)
            if is_new or judging.may_restore(each, verdict, event):
                news.append((each, verdict))
        if news:
            yield template, news
