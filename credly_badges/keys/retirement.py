"""The end of a key that is no longer in force: deleted at Credly once its overlap has passed, then forgotten here."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, conf, connections, pacing
from ..credly import errors
from ..credly.client import Client
from ..models import CredlyOrganization
from ..models.encryption import Secret
from ..sync.organizations import CANNOT_CONNECT
from . import life, naming

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(hours=1)
ASK_AGAIN_AFTER = timedelta(days=1)
"""How often we look whether a person has deleted the key that we could not."""


def client_with(organization: CredlyOrganization, key: Secret) -> Client:
    """A client with another key than the one in force, for the moment. Its requests keep the organization's pace."""
    return Client(
        conf.api_url(organization.environment),
        organization.uuid,
        key.reveal(),
        timeout=conf.timeouts(),
        pool=1,
        gate=pacing.gate(organization),
    )


def retire_due() -> int:
    """Delete at Credly every old key whose overlap has passed; how many are gone.

    One that could not be deleted is looked at again a day later, and forgotten once it works no more: when a person has
    deleted it, or it has expired.
    """
    now = timezone.now()
    gone = 0
    for organization in CredlyOrganization.objects.filter(retire_at__lte=now).order_by("pk"):
        # Of several processes one goes on; should it die, another does in an hour.
        if not _postpone(organization, now + AGAIN_AFTER):
            continue
        try:
            is_gone = _delete(organization)
        except (*CANNOT_CONNECT, errors.CredlyError) as error:
            log.warning("The old key of organization %s was not deleted at Credly: %s", organization.uuid, error)
            continue
        if is_gone:
            forget(organization)
            gone += 1
        elif _postpone(organization, now + ASK_AGAIN_AFTER, retiring_token_id=None):
            log.warning(
                "The old key of organization %s still works, and the new one may not delete it. Delete it at Credly.",
                organization.uuid,
            )
    return gone


def _postpone(organization: CredlyOrganization, until: datetime, **changes: Any) -> bool:
    mine = CredlyOrganization.objects.filter(pk=organization.pk, retire_at=organization.retire_at)
    organization.retire_at = until
    return bool(mine.update(retire_at=until, **changes))


def needs_a_person(organization: CredlyOrganization) -> str:
    """What to tell whoever can delete a key that we may not delete."""
    return _(
        "Its old API key, %(key)s, still works at Credly, and the new one may not delete it. Delete it at Credly."
    ) % {"key": organization.retiring_key.masked}


def leave_behind(organization: CredlyOrganization) -> list[str]:
    """Make room for another key to retire; what to tell of one that is still there."""
    if not organization.retiring_key:
        return []
    if _delete(organization):
        forget(organization)
        return []
    return [needs_a_person(organization)]


def forget(organization: CredlyOrganization) -> None:
    """The old key works no more."""
    mine = CredlyOrganization.objects.filter(pk=organization.pk, retire_at=organization.retire_at)
    if mine.update(**naming.retired()):
        audit.record(
            "organization.key_retired", organization, before={"token": str(organization.retiring_token_id or "")}
        )


def _delete(organization: CredlyOrganization) -> bool:
    """Delete the old key with the one in force; whether it works no more. Raises CredlyError where that is unknown."""
    client = connections.connect(organization)
    try:
        token_id = organization.retiring_token_id or _listed(client, organization.retiring_key)
        if token_id is not None:
            client.delete_token(token_id)
    except errors.Unauthorized:
        log.info("The key of organization %s may not delete keys.", organization.uuid)
    except errors.Refused:
        log.info("The old key of organization %s is gone, or out of sight.", organization.uuid)
    try:
        with client_with(organization, organization.retiring_key) as old:
            old.organization()  # Whoever says what, the key itself tells.
    except errors.Unauthorized:
        return True
    return False


def _listed(client: Client, key: Secret) -> UUID | None:
    token = life.own_token(client.tokens(), key)
    return token.id if token else None
