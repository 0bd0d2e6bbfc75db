"""What is to be told is written down in the transaction that decided it, for each subscriber who listens."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..models import BadgeAward, BadgeTemplate, Subscriber, SubscriberMessage
from . import payloads, schedule
from .catalogue import Event
from .deliver import wake

Data = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


def tell(
    event: Event,
    *,
    template: BadgeTemplate | None,
    subject: str,
    data: Data,
    award: BadgeAward | None = None,
    learner_id: int | None = None,
    organization_id: int | None = None,
    occurred_at: datetime | None = None,
) -> int:
    """Tell those who subscribed to this at the badge's level or above it; how many they are.

    Call it in the transaction that decided what is told. ``subject`` is what it is about, such as ``award:12``:
    messages about one thing arrive in order. ``data`` that is a function is only asked for if anybody listens.
    One query where nobody subscribed.
    """
    listeners = listening(event, template_id=template.pk if template else None, organization_id=organization_id)
    if not listeners:
        return 0
    found = data() if callable(data) else data
    about = learner_id if learner_id is not None else found.get(payloads.LEARNER_ID)
    happened_at = occurred_at or timezone.now()
    _put(
        [
            message_for(each, event, subject, found, award=award, learner_id=about, occurred_at=happened_at)
            for each in listeners
        ]
    )
    return len(listeners)


def tell_of_award(event: Event, award_id: int, template_id: int, *, occurred_at: datetime | None = None) -> int:
    """Tell what became of an award, as it is stored now; how many are told. One query where nobody subscribed."""
    listeners = listening(event, template_id=template_id)
    if not listeners:
        return 0
    award = BadgeAward.objects.select_related("template__organization").get(pk=award_id)
    data = payloads.award_data(award)
    happened_at = occurred_at or timezone.now()
    about, learner_id = f"award:{award_id}", award.learner_id
    _put(
        [
            message_for(each, event, about, data, award=award, learner_id=learner_id, occurred_at=happened_at)
            for each in listeners
        ]
    )
    return len(listeners)


def tell_of_templates(changes: Sequence[tuple[BadgeTemplate, Collection[str]]]) -> None:
    """Tell which columns of badges have changed. One query where nobody subscribed to anything."""
    if not changes or not Subscriber.objects.filter(is_active=True).exists():
        return
    for template, changed in changes:
        tell(
            Event.TEMPLATE_CHANGED,
            template=template,
            subject=f"badge:{template.pk}",
            data=functools.partial(payloads.template_data, template, changed),
        )


def listening(event: Event, *, template_id: int | None = None, organization_id: int | None = None) -> list[Subscriber]:
    """Who hears of it: subscribers of the site, of the organization, and of programs that the badge is in."""
    level = Q(organization=None)
    if organization_id is not None:
        level |= Q(organization=organization_id)
    elif template_id is not None:
        level |= Q(organization__in=BadgeTemplate.objects.filter(pk=template_id).values("organization"))
    heard = Q(level, program=None)
    if template_id is not None:
        through = BadgeTemplate.programs.through.objects.filter(badgetemplate=template_id)
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


def wake_after_commit(subscriber_ids: Iterable[int]) -> None:
    """Have workers tell them once it is committed; if the broker is away, the round finds it."""
    for subscriber_id in subscriber_ids:
        transaction.on_commit(functools.partial(wake, subscriber_id), robust=True)


def _put(messages: Sequence[SubscriberMessage]) -> None:
    SubscriberMessage.objects.bulk_create(messages)
    wake_after_commit(message.subscriber_id for message in messages)
