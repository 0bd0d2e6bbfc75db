"""What goes with somebody who leaves: what they might do, and that it was they who made a key."""

from __future__ import annotations

from ..models import ApiKey, LevelRole


def forget(user_id: int) -> None:
    """Take away a person's roles, and their name from the keys they made; the keys go on working."""
    LevelRole.objects.filter(user=user_id).delete()
    ApiKey.objects.filter(created_by=user_id).update(created_by=None)
