"""What one step of a run found in one go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .asking import Asking, OutOfTime, Stopped
from .compare import Finding

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """Findings, and where the step goes on: ``cursor`` is None at its end. ``seen`` are awards that Credly has.

    ``broken_off`` is why the page ends before its end; what was found by then is kept.
    """

    findings: Sequence[Finding]
    cursor: str | None
    compared: int = 0
    seen: Collection[int] = ()
    broken_off: OutOfTime | Stopped | None = None


def one_by_one(
    asking: Asking, things: Sequence[T], compare: Callable[[T], Iterable[Finding]]
) -> tuple[int, list[Finding], OutOfTime | Stopped | None]:
    """As many as time and Credly allow: how many, what was found, and why it is not all of them.

    Each may cost a request, and a page be longer than a slice of time; so it never has to begin from its first again.
    """
    findings: list[Finding] = []
    for number, thing in enumerate(things):
        if number and asking.is_late():
            return number, findings, OutOfTime()
        try:
            found = list(compare(thing))
        except (OutOfTime, Stopped) as why:
            if not number:
                raise
            return number, findings, why
        findings += found
    return len(things), findings, None
