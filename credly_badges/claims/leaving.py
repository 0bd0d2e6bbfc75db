"""A learner leaves: what they claimed is forgotten, and the codes that were for them alone are closed."""

from __future__ import annotations

from django.db import transaction

from .. import lms
from ..models import ClaimCode, CodeClaim
from . import making


@transaction.atomic
def forget(user_id: int) -> None:
    """Erase what is kept of a learner here. The award stays, as long as it does; doing it twice is safe."""
    for address in lms.addresses_of(user_id):
        for code in ClaimCode.objects.select_related("template").filter(email__iexact=address):
            making.close(code)
            ClaimCode.objects.filter(pk=code.pk).update(email="")
    ClaimCode.objects.filter(created_by=user_id).update(created_by=None)
    CodeClaim.objects.filter(learner=user_id).delete()
