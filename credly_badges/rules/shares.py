"""A share of one, as the LMS keeps grades, made into the percent that people ask for."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

_HUNDREDTH = Decimal("0.01")


def percent(value: Any) -> int | float | None:
    """The LMS's share of one (``0.7``, on certificates the text ``"0.7"``) as percent, to two decimals (``70``).

    Reckoned in decimals: 100 times the float 0.57 is 56.99999999999999, and would miss a badge that asks for 57.
    A text that is no number, such as an old letter grade, says nothing.
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        share = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not share.is_finite():
        return None
    exact = (share * 100).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def percent_of(earned: Any, possible: Any) -> int | float | None:
    """What share of the possible was earned, in percent; nothing where none was possible."""
    if not possible:
        return None
    return percent(Decimal(str(earned)) / Decimal(str(possible)))
