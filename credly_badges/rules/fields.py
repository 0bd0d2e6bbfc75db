"""The facts of an event that a rule can ask about, as the event catalogue describes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FieldType(StrEnum):
    """What kind of value a field holds; it decides which operators can be asked of it."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    COURSE_KEY = "course_key"
    TEXT = "text"


@dataclass(frozen=True)
class Field:
    """One fact of an event: where it is, what people call it, and what it looks like.

    ``label`` and ``unit`` may be lazy translations; they are turned into text only when a sentence is made. The unit
    is shown behind numbers and may be typed behind them. ``sample`` is a value as the event carries it, used in
    examples. ``choices`` is a closed list of texts: another value is refused, so leave it empty where a site can have
    values of its own.
    """

    path: str
    label: Any
    type: FieldType
    unit: Any = ""
    sample: Any = None
    choices: tuple[str, ...] = ()
