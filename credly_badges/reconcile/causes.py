"""What can be the matter, what mends it, and what only a person can decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from ..models import ReconcileDifference

Cause = ReconcileDifference.Cause

FIXES: Final[Mapping[str, Any]] = {
    Cause.NOT_AWARDED: _("awards the badge, as earned on the day on which the requirements were met"),
    Cause.NOT_SENT: _("orders the badge at Credly again"),
    Cause.UNKNOWN_HERE: _("records the badge here as an award; nothing changes at Credly"),
    Cause.STATE: _("brings our record to what Credly says; nothing changes at Credly"),
    Cause.REPLACED: _("has our record stand for the new badge; nothing changes at Credly"),
    Cause.DELETED: _("records that the badge is gone; nothing changes at Credly"),
    Cause.NOT_REVOKED: _("orders Credly to revoke the badge"),
    Cause.ADDRESS: _("orders Credly to move the badge to the learner's address of today"),
}
"""What the fix of a cause does. Nothing is mended that is not named here."""

LEFT_TO_A_PERSON: Final[Mapping[str, Any]] = {
    Cause.DOUBLE: _("look at both badges at Credly, and revoke the one that should not stand"),
    Cause.FOREIGN: _("nothing to do, where others issue this badge as well"),
    Cause.UNREADABLE: _("look at the badge at Credly; if nothing is wrong with it, this plugin may need an update"),
}
"""Why the other causes are only reported."""

MANY: Final = 10_000
"""How many differences of one cause a run keeps one by one, unless it is to fix them. The counts are exact."""


def advice(cause: str) -> str:
    """What the fix of a cause does, or what a person is to do."""
    return str(FIXES.get(cause) or LEFT_TO_A_PERSON[cause])


def in_order(counts: Mapping[str, int]) -> Iterable[tuple[Cause, int]]:
    """Counts by cause, in the order in which causes are listed everywhere."""
    return [(cause, counts[cause]) for cause in Cause if counts.get(cause)]


def checked(names: Iterable[str]) -> list[str]:
    """The causes of these names, if each of them has a fix; raises ValueError with a sentence."""
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in FIXES:
            raise ValueError(
                _("“%(name)s” is no cause that can be fixed. These can: %(causes)s.")
                % {"name": name, "causes": ", ".join(FIXES)}
            )
    return chosen
