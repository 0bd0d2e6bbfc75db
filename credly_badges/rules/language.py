"""The language of requirements: one rule about one field, the conditions they form, and groups of requirements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from .fields import Field, FieldType
from .operators import Operator, operators_for
from .values import LISTS, InvalidRule, Value, read, write
from .values import LONGEST_TEXT as _LONGEST_TEXT

_TWO = 2

__all__ = [
    "Condition",
    "GroupNeeds",
    "InvalidRule",
    "Rule",
    "Value",
    "canonical_text",
    "compile_rule",
]


@dataclass(frozen=True)
class Rule:
    """One question about one field, with the value it is compared with: ``compile_rule`` makes them.

    ``about`` narrows a field that there are many of: which subsection's grade, which badge.
    """

    path: str
    operator: Operator
    value: Value
    about: str = ""

    def __post_init__(self) -> None:
        """Refuse a value that the operator cannot compare with; ``compile_rule`` never makes one."""
        fits = self.value is None if self.operator is Operator.EXISTS else self.type is not None
        if not fits:
            raise ValueError(f"{self.operator} with {self.value!r} is no rule.")

    @property
    def type(self) -> FieldType | None:
        """The type of field it asks about, told by its value; a course key is text. ``None``: of any type."""
        if self.operator is Operator.WITHIN_DAYS:
            return FieldType.DATE if type(self.value) is int else None
        kinds = {_type_of(item) for item in self._compared_with()}
        found = kinds.pop() if len(kinds) == 1 else None
        return found if found and self.operator in operators_for(found) else None

    def _compared_with(self) -> tuple[object, ...]:
        several = self.value if isinstance(self.value, tuple) else ()
        if self.operator in LISTS:
            return several
        if self.operator is Operator.BETWEEN:
            return several if len(several) == _TWO else ()
        return (self.value,)


def _type_of(value: object) -> FieldType | None:
    for kind, field_type in _TYPES:
        if isinstance(value, kind):
            return field_type
    return None


_TYPES: tuple[tuple[type, FieldType], ...] = (
    (bool, FieldType.BOOLEAN),
    (Decimal, FieldType.NUMBER),
    (date, FieldType.DATE),
    (str, FieldType.TEXT),
)


def compile_rule(field: Field, operator: str, text: str, about: str = "") -> Rule:
    """The rule that someone set by choosing a field and an operator and typing ``text``.

    Lists and the two values of between are typed with commas (``70, 90``), in quotation marks where a value has a
    comma itself. Raises ``InvalidRule`` with a sentence that says what to type instead.
    """
    known = _operator(field, operator)
    rule = Rule(field.path, known, read(field, known, text), about)
    if len(canonical_text(rule)) > _LONGEST_TEXT:
        raise InvalidRule("too_long", limit=_LONGEST_TEXT)
    return rule


def canonical_text(rule: Rule) -> str:
    """What to show in the text box for a rule; compiling it for the same field and operator gives the rule again."""
    return write(rule.value)


def _operator(field: Field, text: str) -> Operator:
    offered = operators_for(field.type)
    try:
        operator = Operator(text)
    except ValueError:
        raise InvalidRule("unknown_operator", text=text, operators=offered) from None
    if operator not in offered:
        raise InvalidRule("operator_not_for_type", label=field.label, operator=operator, operators=offered)
    return operator


@dataclass(frozen=True)
class Condition:
    """All rules of one requirement: every one must hold. Without any, the event alone is enough."""

    rules: tuple[Rule, ...] = ()


class GroupNeeds(StrEnum):
    """How many requirements of a group have to be met; a group of penalties asks for none."""

    ANY = "any"
    AT_LEAST = "at_least"
    ALL = "all"
    UNDO = "undo"
