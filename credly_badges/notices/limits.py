"""How many notices are taken in: what keeps a flood of forged ones from rows, from calls, and from the others."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Q, QuerySet

from .. import conf
from ..models import CredlyNotice, CredlyOrganization

MINUTE = 60
ALL_SENDERS = 4
"""An organization's limit for all senders together, as a multiple of that for one."""
MOST_UNCONFIRMED = 10
"""How many minutes' worth of one sender's notices may be unconfirmed in an hour, or wait."""
STORM_OF = 20
"""After so many hints in a row that Credly did not confirm, the events feed is believed to be quicker."""
STORM_PROBE = timedelta(seconds=30)
"""How long after one unconfirmed hint the next is asked about, in a storm."""
HOUR = timedelta(hours=1)

State = CredlyNotice.State


def wait_for_a_turn(organization: CredlyOrganization, sender: str) -> int | None:
    """Count one notice of a sender; the seconds to wait where that is one too many, else None.

    The sender is counted first, so that one who sends very many does not use up what the others may send.
    """
    now = time.time()
    minute, left = int(now // MINUTE), int(MINUTE - now % MINUTE) + 1
    rate = conf.webhook_rate()
    # An address of a made-up length must not make a key that memcached refuses.
    who = hashlib.sha256(sender.encode()).hexdigest()[:20]
    if _count(f"{organization.pk}:{who}:{minute}") > rate:
        return left
    return left if _count(f"{organization.pk}:{minute}") > rate * ALL_SENDERS else None


def is_full(organization: CredlyOrganization, now: datetime) -> bool:
    """Whether an organization has so many unconfirmed notices that no more are taken; the same for every process.

    It holds where the cache does not count, and bounds the rows, and by that the calls, of a flood that lasts.
    """
    most = conf.webhook_rate() * MOST_UNCONFIRMED
    mine = CredlyNotice.objects.filter(organization=organization, occurred_at=None).order_by()
    waiting, recent = mine.filter(state=State.WAITING), mine.filter(received_at__gte=now - HOUR)
    return _reaches(waiting, most) or _reaches(recent, most)


def storm_until(notice: CredlyNotice, now: datetime) -> datetime | None:
    """When to ask Credly about a hint while all of the last ones were not confirmed; None where there is no storm."""
    asked = CredlyNotice.objects.filter(
        Q(state=State.REJECTED) | Q(occurred_at__isnull=False),
        organization=notice.organization_id,
        source=CredlyNotice.Source.WEBHOOK,
        received_at__gte=now - HOUR,
        finished_at__isnull=False,
    )
    latest = list(asked.order_by("-received_at").values_list("state", "finished_at")[:STORM_OF])
    if len(latest) < STORM_OF or any(state != State.REJECTED for state, _ in latest):
        return None
    again = max(finished_at for _, finished_at in latest if finished_at) + STORM_PROBE
    return again if again > now else None


def _count(key: str) -> int:
    """How often this was counted; 0 where the cache keeps nothing or is away, and then ``is_full`` is what counts."""
    key = f"credly_badges:notices:{key}"
    cache.add(key, 0, timeout=2 * MINUTE)
    try:
        return cache.incr(key) or 0
    except ValueError:
        return 0


def _reaches(rows: QuerySet[CredlyNotice], most: int) -> bool:
    return rows[:most].count() >= most
