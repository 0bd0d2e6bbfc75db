"""Processing notices again, because somebody asked for it."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .. import audit
from ..models import AuditEntry, CredlyNotice
from . import confirm

State = CredlyNotice.State
BATCH = 500
MOST_WOKEN = 1000
"""For so many workers are woken while somebody waits for the page; the sweep finds the rest."""


@transaction.atomic
def process_again(notices: QuerySet[CredlyNotice], *, by: AbstractBaseUser | None) -> int:
    """Give notices a fresh start, finished and waiting ones alike; how many there were.

    Those that a worker has at this moment are left alone.
    """
    now = timezone.now()
    chosen = list(notices.filter(lease=None).order_by("pk").select_for_update())
    for start in range(0, len(chosen), BATCH):
        batch = chosen[start : start + BATCH]
        CredlyNotice.objects.filter(pk__in=[notice.pk for notice in batch]).update(
            state=State.WAITING, attempts=0, not_before=now, finished_at=None, outcome=""
        )
        AuditEntry.objects.bulk_create(
            AuditEntry(
                **audit.entry(
                    "notice.processed_again",
                    notice,
                    actor=by,
                    before={"state": notice.state, "outcome": notice.outcome},
                )
            )
            for notice in batch
        )
    first = [notice.pk for notice in chosen[:MOST_WOKEN]]
    transaction.on_commit(lambda: confirm.wake_each(first), robust=True)
    return len(chosen)
