"""How long lists are kept: they hold learners as they were named in them, so not for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from .. import lms
from ..models import BulkIssue, BulkRow

State = BulkIssue.State

PREVIEWS = timedelta(days=7)
"""How long a list waits for somebody to commit it."""
FINISHED = timedelta(days=90)
"""How long what came of its rows can be read. The awards stay."""


def purge() -> int:
    """Remove the lists whose time is over; how many rows and lists."""
    now = timezone.now()
    over = Q(state=State.PREVIEW, modified__lt=now - PREVIEWS) | Q(
        state__in=(State.DONE, State.UNDONE), finished_at__lt=now - FINISHED
    )
    return BulkIssue.objects.filter(over).delete()[0]


def forget(user_id: int) -> None:
    """Erase who a learner is from the rows of lists, and who asked for one. What came of the rows stays."""
    nobody: dict[str, Any] = {"learner": None, "entry": "", "evidence": []}
    BulkRow.objects.filter(learner=user_id).update(**nobody)
    # A row that was wrong in another way may name them as well, and nobody has looked for whom it means. Read first,
    # as MySQL would lock all that it looks at.
    for name in lms.names_of(user_id):
        wrong = list(BulkRow.objects.filter(learner=None, entry__iexact=name).values_list("pk", flat=True))
        BulkRow.objects.filter(pk__in=wrong).update(**nobody)
    BulkIssue.objects.filter(requested_by=user_id).update(requested_by=None)
