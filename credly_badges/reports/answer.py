"""The answer to “why does this learner have this badge, or not?”: a tree of values and plain sentences.

Nothing here refers to a row or a request, so pages, commands and REST can all show it; ``dataclasses.asdict`` gives it
as data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What came of one thing that a learner did, for one requirement."""

    COUNTS = "counts"
    TWICE = "twice"
    """It holds, and something else of the same course counts already."""
    UNDONE = "undone"
    """It held, and a penalty took it back."""
    TOO_SOON = "too soon"
    """It holds, and the group that has to be met before it was not met by then."""
    TOO_LATE = "too late"
    """It holds, and came after the days from the group before it."""
    WAITING = "waiting"
    """It was heard, and has yet to be held against the requirement."""
    WOULD_COUNT = "would count"
    """By what is known now it fits, and it was never counted."""
    UNMET = "unmet"
    """It was heard, and something of it is not as it is needed."""
    NOT_HEARD = "not heard"
    """The LMS knows of it, and nothing was heard of it here."""
    ELSEWHERE = "elsewhere"
    """It was heard, of another course than is asked for."""

    @property
    def holds(self) -> bool:
        """Whether the requirement's rules hold for it, as they were held against it."""
        return self in (Status.COUNTS, Status.TWICE, Status.UNDONE, Status.TOO_SOON, Status.TOO_LATE)


@dataclass(frozen=True)
class RuleSeen:
    """One rule, and the value that it saw: “Grade is 74 %, needs 80 % or more.”"""

    holds: bool
    sentence: str
    path: str = ""
    about: str = ""
    seen: Any = None


@dataclass(frozen=True)
class Occurrence:
    """One thing that the learner did, or that happened to them, and what it means for one requirement.

    ``title`` is what ``subject`` is called: a course, a badge.
    """

    status: Status
    sentence: str
    event: str
    subject: str
    title: str
    at: datetime
    rules: tuple[RuleSeen, ...] = ()
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class RequirementWhy:
    """One requirement: what it asks for, how far it is met, what counted and what did not, and what is missing.

    Of a penalty, ``met`` says that it applies.
    """

    key: str
    name: str
    sentence: str
    met: bool
    met_at: datetime | None
    count: int
    needed: int
    said: str
    missing: tuple[str, ...]
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True)
class GroupWhy:
    """One group: how many of its requirements it takes, when it counts, and how far it is."""

    key: str
    name: str
    needs: str
    notes: tuple[str, ...]
    met: bool
    met_at: datetime | None
    waits: bool
    said: str
    requirements: tuple[RequirementWhy, ...]


@dataclass(frozen=True)
class Step:
    """One step after all requirements were met, on the badge's way to the learner. ``done`` None: no step, a note."""

    done: bool | None
    sentence: str
    at: datetime | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Why:
    """Why a learner has a badge or does not: the requirements, what took something back, and the way after it."""

    learner_id: int
    template: str
    template_id: str
    headline: str
    complete: bool
    completed_at: datetime | None
    percent: int
    version: int
    is_current_version: bool
    groups: tuple[GroupWhy, ...]
    penalties: tuple[RequirementWhy, ...]
    path: tuple[Step, ...]
    hints: tuple[str, ...] = ()
