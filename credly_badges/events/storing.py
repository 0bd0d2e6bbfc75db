"""What history told, stored as intake stores it, many rows to a statement; nobody is woken, as the caller goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone

from ..models import BadgeTemplate, ListeningPlace, ReceivedEvent
from .columns import columns
from .slices import Statement

AT_ONCE = 1000


class Changed(Exception):
    """What is stored is no longer what it was when it was read: another process has stored a newer statement."""


class Others:
    """Where other badges listen: what history tells of one badge is no news for these, but saying it again is."""

    def __init__(self, template: BadgeTemplate, kinds: Iterable[str]) -> None:
        places = ListeningPlace.objects.filter(
            event_type__in=list(kinds), requirement__group__template__status__in=BadgeTemplate.LISTENING
        )
        others = places.exclude(requirement__group__template=template)
        self._places = set(others.values_list("event_type", "scope").distinct())

    def hear(self, kind: str, scopes: Iterable[str]) -> bool:
        """Whether any of them hears an event of this kind within these scopes."""
        return bool(self._places) and any((kind, scope) in self._places for scope in scopes)


def store(statements: Sequence[Statement], others: Others) -> None:
    """Store those that are new, and lock the rows of the others until the transaction ends.

    Raises Changed, and IntegrityError, where another process stores one of them at this moment.
    """
    known = [each for each in statements if each.stored is not None]
    for start in range(0, len(known), AT_ONCE):
        _lock(known[start : start + AT_ONCE])
    now = timezone.now()
    new = [each for each in statements if each.stored is None]
    # Always in one order, so that two who store the same ones wait for each other instead of both giving up.
    new.sort(key=lambda each: each.event.identity)
    ReceivedEvent.objects.bulk_create([_row(each, now, others) for each in new], batch_size=AT_ONCE)


def _lock(statements: Sequence[Statement]) -> None:
    expected = {each.stored.pk: each for each in statements if each.stored is not None}
    rows = ReceivedEvent.objects.select_for_update().filter(pk__in=expected).order_by("pk")
    found = {row.pk: row for row in rows.only("fingerprint", "confirmed_at", "occurred_at")}
    earlier = []
    for pk, statement in expected.items():
        row, stored = found.get(pk), statement.stored
        if row is None or stored is None or row.fingerprint != stored.fingerprint:
            raise Changed
        if statement.event.occurred_at < row.occurred_at:
            row.occurred_at = statement.event.occurred_at
            earlier.append(row)
    if earlier:
        ReceivedEvent.objects.bulk_update(earlier, ["occurred_at"])


def _row(statement: Statement, now: datetime, others: Others) -> ReceivedEvent:
    event = statement.event
    return ReceivedEvent(
        learner_id=event.learner_id,
        kind=event.kind,
        subject=event.subject,
        **columns(event, received_at=now, waiting=False, ended=others.hear(event.kind, event.scopes)),
    )
