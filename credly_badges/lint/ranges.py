"""Which values of a field rules leave over: what two rules have in common, and whether one holds wherever another does.

Pure, and careful: where it cannot tell, it says that something is left over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Any

from ..rules.dates import Span, as_utc
from ..rules.fields import Field, FieldType
from ..rules.language import Rule
from ..rules.operators import Operator


@dataclass(frozen=True)
class End:
    """One end of what is left over; an open one is itself left out."""

    at: Any
    is_open: bool = False


@dataclass(frozen=True)
class Range:
    """Values of one field: between two ends, of a closed list, and without some; texts also by how they look."""

    low: End | None = None
    high: End | None = None
    only: frozenset[Any] | None = None
    never: frozenset[Any] = frozenset()
    parts: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()

    def has(self, value: Any) -> bool:
        """Whether a value is one of these."""
        if self.only is not None and value not in self.only:
            return False
        if self.low is not None and (value < self.low.at or (value == self.low.at and self.low.is_open)):
            return False
        if self.high is not None and (value > self.high.at or (value == self.high.at and self.high.is_open)):
            return False
        if value in self.never or any(value in each for each in self.never if isinstance(each, _Stretch)):
            return False
        return all(part in value for part in self.parts) and all(fnmatchcase(value, each) for each in self.patterns)

    @property
    def is_empty(self) -> bool:
        """Whether no value is left."""
        if self.only is not None:
            return not any(map(self.has, self.only))
        if self.low is None or self.high is None:
            return False
        if self.low.at > self.high.at:
            return True
        if self.low.at == self.high.at:
            return not self.has(self.low.at)
        return any(self.low.at in each and self.high.at in each for each in self.never if isinstance(each, _Stretch))

    def is_within(self, other: Range) -> bool:
        """Whether all of these are also of the other range."""
        if self.is_empty:
            return True
        if self.only is not None:
            return all(other.has(value) for value in self.only if self.has(value))
        if other.only is not None:
            return False
        return (
            _no_lower(self.low, other.low)
            and _no_higher(self.high, other.high)
            and all(
                each in self.never or (not isinstance(each, _Stretch) and not self.has(each)) for each in other.never
            )
            and other.parts <= self.parts
            and other.patterns - {"*"} <= self.patterns
        )


@dataclass(frozen=True)
class _Stretch:
    """A whole day of dates that are left out."""

    span: Span

    def __contains__(self, moment: datetime) -> bool:
        return self.span.first <= moment <= self.span.last


EVERYTHING = Range()

_PERCENT = Range(End(Decimal(0)), End(Decimal(100)))


def possible(field: Field) -> Range:
    """What a field can be at all."""
    if field.type is FieldType.BOOLEAN:
        return Range(only=frozenset({True, False}))
    if field.type is FieldType.NUMBER and field.unit == "%":
        return _PERCENT
    return Range(only=frozenset(field.choices)) if field.choices else EVERYTHING


def of_rule(rule: Rule, now: datetime) -> Range:
    """The values for which a rule holds."""
    if rule.type is FieldType.DATE and rule.operator is not Operator.EXISTS:
        return _of_dates(rule, now)
    make = _MADE.get(rule.operator)
    return make(rule.value) if make else EVERYTHING


_MADE: Mapping[Operator, Callable[[Any], Range]] = {
    Operator.EQUAL: lambda value: Range(only=frozenset({value})),
    Operator.NOT_EQUAL: lambda value: Range(never=frozenset({value})),
    Operator.IN: lambda values: Range(only=frozenset(values)),
    Operator.NOT_IN: lambda values: Range(never=frozenset(values)),
    Operator.LESS: lambda value: Range(high=End(value, is_open=True)),
    Operator.LESS_OR_EQUAL: lambda value: Range(high=End(value)),
    Operator.GREATER: lambda value: Range(low=End(value, is_open=True)),
    Operator.GREATER_OR_EQUAL: lambda value: Range(low=End(value)),
    Operator.BETWEEN: lambda ends: Range(End(ends[0]), End(ends[1])),
    Operator.CONTAINS: lambda part: Range(parts=frozenset({part})),
    Operator.MATCHES: lambda pattern: Range(patterns=frozenset({pattern})),
}


def _of_dates(rule: Rule, now: datetime) -> Range:
    value: Any = rule.value
    if rule.operator is Operator.WITHIN_DAYS:
        until = as_utc(now)
        return Range(End(until - timedelta(days=min(value, until.toordinal() - 2))), End(until))
    if rule.operator is Operator.BETWEEN:
        return Range(End(Span.of(value[0]).first), End(Span.of(value[1]).last))
    span = Span.of(value) if isinstance(value, date) else None
    if span is None:
        return EVERYTHING
    return {
        Operator.EQUAL: Range(End(span.first), End(span.last)),
        Operator.NOT_EQUAL: Range(never=frozenset({_Stretch(span)})),
        Operator.BEFORE: Range(high=End(span.first, is_open=True)),
        Operator.AFTER: Range(low=End(span.last, is_open=True)),
    }.get(rule.operator, EVERYTHING)


def common(ranges: Iterable[Range]) -> Range:
    """What several ranges have in common."""
    left = EVERYTHING
    for each in ranges:
        left = replace(
            left,
            low=max((end for end in (left.low, each.low) if end), key=lambda end: (end.at, end.is_open), default=None),
            high=min(
                (end for end in (left.high, each.high) if end), key=lambda end: (end.at, not end.is_open), default=None
            ),
            only=each.only if left.only is None else left.only if each.only is None else left.only & each.only,
            never=left.never | each.never,
            parts=left.parts | each.parts,
            patterns=left.patterns | each.patterns,
        )
    return left


def excluding(ranges: list[Range], possible: Range = EVERYTHING) -> Iterator[tuple[int, ...]]:
    """Which of these leave nothing over: one by itself, else two together, else all of them, by their positions."""
    alone = [(number,) for number, each in enumerate(ranges) if common((possible, each)).is_empty]
    if alone:
        yield from alone
        return
    pairs = [
        (first, second)
        for first, second in combinations(range(len(ranges)), 2)
        if common((possible, ranges[first], ranges[second])).is_empty
    ]
    if pairs:
        yield from pairs
    elif common((possible, *ranges)).is_empty:
        yield tuple(range(len(ranges)))


def _no_lower(inner: End | None, outer: End | None) -> bool:
    if outer is None or inner is None:
        return outer is None
    return bool(inner.at > outer.at or (inner.at == outer.at and (inner.is_open or not outer.is_open)))


def _no_higher(inner: End | None, outer: End | None) -> bool:
    if outer is None or inner is None:
        return outer is None
    return bool(inner.at < outer.at or (inner.at == outer.at and (inner.is_open or not outer.is_open)))
