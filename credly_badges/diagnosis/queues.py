"""What waits, how long, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf, subscribers
from ..models import CredlyNotice, CredlyOrganization, OutboxMessage, ReceivedEvent, Subscriber, SubscriberMessage
from .finding import Finding, Level, ago


def findings() -> Iterator[Finding]:
    """What there is to say of the queues."""
    now = timezone.now()
    yield from _outbox(now)
    yield _dead_letters()
    yield _events(now)
    yield from _notices(now)
    yield from _subscribers(now)


def overdue_since(now: datetime) -> datetime:
    """What was due before then should have been taken up."""
    return now - 2 * conf.sweep_every()


def _outbox(now: datetime) -> Iterator[Finding]:
    waiting = OutboxMessage.objects.filter(open=True).exclude(state=OutboxMessage.State.DEAD)
    depth = waiting.aggregate(count=Count("pk"), oldest=Min("created"))
    if not depth["count"]:
        yield Finding("outbox", "outbox", Level.OK, _("Nothing waits."))
        return
    sentence = _("Messages that wait: %(count)d, the oldest for %(age)s.")
    words = {"count": depth["count"], "age": ago(depth["oldest"], now)}
    yield Finding("outbox", "outbox", Level.OK, sentence % words)
    due = OutboxMessage.objects.due(now).aggregate(count=Count("pk"), oldest=Min("not_before"))
    if due["count"] and due["oldest"] < overdue_since(now):
        yield _late("outbox", due["count"], due["oldest"], now)


def _late(topic: str, count: int, since: datetime, now: datetime) -> Finding:
    return Finding(
        f"{topic}_overdue",
        topic,
        Level.BAD,
        _("%(count)d are overdue, the oldest for %(age)s: nobody takes them up.")
        % {"count": count, "age": ago(since, now)},
        _("Look at the lines on celery and pulse, and run: manage.py lms credly_outbox run"),
    )


def _dead_letters() -> Finding:
    dead = OutboxMessage.objects.filter(open=True, state=OutboxMessage.State.DEAD).count()
    if not dead:
        return Finding("dead_letters_none", "dead letters", Level.OK, _("None."))
    return Finding(
        "dead_letters",
        "dead letters",
        Level.BAD,
        ngettext("%(count)d message needs a person.", "%(count)d messages need a person.", dead) % {"count": dead},
        _("Read why with “credly_outbox list --state dead”, remove the cause, then “credly_outbox redrive --all”."),
    )


def _events(now: datetime) -> Finding:
    waiting = ReceivedEvent.objects.filter(waiting=True).aggregate(count=Count("pk"), oldest=Min("received_at"))
    if not waiting["count"]:
        return Finding("events", "events", Level.OK, _("Every event was held against the requirements."))
    if waiting["oldest"] < overdue_since(now):
        return _late("events", waiting["count"], waiting["oldest"], now)
    return Finding("events", "events", Level.OK, _("Events on their way: %(count)d.") % {"count": waiting["count"]})


def _notices(now: datetime) -> Iterator[Finding]:
    if failed := CredlyNotice.objects.filter(state=CredlyNotice.State.FAILED).count():
        sentence = ngettext(
            "%(count)d notice from Credly needs a person.", "%(count)d notices from Credly need a person.", failed
        )
        advice = _("Read why under Notices from Credly in the admin, and process them again.")
        yield Finding("notices_failed", "notices", Level.BAD, sentence % {"count": failed}, advice)
    waiting = CredlyNotice.objects.filter(
        state=CredlyNotice.State.WAITING, not_before__lte=now, organization__in=_spoken_for(now)
    ).aggregate(count=Count("pk"), oldest=Min("not_before"))
    if waiting["count"] and waiting["oldest"] < overdue_since(now):
        yield _late("notices", waiting["count"], waiting["oldest"], now)
    elif not failed:
        yield Finding("notices", "notices", Level.OK, _("What Credly told was dealt with, or is being dealt with."))


def _subscribers(now: datetime) -> Iterator[Finding]:
    """Where there are any: that none of them has taken nothing for long, and that somebody tells them."""
    if not Subscriber.objects.filter(is_active=True).exists():
        return
    dead = SubscriberMessage.objects.filter(state=SubscriberMessage.State.DEAD, subscriber__is_active=True)
    silent = dead.values("subscriber").distinct().count()
    due = subscribers.whose_turn_it_is().due(now).aggregate(count=Count("pk"), oldest=Min("not_before"))
    is_told = Subscriber.objects.filter(leased_until__gt=now).exists()
    if silent:
        sentence = ngettext(
            "%(count)d subscriber did not take what it was told for three days.",
            "%(count)d subscribers did not take what they were told for three days.",
            silent,
        )
        advice = _("Read why under Messages to subscribers in the admin, and send them again once the system is well.")
        yield Finding("subscribers_dead_letters", "subscribers", Level.NOTE, sentence % {"count": silent}, advice)
    if due["count"] and due["oldest"] < overdue_since(now) and not is_told:
        yield _late("subscribers", due["count"], due["oldest"], now)
    elif not silent:
        yield Finding("subscribers", "subscribers", Level.OK, _("They are told what happens."))


def _spoken_for(now: datetime) -> list[int]:
    return [each.pk for each in CredlyOrganization.objects.only("paused", "wait_until") if each.may_send(now)]
