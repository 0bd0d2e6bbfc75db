"""Badges made by the million: each one is worked out when somebody looks at it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from itertools import islice
from uuid import uuid4

from .records import Badge, Template

ADDRESS = "earner{:07d}@bulk.example.org"
NUMBERED = re.compile(r"earner(\d{7,})@bulk\.example\.org")


class Texts:
    """A text for each place, which can be looked up again."""

    def __init__(self, given: Iterable[str], number: int) -> None:
        self._texts = list(islice(given, number))
        if len(self._texts) < number:
            raise ValueError(f"Give a text for each of the {number} badges, not only {len(self._texts)}.")

    def __getitem__(self, place: int) -> str:
        """The text of a place."""
        return self._texts[place]

    def places(self, text: str) -> list[int]:
        """Where a text stands, whatever its case."""
        first = self._first.get(text.casefold())
        return [] if first is None else [first, *self._again.get(text.casefold(), ())]

    @cached_property
    def _first(self) -> dict[str, int]:
        # Built when somebody is looked for, and then only once: a search by template needs none of it.
        first: dict[str, int] = {}
        for place, text in enumerate(self._texts):
            first.setdefault(text.casefold(), place)
        return first

    @cached_property
    def _again(self) -> dict[str, list[int]]:
        again: dict[str, list[int]] = {}
        if len(self._first) < len(self._texts):
            for place, text in enumerate(self._texts):
                if self._first[text.casefold()] != place:
                    again.setdefault(text.casefold(), []).append(place)
        return again


class Numbered(Texts):
    """Made-up addresses, which take no room at all."""

    def __init__(self, first: int, number: int) -> None:
        self._range = range(first, first + number)

    def __getitem__(self, place: int) -> str:
        """The address of a place."""
        return ADDRESS.format(self._range[place])

    def places(self, text: str) -> list[int]:
        """Where an address stands."""
        match = NUMBERED.fullmatch(text.casefold())
        number = int(match.group(1)) if match else -1
        return [self._range.index(number)] if number in self._range else []


class Bulk:
    """Many badges of one template, all alike but for their earners; ``taken`` are those that went their own way."""

    def __init__(self, template: Template, number: int, *, first: int, now: datetime, state: str) -> None:
        self.template = template
        self.number = number
        self.emails: Texts = Numbered(first, number)
        self.earner_ids: Texts | None = None
        self.taken: set[int] = set()
        self._first = first
        self._now = now
        self._state = state
        # A UUID of version 4 but for its last 48 bits, which tell the place.
        self._family = str(uuid4())[:24]

    def __len__(self) -> int:
        """How many are still in here."""
        return self.number - len(self.taken)

    def badge(self, place: int) -> Badge:
        """One badge, made anew each time."""
        sequence = self._first + place
        return Badge(
            uuid=f"{self._family}{place:012x}",
            sequence=sequence,
            organization=self.template.organization,
            template=self.template,
            recipient_email=self.emails[place],
            first_name="Earner",
            last_name=f"No. {sequence}",
            issued_at=self._now,
            created_at=self._now,
            updated_at=self._now,
            state=self._state,
            issuer_earner_id=self.earner_ids[place] if self.earner_ids else None,
            state_updated_at=None if self._state == "pending" else self._now,
        )

    def place_of(self, uuid: str) -> int | None:
        """The place of an id, if it stands here and was not taken."""
        if uuid[:24] != self._family or not re.fullmatch(r"[0-9a-f]{12}", uuid[24:]):
            return None
        place = int(uuid[24:], 16)
        return place if place < self.number and place not in self.taken else None

    def after(self, sequence: int) -> Iterator[Badge]:
        """The badges made after a number, oldest first."""
        return self._badges(range(max(sequence + 1 - self._first, 0), self.number))

    def newest(self) -> Iterator[Badge]:
        """The badges, newest first."""
        return self._badges(range(self.number - 1, -1, -1))

    def to(self, email: str) -> list[int]:
        """The places of an address, those that were taken too."""
        return self.emails.places(email)

    def of_earner(self, issuer_earner_id: str) -> list[int]:
        """The places of an issuer's id of its earner."""
        if self.earner_ids is None:
            return []
        places = self.earner_ids.places(issuer_earner_id)
        return [place for place in places if self.earner_ids[place] == issuer_earner_id]

    def _badges(self, places: range) -> Iterator[Badge]:
        return (self.badge(place) for place in places if place not in self.taken)
