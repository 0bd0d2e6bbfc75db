"""A learner leaves: what subscribers are told of them goes, whether it was sent or waits."""

from __future__ import annotations

from ..models import Subscriber, SubscriberMessage


def forget(user_id: int) -> int:
    """Remove, in the caller's transaction, every message that tells of a learner; how many.

    The others hold the IDs of awards and badges only.
    """
    removed, _rows = SubscriberMessage.objects.filter(learner=user_id).delete()
    Subscriber.objects.filter(created_by=user_id).update(created_by=None)
    return removed
