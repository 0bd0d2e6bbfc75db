"""What a sync would change: a diff between Credly's templates and ours, that can be shown before it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from ..models import CredlyOrganization


class Fate(StrEnum):
    """What a sync does with one template."""

    ADDED = "added"
    CHANGED = "changed"
    ARCHIVED = "archived"
    GONE = "gone"
    BACK = "back"


@dataclass(frozen=True)
class Change:
    """One field of a template, as it is here and as it is at Credly."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Item:
    """One template that differs from its row; ``pk`` is None where it has none yet.

    ``values`` are the columns to write. ``closes`` says that Credly would refuse to issue it, so that it cannot stay
    active here. ``notes`` are sentences on what of Credly's text could not be taken over.
    """

    fate: Fate
    uuid: UUID
    name: str
    values: Mapping[str, Any]
    pk: int | None = None
    changes: tuple[Change, ...] = ()
    closes: bool = False
    was_active: bool = False
    notes: tuple[str, ...] = ()


@dataclass
class Plan:
    """All that a sync of one organization would do.

    ``problems`` are sentences on what could not be read: what they concern is left as it is. ``broken`` are the
    templates that Credly sent in a form we cannot use.
    """

    organization: CredlyOrganization
    items: list[Item] = field(default_factory=list)
    unchanged: int = 0
    broken: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def of(self, fate: Fate) -> list[Item]:
        """The templates that meet one fate."""
        return [item for item in self.items if item.fate == fate]

    @property
    def notes(self) -> Iterator[str]:
        """What could not be taken over as it was, with the template it concerns."""
        for item in self.items:
            for note in item.notes:
                yield f"{item.name}: {note}"

    @property
    def is_complete(self) -> bool:
        """Whether everything that Credly has was read."""
        return not self.problems
