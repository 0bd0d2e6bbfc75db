"""Statements that end one another: a certificate and its revocation, an enrollment and leaving.

An LMS repeats itself, so the same words said again are a repetition, and the first time counts. Not so where their
opposite was stated in between: then saying them again is news. In whatever order they arrive, the rows end the same.
"""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from ..learning_event import LearningEvent
from ..models import ReceivedEvent
from . import catalogue


def has_any(event: LearningEvent) -> bool:
    """Whether there is anything that an event ends, or is ended by."""
    return bool(catalogue.opposites(event.kind))


def settle(event: LearningEvent, stored_id: int) -> list[int]:
    """Mark what an event ends, now that it is stored, and whether it was ended itself; one query, if it has opposites.

    Returns the events that were stated before this one, and again after it: it has come late, and they count from the
    last time that they were stated, so they have to be held against the requirements once more.
    """
    kinds = catalogue.opposites(event.kind)
    if not kinds:
        return []
    others = ReceivedEvent.objects.filter(learner_id=event.learner_id, kind__in=kinds, subject=event.subject)
    ended, restated, is_ended = [], [], False
    for pk, occurred_at, confirmed_at in others.values_list("pk", "occurred_at", "confirmed_at"):
        if confirmed_at <= event.occurred_at:
            ended.append(pk)
        elif occurred_at <= event.occurred_at:
            restated.append(pk)
        # Of two made at one moment nobody knows which was last, so whichever comes again is news.
        is_ended = is_ended or confirmed_at >= event.occurred_at
    if ended:
        ReceivedEvent.objects.filter(pk__in=ended, ended=False).update(ended=True)
    if restated:
        ReceivedEvent.objects.filter(pk__in=restated).update(
            occurred_at=F("confirmed_at"), received_at=timezone.now(), waiting=True
        )
    if is_ended:
        ReceivedEvent.objects.filter(pk=stored_id).update(ended=True)
    return restated
