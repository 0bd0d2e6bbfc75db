"""Orders to Credly, written down in the transaction that decided them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from .. import audit
from ..models import AuditEntry, BadgeAward, BadgeTemplate, CredlyOrganization, OutboxMessage
from . import deliver

BATCH = 500
"""How many messages one statement writes, and one task wakes: after a long pause there may be very many."""

T = TypeVar("T")

_gathered: ContextVar[list[int] | None] = ContextVar("_gathered", default=None)


def put(award: BadgeAward, kind: OutboxMessage.Kind, details: Mapping[str, Any] | None = None) -> OutboxMessage:
    """Store an order for an award and have it delivered once the transaction is committed.

    ``details`` are those of a replacement: cause, earned_at, expires_at and because; no name and no address.
    """
    message = OutboxMessage.objects.create(
        kind=kind,
        award=award,
        organization_id=award.template.organization_id,
        details=dict(details or {}),
        not_before=timezone.now(),
    )
    gathered = _gathered.get()
    if gathered is None:
        wake_after_commit([message.pk])
    else:
        gathered.append(message.pk)
    return message


@contextmanager
def woken_together() -> Iterator[None]:
    """Have all that is put within this delivered by one wake-up after the commit, and so in batches to Credly."""
    gathered: list[int] = []
    before = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(before)
    if gathered:
        wake_after_commit(gathered)


def take_back(award: BadgeAward) -> bool:
    """Drop the order to issue an award if Credly cannot have heard of it; whether that was so."""
    mine = award.messages.filter(kind=OutboxMessage.Kind.ISSUE)
    # Dropped before it is looked at: a worker that takes it at this moment is then either too late, or seen below.
    mine.filter(open=True, look_first=False).update(
        open=None, state=OutboxMessage.State.DROPPED, lease=None, finished_at=timezone.now(), waiting_for=""
    )
    return not mine.filter(Q(open=True) | Q(look_first=True)).exists()


@transaction.atomic
def redrive(messages: QuerySet[OutboxMessage], *, by: AbstractBaseUser | None) -> int:
    """Give open messages a fresh start, dead letters and waiting ones alike; how many there were."""
    now = timezone.now()
    chosen = _chosen(messages, OutboxMessage.State.DEAD, OutboxMessage.State.WAITING)
    for batch in _batches(chosen):
        OutboxMessage.objects.filter(pk__in=[message.pk for message in batch]).update(
            state=OutboxMessage.State.WAITING, attempts=0, not_before=now, waiting_for=""
        )
        _issuing(batch).filter(state=BadgeAward.State.FAILED).update(state=BadgeAward.State.QUEUED, modified=now)
        _audit(
            "message.redriven",
            batch,
            by,
            before=lambda each: {"state": each.state, "attempts": each.attempts, "error": each.error},
        )
        wake_after_commit([message.pk for message in batch])
    return len(chosen)


@transaction.atomic
def drop(messages: QuerySet[OutboxMessage], *, by: AbstractBaseUser | None, because: str = "") -> int:
    """Give up on dead letters for good; how many there were. The learner can then earn or be issued the badge anew."""
    now = timezone.now()
    chosen = _chosen(messages, OutboxMessage.State.DEAD)
    for batch in _batches(chosen):
        OutboxMessage.objects.filter(pk__in=[message.pk for message in batch]).update(
            state=OutboxMessage.State.DROPPED, open=None, finished_at=now
        )
        _issuing(batch).update(state=BadgeAward.State.FAILED, live=None, modified=now)
        _audit("message.dropped", batch, by, because=because, before=lambda each: {"error": each.error})
    return len(chosen)


def wake_all(organization: CredlyOrganization) -> int:
    """Have everything that waits for an organization delivered now; how much that is."""
    now = timezone.now()
    waiting = organization.messages.filter(open=True, state=OutboxMessage.State.WAITING)
    message_ids = list(waiting.order_by("created").values_list("pk", flat=True))
    waiting.update(not_before=now, waiting_for="")
    for batch in _batches(message_ids):
        wake_after_commit(batch)
    return len(message_ids)


def wake_orders(template: BadgeTemplate) -> int:
    """Have the badges of a template that could not be sent, as it was paused, sent now; how many these are."""
    orders = OutboxMessage.objects.filter(
        award__template=template, kind=OutboxMessage.Kind.ISSUE, open=True, state=OutboxMessage.State.WAITING
    )
    message_ids = list(orders.exclude(waiting_for="").order_by("created").values_list("pk", flat=True))
    now = timezone.now()
    for batch in _batches(message_ids):
        untaken = OutboxMessage.objects.filter(pk__in=batch, state=OutboxMessage.State.WAITING)
        untaken.update(not_before=now, waiting_for="")
        wake_after_commit(batch)
    return len(message_ids)


def wake_after_commit(message_ids: Sequence[int]) -> None:
    """Have workers deliver messages once these are committed; if the broker is away, the sweep finds them."""
    transaction.on_commit(lambda: deliver.wake_each(message_ids), robust=True)


def _chosen(messages: QuerySet[OutboxMessage], *states: OutboxMessage.State) -> list[OutboxMessage]:
    """Those of the messages that are open and in one of these states, locked; their awards before them."""
    chosen = messages.filter(open=True, state__in=states).order_by("pk")
    found = list(chosen.values_list("pk", "award_id"))
    for batch in _batches(sorted({award_id for _pk, award_id in found})):
        list(BadgeAward.objects.select_for_update().filter(pk__in=batch).order_by("pk").values_list("pk"))
    # Anew, for a worker may have taken some of them meanwhile. No more than those whose awards are locked.
    still = OutboxMessage.objects.filter(open=True, state__in=states)
    return [
        message
        for batch in _batches([pk for pk, _award_id in found])
        for message in still.filter(pk__in=batch).order_by("pk").select_for_update()
    ]


def _batches(things: Sequence[T]) -> Iterator[Sequence[T]]:
    return (things[start : start + BATCH] for start in range(0, len(things), BATCH))


def _issuing(messages: Sequence[OutboxMessage]) -> QuerySet[BadgeAward]:
    """The awards that these messages are to issue."""
    return BadgeAward.objects.filter(
        pk__in=[message.award_id for message in messages if message.kind == OutboxMessage.Kind.ISSUE]
    )


def _audit(
    action: str,
    messages: Sequence[OutboxMessage],
    by: AbstractBaseUser | None,
    *,
    before: Callable[[OutboxMessage], dict[str, Any]],
    because: str = "",
) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(**audit.entry(action, each, actor=by, because=because, before=before(each))) for each in messages
    )
