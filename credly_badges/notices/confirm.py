"""Confirming a notice at Credly, with our own key, and writing down what came of it."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf, connections, waking
from ..credly import wire
from ..credly.client import Client
from ..credly.errors import CredlyError, NotFound
from ..models import CredlyNotice, CredlyOrganization
from ..sync.organizations import CANNOT_CONNECT
from . import limits
from .act import Outcome, act
from .settle import Later, given_up, later, no_access, settle, unforeseen

log = logging.getLogger(__name__)

State = CredlyNotice.State
MARGIN = timedelta(minutes=10)
"""How long after a notice Credly's feed is given to show the event."""


def wake(notice_id: int, *, at: datetime | None = None) -> None:
    """Have a worker process a notice, now or at a time."""
    if at is None:
        waking.send(process_notice, notice_id)
    else:
        waking.put_off(process_notice, notice_id, at.isoformat(), at=at)


@shared_task(name="credly_badges.notices.process_notice", **waking.STORED_WORK, soft_time_limit=100, time_limit=115)
def process_notice(notice_id: int, follows: str | None = None) -> None:
    """Worker's side of :func:`wake`. ``follows`` is the ISO 8601 time that a follow-up was made for."""
    process(notice_id, follows=datetime.fromisoformat(follows) if follows else None)


def process(notice_id: int, *, follows: datetime | None = None) -> None:
    """Ask Credly about one notice and act on what it says, if its time has come and no other worker has it."""
    notice = CredlyNotice.objects.select_related("organization").filter(pk=notice_id).first()
    if notice is None or notice.state != State.WAITING or notice.organization.paused:
        return  # The sweep finds what waits once the pause is over.
    now = timezone.now()
    if _put_off(notice, now, follows) or not take(notice, now):
        return
    again_at = try_to(notice, lambda client: client.event(notice.event_id))
    if again_at is not None:
        wake(notice_id, at=again_at)


def take(notice: CredlyNotice, now: datetime) -> bool:
    """Lease a notice to this worker; whether no other was faster.

    An attempt counts as used before it is made, so that a notice that kills its workers comes to an end.
    """
    lease = uuid.uuid4()
    taken = _untouched(notice).update(
        lease=lease, not_before=now + conf.lease(), attempts=notice.attempts + 1, state=State.WAITING, finished_at=None
    )
    notice.lease, notice.attempts = lease, notice.attempts + 1
    return bool(taken)


def try_to(notice: CredlyNotice, ask: Callable[[Client], wire.Event]) -> datetime | None:
    """Have the event of a taken notice, act on it and write it down; when to try again, or None where it is done."""
    if notice.attempts > conf.max_attempts():
        return settle(notice, given_up(_("The last worker that tried was stopped, or died. Look into its log.")))
    try:
        client = connections.connect(notice.organization)
    except CANNOT_CONNECT as fault:
        return settle(notice, no_access(str(fault)))
    event: wire.Event | None = None
    result: Outcome | Later
    try:
        event = ask(client)
        result = act(event, notice.organization, client)
    except NotFound as error:
        # Only the event itself: what an event is about may be gone, which ``act`` knows how to take.
        result = (
            Outcome(State.REJECTED, _("Credly has no such event: it was made up, or is too old."))
            if event is None
            else later(notice, error, _spread())
        )
    except CredlyError as error:
        result = later(notice, error, _spread())
    except (OperationalError, SoftTimeLimitExceeded):
        raise  # The lease runs out, and the notice is tried again.
    except Exception as fault:
        log.exception("Notice %s failed in a way that was not foreseen.", notice.pk)
        result = unforeseen(notice, type(fault).__name__, _spread())
    return settle(notice, result, event)


def due(limit: int, **of: Any) -> list[int]:
    """The notices whose time has come, the oldest first."""
    now = timezone.now()
    waits = Q(organization__wait_until__gt=now) | ~Q(organization__paused="")
    mine = CredlyNotice.objects.filter(state=State.WAITING, not_before__lte=now, **of).exclude(waits)
    return list(mine.order_by("not_before").values_list("pk", flat=True)[:limit])


def sweep(limit: int = 1000) -> int:
    """Process, in this process, what is due and nobody was woken for; how many notices that were."""
    notice_ids = due(limit)
    for notice_id in notice_ids:
        try:
            process(notice_id)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # One notice must not hold up the rest. Its lease runs out, and it is tried again.
            log.exception("Notice %s could not be processed.", notice_id)
    return len(notice_ids)


def wake_due(limit: int = 1000) -> int:
    """Wake workers for what is due and nobody was woken for; how many notices that were."""
    notice_ids = due(limit)
    wake_each(notice_ids)
    return len(notice_ids)


def wake_all(organization: CredlyOrganization, limit: int = 1000) -> None:
    """Wake workers, after the commit, for what waited for an organization; what is beyond the limit the sweep finds."""
    if notice_ids := due(limit, organization=organization):
        transaction.on_commit(lambda: wake_each(notice_ids), robust=True)


def wake_each(notice_ids: Iterable[int]) -> None:
    """Have workers process notices. Without a broker it stops at the first, and the sweep finds them."""
    for notice_id in notice_ids:
        wake(notice_id)


def _put_off(notice: CredlyNotice, now: datetime, follows: datetime | None) -> bool:
    """Leave a notice for when its time has come; whether that is later than now."""
    if notice.not_before > now:
        if follows == notice.not_before:  # However many tasks come for one notice, only one of them goes on.
            wake(notice.pk, at=notice.not_before)
        return True
    until = notice.organization.wait_until
    if until is not None and until > now:
        if _untouched(notice).update(not_before=until):
            wake(notice.pk, at=until)
        return True
    return notice.occurred_at is None and _sit_out_a_storm(notice, now)


def _sit_out_a_storm(notice: CredlyNotice, now: datetime) -> bool:
    """Leave a hint to the events feed while nothing but made-up ones arrive; whether that is so."""
    until = limits.storm_until(notice, now)
    if until is None:
        return False
    if _feed_was_read_since(notice):
        outcome = _("Too many others were made up for Credly to be asked, and the events feed does not have it.")
        _untouched(notice).update(state=State.REJECTED, outcome=outcome, finished_at=now, lease=None)
    else:
        # Nobody is woken for it: with a thousand of them, workers would do nothing else. The next round finds it.
        _untouched(notice).update(not_before=until)
    return True


def _feed_was_read_since(notice: CredlyNotice) -> bool:
    read_at = notice.organization.feed_read_at
    return read_at is not None and read_at > notice.received_at + MARGIN


def _untouched(notice: CredlyNotice) -> QuerySet[CredlyNotice]:
    """The notice, as long as nobody has changed it since it was read."""
    return CredlyNotice.objects.filter(
        pk=notice.pk, state=notice.state, lease=notice.lease, not_before=notice.not_before
    )


def _spread() -> float:
    return random.random()  # noqa: S311  # no secret hangs on it
