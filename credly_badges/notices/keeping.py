"""How long notices are kept."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from .. import conf
from ..models import CredlyNotice

State = CredlyNotice.State
UNCONFIRMED_KEPT = timedelta(days=7)
BATCH = 1000


def purge(*, dry_run: bool = False) -> int:
    """Delete the notices that are finished and old; how many that were, or with ``dry_run`` would be.

    Those that Credly never confirmed go first.
    """
    now = timezone.now()
    old = Q(finished_at__lt=now - conf.kept_notices())
    hollow = Q(state__in=(State.REJECTED, State.IGNORED), occurred_at=None, finished_at__lt=now - UNCONFIRMED_KEPT)
    rows = CredlyNotice.objects.filter(old | hollow).exclude(state=State.WAITING).order_by()
    if dry_run:
        return rows.count()
    deleted = 0
    # MySQL locks what it deletes until the end; in batches nobody waits long.
    while numbers := list(rows.values_list("pk", flat=True)[:BATCH]):
        deleted += CredlyNotice.objects.filter(pk__in=numbers).delete()[0]
    return deleted
