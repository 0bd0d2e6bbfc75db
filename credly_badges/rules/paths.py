"""Finding a fact inside an event by its dotted path."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

DEEPEST = 10
"""Steps a path may take. Events are two or three deep; more is a mistake or a trap."""

_MOST_DIGITS = 6


class Missing(Enum):
    """The answer of a look-up that found nothing. Not ``None``, which an event can carry."""

    MISSING = "missing"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing.MISSING


def look_up(attributes: Mapping[str, Any], path: str) -> Any | Missing:
    """What stands at ``path`` (``course.org``, ``skills.0.name``), or ``MISSING``.

    A key that itself has dots wins over the nested reading, at every level. Only mappings and list positions are
    followed, never Python attributes, so a path that someone typed reaches the event's data and nothing else.
    """
    here: Any = attributes
    rest = path
    for _step in range(DEEPEST):
        if isinstance(here, Mapping) and rest in here:
            return here[rest]
        head, dot, rest = rest.partition(".")
        here = _step_into(here, head)
        if here is MISSING or not dot:
            return here
    return MISSING


def _step_into(here: Any, name: str) -> Any | Missing:
    if isinstance(here, Mapping):
        return here.get(name, MISSING)
    if isinstance(here, (list, tuple)) and name.isascii() and name.isdigit() and len(name) <= _MOST_DIGITS:
        position = int(name)
        return here[position] if position < len(here) else MISSING
    return MISSING
