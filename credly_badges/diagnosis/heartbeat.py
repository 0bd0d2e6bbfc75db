"""The short answer, for the LMS's own health check at ``/heartbeat?extended``."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.utils import timezone

from ..models import CredlyOrganization, OutboxMessage, ReceivedEvent
from .queues import overdue_since

log = logging.getLogger(__name__)

NAME = "credly_badges"


def heartbeat() -> tuple[str, bool, str]:
    """A name, whether it is well, and a sentence: what a check of HEARTBEAT_EXTENDED_CHECKS returns.

    Well is whether this LMS does its part. That Credly is down, a key was rejected, or a message needs a person is
    said, and is no reason to take an LMS out of service. Five queries, no call to Credly, and it never raises.
    """
    try:
        overdue = list(_overdue())
        if overdue:
            return NAME, False, "; ".join(overdue)
        return NAME, True, "; ".join(_worth_saying()) or "OK"
    except Exception as error:
        log.exception("The heartbeat of the Credly badges could not be told.")
        return NAME, False, type(error).__name__


def _overdue() -> Iterator[str]:
    now = timezone.now()
    since = overdue_since(now)
    if OutboxMessage.objects.due(now).filter(not_before__lt=since).exists():
        yield "Orders to Credly are overdue: nobody takes them up."
    if ReceivedEvent.objects.filter(waiting=True, received_at__lt=since).exists():
        yield "Events are overdue: nobody takes them up."


def _worth_saying() -> Iterator[str]:
    if dead := OutboxMessage.objects.filter(open=True, state=OutboxMessage.State.DEAD).count():
        yield f"Messages that need a person: {dead}."
    if paused := CredlyOrganization.objects.exclude(paused="").count():
        yield f"Organizations that are paused: {paused}."
    expired = CredlyOrganization.objects.filter(key_expires_at__lte=timezone.now(), key_expiry_is_known=True)
    if number := expired.count():
        yield f"Organizations whose key has expired: {number}."
