"""Who is meant by a pasted list of user names and e-mail addresses, and what keeps each from a badge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from .. import lms, terms
from ..models import BadgeAward, BadgeTemplate

MOST_AT_ONCE = 500

_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Row:
    """One entry of the list. ``error`` keeps it from the badge; ``note`` is only worth knowing."""

    entry: str
    learner: lms.Learner | None = None
    name: str = ""
    error: str = ""
    note: str = ""
    repeats: bool = False

    @property
    def is_good(self) -> bool:
        """Whether this row issues a badge."""
        return not self.error and not self.repeats


def entries(pasted: str) -> list[str]:
    """The entries of a pasted text, between commas, semicolons, spaces and line ends; empty ones left out."""
    return [entry for entry in _BETWEEN.split(pasted) if entry]


def who_is_who(wanted: list[str], template: BadgeTemplate, earned_at: datetime) -> list[Row]:
    """One row per entry, in their order. Takes as many queries for one as for five hundred."""
    found = lms.find_learners(wanted)
    learner_ids = {learner.id for learner in found.values() if learner}
    standing = BadgeAward.objects.filter(template=template, live=True, learner_id__in=learner_ids).order_by("earned_at")
    last = {award.learner_id: award for award in standing.only("learner_id", "state", "earned_at")}
    held = {
        learner_id: _too_early(award, template)
        for learner_id, award in last.items()
        if terms.occasion(template, earned_at, award.earned_at) is None
    }
    return list(_rows(wanted, found, held))


def _rows(wanted: list[str], found: dict[str, lms.Learner | None], held: dict[int | None, str]) -> Iterator[Row]:
    seen: dict[int, str] = {}
    for entry in wanted:
        learner = found.get(entry)
        if learner is None:
            yield Row(entry, error=_("Nobody here has this user name or e-mail address, or more than one person has."))
        elif learner.id in seen:
            note = _("The same learner as “%(entry)s” above; the badge is issued once.") % {"entry": seen[learner.id]}
            yield Row(entry, learner, note=note, repeats=True)
        else:
            seen[learner.id] = entry
            yield _row(entry, learner, held.get(learner.id, ""))


def _too_early(award: BadgeAward, template: BadgeTemplate) -> str:
    state = {"state": award.get_state_display()}
    if template.repeat == BadgeTemplate.Repeat.ONCE:
        return _("Already has this badge (%(state)s), and a learner holds it once.") % state
    return _("Has this badge (%(state)s) from that moment or a later one, or too short a time before it.") % state


def _row(entry: str, learner: lms.Learner, error: str) -> Row:
    notes = []
    try:
        name = " ".join(part for part in lms.name_of(learner) if part)
    except lms.NoName as missing:
        name = ""
        notes.append(missing.sentence)
    if not learner.is_active:
        notes.append(_("The account is not active yet; the badge is sent once it is."))
    return Row(entry, learner, name, error=error, note="" if error else " ".join(notes))
