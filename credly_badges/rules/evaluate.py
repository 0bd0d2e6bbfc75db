"""Whether a condition holds for what happened. Total: whatever the data is, the answer is a verdict, never an error."""

from __future__ import annotations

import operator as compare
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from .dates import Span, read_date
from .fields import FieldType
from .language import Condition, Rule
from .operators import Operator
from .paths import MISSING, look_up

OCCURRED_AT = "occurred_at"
"""The path of the event's own time, which every event has, unless it carries a field of that name."""

LONGEST_TEXT = 10_000
"""Characters of seen text that are compared. Longer text is no name, key or mode, and matching it would cost time."""

_MOST_BITS = 128
_MOST_DIGITS = 60
_LARGEST = Decimal(10) ** 30


class Reason(StrEnum):
    """Why a rule held or did not. Stored with evidence, so values keep their meaning."""

    HELD = "held"
    UNMET = "unmet"
    ABSENT = "absent"
    EMPTY = "empty"
    WRONG_TYPE = "wrong type"


@dataclass(frozen=True)
class Finding:
    """What one rule found: the value as the event carried it (``MISSING`` if it did not) and what came of it."""

    rule: Rule
    holds: bool
    seen: Any
    reason: str


@dataclass(frozen=True)
class Verdict:
    """Whether all rules hold, and what each found, in their order."""

    holds: bool
    findings: tuple[Finding, ...]


def evaluate(condition: Condition, attributes: Mapping[str, Any], *, now: datetime, occurred_at: datetime) -> Verdict:
    """Ask every rule of a condition about one event; it holds if each does. No rule at all holds.

    What is not there, is null, or is blank fulfills nothing, not even "is not": the LMS leaves out or blanks what it
    does not know. ``now`` is what "within days" counts back from; times without a zone are UTC.
    """
    findings = tuple(_ask(rule, attributes, now, occurred_at) for rule in condition.rules)
    return Verdict(all(finding.holds for finding in findings), findings)


def read_seen(field_type: FieldType, seen: Any) -> Any | None:
    """A value of an event as one that can be compared, or ``None`` if it is of another type.

    Numbers become ``Decimal`` (true and false are no numbers), dates a ``Span``, text loses the space around it.
    Numbers and dates may come as text, as JSON has no type for a decimal or a date.
    """
    return _READERS[field_type](seen)


def _ask(rule: Rule, attributes: Mapping[str, Any], now: datetime, occurred_at: datetime) -> Finding:
    seen = look_up(attributes, rule.path)
    if seen is MISSING and rule.path == OCCURRED_AT:
        seen = occurred_at
    if rule.about:
        seen = seen.get(rule.about, MISSING) if isinstance(seen, Mapping) else MISSING
    reason = _reason(rule, seen, now)
    return Finding(rule, reason is Reason.HELD, seen, reason)


def _reason(rule: Rule, seen: Any, now: datetime) -> Reason:
    if seen is MISSING:
        return Reason.ABSENT
    if seen is None or (isinstance(seen, str) and not seen.strip()):
        return Reason.EMPTY
    if rule.operator is Operator.EXISTS:
        return Reason.HELD
    known = read_seen(rule.type, seen) if rule.type else None
    if known is None:
        return Reason.WRONG_TYPE
    holds = _date_holds(rule, known, now) if isinstance(known, Span) else _TESTS[rule.operator](known, rule.value)
    return Reason.HELD if holds else Reason.UNMET


def _number(seen: Any) -> Decimal | None:
    if isinstance(seen, bool) or not isinstance(seen, (int, float, Decimal, str)):
        return None
    if isinstance(seen, str):
        return _number_from_text(seen.strip())
    if isinstance(seen, int) and seen.bit_length() > _MOST_BITS:
        return None
    # The shortest decimal that names the float: 0.1 is a tenth, as whoever wrote it meant.
    number = Decimal(repr(float(seen))) if isinstance(seen, float) else Decimal(seen)
    return number if number.is_finite() and abs(number) < _LARGEST else None


def _number_from_text(text: str) -> Decimal | None:
    whole, _point, fraction = text.removeprefix("-").partition(".")
    if len(text) > _MOST_DIGITS or not text.isascii() or not whole.isdigit() or not (fraction or "0").isdigit():
        return None
    return Decimal(text)


def _boolean(seen: Any) -> bool | None:
    return seen if isinstance(seen, bool) else None


def _text(seen: Any) -> str | None:
    return seen.strip() if isinstance(seen, str) and len(seen) <= LONGEST_TEXT else None


_READERS: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: read_date,
    FieldType.COURSE_KEY: _text,
    FieldType.TEXT: _text,
}

_TESTS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: compare.eq,
    Operator.NOT_EQUAL: compare.ne,
    Operator.LESS: compare.lt,
    Operator.LESS_OR_EQUAL: compare.le,
    Operator.GREATER: compare.gt,
    Operator.GREATER_OR_EQUAL: compare.ge,
    Operator.BETWEEN: lambda seen, ends: bool(ends[0] <= seen <= ends[1]),
    Operator.IN: lambda seen, values: seen in values,
    Operator.NOT_IN: lambda seen, values: seen not in values,
    Operator.CONTAINS: lambda seen, part: part in seen,
    # Python 3.11 and later compile a glob to a pattern that does not backtrack into a star it has passed.
    Operator.MATCHES: fnmatchcase,
}


def _date_holds(rule: Rule, seen: Span, now: datetime) -> bool:
    value: Any = rule.value
    if rule.operator is Operator.WITHIN_DAYS:
        return seen.is_within_days(value, now)
    if rule.operator is Operator.BETWEEN:
        return seen.is_in(Span(Span.of(value[0]).first, Span.of(value[1]).last))
    return _DATE_TESTS[rule.operator](seen, Span.of(value))


_DATE_TESTS: dict[Operator, Callable[[Span, Span], bool]] = {
    Operator.EQUAL: Span.is_in,
    Operator.NOT_EQUAL: lambda seen, value: not seen.is_in(value),
    Operator.BEFORE: Span.is_before,
    Operator.AFTER: Span.is_after,
}
