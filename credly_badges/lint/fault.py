"""What can be wrong with a badge: a code, how bad it is, and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["error", "hint"]

CAN_BE_MEANT = frozenset({"always_true", "course_unknown", "course_ended", "program_unknown", "window_over"})
"""Errors that somebody may have good reasons for, and can activate the badge despite.

A course that has ended can still be backfilled, and one that the LMS does not have may be made tomorrow.
"""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. ``group_key`` and ``requirement_key`` say where, if it is in one place.

    An error stands in the way of activation; a hint only wants to be read. ``code`` stays the same in every language
    and release.
    """

    code: str
    level: Level
    sentence: str
    group_key: str = ""
    requirement_key: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it stands in the way of activation."""
        return self.level == "error"

    @property
    def can_be_meant(self) -> bool:
        """Whether somebody may activate the badge all the same."""
        return self.code in CAN_BE_MEANT

    def as_data(self) -> dict[str, Any]:
        """The fault as JSON values."""
        return asdict(self)


def errors(faults: Iterable[Fault], *, despite: Collection[str] = ()) -> list[Fault]:
    """Those that stand in the way; ``despite`` are the codes of what is meant to be as it is."""
    meant = CAN_BE_MEANT.intersection(despite)
    return [fault for fault in faults if fault.is_error and fault.code not in meant]
