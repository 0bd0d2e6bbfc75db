"""Every English sentence of this package, whole and with named places, so that each can be translated.

This package may not import Django, so sentences are only marked here, and whoever shows one passes a ``translate``
function.
"""

from __future__ import annotations

from dataclasses import dataclass

from .fields import FieldType
from .marking import mark as _
from .operators import LABELS, Operator


@dataclass(frozen=True)
class Wording:
    """One operator in three sentences: the criterion, why it held, why it did not."""

    criterion: str
    held: str
    unmet: str


WORDINGS: dict[Operator, Wording] = {
    Operator.EQUAL: Wording(
        _("{label} is {value}."),
        _("{label} is {seen}, as needed."),
        _("{label} is {seen}, needs {value}."),
    ),
    Operator.NOT_EQUAL: Wording(
        _("{label} is not {value}."),
        _("{label} is {seen}, which is not {value}."),
        _("{label} is {seen}, needs anything else."),
    ),
    Operator.LESS: Wording(
        _("{label} is less than {value}."),
        _("{label} is {seen}, which is less than {value}."),
        _("{label} is {seen}, needs less than {value}."),
    ),
    Operator.LESS_OR_EQUAL: Wording(
        _("{label} is {value} or less."),
        _("{label} is {seen}, which is {value} or less."),
        _("{label} is {seen}, needs {value} or less."),
    ),
    Operator.GREATER: Wording(
        _("{label} is more than {value}."),
        _("{label} is {seen}, which is more than {value}."),
        _("{label} is {seen}, needs more than {value}."),
    ),
    Operator.GREATER_OR_EQUAL: Wording(
        _("{label} is {value} or more."),
        _("{label} is {seen}, which is {value} or more."),
        _("{label} is {seen}, needs {value} or more."),
    ),
    Operator.BETWEEN: Wording(
        _("{label} is between {low} and {high}, or one of these two."),
        _("{label} is {seen}, which is within {low} to {high}."),
        _("{label} is {seen}, needs {low} to {high}."),
    ),
    Operator.IN: Wording(
        _("{label} is one of: {values}."),
        _("{label} is {seen}, which is one of: {values}."),
        _("{label} is {seen}, needs one of: {values}."),
    ),
    Operator.NOT_IN: Wording(
        _("{label} is none of: {values}."),
        _("{label} is {seen}, which is none of: {values}."),
        _("{label} is {seen}, needs none of: {values}."),
    ),
    Operator.CONTAINS: Wording(
        _("{label} contains {value}."),
        _("{label} is {seen}, which contains {value}."),
        _("{label} is {seen}, needs to contain {value}."),
    ),
    Operator.MATCHES: Wording(
        _("{label} matches the pattern {value}."),
        _("{label} is {seen}, which matches the pattern {value}."),
        _("{label} is {seen}, needs to match the pattern {value}."),
    ),
    Operator.EXISTS: Wording(
        _("{label} has a value."),
        _("{label} has a value: {seen}."),
        _("{label} has no value, needs one."),
    ),
    Operator.BEFORE: Wording(
        _("{label} is before {value}."),
        _("{label} is {seen}, which is before {value}."),
        _("{label} is {seen}, needs a date before {value}."),
    ),
    Operator.AFTER: Wording(
        _("{label} is after {value}."),
        _("{label} is {seen}, which is after {value}."),
        _("{label} is {seen}, needs a date after {value}."),
    ),
    Operator.WITHIN_DAYS: Wording(
        _("{label} is no more than this many days ago: {count}."),
        _("{label} is {seen}, which is no more than this many days ago: {count}."),
        _("{label} is {seen}, needs to be past and no more than this many days ago: {count}."),
    ),
}

# A yes or no reads better without "is": labels are often a statement already ("Passes the course: yes").
YES_OR_NO = Wording(_("{label}: {value}."), _("{label}: {seen}, as needed."), _("{label}: {seen}, needs {value}."))

ABSENT = _("{label} is not known. Needed: {criterion}")
EMPTY = _("{label} is empty. Needed: {criterion}")
WRONG_TYPE: dict[FieldType, str] = {
    FieldType.NUMBER: _("{label} arrived as {seen}, which is not a number. Needed: {criterion}"),
    FieldType.BOOLEAN: _("{label} arrived as {seen}, which is neither yes nor no. Needed: {criterion}"),
    FieldType.DATE: _("{label} arrived as {seen}, which is not a date. Needed: {criterion}"),
    FieldType.COURSE_KEY: _("{label} arrived as {seen}, which is not a course key. Needed: {criterion}"),
    FieldType.TEXT: _("{label} arrived as {seen}, which is not text. Needed: {criterion}"),
}

YES = _("yes")
NO = _("no")
QUOTED = _("“{text}”")
AMOUNT = _("{number} {unit}")
MOMENT = _("{date} {time} {zone}")
ABOUT = _("{label} ({about})")
SOMETHING_ELSE = _("something else")

REFUSALS: dict[str, str] = {
    "unknown_operator": _("There is no operator “{text}”. Choose one of these: {operators}."),
    "operator_not_for_type": _("{label} cannot be asked whether it {operator}. Choose one of these: {operators}."),
    "value_needed": _("Type a value for {label}, for example {example}."),
    "value_not_needed": _("“{operator}” compares {label} with nothing. Leave the value empty."),
    "too_long": _("This value is too long. Keep it to {limit} characters."),
    "control_character": _(
        "The value has an invisible control character in it. Delete it all and type it again by hand."
    ),
    "not_a_number": _("“{text}” is not a number. Type digits, with a point before decimals, for example {example}."),
    "not_yes_or_no": _("“{text}” is neither yes nor no. Type yes or no."),
    "not_a_date": _("“{text}” is not a date. Type year-month-day, for example 2026-06-30 or 2026-06-30T12:00+02:00."),
    "not_a_course_key": _(
        "“{text}” is not a course key. Copy it from the address of the course, for example {example}."
    ),
    "not_a_choice": _("“{text}” is nothing {label} can be. Type one of these: {choices}."),
    "not_two_values": _("Type two values with a comma between them, the lower first, for example {example}."),
    "reversed": _("“{low}” comes after “{high}”. Type the lower value first: {high}, {low}."),
    "not_whole_days": _(
        "“{text}” is not a number of days. Type a whole number from 1 to {limit}, for example {example}."
    ),
    "open_quote": _(
        "The quotation marks do not pair up. Put one before and one after each value that has a comma in it."
    ),
    "too_many_stars": _("The pattern has too many stars. Use {limit} or fewer."),
}


def msgids() -> tuple[str, ...]:
    """All texts of the rules that people can see, in English, each once and in a stable order."""
    sentences = [text for w in (*WORDINGS.values(), YES_OR_NO) for text in (w.criterion, w.held, w.unmet)]
    pieces = [YES, NO, QUOTED, AMOUNT, MOMENT, ABOUT, SOMETHING_ELSE]
    texts = [*LABELS.values(), *sentences, ABSENT, EMPTY, *WRONG_TYPE.values(), *pieces, *REFUSALS.values()]
    return tuple(dict.fromkeys(texts))
