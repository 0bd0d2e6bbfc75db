"""What one step of a run found in one go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .compare import Finding


@dataclass(frozen=True)
class Page:
    """Findings, and where the step goes on: ``cursor`` is None at its end. ``seen`` are awards that Credly has."""

    findings: Sequence[Finding]
    cursor: str | None
    compared: int = 0
    seen: Collection[int] = ()
