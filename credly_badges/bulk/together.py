"""Issuing many rows of a list at once, where nothing is to be looked at for each of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.utils import timezone

from ..awards import many
from ..models import BadgeAward, BulkIssue, BulkRow

log = logging.getLogger(__name__)


def issue(bulk: BulkIssue, rows: Sequence[BulkRow]) -> list[BulkRow]:
    """Issue the badge to those who never had it, and return the other rows: in most lists there are none."""
    if not many.is_plain(bulk.template):
        return list(rows)
    named = {row.learner_id: row for row in rows if row.learner_id is not None}
    first = {number: named[number] for number in named.keys() - many.had_one(bulk.template, named)}
    try:
        _issue(bulk, first)
    except (OperationalError, SoftTimeLimitExceeded):
        raise  # Nothing about these rows: a deadlock, or the time of the whole task is up.
    except Exception:  # noqa: BLE001 (what it was is found with the row that it lies in)
        log.info("The next rows of list %s cannot be issued together, so they are one by one.", bulk.uuid)
        return list(rows)
    return [row for row in rows if row.state != BulkRow.State.ISSUED]


def source_of(bulk: BulkIssue) -> BadgeAward.Source:
    """By whom its badges are issued: a person, or another system."""
    return BadgeAward.Source.BY_HAND if bulk.requested_by else BadgeAward.Source.SYSTEM


@transaction.atomic
def _issue(bulk: BulkIssue, rows: Mapping[int, BulkRow]) -> None:
    now = timezone.now()
    numbers = many.grant_many(
        bulk.template,
        [many.First(learner_id, row.earned_at or now, row.evidence) for learner_id, row in rows.items()],
        source=source_of(bulk),
        reason=bulk.reason,
        granted_by=bulk.requested_by,
        granted_with=bulk.requested_with,
    )
    made = [BulkRow(pk=row.pk, state=BulkRow.State.ISSUED, award_id=numbers[each]) for each, row in rows.items()]
    BulkRow.objects.bulk_update(made, ["state", "award"])
    for row in rows.values():
        row.state = BulkRow.State.ISSUED
