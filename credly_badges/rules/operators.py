"""What can be asked of a field. Each member's value is what the database stores; it never changes meaning."""

from __future__ import annotations

from enum import StrEnum

from .fields import FieldType
from .marking import mark as _


class Operator(StrEnum):
    """One question about a field; ``docs/references/operators.rst`` shows each with examples."""

    EQUAL = "eq"
    NOT_EQUAL = "ne"
    LESS = "lt"
    LESS_OR_EQUAL = "lte"
    GREATER = "gt"
    GREATER_OR_EQUAL = "gte"
    BETWEEN = "between"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    MATCHES = "matches"
    EXISTS = "exists"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_DAYS = "within_days"

    @property
    def label(self) -> str:
        """Its name between a field and a value, in English: what a form offers after translating it."""
        return LABELS[self]


LABELS: dict[Operator, str] = {
    Operator.EQUAL: _("is equal to"),
    Operator.NOT_EQUAL: _("is not equal to"),
    Operator.LESS: _("is less than"),
    Operator.LESS_OR_EQUAL: _("is at most"),
    Operator.GREATER: _("is more than"),
    Operator.GREATER_OR_EQUAL: _("is at least"),
    Operator.BETWEEN: _("is between"),
    Operator.IN: _("is one of"),
    Operator.NOT_IN: _("is none of"),
    Operator.CONTAINS: _("contains"),
    Operator.MATCHES: _("matches the pattern"),
    Operator.EXISTS: _("has a value"),
    Operator.BEFORE: _("is before"),
    Operator.AFTER: _("is after"),
    Operator.WITHIN_DAYS: _("is within this number of days before now"),
}

_WORDS = (
    Operator.EQUAL,
    Operator.NOT_EQUAL,
    Operator.IN,
    Operator.NOT_IN,
    Operator.CONTAINS,
    Operator.MATCHES,
    Operator.EXISTS,
)

_BY_TYPE: dict[FieldType, tuple[Operator, ...]] = {
    FieldType.NUMBER: (
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.LESS,
        Operator.LESS_OR_EQUAL,
        Operator.GREATER,
        Operator.GREATER_OR_EQUAL,
        Operator.BETWEEN,
        Operator.IN,
        Operator.NOT_IN,
        Operator.EXISTS,
    ),
    FieldType.BOOLEAN: (Operator.EQUAL, Operator.NOT_EQUAL, Operator.EXISTS),
    FieldType.DATE: (
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.BEFORE,
        Operator.AFTER,
        Operator.BETWEEN,
        Operator.WITHIN_DAYS,
        Operator.EXISTS,
    ),
    FieldType.COURSE_KEY: _WORDS,
    FieldType.TEXT: _WORDS,
}


def operators_for(field_type: FieldType) -> tuple[Operator, ...]:
    """The operators that make sense for a kind of field, in the order a form offers them."""
    return _BY_TYPE[field_type]
