"""Who did what to which thing, before and after; ``seals`` show whether anybody changed that afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from ..models import AuditEntry
from .seals import seal as seal
from .seals import unsealed as unsealed
from .seals import verify as verify


def record(
    action: str,
    thing: models.Model,
    *,
    actor: AbstractBaseUser | None = None,
    because: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write down that ``actor`` (None is the system itself) did ``action`` to ``thing``.

    ``action`` is two words, ``template.activated``; ``before`` and ``after`` hold JSON values, never a secret, a name
    or an e-mail address.
    """
    return AuditEntry.objects.create(**entry(action, thing, actor=actor, because=because, before=before, after=after))


def entry(
    action: str,
    thing: models.Model,
    *,
    actor: AbstractBaseUser | None = None,
    because: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The columns of an audit entry, for those who write many at once."""
    return {
        "action": action,
        "actor_id": getattr(actor, "pk", None),
        "object_type": thing._meta.model_name,
        "object_id": str(thing.pk),
        "object_label": str(thing)[:255],
        "because": because[:500],
        "before": dict(before or {}),
        "after": dict(after or {}),
    }
