"""A learner has a new e-mail address while a badge waits for them under the old one.

Credly can put another address on a badge only as long as the learner has not accepted it. An accepted badge stays
where it is: in the learner's account at Credly, to which they can add their new address themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from django.db import transaction

from .. import lms
from ..issuing import recipients
from ..models import BadgeAward
from . import changes

log = logging.getLogger(__name__)

ADDRESS = "address"


def on_user_saved(
    *,
    instance: Any,
    created: bool,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_: Any,
) -> None:
    """Notice a new address when an account is saved; whatever goes wrong here, the account is saved."""
    if created or raw or (update_fields is not None and "email" not in update_fields):
        return
    try:
        with transaction.atomic():
            follow(instance)
    except Exception:
        log.exception("It could not be told whether badges of user %s wait under an old address.", instance.pk)


def follow(user: Any) -> int:
    """Order the badges that wait for a learner under another address to be sent to this one; how many those are."""
    if not lms.is_address(user.email):
        return 0
    offered = BadgeAward.objects.filter(learner_id=user.pk, state=BadgeAward.State.OFFERED, credly_id__isnull=False)
    ordered = 0
    for award in offered.exclude(recipient_mark="").select_related("template"):
        if recipients.is_marked(award.recipient_mark, user.email):
            continue
        try:
            changes.replace(award, cause=ADDRESS, because="", by=None)
        except changes.NotReplaceable as refusal:
            # Being replaced already, it takes the address of that moment; being revoked, it needs none.
            log.info("Award %s keeps its address for now: %s", award.uuid, refusal.sentence)
        else:
            ordered += 1
    return ordered
