"""Rows of learners in courses: a few that are added one by one, or a million that are loaded at once."""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Hashable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from ...lms.rows import Row

RowType = TypeVar("RowType", bound=Row)
Place = tuple[int, str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = -(1 << 62)
_LAST = (1 << 62) - 1
_AT_ONCE = 2000
_ONE = timedelta(microseconds=1)


class Column(Protocol):
    """The values of one column, in the order of the rows."""

    def extend(self, values: Iterable[Any]) -> None: ...

    def read(self, positions: Iterable[int]) -> Iterable[Any]: ...

    def sort(self, order: Iterable[int]) -> None: ...


class Shelf(Generic[RowType]):
    """One source of history, in the order of the learners' numbers.

    What is loaded takes some forty bytes a row, and any slice of it is found at once. What is added takes more, and
    goes before a row that was loaded for the same learner and course.
    """

    def __init__(self, kind: type[RowType]) -> None:
        self._kind = kind
        self.clear()

    def clear(self) -> None:
        """Forget every row."""
        self._added: dict[Place, RowType] = {}
        self._order: list[Place] = []
        self._learners: array[int] = array("q")
        self._courses = Few()
        self._columns: tuple[Column, ...] = ()

    def add(self, row: RowType) -> None:
        """One row; it takes the place of an earlier one of the same learner in the same course."""
        place = (row.user_id, row.course_key)
        if place not in self._added:
            insort(self._order, place)
        self._added[place] = row

    def load(self, rows: Iterable[RowType]) -> int:
        """Take in all rows of an iterator, in any order, each learner and course once; how many."""
        before = len(self._learners)
        coming = iter(rows)
        while some := list(islice(coming, _AT_ONCE)):
            self._columns = self._columns or tuple(_column_for(value) for value in some[0][2:])
            learners, courses, *others = zip(*some, strict=True)
            self._learners.extend(learners)
            self._courses.extend(courses)
            for column, values in zip(self._columns, others, strict=True):
                column.extend(values)
        self._sort()
        return len(self._learners) - before

    def get(self, user_id: int, course: str) -> RowType | None:
        """The row of one learner in one course."""
        return next(iter(self.of({user_id}, {course})), None)

    def of(self, user_ids: Collection[int], courses: Collection[str] | None) -> list[RowType]:
        """All rows of these learners, in these courses or in all."""
        found: list[RowType] = []
        for user_id in sorted(user_ids):
            found += self._between(courses, user_id - 1, user_id)
        return found

    def slice(self, courses: Collection[str] | None, after: int, limit: int) -> list[RowType]:
        """About ``limit`` rows of the learners next after ``after``, none of whom is cut in two."""
        found: list[RowType] = []
        for row in self._between(courses, after, _LAST):
            if len(found) >= limit and row.user_id != found[-1].user_id:
                break
            found.append(row)
        return found

    def _between(self, courses: Collection[str] | None, after: int, until: int) -> Iterator[RowType]:
        loaded = self._loaded_between(courses, after, until)
        if not self._added:
            return loaded
        others = (row for row in loaded if (row.user_id, row.course_key) not in self._added)
        return heapq.merge(self._added_between(courses, after, until), others, key=lambda row: row.user_id)

    def _added_between(self, courses: Collection[str] | None, after: int, until: int) -> Iterator[RowType]:
        last = bisect_left(self._order, (until + 1, ""))
        for position in range(bisect_left(self._order, (after + 1, "")), last):
            place = self._order[position]
            if courses is None or place[1] in courses:
                yield self._added[place]

    def _loaded_between(self, courses: Collection[str] | None, after: int, until: int) -> Iterator[RowType]:
        wanted = None if courses is None else self._courses.numbers_of(courses)
        last = bisect_right(self._learners, until)
        for start in range(bisect_right(self._learners, after), last, _AT_ONCE):
            positions: Collection[int] = range(start, min(start + _AT_ONCE, last))
            if wanted is not None:
                positions = [at for at in positions if self._courses.numbers[at] in wanted]
            yield from self._read(positions)

    def _read(self, positions: Iterable[int]) -> Iterator[RowType]:
        make: Any = self._kind
        others = (column.read(positions) for column in (self._courses, *self._columns))
        return map(make, map(self._learners.__getitem__, positions), *others)

    def _sort(self) -> None:
        numbers = self._learners
        if all(numbers[at] <= numbers[at + 1] for at in range(len(numbers) - 1)):
            return
        order = array("q", sorted(range(len(numbers)), key=numbers.__getitem__))
        self._learners = array("q", map(numbers.__getitem__, order))
        for column in (self._courses, *self._columns):
            column.sort(order)


class Few:
    """A column with few different values: each is kept once, and a row has its number."""

    def __init__(self) -> None:
        self.numbers: array[int] = array("i")
        self._number_of = _Numbers()

    def extend(self, values: Iterable[Any]) -> None:
        self.numbers.extend(map(self._number_of.__getitem__, values))

    def read(self, positions: Iterable[int]) -> Iterable[Any]:
        return map(self._number_of.in_order.__getitem__, map(self.numbers.__getitem__, positions))

    def sort(self, order: Iterable[int]) -> None:
        self.numbers = array("i", map(self.numbers.__getitem__, order))

    def numbers_of(self, values: Iterable[Any]) -> set[int]:
        """The numbers of those of these values that some row has."""
        return {self._number_of[value] for value in values if value in self._number_of}


class _Numbers(dict[Hashable, int]):
    """The number of each value; a new value gets the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.in_order: list[Any] = []

    def __missing__(self, value: Hashable) -> int:
        self.in_order.append(value)
        return self.setdefault(value, len(self))


class Times:
    """A column of moments, or of none."""

    def __init__(self) -> None:
        self._microseconds: array[int] = array("q")

    def extend(self, values: Iterable[datetime | None]) -> None:
        self._microseconds.extend(_NO_TIME if value is None else (value - _EPOCH) // _ONE for value in values)

    def read(self, positions: Iterable[int]) -> Iterable[Any]:
        for number in map(self._microseconds.__getitem__, positions):
            yield None if number == _NO_TIME else _EPOCH + timedelta(0, 0, number)

    def sort(self, order: Iterable[int]) -> None:
        self._microseconds = array("q", map(self._microseconds.__getitem__, order))


def _column_for(value: Any) -> Column:
    return Times() if value is None or isinstance(value, datetime) else Few()
