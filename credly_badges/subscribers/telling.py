"""What is to be told is written down in the transaction that decided it, for each subscriber who listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..models import BadgeAward, BadgeTemplate, Subscriber, SubscriberMessage
from . import payloads, schedule
from .catalogue import Event
from .deliver import wake


def tell(
    event: Event,
    *,
    template: BadgeTemplate | None,
    subject: str,
    data: Mapping[str, Any],
    award: BadgeAward | None = None,
    learner_id: int | None = None,
    organization_id: int | None = None,
    occurred_at: datetime | None = None,
) -> int:
    """Tell those who subscribed to this at the badge's level or above it; how many they are.

    Call it in the transaction that decided what is told. ``subject`` is what it is about, such as ``award:12``:
    messages about one thing arrive in order. One query where nobody subscribed.
    """
    listeners = listening(event, template=template, organization_id=organization_id)
    if not listeners:
        return 0
    if learner_id is None:
        learner_id = data.get(payloads.LEARNER_ID)
    happened_at = occurred_at or timezone.now()
    SubscriberMessage.objects.bulk_create(
        message_for(each, event, subject, data, award=award, learner_id=learner_id, occurred_at=happened_at)
        for each in listeners
    )
    wake_after_commit([each.pk for each in listeners])
    return len(listeners)


def listening(
    event: Event, *, template: BadgeTemplate | None = None, organization_id: int | None = None
) -> list[Subscriber]:
    """Who hears of it: subscribers of the site, of the organization, and of programs that the badge is in."""
    organization_id = template.organization_id if template else organization_id
    level = Q(organization=None)
    if organization_id is not None:
        level |= Q(organization=organization_id)
    heard = Q(level, program=None)
    if template is not None:
        through = BadgeTemplate.programs.through.objects.filter(badgetemplate=template.pk)
        heard |= Q(program__in=through.values("badgeprogram"))
    rows = Subscriber.objects.filter(heard, is_active=True).only("pk", "events", "fields")
    return [each for each in rows if not each.events or event in each.events]


def message_for(
    subscriber: Subscriber,
    event: Event,
    subject: str,
    data: Mapping[str, Any],
    *,
    occurred_at: datetime,
    award: BadgeAward | None = None,
    learner_id: int | None = None,
) -> SubscriberMessage:
    """What one subscriber is told, yet to be stored. Of the learner there is no more than its allow-list has."""
    fields = set(subscriber.fields)
    now = timezone.now()
    return SubscriberMessage(
        subscriber=subscriber,
        event=str(event),
        subject=subject,
        award=award,
        learner_id=learner_id if fields & set(payloads.PERSONAL) else None,
        occurred_at=occurred_at,
        payload=payloads.kept(data, fields),
        not_before=now,
        give_up_at=now + schedule.PATIENCE,
    )


def wake_after_commit(subscriber_ids: Sequence[int]) -> None:
    """Have workers tell them once it is committed; if the broker is away, the round finds it."""
    for subscriber_id in subscriber_ids:
        transaction.on_commit(lambda subscriber_id=subscriber_id: wake(subscriber_id), robust=True)
