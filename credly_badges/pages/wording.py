"""What the staff pages call things: where a badge stands, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from .. import activation
from ..models import BadgeTemplate
from .offered import OfferedBadge
from .whose import BACKFILL, DEEDS, REHEARSE, destination

Status = BadgeTemplate.Status

STANDING: Mapping[str, Any] = {
    Status.DRAFT: _("not active"),
    Status.REVIEW: _("in review: somebody who may approve badges looks at it next"),
    Status.SHADOW: _("in shadow: it is recorded who earns it, and nothing is awarded"),
    Status.ACTIVE: _("active: learners earn it"),
    Status.PAUSED: _("paused: what learners do is kept, and nothing is awarded"),
    Status.RETIRED: _("not active"),
}
READINGS: Mapping[str, Any] = {REHEARSE: _("Rehearse"), BACKFILL: _("Backfill")}

DONE: Mapping[str, Any] = {
    Status.DRAFT: _("“%(badge)s” is a draft again."),
    Status.REVIEW: _("“%(badge)s” waits for somebody to approve it."),
    Status.SHADOW: _("“%(badge)s” is in shadow: what learners earn is recorded and not awarded."),
    Status.ACTIVE: _("“%(badge)s” is active: learners can earn it from now on."),
    Status.PAUSED: _("“%(badge)s” is paused. What learners do is kept until you resume it."),
    Status.RETIRED: _("“%(badge)s” is no longer active. Badges that were awarded stay."),
}


def standing(badge: OfferedBadge) -> str:
    """Where a badge stands."""
    return str(STANDING[badge.template.status])


def buttons(badge: OfferedBadge) -> list[tuple[str, str]]:
    """What can be done with it: the deed, and what it is called."""
    return [(deed, label(badge.template, deed)) for deed in badge.deeds]


def label(template: BadgeTemplate, deed: str) -> str:
    """What a deed is called."""
    if deed not in DEEDS:
        return str(READINGS[deed])
    return activation.label(template.status, destination(template, deed))
