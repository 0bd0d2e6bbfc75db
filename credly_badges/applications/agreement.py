"""How many reviewers of an application agree."""

from __future__ import annotations

from collections.abc import Mapping

from ..models import Application, ReviewItem
from . import policy


def satisfied(application: Application, wanted: Mapping[int, bool]) -> int:
    """How many reviewers of a locked application found all that is required satisfied."""
    # Locking reads: under REPEATABLE READ a plain one does not see what another reviewer has just found.
    reviews = list(application.reviews.select_for_update().values_list("pk", flat=True))
    found: dict[int, dict[int, bool]] = {pk: {} for pk in reviews}
    items = ReviewItem.objects.select_for_update().filter(review__in=reviews, criterion__isnull=False).order_by("pk")
    for review_id, criterion_id, is_satisfied in items.values_list("review_id", "criterion_id", "satisfied"):
        found[review_id][criterion_id or 0] = is_satisfied
    return policy.satisfied(wanted, found.values())
