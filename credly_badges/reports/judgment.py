"""How far a learner meets the requirements: each requirement, group and penalty with what is missing, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import BadgeRequirement, RequirementGroup
from ..rules.language import GroupNeeds
from ..rules.standing import GroupStanding, RequirementStanding
from . import history
from .answer import GroupWhy, Occurrence, RequirementWhy, Status
from .criteria import GroupInWords, RequirementInWords, groups_in_words, has_points
from .known import PENALTIES, Known
from .moments import moment
from .occurrences import Asking, occurrences

Found = Mapping[int, Sequence[Occurrence]]
"""What was found of each requirement, by its number."""


def found_of(known: Known) -> dict[int, list[Occurrence]]:
    """What was decided about each requirement, and what was heard and decided nothing."""
    return {asking.row.pk: occurrences(asking) for asking in askings(known)}


def askings(known: Known) -> Iterator[Asking]:
    """Each requirement with what it takes to say what counts for it."""
    standings = {each.group.id: each for each in known.standing.groups}
    for group in known.groups:
        mine = standings.get(group.pk)
        before = standings.get(mine.group.after) if mine and mine.group.after is not None else None
        for row in group.requirements.all():
            yield Asking(known, row, mine, before.done_at if before else None)


def groups(known: Known, found: Found) -> tuple[GroupWhy, ...]:
    """Every group that has to be met."""
    standings = {each.group.id: each for each in known.standing.groups}
    in_words = dict(zip([group.pk for group in known.groups], _in_words(known), strict=True))
    return tuple(
        _group(known, group, in_words[group.pk], standings[group.pk], found)
        for group in known.groups
        if group.needs != PENALTIES
    )


def penalties(known: Known, found: Found) -> tuple[RequirementWhy, ...]:
    """Every penalty, and whether it applies."""
    return tuple(
        _penalty(known, row, words, found[row.pk])
        for group, in_words in zip(known.groups, _in_words(known), strict=True)
        if group.needs == PENALTIES
        for row, words in zip(group.requirements.all(), in_words.requirements, strict=True)
    )


def _in_words(known: Known) -> list[GroupInWords]:
    return groups_in_words(known.groups, known.titles)


def _group(
    known: Known, group: RequirementGroup, words: GroupInWords, standing: GroupStanding, found: Found
) -> GroupWhy:
    rows = list(group.requirements.all())
    return GroupWhy(
        key=group.key,
        name=group.name,
        needs=words.needs,
        notes=words.notes,
        met=standing.done_at is not None,
        met_at=standing.done_at,
        waits=standing.waits_for,
        said=_of_group(known, group, standing),
        requirements=tuple(
            _requirement(known, row, asked, known.standings[row.pk], found[row.pk])
            for row, asked in zip(rows, words.requirements, strict=True)
        ),
    )


def _of_group(known: Known, group: RequirementGroup, standing: GroupStanding) -> str:
    if standing.done_at is not None:
        return _met_since(standing.done_at)
    if standing.waits_for:
        before = known.group_names.get(group.after_id or 0, "")
        return _("Not met yet: it waits for %(group)s.") % {"group": before}
    rows = list(group.requirements.all())
    if not rows:
        return _("It has no requirements, so it can never be met.")
    met = [each.requirement for each in standing.requirements if each.met_at is not None]
    if has_points(group, rows):
        points = {"points": sum(each.weight for each in met), "needed": group.at_least}
        return _("Not met yet: %(points)d of %(needed)d points.") % points
    needed = {GroupNeeds.ANY.value: 1, GroupNeeds.AT_LEAST.value: group.at_least}.get(group.needs, len(rows))
    return _("Not met yet: %(met)d of %(needed)d.") % {"met": len(met), "needed": needed}


def _requirement(
    known: Known,
    row: BadgeRequirement,
    words: RequirementInWords,
    standing: RequirementStanding,
    found: Sequence[Occurrence],
) -> RequirementWhy:
    return RequirementWhy(
        key=row.key,
        name=row.description or words.event,
        sentence=words.sentence,
        met=standing.met_at is not None,
        met_at=standing.met_at,
        count=standing.count,
        needed=standing.needed,
        said=_of_requirement(known, row, standing, found),
        missing=tuple(_missing(known, standing)),
        occurrences=tuple(found),
    )


def _of_requirement(
    known: Known, row: BadgeRequirement, standing: RequirementStanding, found: Sequence[Occurrence]
) -> str:
    if standing.met_at is not None:
        return _met_since(standing.met_at)
    heard = {each.status for each in found} - {Status.NOT_HEARD, Status.ELSEWHERE}
    # It may have counted in a place that is asked for no more; then all of those that are asked for are left.
    if standing.count or Status.COUNTS in heard:
        return _("Not met yet: %(met)d of %(needed)d.") % {"met": standing.count, "needed": standing.needed}
    if not heard:
        return _never_heard(known, row, found)
    return str(next(sentence for status, sentence in _NOT_MET if status in heard))


# What says most comes first.
_NOT_MET: tuple[tuple[Status, Any], ...] = (
    (Status.UNDONE, gettext_lazy("Not met any more: it was taken back.")),
    (Status.TOO_SOON, gettext_lazy("Not met: what fulfills it came too soon.")),
    (Status.TOO_LATE, gettext_lazy("Not met: what fulfills it came too late.")),
    (Status.WAITING, gettext_lazy("Not met yet: what was heard has yet to be held against it.")),
    (Status.WOULD_COUNT, gettext_lazy("Not met: what was heard was not counted.")),
    (Status.UNMET, gettext_lazy("Not met: what was heard does not fulfill it.")),
)


def _never_heard(known: Known, row: BadgeRequirement, found: Sequence[Occurrence]) -> str:
    if any(each.status is Status.NOT_HEARD for each in found):
        return _("Not met: nothing of this was heard of the learner, though the LMS knows of it.")
    if not history.can_tell(row.event_type):
        return _("Not met: nothing of this was heard of the learner. The LMS keeps no history of such events.")
    if known.past is None:
        return _("Not met: nothing of this was heard of the learner.")
    return _("Not met: nothing of this was heard of the learner, and the LMS knows nothing of it.")


def _missing(known: Known, standing: RequirementStanding) -> Iterator[str]:
    """What is still to be done of what has to be done in several places."""
    if standing.met_at is not None:
        return
    requirement = standing.requirement
    if requirement.times is None:
        done = {requirement.counts_as(met.subject, met.course) for met in standing.counted}
        for place in sorted(requirement.every - done):
            yield _("Missing: %(place)s.") % {"place": known.titles.get(place, place)}
        if not requirement.every:
            yield _("It names no course, so it can never be met.")
    elif standing.needed > 1:
        left = standing.needed - standing.count
        yield ngettext("%(left)d more is needed.", "%(left)d more are needed.", left) % {"left": left}


def _penalty(
    known: Known, row: BadgeRequirement, words: RequirementInWords, found: Sequence[Occurrence]
) -> RequirementWhy:
    applied = [each for each in found if each.status is Status.COUNTS]
    undone = [
        undone
        for standing in known.standings.values()
        for undone, penalty in standing.undone
        if penalty.requirement == row.pk
    ]
    if not applied:
        said = _("It did not happen.")
    elif undone:
        said = _("It happened, and took something back.")
    else:
        said = _("It happened, and took nothing back: what it could undo came later, elsewhere, or not at all.")
    return RequirementWhy(
        key=row.key,
        name=row.description or words.event,
        sentence=words.sentence,
        met=bool(applied),
        met_at=max((each.at for each in applied), default=None),
        count=len(applied),
        needed=1,
        said=said,
        missing=(),
        occurrences=tuple(found),
    )


def _met_since(at: datetime) -> str:
    return _("Met since %(moment)s.") % {"moment": moment(at)}
