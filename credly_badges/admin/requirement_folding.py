"""Which parts of a long page can be typed into at once.

A browser may send 1,000 fields, unless the site allows more (``DATA_UPLOAD_MAX_NUMBER_FIELDS``), and nobody finds their
way among as many. So the parts of a badge that asks for much are shown in a line each; one is opened to be edited, and
what the others hold travels as one field.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from django.conf import settings

from .requirement_parts import Foldable, GroupPart, Values, foldables, owned_parts

MOST_FIELDS = 400
_BESIDES = 20
"""The fields of the page that are of no part, and some to spare."""


def fold(groups: Sequence[GroupPart], wanted: Sequence[str]) -> list[str]:
    """Open all parts where these fit on the page, else those that are wanted, the last wanted first.

    ``wanted`` are marks of parts; those that were opened are given back, in the same order.
    """
    parts = {mark(part): part for part in foldables(groups)}
    left = budget()
    if sum(part.cost for part in parts.values()) <= left:
        for part in parts.values():
            part.is_open = True
        return [each for each in wanted if each in parts]
    opened: list[str] = []
    for part in parts.values():
        part.is_open = False
    for each in reversed(list(dict.fromkeys(wanted))):
        if each in parts and parts[each].cost <= (left if opened else most()):
            parts[each].is_open = True
            left -= parts[each].cost
            opened.insert(0, each)
    return opened


def mark(part: Foldable) -> str:
    """What tells a part from all others: ``g12`` or ``rnew3``."""
    return f"{'g' if isinstance(part, GroupPart) else 'r'}{part.key}"


def budget() -> int:
    """How many fields all parts of a page may send together."""
    return min(MOST_FIELDS, most())


def most() -> int:
    """How many fields one part may send, where it is open alone."""
    allowed: int | None = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    return sys.maxsize if allowed is None else allowed - _BESIDES


def put_away(groups: Sequence[GroupPart], values: Values) -> Values:
    """The values that no field of the page shows: of parts that are closed, and of fields that make no sense now."""
    shown: set[str] = set()
    prefixes: set[str] = set()
    for owner, part in owned_parts(groups):
        prefixes.add(str(part.form.prefix))
        if owner.is_open:
            shown.update(part.form.add_prefix(name) for name in part.form.fields)
    return {
        name: value
        for name, value in values.items()
        if value and name not in shown and name.partition("-")[0] in prefixes
    }
