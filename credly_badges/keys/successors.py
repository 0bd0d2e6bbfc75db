"""Making a key to succeed the one in force, step by step, each stored before the next.

A process that dies loses nothing: whoever rotates next goes on where it stopped.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..credly import errors, wire
from ..credly.client import Client
from ..models import CredlyOrganization
from ..models.encryption import Secret
from . import naming, retirement

log = logging.getLogger(__name__)

TAKEN_FOR_DEAD = timedelta(minutes=10)
"""How long a rotation may take before another goes on in its place. It is a handful of requests."""


class NotRotated(Exception):
    """The key in force stays; the message says why, and what to do."""


@dataclass
class Attempt:
    """One rotation on its way; ``own`` is the entry of the key that it replaces, if that may see itself in the list."""

    organization: CredlyOrganization
    client: Client
    tokens: list[wire.Token] = field(default_factory=list)
    own: wire.Token | None = None
    sentences: list[str] = field(default_factory=list)

    @property
    def may_delete(self) -> bool:
        """Whether the key in force may delete, and so the new one is to as well."""
        return self.own is not None and self.own.delete_enabled


@dataclass(frozen=True)
class Successor:
    """The new key, and what Credly told of it where we know that."""

    key: Secret
    id: UUID | None = None
    expires_at: datetime | None = None
    may_be_used: bool = True

    @classmethod
    def of(cls, token: wire.Token) -> Successor:
        return cls(Secret(token.value), token.id, token.expires_at, token.read_enabled and token.write_enabled)


def begin(organization: CredlyOrganization) -> None:
    """Store the name of the key to be made. Of two rotations at one moment the second finds it and is refused."""
    now = timezone.now()
    free = Q(successor_begun_at__isnull=True) | Q(successor_begun_at__lte=now - TAKEN_FOR_DEAD)
    name = organization.successor_name or naming.new_name(now)
    as_read = {column: getattr(organization, column) for column in ("successor_name", "key_entered_at")}
    if not CredlyOrganization.objects.filter(free, pk=organization.pk, **as_read).update(
        successor_name=name, successor_begun_at=now
    ):
        raise NotRotated(_("The key is being rotated at this moment. Look again in some minutes."))
    organization.successor_name, organization.successor_begun_at = name, now


def end(organization: CredlyOrganization) -> None:
    """Let the next one in. What was not finished keeps its name, to be found by it."""
    mine(organization).update(successor_begun_at=None)


def mine(organization: CredlyOrganization) -> Any:
    """The organization, as long as no other rotation has taken over."""
    return CredlyOrganization.objects.filter(
        pk=organization.pk,
        successor_name=organization.successor_name,
        successor_begun_at=organization.successor_begun_at,
    )


def make(attempt: Attempt) -> Successor:
    """The new key, stored: the one that an earlier rotation made and did not put in force, or else one made now."""
    organization = attempt.organization
    if successor := left(attempt):
        return successor
    try:
        token = attempt.client.create_token(organization.successor_name, delete=attempt.may_delete)
    except errors.Unanswered:
        # Credly may have made it all the same.
        found = _named(attempt.client.tokens(), organization.successor_name)
        if found is None:
            raise
        token = found
    return _stored(organization, Successor.of(token))


def left(attempt: Attempt) -> Successor | None:
    """What an earlier rotation left: listed at Credly, or stored here by a key that cannot see the list."""
    organization = attempt.organization
    if token := _named(attempt.tokens, organization.successor_name):
        return _stored(organization, Successor.of(token))
    return Successor(organization.successor_key) if organization.successor_key else None


def _stored(organization: CredlyOrganization, successor: Successor) -> Successor:
    if not mine(organization).update(successor_key=successor.key):
        raise NotRotated(_("Another rotation has taken over. Look again in some minutes."))
    return successor


def _named(tokens: list[wire.Token], name: str) -> wire.Token | None:
    return next((token for token in tokens if token.description == name and token.value), None)


def tested(attempt: Attempt, successor: Successor) -> Successor:
    """The new key, if Credly takes it. Whether it may write is read from its flag: no write leaves nothing behind."""
    if not successor.may_be_used:
        discard(attempt, successor)
        raise NotRotated(
            _(
                "Credly made a key that may not read and write, so the one in force stays. Make one at Credly and "
                "enter it."
            )
        )
    try:
        with retirement.client_with(attempt.organization, successor.key) as client:
            client.organization()
    except errors.Unauthorized:
        discard(attempt, successor)
        raise NotRotated(
            _("Credly does not take the key that it has just made, so the one in force stays. Try again later.")
        ) from None
    return successor


def discard(attempt: Attempt, successor: Successor) -> None:
    """Delete a key that nobody will use, and forget it."""
    organization = attempt.organization
    try:
        if successor.id is not None:
            attempt.client.delete_token(successor.id)
    except errors.CredlyError as error:
        log.warning("The key “%s” of %s stays at Credly: %s", organization.successor_name, organization.uuid, error)
    mine(organization).update(successor_name="", successor_key=Secret(), successor_begun_at=None)
