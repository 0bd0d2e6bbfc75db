"""What the LMS knows of a learner and never said: what they did before the badge listened, or while it was down."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from opaque_keys import InvalidKeyError

from .. import lms
from ..events import history
from ..learning_event import LearningEvent
from ..models import BadgeAward, ReceivedEvent

log = logging.getLogger(__name__)


class CannotAsk(Exception):
    """The LMS did not say what it knows."""


def of_learner(learner_id: int, kinds: Iterable[str]) -> list[ReceivedEvent]:
    """What history tells of these kinds, as rows that are not stored; each has a number below zero.

    One question for each source that can tell of them. Raises CannotAsk where the LMS fails.
    """
    asked = sorted(set(kinds) & history.HISTORY.keys())
    try:
        rows = {source: _rows(source, learner_id) for source in {history.HISTORY[kind].source for kind in asked}}
    except Exception as error:
        # An explanation must not fail because of what it could add; whatever the LMS raises is in the log.
        log.exception("The LMS's history of learner %s could not be read.", learner_id)
        raise CannotAsk from error
    told = (each for kind in asked for each in _events(kind, rows[history.HISTORY[kind].source]))
    return [_as_row(event, -number) for number, event in enumerate(told, 1)]


def can_tell(kind: str) -> bool:
    """Whether the LMS's history says anything of such events."""
    return kind in history.HISTORY


def _rows(source: str, learner_id: int) -> list[Any]:
    if source != history.BADGES:
        return list(lms.history_of(source, learner_id))
    held = BadgeAward.objects.filter(learner_id=learner_id, live=True, issued_at__isnull=False)
    return [
        history.BadgeRow(learner_id, str(template), issued_at)
        for template, issued_at in held.order_by("issued_at").values_list("template__uuid", "issued_at")
        if issued_at is not None
    ]


def _events(kind: str, rows: Iterable[Any]) -> Iterator[LearningEvent]:
    for row in rows:
        try:
            event = history.event(kind, row, history.place_of(row))
        except InvalidKeyError:
            continue  # An old row of a course whose key nobody can read any more.
        if event is not None:
            yield event


def _as_row(event: LearningEvent, number: int) -> ReceivedEvent:
    return ReceivedEvent(
        pk=number,
        learner_id=event.learner_id,
        kind=event.kind,
        subject=event.subject,
        course_key=event.course_key or None,
        occurred_at=event.occurred_at,
        confirmed_at=event.occurred_at,
        attributes=dict(event.attributes),
        scopes=list(event.scopes),
        waiting=False,
    )
