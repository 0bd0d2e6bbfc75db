"""An endpoint: its method, its path, the OAuth scope it needs and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..envelope import Answer, Call


@dataclass(frozen=True, slots=True)
class Door:
    """One endpoint; a path starts after ``/v1``."""

    method: str
    path: str
    handle: Callable[[Call], Answer]
    scope: str | None = None
