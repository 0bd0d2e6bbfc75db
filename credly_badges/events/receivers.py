"""Where the LMS tells us what learners did. Whatever goes wrong here, the LMS goes on."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import nullcontext
from threading import Lock
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, OperationalError, connection, transaction
from edx_django_utils.monitoring import increment, record_exception, set_custom_attribute

from ..learning_event import LearningEvent
from . import catalogue, intake
from .catalogue import CATALOGUE, EventType, NamedBy
from .normalize import Unusable, normalize, place_of

log = logging.getLogger(__name__)

TRIES = 3
"""How often an event is stored anew after a deadlock."""

_failures: Counter[str] = Counter()
_counting = Lock()


class UnknownLearner(Exception):
    """The event is about a learner whom this LMS does not have."""


def connect() -> None:
    """Have every signal of the catalogue reach ``on_event``, once."""
    for signal in catalogue.found().signals.values():
        signal.connect(on_event, dispatch_uid=f"{__name__}.on_event")


def on_event(sender: Any, signal: Any, **told: Any) -> None:  # noqa: ARG001 (Django passes the sender by name)
    """Take in one event of the catalogue, from the process itself or from an event bus, and never fail.

    The LMS sends these from grading tasks and within learners' requests. So there is no network here, nothing is
    raised, and the writes have a savepoint of their own. What could not be taken in is logged, counted and reported to
    monitoring, with the learner's id and nothing else about them; it is made good by the LMS repeating itself.
    """
    kind = getattr(signal, "event_type", repr(signal))
    learner_id = None
    try:
        event_type = CATALOGUE.get(kind)
        if event_type is None:
            log.warning("%s is connected but is not in the catalogue of events. It is ignored.", kind)
            return
        event = _learning_event(event_type, told)
        if event is None:
            return
        learner_id = event.learner_id
        _take_in(event, from_event_bus=bool(told.get("from_event_bus")))
    except Unusable as reason:
        _count(kind)
        log.warning("An event could not be used. %s", reason)
    except UnknownLearner:
        _count(kind)
        log.warning("%s is about learner %s, whom this LMS does not have. It is ignored.", kind, learner_id)
    except Exception:
        _count(kind)
        record_exception()
        log.exception("%s of learner %s could not be taken in.", kind, learner_id)


def failures() -> dict[str, int]:
    """How many events of each kind could not be taken in, since this process started."""
    with _counting:
        return dict(_failures)


def _learning_event(event_type: EventType, told: dict[str, Any]) -> LearningEvent | None:
    """The event in our own words; None where the LMS would have to be asked whom it concerns, and nothing listens."""
    if event_type.named_by is NamedBy.USER_ID:
        return normalize(event_type.kind, told, told["metadata"].time)
    with transaction.atomic() if connection.in_atomic_block else nullcontext():
        if not intake.is_heard(event_type.kind, place_of(event_type, told).scopes):
            return None
        return normalize(event_type.kind, told, told["metadata"].time)


def _take_in(event: LearningEvent, *, from_event_bus: bool) -> None:
    # A deadlock undoes the whole transaction. Where that is ours alone, as in most grading tasks, it is begun anew.
    tries = 1 if connection.in_atomic_block else TRIES
    for left in reversed(range(tries)):
        try:
            _store(event, from_event_bus=from_event_bus)
        except OperationalError:
            if not left:
                raise
        else:
            return


def _store(event: LearningEvent, *, from_event_bus: bool) -> None:
    # An event bus can bring learners of another LMS, or retired ones. MySQL refuses them at the insert; SQLite
    # and PostgreSQL would wait for the commit, which may not be ours and would take the LMS's work down with it.
    may_be_unknown = from_event_bus and connection.features.can_defer_constraint_checks
    # Outside a transaction of the LMS, as in most grading tasks, each write of intake is one of its own. To begin one
    # here would cost every event that concerns nobody three more round trips to MySQL.
    needs_savepoint = connection.in_atomic_block or may_be_unknown
    try:
        with transaction.atomic() if needs_savepoint else nullcontext():
            intake.receive(event)
            if may_be_unknown and not _is_known(event.learner_id):
                raise UnknownLearner
    except IntegrityError:
        if _is_known(event.learner_id):
            raise
        raise UnknownLearner from None


def _is_known(learner_id: int) -> bool:
    return get_user_model().objects.filter(pk=learner_id).exists()


def _count(kind: str) -> None:
    with _counting:
        _failures[kind] += 1
    increment("credly_badges_events_failed")
    set_custom_attribute("credly_badges_failed_event", kind)
