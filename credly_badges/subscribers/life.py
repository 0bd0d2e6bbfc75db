"""What is done with subscribers: they are made, changed, given another secret, tried, left alone and told again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import audit
from ..models import ApiKey, Subscriber, SubscriberAttempt, SubscriberMessage
from . import addresses, deliver, schedule, settle, signing
from .catalogue import EVENTS, Event
from .payloads import PERSONAL
from .telling import message_for, wake_after_commit

OVERLAP = timedelta(hours=24)
"""For how long messages are signed with the old secret as well, where nobody says otherwise."""
LONGEST_OVERLAP = timedelta(days=30)
CHANGEABLE = frozenset({"name", "url", "events", "fields", "signs_like_badgekit", "is_active"})
CHOICES: Mapping[str, Mapping[Any, Any]] = {"events": EVENTS, "fields": PERSONAL}

State = SubscriberMessage.State


@dataclass(frozen=True)
class Made:
    """A subscriber, and its new secret, which has to be shown now: nobody can read it again."""

    subscriber: Subscriber
    secret: str = field(repr=False)


def make(
    *,
    name: str,
    url: str,
    events: Collection[str] = (),
    fields: Collection[str] = (),
    signs_like_badgekit: bool = False,
    organization_id: int | None = None,
    program_id: int | None = None,
    by: Any = None,
    key: ApiKey | None = None,
) -> Made:
    """Set up a subscriber, whose address the caller has checked. Raises ValueError for an unknown event or field."""
    row = Subscriber(
        name=name,
        url=url,
        events=_known(events, EVENTS),
        fields=_known(fields, PERSONAL),
        signs_like_badgekit=signs_like_badgekit,
        organization_id=organization_id,
        program_id=program_id,
        created_by=by,
    )
    return store(row, by=by, key=key)


@transaction.atomic
def store(row: Subscriber, *, by: Any, key: ApiKey | None = None) -> Made:
    """Store a new subscriber with a secret of its own."""
    secret = signing.new_secret()
    row.secret = secret
    row.save()
    audit.record("subscriber.added", row, actor=by, after=facts(row) | _with_key(key))
    return Made(row, secret)


@transaction.atomic
def change(
    subscriber: Subscriber, values: Mapping[str, Any], *, by: Any = None, key: ApiKey | None = None
) -> Subscriber:
    """Change some of a subscriber; ``values`` by the names of its columns. An address has been checked before."""
    row = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    before = facts(row)
    for name, value in values.items():
        if name not in CHANGEABLE:
            raise ValueError(name)
        setattr(row, name, _known(value, CHOICES[name]) if name in CHOICES else value)
    columns = [*values, "modified"]
    if {"url", "is_active"} & values.keys():
        # Whoever changes that wants to see it work now.
        row.failures, row.wait_until = 0, None
        columns += ["failures", "wait_until"]
    row.save(update_fields=columns)
    after = facts(row)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        audit.record(
            _change_action(changed, row),
            row,
            actor=by,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed} | _with_key(key),
        )
    wake_after_commit([row.pk])
    return row


def pause(subscriber: Subscriber, *, by: Any = None, key: ApiKey | None = None) -> Subscriber:
    """Tell it nothing more: what happens from now on it never hears of; what waits is given up after its three days."""
    return change(subscriber, {"is_active": False}, by=by, key=key)


def resume(subscriber: Subscriber, *, by: Any = None, key: ApiKey | None = None) -> Subscriber:
    """Tell it again, beginning with what waits still."""
    return change(subscriber, {"is_active": True}, by=by, key=key)


@transaction.atomic
def remove(subscriber: Subscriber, *, by: Any = None, key: ApiKey | None = None) -> None:
    """Remove a subscriber with all that it was told."""
    audit.record("subscriber.removed", subscriber, actor=by, before=facts(subscriber), after=_with_key(key))
    subscriber.delete()


@transaction.atomic
def rotate(subscriber: Subscriber, *, overlap: timedelta = OVERLAP, by: Any = None, key: ApiKey | None = None) -> Made:
    """Give it another secret; until the overlap is over, messages are signed with both."""
    row = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    secret = signing.new_secret()
    until = timezone.now() + overlap
    row.previous_secret, row.previous_until = (row.secret, until) if overlap else ("", None)
    row.secret = secret
    row.save(update_fields=["secret", "previous_secret", "previous_until", "modified"])
    after = {"overlap_hours": overlap / timedelta(hours=1)} | _with_key(key)
    audit.record("subscriber.secret_rotated", row, actor=by, after=after)
    return Made(row, secret)


def send_test(subscriber: Subscriber, *, by: Any = None, key: ApiKey | None = None) -> SubscriberAttempt:
    """Send it a message that tells nothing, now, and say what came of it. It is sent once, whatever comes of it.

    Waits for the subscriber, so never call it in a transaction.
    """
    now = timezone.now()
    row = Subscriber.objects.get(pk=subscriber.pk)
    message = message_for(row, Event.TEST, f"test:{row.pk}", {"subscriberId": str(row.uuid)}, occurred_at=now)
    # Never open, so that no worker takes it.
    message.state, message.open = State.DROPPED, None
    with transaction.atomic():
        message.save()
        audit.record("subscriber.tested", row, actor=by, after=_with_key(key))
    attempt = SubscriberAttempt.objects.create(message=message, started_at=now)
    return settle.settle_test(message, attempt, deliver.send(message, now))


@transaction.atomic
def redeliver(message: SubscriberMessage, *, by: Any = None, key: ApiKey | None = None) -> SubscriberMessage:
    """Send a message again, with the same ID and for three days more: one that was given up, taken, or waits."""
    row = SubscriberMessage.objects.select_for_update().get(pk=message.pk)
    before = {"state": row.state, "attempts": row.attempts}
    now = timezone.now()
    row.state, row.open, row.not_before, row.give_up_at = State.WAITING, True, now, now + schedule.PATIENCE
    row.attempts, row.error, row.finished_at = 0, "", None
    row.save(update_fields=["state", "open", "not_before", "give_up_at", "attempts", "error", "finished_at"])
    # Whoever asks for this knows, or wants to know, that the subscriber is there again.
    Subscriber.objects.filter(pk=row.subscriber_id).update(failures=0, wait_until=None)
    audit.record("subscriber_message.redelivered", row, actor=by, before=before, after=_with_key(key))
    wake_after_commit([row.subscriber_id])
    return row


def facts(subscriber: Subscriber) -> dict[str, Any]:
    """What the audit log says of a subscriber. Of its address not what may be secret in it."""
    return {
        "name": subscriber.name,
        "host": addresses.host_of(subscriber.url),
        "url_mark": addresses.mark_of(subscriber.url),
        "events": list(subscriber.events),
        "fields": list(subscriber.fields),
        "signs_like_badgekit": subscriber.signs_like_badgekit,
        "is_active": subscriber.is_active,
    }


def _change_action(changed: list[str], row: Subscriber) -> str:
    if changed == ["is_active"]:
        return "subscriber.resumed" if row.is_active else "subscriber.paused"
    return "subscriber.changed"


def _known(given: Collection[str], known: Mapping[Any, Any]) -> list[str]:
    names = {str(name) for name in known}
    if unknown := [name for name in given if name not in names]:
        raise ValueError(unknown[0])
    return [name for name in map(str, known) if name in set(given)]


def _with_key(key: ApiKey | None) -> dict[str, Any]:
    return {"api_key": key.prefix} if key else {}
