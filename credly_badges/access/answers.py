"""What was answered to requests with an Idempotency-Key: kept for a day, and not once the learner has left."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from ..models import IdempotentAnswer

KEPT = timedelta(hours=24)
"""For how long a request that is sent again is answered as it was the first time; then its key is free again."""


def purge() -> int:
    """Remove the answers whose time is over; how many."""
    return IdempotentAnswer.objects.filter(created__lt=timezone.now() - KEPT).delete()[0]


def forget(user_id: int) -> None:
    """Remove what names a learner, and what they were answered themselves."""
    IdempotentAnswer.objects.filter(learner=user_id).delete()
    IdempotentAnswer.objects.filter(caller=f"user:{user_id}").delete()
