"""What a person typed into one text box, as the typed value of a rule, and back again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from . import wording
from .dates import Span, parse_date
from .fields import Field, FieldType
from .operators import Operator

Scalar: TypeAlias = Decimal | bool | date | int | str
Value: TypeAlias = Scalar | tuple[Scalar, ...] | None
"""One value; two for between; one or more for in and not in; whole days for within days; nothing for exists."""

LONGEST_TEXT = 1000
LONGEST_SHOWN = 100
LONGEST_COURSE_KEY = 255
MOST_DAYS = 36_500
MOST_STARS = 20
_TWO = 2
LISTS = (Operator.IN, Operator.NOT_IN)
_WORDS_TYPES = (FieldType.TEXT, FieldType.COURSE_KEY)

_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,9})?", re.ASCII)
_COURSE_KEY = re.compile(r"[a-z0-9-]+:[^+\s]+\+[^+\s]+\+\S+|[^/:+\s]+/[^/:+\s]+/[^/:+\s]+")
_ITEM = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^\s",][^,]*)?)\s*(?P<more>,|$)')
_YES_OR_NO = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
_CONTROL = {"Cc", "Cs", "Zl", "Zp"}

_EXAMPLES = {
    FieldType.NUMBER: "80",
    FieldType.BOOLEAN: "yes",
    FieldType.DATE: "2026-06-30",
    FieldType.COURSE_KEY: "course-v1:edX+DemoX+2026",
    FieldType.TEXT: "verified",
}


class InvalidRule(ValueError):
    """What was typed is no rule. ``code`` names the mistake; ``sentence`` says what it is and what to type instead."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """The sentence in English."""
        return self.sentence_in(str)

    def sentence_in(self, translate: Callable[[str], str]) -> str:
        """The sentence in the reader's language; ``translate`` gets one of ``wording.msgids()`` at a time."""
        details = {name: _detail(value, translate) for name, value in self.details.items()}
        return translate(wording.REFUSALS[self.code]).format_map(details)


def _detail(value: Any, translate: Callable[[str], str]) -> str:
    """One place of a sentence, cut short: a sentence is read, and repeats only enough to be recognized."""
    if isinstance(value, Operator):
        return translate(value.label)
    if isinstance(value, tuple):
        return ", ".join(_detail(item, translate) for item in value)
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def read(field: Field, operator: Operator, text: str) -> Value:
    """The typed value of ``text`` for a question that fits the field. Raises ``InvalidRule``."""
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise InvalidRule("too_long", limit=LONGEST_TEXT)
    if operator is Operator.EXISTS:
        if text:
            raise InvalidRule("value_not_needed", operator=operator, label=field.label)
        return None
    if not text:
        raise InvalidRule("value_needed", label=field.label, example=example(field, operator))
    return _SHAPES.get(operator, _one)(field, text)


def write(value: Value) -> str:
    """The text that reads as this value again, in one agreed form."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(_quoted(write(item)) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return plain(value) if isinstance(value, Decimal) else str(value)


def example(field: Field, operator: Operator) -> str:
    """What someone could type for this field and operator: a form's placeholder."""
    one = _EXAMPLES[field.type]
    if field.choices:
        one = field.choices[0]
    elif isinstance(field.sample, str) and field.sample.strip() and field.type in _WORDS_TYPES:
        one = field.sample.strip()
    if operator is Operator.EXISTS:
        return ""
    if operator is Operator.WITHIN_DAYS:
        return "30"
    if operator is Operator.BETWEEN:
        return "70, 90" if field.type is FieldType.NUMBER else "2026-01-01, 2026-06-30"
    if operator is Operator.MATCHES:
        return "course-v1:edX+*" if field.type is FieldType.COURSE_KEY else "Intro*"
    return _quoted(one) if operator in LISTS else one


