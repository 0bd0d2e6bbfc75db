"""Messages that a worker has in hand: read with what it needs, and leased to it, so that no other takes them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from .. import conf, pacing
from ..models import DeliveryAttempt, EarnerIdentifier, OutboxMessage
from . import queue

NEEDED = (
    *("kind", "state", "open", "not_before", "attempts", "lease", "look_first", "details", "created"),
    *(f"award__{name}" for name in ("uuid", "learner", "occasion", "previous", "earned_at", "evidence", "credly_id")),
    "award__revocation_reason",
    *(f"award__template__{name}" for name in ("uuid", "name", "description", "image_url", "status")),
    *(f"award__template__{name}" for name in ("expiry", "expiry_date", "expiry_days", "on_duplicate")),
    *(f"award__template__{name}" for name in ("evidence_certificate", "evidence_course", "evidence_grade")),
    *(f"award__template__{name}" for name in ("evidence_note", "suppress_email", "allow_duplicates")),
    *(f"organization__{name}" for name in ("uuid", "name", "environment", "api_key", "paused", "wait_until")),
    *(f"organization__{name}" for name in ("concurrency", *pacing.COLUMNS)),
)
"""The columns that a delivery reads, of four tables that have many more."""

EARNER_ID = EarnerIdentifier.objects.filter(learner=OuterRef("award__learner")).values("value")


@dataclass(frozen=True)
class Leased:
    """A message that is this worker's, its attempt, and the earner ID of its learner; empty where they have left."""

    message: OutboxMessage
    attempt: DeliveryAttempt
    earner_id: str


def read(message_ids: Sequence[int]) -> list[Any]:
    """Messages with all that delivering them takes, in one query."""
    rows = OutboxMessage.objects.select_related("award__template", "organization__pace").only(*NEEDED)
    return list(rows.annotate(earner_id=Subquery(EARNER_ID)).filter(pk__in=message_ids).order_by("pk"))


@transaction.atomic
def take(message: Any, now: datetime, *, beside: Leased | None = None) -> Leased | datetime | None:
    """Lease a message to this worker, and have an earner ID for its learner.

    None if another worker was faster; where too many are under way at this moment, the time to look again. ``beside``
    is one that leaves in the same request: the two have one lease, and room for both was found when that was taken.

    ``look_first`` is set in the table before anything leaves: should this process die, the next one looks at Credly
    before it sends. An attempt counts as used for the same reason, so that a message that kills its workers comes to
    an end. ``message`` keeps what was true until now.
    """
    full_until = None if beside else queue.look_for_room(message, now)
    if full_until is not None:
        return full_until
    lease = beside.message.lease if beside else uuid.uuid4()
    if not untouched(message).update(
        state=OutboxMessage.State.DELIVERING,
        lease=lease,
        not_before=now + conf.lease(),
        look_first=True,
        attempts=message.attempts + 1,
    ):
        return None
    message.lease = lease
    return Leased(message, DeliveryAttempt.objects.create(message=message, started_at=now), _earner_id(message))


def _earner_id(message: Any) -> str:
    """The lasting opaque name by which Credly knows the learner; empty where the learner has left."""
    learner_id = message.award.learner_id
    if message.earner_id is None and learner_id is not None:
        return str(EarnerIdentifier.objects.get_or_create(learner_id=learner_id)[0].value)
    return str(message.earner_id or "")


def untouched(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """The message, as long as nobody has changed it since it was read."""
    return OutboxMessage.objects.filter(
        pk=message.pk, open=True, state=message.state, lease=message.lease, not_before=message.not_before
    )
