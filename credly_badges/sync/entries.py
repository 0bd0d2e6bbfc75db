"""What the audit log is told of templates that a sync added, changed or deactivated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from .. import audit
from ..models import AuditEntry, BadgeTemplate
from .columns import DESCRIBED

MOST_KEPT: Final = 200
"""How many characters of a value an entry keeps: a description may be as long as a book."""


def kept(row: BadgeTemplate, columns: Iterable[str] = DESCRIBED) -> dict[str, Any]:
    """What Credly decides of a template, as an audit entry keeps it."""
    return {name: _bounded(getattr(row, name)) for name in columns}


def added(row: BadgeTemplate, by: AbstractBaseUser | None) -> AuditEntry:
    """That a template was brought here for the first time."""
    because = _("Credly has it.")
    after = kept(row, ("name", "credly_state"))
    return AuditEntry(**audit.entry("template.added", row, actor=by, because=because, after=after))


def changed(row: BadgeTemplate, before: Mapping[str, Any], by: AbstractBaseUser | None) -> AuditEntry:
    """That a template was brought to what Credly says; ``before`` are the values of the columns that changed."""
    because, after = _("Credly says so."), kept(row, before)
    return AuditEntry(**audit.entry("template.changed", row, actor=by, because=because, before=before, after=after))


def retired(row: BadgeTemplate, was: str, by: AbstractBaseUser | None) -> AuditEntry:
    """That nobody can earn a badge any more, as Credly would not issue it."""
    before, after = {"status": was}, {"status": row.status}
    because = row.deactivated_because
    return AuditEntry(**audit.entry("template.deactivated", row, actor=by, because=because, before=before, after=after))


def _bounded(value: Any) -> Any:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= MOST_KEPT else f"{text[: MOST_KEPT - 1]}…"
