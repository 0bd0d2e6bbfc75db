"""A learner leaves: their applications go with all that they sent; what they found of others' stays, without them."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from ..models import Application, ApplicationEvidence, ApplicationReview
from . import evidence


@transaction.atomic
def forget(user_id: int) -> int:
    """Erase what is kept of a learner's applications, and take their name off what they reviewed; how many went.

    Pictures are deleted once the transaction holds. Doing it twice is safe.
    """
    mine = list(Application.objects.select_for_update().filter(learner=user_id).order_by("pk"))
    files = evidence.names(ApplicationEvidence.objects.filter(application__in=mine))
    Application.objects.filter(pk__in=[each.pk for each in mine]).delete()
    if files:
        transaction.on_commit(partial(evidence.throw_away, files))
    # No two of an application may be the same, so each is called by its own ID.
    ApplicationReview.objects.filter(reviewer=user_id).update(
        reviewer=None, author="", reviewed_as=Concat(Value("retired:"), Cast("pk", CharField()))
    )
    Application.objects.filter(assigned_to=user_id).update(assigned_to=None, assigned_until=None)
    Application.objects.filter(decided_by=user_id).update(decided_by=None)
    return len(mine)
