"""Carrying out one order at Credly, and hardly anything else: what came of it is stored by the caller.

Every function here may raise the errors of ``credly.errors``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.utils.translation import gettext as _

from ..connections import NoKey, connect
from ..credly import errors, wire
from ..credly.client import Client
from ..models import CredlyOrganization, OutboxMessage
from ..models.encryption import UndecryptableSecret
from .erasing import erase
from .finding import current, look
from .issue import issue
from .mirror import REVOKED
from .replacing import replace_badge
from .results import Blocked, Broken, Confirmed, Failed, NoAccess, Result, Setback
from .stopping import stop

log = logging.getLogger(__name__)

T = TypeVar("T")


def carry_out(message: OutboxMessage, earner_id: str) -> Result:
    """Do at Credly what a message says, looking first where it may have been done without our hearing of it.

    ``earner_id`` is the learner's; empty where the learner has left.
    """
    client = client_of(message.organization)
    return client if isinstance(client, NoAccess) else _DEEDS[message.kind](message, client, earner_id)


def attempted(message: OutboxMessage, deed: Callable[[], T]) -> T | Setback:
    """What a deed for a message gives, or what its failure is."""
    try:
        return deed()
    except errors.CredlyError as error:
        return Failed(error)
    except ImproperlyConfigured as fault:
        return Blocked(str(fault))  # The LMS could not be asked about the learner.
    except OperationalError:
        raise  # The lease runs out, and the message is tried again.
    except Exception as fault:
        log.exception("Delivering message %s failed in a way that was not foreseen.", message.pk)
        return Broken(type(fault).__name__)


def client_of(organization: CredlyOrganization) -> Client | NoAccess:
    """The organization's client, or why nothing can be sent for it."""
    try:
        return connect(organization)
    except (NoKey, UndecryptableSecret, ImproperlyConfigured, ValueError) as fault:  # Or a key that can be none.
        return NoAccess(str(fault))


def _revoke(message: OutboxMessage, client: Client, earner_id: str) -> Result:
    award = message.award
    award.refresh_from_db(fields=["credly_id"])  # The order to issue it may have come through since it was read.
    badge_id = award.credly_id
    if badge_id is None:
        in_flight = stop(award, [OutboxMessage.Kind.ISSUE])
        if in_flight is not None:
            return Blocked(_("The badge is being issued at this moment."), until=in_flight)
        badge = look(client, award, earner_id).badge if earner_id else None
        if badge is None:
            return Confirmed(None)
        badge_id = badge.id
    try:
        if message.look_first:
            badge = client.badge(badge_id)
            if badge.state == REVOKED:
                return Confirmed(badge, found=True)
        return Confirmed(_revoke_standing(client, badge_id, award.revocation_reason))
    except errors.NotFound:
        return Confirmed(None)  # Deleted at Credly: there is nothing left to revoke.


def _revoke_standing(client: Client, badge_id: UUID, reason: str) -> wire.Badge:
    """Revoke a badge, or the one that somebody has put in its place: Credly revokes no badge that was replaced."""
    try:
        return client.revoke(badge_id, reason)
    except errors.NotFound:
        raise
    except errors.Refused:
        badge = current(client, client.badge(badge_id))
        if badge.state == REVOKED:
            return badge
        if badge.id == badge_id:
            raise
        return client.revoke(badge.id, reason)


_DEEDS: Mapping[str, Callable[[OutboxMessage, Client, str], Result]] = {
    OutboxMessage.Kind.ISSUE: issue,
    OutboxMessage.Kind.REVOKE: _revoke,
    OutboxMessage.Kind.REPLACE: replace_badge,
    OutboxMessage.Kind.DELETE: erase,
}
