"""A template as Credly describes it, in the columns of our table."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ..credly import wire
from ..models import BadgeTemplate

DESCRIBED = (
    "name",
    "description",
    "image_url",
    "criteria_url",
    "public_url",
    "level",
    "cost",
    "time_to_earn",
    "type_category",
    "skills",
    "activities",
    "alignments",
    "allow_duplicates",
    "default_expiry",
    "credly_state",
)
"""The columns that a sync compares; ``credly_updated_at`` only goes along, as it moves for what we do not keep too."""

ADDRESSES = ("image_url", "criteria_url", "public_url")

# Line breaks and tabs are text; the rest of the control characters could only disturb a terminal or a log.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def columns(template: wire.Template) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of a template's columns, and a sentence for each that had to be shortened to fit.

    What Credly sends is plain text to us, whatever it looks like: it is escaped wherever it is shown.
    """
    values: dict[str, Any] = {
        "name": template.name.strip(),
        "description": template.description,
        "image_url": template.image_url,
        "criteria_url": template.criteria_url,
        "public_url": template.public_url,
        "level": template.level,
        "cost": template.cost,
        "time_to_earn": template.time_to_earn,
        "type_category": template.type_category,
        "skills": [_clean(skill) for skill in template.skills],
        "activities": [
            {"title": _clean(each.title), "type": _clean(each.type), "url": each.url} for each in template.activities
        ],
        "alignments": [
            {"name": _clean(each.name), "url": each.url, "description": _clean(each.description)}
            for each in template.alignments
        ],
        "allow_duplicates": template.allow_duplicates,
        "default_expiry": _expiry(template),
        "credly_state": template.state,
        "credly_updated_at": template.updated_at,
    }
    notes = []
    for column, limit in _LIMITS.items():
        values[column], note = _fitted(column, values[column], limit)
        notes += [note] if note else []
    return values, tuple(notes)


def _fitted(column: str, value: str, limit: int | None) -> tuple[str, str]:
    value = _clean(value)
    if limit is None or len(value) <= limit:
        return value, ""
    said = {"field": _FIELDS[column].verbose_name, "limit": limit}
    if column in ADDRESSES:
        # Half an address leads nowhere, or somewhere else.
        return "", _("The %(field)s is longer than %(limit)d characters and was left out.") % said
    return value[:limit], _("The %(field)s is longer than %(limit)d characters and was cut.") % said


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)


def _expiry(template: wire.Template) -> str:
    given = template.default_expires_at
    value = given.isoformat() if isinstance(given, datetime) else given or ""
    return " ".join(part for part in (value, template.default_expires_at_type) if part)


_FIELDS = {field.name: field for field in BadgeTemplate._meta.fields}
# The text columns, and how many characters each takes (None: any number).
_LIMITS: dict[str, int | None] = {
    name: _FIELDS[name].max_length
    for name in DESCRIBED
    if name not in ("skills", "activities", "alignments", "allow_duplicates", "credly_state")
}
