"""Names that the keys we make have at Credly, by which they are known again, and the columns of one that retires."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ..models.encryption import Secret

PREFIX = "Open edX badges"
OVERLAP = timedelta(hours=24)
"""How long the old key goes on working unless somebody says otherwise: no worker holds a key that long."""


def new_name(now: datetime) -> str:
    """The name for a new key: the date for people, and a few letters that no other key's name has."""
    return f"{PREFIX}, {now:%Y-%m-%d}, {secrets.token_hex(4)}"


def is_ours(name: str) -> bool:
    """Whether a key was made by this plugin, and not by a person who may use it elsewhere too."""
    return name.startswith(PREFIX)


def retiring(key: Secret, token_id: UUID | None, at: datetime) -> dict[str, Any]:
    """What is stored of a key that no longer is in force, until it is deleted at Credly."""
    return {"retiring_key": key, "retiring_token_id": token_id, "retire_at": at}


def retired() -> dict[str, Any]:
    """What is stored once it is gone."""
    return {"retiring_key": Secret(), "retiring_token_id": None, "retire_at": None}
