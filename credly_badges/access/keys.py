"""Keys of other systems: made and shown once, found again by what is sent, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from rest_framework_api_key.crypto import KeyGenerator

from .. import audit
from ..models import ApiKey
from .callers import SITE, Level
from .scopes import Scope

MARK = "cbk_"
"""How every key begins, so that a key which got lost can be told for what it is."""
USE_NOTED_EVERY = timedelta(minutes=1)
LONGEST_PREFIX = 40

# Makes and hashes keys as djangorestframework-api-key does; its table and its admin are not needed.
_generator = KeyGenerator(prefix_length=8, secret_key_length=40)
_NOBODY = _generator.hash("nobody's key")


class BadKey(Exception):
    """The API key does not exist, was revoked, or has expired. Ask who gave it to you for a new one."""

    def __str__(self) -> str:
        """The docstring is the message."""
        return self.__doc__ or ""


@dataclass(frozen=True)
class Made:
    """A new key, and what has to be shown now, as nobody can read it again: the key, or the secret it signs with."""

    key: ApiKey
    shown: str = field(repr=False)


@transaction.atomic
def make(
    *,
    name: str,
    scopes: Collection[Scope | str],
    level: Level = SITE,
    kind: ApiKey.Kind = ApiKey.Kind.BEARER,
    expires_at: datetime | None = None,
    rate_limit: int | None = None,
    by: Any = None,
) -> Made:
    """Make a key for another system. Raises ValueError for a scope that there is not."""
    wanted = sorted(Scope(each) for each in scopes)
    row = ApiKey(
        name=name,
        kind=kind,
        organization_id=level.organization_id,
        program_id=level.program_id,
        scopes=[each.value for each in wanted],
        expires_at=expires_at,
        rate_limit=rate_limit,
        created_by=by,
    )
    if kind == ApiKey.Kind.BEARER:
        shown, prefix, row.hashed_key = _generator.generate()
        row.prefix, shown = MARK + prefix, MARK + shown
    else:
        row.prefix, shown = MARK + _generator.get_prefix(), secrets.token_urlsafe(32)
        row.secret = shown
    row.save()
    audit.record("api_key.made", row, actor=by, after=facts(row))
    return Made(row, shown)


def by_bearer(sent: str) -> ApiKey:
    """The key that was sent with a request. Raises BadKey. A wrong key takes as long as a right one."""
    prefix, _dot, rest = sent.removeprefix(MARK).partition(".")
    named = MARK + prefix[:LONGEST_PREFIX]
    row = ApiKey.objects.filter(prefix=named, kind=ApiKey.Kind.BEARER).first() if rest else None
    right = _generator.verify(sent.removeprefix(MARK), row.hashed_key if row else _NOBODY)
    if row is None or not right or not row.is_valid():
        raise BadKey
    note_use(row)
    return row


@transaction.atomic
def revoke(key: ApiKey, *, by: Any) -> None:
    """Have a key open nothing any more; doing it twice is safe."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record("api_key.revoked", key, actor=by, before=facts(key))


def note_use(key: ApiKey) -> None:
    """Keep when a key was last used, to the minute: of many requests at once, one writes the row."""
    now = timezone.now()
    is_old = key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY
    mark = f"credly_badges:api:used:{key.uuid}"
    if is_old and cache.add(mark, True, timeout=USE_NOTED_EVERY.total_seconds()):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        key.last_used_at = now


def facts(key: ApiKey) -> dict[str, Any]:
    """What the audit log keeps of a key."""
    return {
        "kind": key.kind,
        "prefix": key.prefix,
        "organization_id": key.organization_id,
        "program_id": key.program_id,
        "scopes": key.scopes,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }
