"""How many notices are taken in: what keeps a flood of forged ones from rows, from calls, and from the others."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from .. import conf, counting
from ..models import CredlyNotice, CredlyOrganization

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
    rate, all_of_it = conf.webhook_rate(), f"notices:{organization.pk}"
    if counting.count(f"{all_of_it}:{counting.mark_of(sender)}") > rate:
        return counting.seconds_left()
    return counting.seconds_left() if counting.count(all_of_it) > rate * ALL_SENDERS else None


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


def _reaches(rows: QuerySet[CredlyNotice], most: int) -> bool:
    return rows[:most].count() >= most
