"""The answer to “why does this learner have this badge, or not?”: a tree of values and plain sentences.

Nothing here refers to a row or a request, so pages, commands and REST can all show it; ``dataclasses.asdict`` gives it
as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


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


OUTCOMES: Mapping[Status, Any] = {
    Status.COUNTS: _("Counts."),
    Status.TWICE: _("Counts once only."),
    Status.UNDONE: _("Was taken back."),
    Status.TOO_SOON: _("Came too soon."),
    Status.TOO_LATE: _("Came too late."),
    Status.WAITING: _("Has yet to be looked at."),
    Status.WOULD_COUNT: _("Was not counted."),
    Status.UNMET: _("Does not fulfill it."),
    Status.NOT_HEARD: _("Was not heard."),
    Status.ELSEWHERE: _("Happened elsewhere."),
}


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

    @property
    def counts(self) -> bool:
        """Whether the requirement is met by it, alone or with others."""
        return self.status is Status.COUNTS

    @property
    def outcome(self) -> str:
        """What came of it, in a word or two: “Counts.”"""
        return str(OUTCOMES[self.status])


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
