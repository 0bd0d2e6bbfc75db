"""Percentages as somebody types them: a slip of the point makes a badge that everybody earns, or nobody."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from ..rules.fields import Field, FieldType
from ..rules.language import Rule

WHOLE = 100


def slip(field: Field, rule: Rule) -> str:
    """The sentence that says what to type instead; empty where nothing is wrong.

    A part of one percent is refused too: it is nearly always a fraction, as edx-platform itself stores grades.
    """
    if field.type is not FieldType.NUMBER or field.unit != "%":
        return ""
    for value in rule.value if isinstance(rule.value, tuple) else (rule.value,):
        if not isinstance(value, Decimal):
            continue
        if not 0 <= value <= WHOLE:
            return _("A value in percent is from 0 to 100.")
        if 0 < value < 1:
            return _("“%(value)s” is less than one percent. For %(percent)s percent type %(percent)s.") % {
                "value": f"{float(value):g}",
                "percent": f"{float(value * WHOLE):g}",
            }
    return ""
