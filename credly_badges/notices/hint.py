"""What a notice says before anybody has confirmed it. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from uuid import UUID

MOST_BYTES = 16 * 1024
"""Credly's notices have four short fields; this leaves room for more of them, and for none of a flood's."""

TEMPLATE_CHANGES = frozenset({"badge_template.created", "badge_template.changed"})
TEMPLATE_DELETED = "badge_template.deleted"
# ``badge.state.updated`` is said to be another name of ``badge.state.changed``; no source is sure of either.
BADGE_CHANGES = frozenset({"badge.created", "badge.state.changed", "badge.state.updated", "badge.privacy.changed"})
BADGE_DELETED = "badge.deleted"
KNOWN_TYPES = TEMPLATE_CHANGES | BADGE_CHANGES | {TEMPLATE_DELETED, BADGE_DELETED}
"""The types that lead to anything here; Credly has more, of employees for one."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+){0,5}", re.IGNORECASE | re.ASCII)
_LONGEST_TYPE = 100


@dataclass(frozen=True)
class Hint:
    """What anybody could have sent: an event's ID, whose it is, and of which type it is said to be."""

    event_id: UUID
    organization_id: UUID
    event_type: str

    @property
    def is_worth_asking(self) -> bool:
        """Whether an event of that type would lead to anything."""
        return self.event_type in KNOWN_TYPES


class Unusable(ValueError):
    """The body is no notice, and never becomes one; ``str()`` says why in a few words."""


def read(body: bytes) -> Hint:
    """Read a notice's body. Raises Unusable."""
    if len(body) > MOST_BYTES:
        raise Unusable("too long")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise Unusable("no JSON") from None
    if not isinstance(data, dict):
        raise Unusable("no JSON object")
    event_type = data.get("event_type")
    if not isinstance(event_type, str) or len(event_type) > _LONGEST_TYPE or not _TYPE.fullmatch(event_type):
        raise Unusable("no event type")
    return Hint(_identity(data, "id"), _identity(data, "organization_id"), event_type)


def _identity(data: dict[str, object], key: str) -> UUID:
    value = data.get(key)
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise Unusable(f"no {key}")
    return UUID(value)
