"""All that a badge asks for, as one value: groups, the requirements in them, and the penalties that undo some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .language import Condition, GroupNeeds

ANYWHERE = ""
NOTHING_ELSE = Condition()
"""The event alone is enough."""


class Distinct(StrEnum):
    """What a requirement that has to be met several times counts."""

    COURSE = "course"
    """Courses: two runs of one course count once."""
    SUBJECT = "subject"
    """Each thing that an event can be about: each course run, each exam, each thread."""


@dataclass(frozen=True)
class Requirement:
    """One thing to do, or of a penalty (``undoes`` has the ids of what it undoes) one thing that must not happen.

    ``id`` is the stored row's, or any number that tells it apart. ``places`` are the scope keys at which it listens.
    ``times`` is in how many different places it has to be met; None is in every one of ``every``.
    """

    id: int
    key: str
    event_type: str
    places: frozenset[str] = frozenset({ANYWHERE})
    condition: Condition = NOTHING_ELSE
    times: int | None = 1
    distinct: Distinct = Distinct.COURSE
    every: frozenset[str] = frozenset()
    weight: int = 1
    undoes: frozenset[int] = frozenset()
    same_course: bool = True
    description: str = ""

    def counts_as(self, subject: str, course: str) -> str:
        """What two fulfillments have to differ in to count as two."""
        return course if self.distinct is Distinct.COURSE and course else subject


@dataclass(frozen=True)
class Group:
    """Requirements that belong together; ``after`` is the id of the group before it, if what counts comes after that.

    ``within_days`` are days from the moment at which that group was met. All other windows are rules of the
    requirements' conditions, as the event by itself decides about them.
    """

    id: int
    key: str
    needs: GroupNeeds
    at_least: int = 1
    requirements: tuple[Requirement, ...] = ()
    after: int | None = None
    within_days: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Criteria:
    """Everything that a badge asks for, in its order."""

    groups: tuple[Group, ...] = ()
    by_id: Mapping[int, Requirement] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find every requirement by its id."""
        found = {requirement.id: requirement for group in self.groups for requirement in group.requirements}
        object.__setattr__(self, "by_id", found)

    @property
    def earning(self) -> tuple[Group, ...]:
        """The groups that have to be met; without penalties."""
        return tuple(group for group in self.groups if group.needs is not GroupNeeds.UNDO)

    @property
    def penalties(self) -> tuple[Requirement, ...]:
        """What undoes requirements."""
        return tuple(each for group in self.groups if group.needs is GroupNeeds.UNDO for each in group.requirements)
