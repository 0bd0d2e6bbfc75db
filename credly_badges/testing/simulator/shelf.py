"""Badges in the order in which they were made, single ones and bulks side by side."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import chain

from .bulk import Bulk
from .records import Badge

TakeOut = Callable[[Bulk, int], Badge]


class Shelf:
    """Badges by id and in order; one from a bulk is taken out of it as soon as somebody asks for it by its id."""

    def __init__(self, take_out: TakeOut) -> None:
        self._take_out = take_out
        self._badges: dict[str, Badge] = {}
        self._in_order: list[Badge] = []
        self._bulks: list[Bulk] = []

    def add(self, badge: Badge) -> None:
        """Put a badge in its place, which is the end unless it was taken out of a bulk."""
        self._badges[badge.uuid] = badge
        self._in_order.insert(bisect_right(self._in_order, badge.sequence, key=_sequence), badge)

    def add_bulk(self, bulk: Bulk) -> None:
        """Put a bulk at the end."""
        self._bulks.append(bulk)

    def drop(self, badge: Badge) -> None:
        """Take a badge away."""
        if self._badges.pop(badge.uuid, None) is not None:
            del self._in_order[bisect_right(self._in_order, badge.sequence, key=_sequence) - 1]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._badges) + sum(map(len, self._bulks))

    def __contains__(self, uuid: str) -> bool:
        """Whether a badge is here."""
        return uuid in self._badges or any(bulk.place_of(uuid) is not None for bulk in self._bulks)

    def __getitem__(self, uuid: str) -> Badge:
        """One badge, which may be changed; raises KeyError."""
        badge = self.get(uuid)
        if badge is None:
            raise KeyError(uuid)
        return badge

    def get(self, uuid: str) -> Badge | None:
        """One badge, which may be changed, or None."""
        if uuid in self._badges:
            return self._badges[uuid]
        for bulk in self._bulks:
            if (place := bulk.place_of(uuid)) is not None:
                return self._take_out(bulk, place)
        return None

    def after(self, sequence: int = 0) -> Iterator[Badge]:
        """The badges made after a number, oldest first, to be read only: a bulk makes them for the moment."""
        start = bisect_right(self._in_order, sequence, key=_sequence)
        singles = (self._in_order[place] for place in range(start, len(self._in_order)))
        return merge(singles, chain.from_iterable(bulk.after(sequence) for bulk in self._bulks), key=_sequence)

    def newest(self) -> Iterator[Badge]:
        """The badges newest first, to be read only."""
        bulks = chain.from_iterable(bulk.newest() for bulk in reversed(self._bulks))
        return merge(reversed(self._in_order), bulks, key=_sequence, reverse=True)


def _sequence(badge: Badge) -> int:
    return badge.sequence
