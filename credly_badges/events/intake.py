"""The first joint: a learning event is stored once, and progress is woken when that is committed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from .. import progress
from ..learning_event import LearningEvent
from ..models import BadgeRequirement, BadgeTemplate, ListeningPlace, ReceivedEvent, RequirementGroup
from . import opposites
from .columns import columns

TRIES = 5
"""How often to look again when another process stores the same statement at the same moment."""

LISTENING = f"""
    SELECT known.id, known.fingerprint, known.confirmed_at, known.ended
    FROM {ListeningPlace._meta.db_table} place
    JOIN {BadgeRequirement._meta.db_table} requirement ON requirement.id = place.requirement_id
    JOIN {RequirementGroup._meta.db_table} requirement_group ON requirement_group.id = requirement.group_id
    JOIN {BadgeTemplate._meta.db_table} template ON template.id = requirement_group.template_id
    LEFT JOIN {ReceivedEvent._meta.db_table} known
        ON known.learner_id = %s AND known.kind = %s AND known.subject = %s
    WHERE place.event_type = %s AND template.status IN (%s, %s, %s) AND template.credly_state = %s
        AND place.scope IN
"""  # noqa: S608  # Names of our own tables; every value is a parameter.


LISTENING_STATES = tuple(status.value for status in BadgeTemplate.LISTENING)


class _Stored(NamedTuple):
    """The row that an event would take the place of."""

    pk: int
    fingerprint: str
    confirmed_at: datetime
    ended: bool


def is_heard(kind: str, scopes: Sequence[str]) -> bool:
    """Whether an event of this kind, within these scopes, would be stored, whoever it is about. One query."""
    return _ask((None, kind, ""), kind, scopes)[0]


def receive(event: LearningEvent) -> None:
    """Store what a learner did if some active badge listens to it, and have it held against the requirements.

    A statement that is already known moves one time stamp; one that is older than what is known changes nothing. The
    same words are a new statement where their opposite was stated in between: a certificate, revoked and awarded again.
    Costs one query where nothing listens, and two for a repetition.

    Raises IntegrityError where the LMS has no such learner.
    """
    for tried in range(TRIES):
        heard, stored = _look(event) if not tried else _look_again(event)
        if not heard:
            return
        if stored is None:
            done = _insert(event)
        elif (event.occurred_at, event.fingerprint) <= (stored.confirmed_at, stored.fingerprint):
            # Older, or the very same arriving twice. Of two statements made at one moment the greater fingerprint
            # counts: an arbitrary choice, but the same one in whatever order they come.
            return
        elif event.fingerprint == stored.fingerprint and not stored.ended:
            done = _confirm(event, stored)
        else:
            done = _replace(event, stored)
        if done:
            return
    raise RuntimeError(f"The event {event.kind} was changed by others {TRIES} times while it was being stored.")


def _look(event: LearningEvent) -> tuple[bool, _Stored | None]:
    """Whether anything listens, and what is known: one query, as it runs for every event of the LMS.

    It says in SQL what ``BadgeRequirement.objects.listening_for`` says: making the query takes Django several times as
    long as the database takes to answer it, and most events concern nobody.
    """
    return _ask(event.identity, event.kind, event.scopes)


def _ask(identity: tuple[int | None, str, str], kind: str, scopes: Sequence[str]) -> tuple[bool, _Stored | None]:
    if not scopes:
        return False, None
    places = ", ".join(["%s"] * len(scopes))
    values = [*identity, kind, *LISTENING_STATES, BadgeTemplate.CredlyState.ACTIVE.value, *scopes]
    for row in ReceivedEvent.objects.raw(f"{LISTENING} ({places}) LIMIT 1", values):
        return True, _Stored(row.pk, row.fingerprint, row.confirmed_at, row.ended) if row.pk is not None else None
    return False, None


@transaction.atomic
def _look_again(event: LearningEvent) -> tuple[bool, _Stored | None]:
    """What is known after another process was faster.

    With a lock: under REPEATABLE READ, a plain read goes on seeing what was there when the LMS's transaction began.
    """
    learner_id, kind, subject = event.identity
    known = ReceivedEvent.objects.select_for_update().filter(learner_id=learner_id, kind=kind, subject=subject)
    row = known.values_list(*_Stored._fields).first()
    return True, _Stored(*row) if row is not None else None


def _insert(event: LearningEvent) -> bool:
    try:
        with transaction.atomic():
            row = ReceivedEvent.objects.create(
                learner_id=event.learner_id,
                kind=event.kind,
                subject=event.subject,
                **columns(event, received_at=timezone.now(), waiting=True),
            )
            restated = opposites.settle(event, row.pk)
    except IntegrityError:
        if _look_again(event)[1] is None:
            raise  # Not a race: the learner is unknown.
        return False
    _wake(row.pk, *restated)
    return True


def _confirm(event: LearningEvent, stored: _Stored) -> bool:
    # Without the time of the last repetition, a "failed" that arrives late, and lies between two "passed", would
    # overturn the second of them.
    return bool(
        ReceivedEvent.objects.filter(
            pk=stored.pk, fingerprint=stored.fingerprint, confirmed_at__lt=event.occurred_at
        ).update(confirmed_at=event.occurred_at)
    )


def _replace(event: LearningEvent, stored: _Stored) -> bool:
    unchanged = ReceivedEvent.objects.filter(
        pk=stored.pk, fingerprint=stored.fingerprint, confirmed_at=stored.confirmed_at
    )
    with transaction.atomic() if opposites.has_any(event) else nullcontext():
        if not unchanged.update(**columns(event, received_at=timezone.now(), waiting=True)):
            return False
        restated = opposites.settle(event, stored.pk)
    _wake(stored.pk, *restated)
    return True


def _wake(*event_ids: int) -> None:
    for event_id in event_ids:
        transaction.on_commit(partial(progress.wake, event_id), robust=True)
