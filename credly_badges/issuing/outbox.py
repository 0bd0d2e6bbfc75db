"""Orders to Credly, written down in the transaction that decided them."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .. import audit
from ..models import BadgeAward, CredlyOrganization, OutboxMessage
from . import deliver


def put(award: BadgeAward, kind: OutboxMessage.Kind) -> OutboxMessage:
    """Store an order for an award and have it delivered once the transaction is committed."""
    message = OutboxMessage.objects.create(
        kind=kind, award=award, organization_id=award.template.organization_id, not_before=timezone.now()
    )
    wake_after_commit(message.pk)
    return message


def take_back(award: BadgeAward) -> bool:
    """Drop the order to issue an award if Credly cannot have heard of it; whether that was so."""
    mine = award.messages.select_for_update().filter(kind=OutboxMessage.Kind.ISSUE)
    if mine.filter(open=True, look_first=True).exists():
        return False
    mine.filter(open=True).update(
        open=None, state=OutboxMessage.State.DROPPED, lease=None, finished_at=timezone.now(), waiting_for=""
    )
    return True


@transaction.atomic
def redrive(messages: QuerySet[OutboxMessage], *, by: AbstractBaseUser | None) -> int:
    """Give open messages a fresh start, dead letters and waiting ones alike; how many there were."""
    now = timezone.now()
    chosen = list(
        messages.filter(
            open=True, state__in=(OutboxMessage.State.DEAD, OutboxMessage.State.WAITING)
        ).select_for_update()
    )
    for message in chosen:
        before = {"state": message.state, "attempts": message.attempts, "error": message.error}
        message.state, message.attempts, message.not_before = OutboxMessage.State.WAITING, 0, now
        message.waiting_for = ""
        message.save(update_fields=["state", "attempts", "not_before", "waiting_for"])
        if message.kind == OutboxMessage.Kind.ISSUE:
            BadgeAward.objects.filter(pk=message.award_id, state=BadgeAward.State.FAILED).update(
                state=BadgeAward.State.QUEUED, modified=now
            )
        audit.record("message.redriven", message, actor=by, before=before)
        wake_after_commit(message.pk)
    return len(chosen)


@transaction.atomic
def drop(messages: QuerySet[OutboxMessage], *, by: AbstractBaseUser | None, because: str = "") -> int:
    """Give up on dead letters for good; how many there were. The learner can then earn or be issued the badge anew."""
    now = timezone.now()
    chosen = list(messages.filter(open=True, state=OutboxMessage.State.DEAD).select_for_update())
    for message in chosen:
        message.state, message.open, message.finished_at = OutboxMessage.State.DROPPED, None, now
        message.save(update_fields=["state", "open", "finished_at"])
        if message.kind == OutboxMessage.Kind.ISSUE:
            BadgeAward.objects.filter(pk=message.award_id).update(
                state=BadgeAward.State.FAILED, live=None, modified=now
            )
        audit.record("message.dropped", message, actor=by, because=because, before={"error": message.error})
    return len(chosen)


def wake_all(organization: CredlyOrganization) -> int:
    """Have everything that waits for an organization delivered now; how much that is."""
    now = timezone.now()
    waiting = organization.messages.filter(open=True, state=OutboxMessage.State.WAITING)
    message_ids = list(waiting.order_by("created").values_list("pk", flat=True))
    waiting.update(not_before=now, waiting_for="")
    for message_id in message_ids:
        wake_after_commit(message_id)
    return len(message_ids)


def wake_after_commit(message_id: int) -> None:
    """Have a worker deliver a message once it is committed; if the broker is away, the sweep finds it."""
    transaction.on_commit(lambda: deliver.wake(message_id), robust=True)
