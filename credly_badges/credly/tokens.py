"""An organization's API key at Credly, as its list of authorization tokens tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from . import reading
from .reading import Data


@dataclass(frozen=True, slots=True)
class Token:
    """An authorization token (developer docs, "Authorization tokens"); ``value`` is the key itself, "" if not told.

    ``expires_at`` is None where Credly names no end.
    """

    id: UUID
    created_at: datetime
    description: str = ""
    read_enabled: bool = True
    write_enabled: bool = True
    delete_enabled: bool = True
    expires_at: datetime | None = None
    value: str = field(default="", repr=False)

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            id=reading.identity(data, "id"),
            created_at=reading.moment(data, "created_at"),
            description=reading.text_or_empty(data, "description"),
            # Tokens were listed without flags once; each could do everything then.
            read_enabled=reading.flag(data, "read_enabled", default=True),
            write_enabled=reading.flag(data, "write_enabled", default=True),
            delete_enabled=reading.flag(data, "delete_enabled", default=True),
            expires_at=reading.moment_or_none(data, "expires_at"),
            value=reading.text_or_empty(data, "token"),
        )

    def dump(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "token": self.value or None,
            "description": self.description,
            "read_enabled": self.read_enabled,
            "write_enabled": self.write_enabled,
            "delete_enabled": self.delete_enabled,
            "created_at": reading.spelled(self.created_at),
            "expires_at": reading.spelled(self.expires_at),
        }
