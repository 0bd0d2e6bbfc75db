"""Rows of learners in courses: a few that are added one by one, or a million that are loaded at once."""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Hashable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from ...lms.rows import Row

RowType = TypeVar("RowType", bound=Row)
Place = tuple[int, str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = -(1 << 62)
_LAST = (1 << 62) - 1
_READ_AT_ONCE = 2000


class Column(Protocol):
    """The values of one column, in the order of the rows."""

    def append(self, value: Any) -> None: ...

    def read(self, start: int, end: int) -> Iterable[Any]: ...

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
        for row in rows:
            self._columns = self._columns or tuple(_column_for(value) for value in row[2:])
            self._learners.append(row.user_id)
            self._courses.append(row.course_key)
            for column, value in zip(self._columns, row[2:], strict=True):
                column.append(value)
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
        for start in range(bisect_right(self._learners, after), last, _READ_AT_ONCE):
            end = min(start + _READ_AT_ONCE, last)
            if wanted is None:
                yield from self._read(start, end)
            elif not wanted.isdisjoint(self._courses.numbers[start:end]):
                yield from (row for row in self._read(start, end) if row.course_key in (courses or ()))

    def _read(self, start: int, end: int) -> Iterator[RowType]:
        columns = (column.read(start, end) for column in (self._courses, *self._columns))
        make: Any = self._kind
        return map(make, self._learners[start:end], *columns)

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
        self._values: list[Any] = []
        self._number_of: dict[Hashable, int] = {}

    def append(self, value: Any) -> None:
        number = self._number_of.setdefault(value, len(self._values))
        if number == len(self._values):
            self._values.append(value)
        self.numbers.append(number)

    def read(self, start: int, end: int) -> Iterable[Any]:
        return map(self._values.__getitem__, self.numbers[start:end])

    def sort(self, order: Iterable[int]) -> None:
        self.numbers = array("i", map(self.numbers.__getitem__, order))

    def numbers_of(self, values: Iterable[Any]) -> set[int]:
        """The numbers of those of these values that some row has."""
        return {self._number_of[value] for value in values if value in self._number_of}


class Times:
    """A column of moments, or of none."""

    def __init__(self) -> None:
        self._microseconds: array[int] = array("q")

    def append(self, value: datetime | None) -> None:
        self._microseconds.append(_NO_TIME if value is None else (value - _EPOCH) // timedelta(microseconds=1))

    def read(self, start: int, end: int) -> Iterable[Any]:
        for number in self._microseconds[start:end]:
            yield None if number == _NO_TIME else _EPOCH + timedelta(0, 0, number)

    def sort(self, order: Iterable[int]) -> None:
        self._microseconds = array("q", map(self._microseconds.__getitem__, order))


def _column_for(value: Any) -> Column:
    return Times() if value is None or isinstance(value, datetime) else Few()