def plain(number: Decimal) -> str:
    """All digits of a number and no zeros at the end of its fraction. Nothing is rounded."""
    digits = format(number, "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def _one(field: Field, text: str) -> Scalar:
    value = _READERS[field.type](field, text)
    if field.choices and isinstance(value, str) and value not in field.choices:
        raise InvalidRule("not_a_choice", text=text, label=field.label, choices=field.choices)
    return value


def _number(field: Field, text: str) -> Decimal:
    digits = text.removesuffix(str(field.unit)).rstrip() if field.unit else text
    if not _NUMBER.fullmatch(digits):
        raise InvalidRule("not_a_number", text=text, example=example(field, Operator.EQUAL))
    return Decimal(digits) + 0  # Zero has no sign in a rule: -0 is typed, 0 is kept.


def _boolean(_field: Field, text: str) -> bool:
    try:
        return _YES_OR_NO[text.lower()]
    except KeyError:
        raise InvalidRule("not_yes_or_no", text=text) from None


def _date(_field: Field, text: str) -> date:
    when = parse_date(text)
    if when is None:
        raise InvalidRule("not_a_date", text=text)
    return when


def _course_key(_field: Field, text: str) -> str:
    # Only the shape is looked at. Whether the course exists is for the LMS to say, and it may be created later.
    if len(text) > LONGEST_COURSE_KEY or not _COURSE_KEY.fullmatch(_line(text)):
        raise InvalidRule("not_a_course_key", text=text, example=_EXAMPLES[FieldType.COURSE_KEY])
    return text


def _text(_field: Field, text: str) -> str:
    return _line(text)


_READERS: dict[FieldType, Callable[[Field, str], Scalar]] = {
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.COURSE_KEY: _course_key,
    FieldType.TEXT: _text,
}


def _days(field: Field, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_DAYS)) and 1 <= int(text) <= MOST_DAYS):
        raise InvalidRule("not_whole_days", text=text, limit=MOST_DAYS, example=example(field, Operator.WITHIN_DAYS))
    return int(text)


def _line(text: str) -> str:
    """Text as one line: a control character cannot be seen in a form, so what has one would never be found out."""
    if any(unicodedata.category(character) in _CONTROL for character in text):
        raise InvalidRule("control_character")
    return text


def _pattern(_field: Field, text: str) -> str:
    if text.count("*") > MOST_STARS:
        raise InvalidRule("too_many_stars", limit=MOST_STARS)
    return _line(text)


def _two(field: Field, text: str) -> tuple[Scalar, ...]:
    parts = _split(text)
    if len(parts) != _TWO:
        raise InvalidRule("not_two_values", example=example(field, Operator.BETWEEN))
    low, high = (_one(field, part) for part in parts)
    if _is_reversed(low, high):
        raise InvalidRule("reversed", low=parts[0], high=parts[1])
    return low, high


def _is_reversed(low: Any, high: Any) -> bool:
    if isinstance(low, date):
        return Span.of(low).first > Span.of(high).last
    return bool(low > high)


def _list(field: Field, text: str) -> tuple[Scalar, ...]:
    parts = _split(text)
    if not parts:
        raise InvalidRule("value_needed", label=field.label, example=example(field, Operator.IN))
    return tuple(dict.fromkeys(_one(field, part) for part in parts))


def _split(text: str) -> list[str]:
    """The values of a list: between commas or on lines of their own, in quotation marks where one has a comma."""
    parts = []
    for line in text.splitlines():
        position, more = 0, ","
        while more:
            item = _ITEM.match(line, position)
            if item is None:
                raise InvalidRule("open_quote")
            quoted, bare, more = item.group("quoted", "bare", "more")
            parts.append((bare or (quoted or "").replace('""', '"')).strip())
            position = item.end()
    return [part for part in parts if part]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text else text


_SHAPES: dict[Operator, Callable[[Field, str], Value]] = {
    Operator.CONTAINS: _text,
    Operator.MATCHES: _pattern,
    Operator.BETWEEN: _two,
    Operator.IN: _list,
    Operator.NOT_IN: _list,
    Operator.WITHIN_DAYS: _days,
}
