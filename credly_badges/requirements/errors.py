"""Why requirements were not saved. Nothing is ever written in part.

::

    NotSaved                     reasons: sentences that say what to do
    ├── ChangedMeanwhile         open the requirements again
    ├── Inconsistent             mend the requirements themselves
    ├── Circle                   take one badge out of the circle
    ├── NotReviewed              have somebody change them who may approve badges
    ├── OutsideAvailability      ask for the badge elsewhere
    └── WouldStopAnActiveBadge   mend the requirements, or stop the badge first
    InvalidScope                 type another place
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from ..lint import Fault


class NotSaved(Exception):
    """Nothing was written. ``reasons`` are sentences that say why, and what to do."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(self.reasons))


class ChangedMeanwhile(NotSaved):
    """Somebody else saved the requirements since these were read. Nothing was written."""

    def __init__(self) -> None:
        super().__init__(
            [_("Somebody else changed these requirements since they were read. Read them again, then change them.")]
        )


class Inconsistent(NotSaved):
    """The requirements contradict one another: a key twice, or one that there is not. Nothing was written."""


class Circle(NotSaved):
    """The badge would take itself to be earned. ``way`` has the names of the badges, from it round to it again."""

    def __init__(self, way: Sequence[str]) -> None:
        self.way = list(way)
        super().__init__([_in_a_sentence(self.way)])


class NotReviewed(NotSaved):
    """Learners earn the badge, and the site wants its requirements reviewed. Nothing was written."""


class OutsideAvailability(NotSaved):
    """The badge is not available where it is asked for. ``reasons`` say where it is. Nothing was written."""


class WouldStopAnActiveBadge(NotSaved):
    """Saved like this, nobody could earn the active badge. ``reasons`` say why. Nothing was written.

    ``faults`` are those of the lint; some of them can be meant, and saved despite them.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__(fault.sentence for fault in self.faults)


def said_with_its_code(fault: Fault) -> str:
    """What a command says of a fault: with the code by which it is accepted, if it can be meant."""
    if not fault.can_be_meant:
        return fault.sentence
    words = {"sentence": fault.sentence, "code": fault.code}
    return _("%(sentence)s (If it is meant: --despite %(code)s.)") % words


class InvalidScope(ValueError):
    """What was typed is no place where the event can happen; each of ``reasons`` says what to type instead."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(reasons))


def _in_a_sentence(way: Sequence[str]) -> str:
    first, *others = way
    if len(way) <= len([first, first]):
        return _("“%(badge)s” would take itself, so nobody could earn it. Ask for another badge.") % {"badge": first}
    others = [_("“%(badge)s”") % {"badge": each} for each in others]
    return _(
        "“%(badge)s” takes %(way)s again, so nobody could earn any of them. Take one of these badges out of the circle."
    ) % {"badge": first, "way": _(", which takes ").join(others)}
