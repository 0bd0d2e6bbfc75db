"""Where an event finds a requirement: its places, and for a program the course runs that it has now."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction

from . import availability, lms, progress
from .events.catalogue import CATALOGUE, ScopeKind
from .models import BadgeRequirement, BadgeTemplate, ListeningPlace, RequirementGroup

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Requirements whose places are read and written together."""


def write(requirements: Iterable[BadgeRequirement]) -> int:
    """Bring the places of requirements to what they are now; how many rows that changed.

    A program that the LMS does not know at the moment keeps the runs that it had: its list is a cache, and one that
    is empty does not mean that the program is. One question to the LMS, however many requirements there are.
    """
    rows = list(requirements)
    named = {place for row in rows for place in row.places if _is_a_program_of_courses(row, place)}
    programs = lms.runs_of_programs(named)
    return sum(_write(rows[start : start + AT_ONCE], programs) for start in range(0, len(rows), AT_ONCE))


def refresh() -> int:
    """The same for every requirement of a listening badge that names a program; how many rows that changed."""
    listening = BadgeRequirement.objects.filter(group__template__status__in=BadgeTemplate.LISTENING)
    placed = listening.exclude(scope="")
    return write(row for row in placed if any(_is_a_program_of_courses(row, place) for place in row.places))


@transaction.atomic
def _write(rows: Sequence[BadgeRequirement], programs: Mapping[str, frozenset[str]]) -> int:
    """As many statements for many requirements as for one, unless events are changed for others."""
    before: dict[int, dict[str, ListeningPlace]] = defaultdict(dict)
    for place in ListeningPlace.objects.filter(requirement__in=[row.pk for row in rows]):
        before[place.requirement_id][place.scope] = place
    gone: list[int] = []
    new: list[ListeningPlace] = []
    moved: dict[str, list[int]] = defaultdict(list)
    fewer: set[int] = set()
    for row in rows:
        present = before[row.pk]
        wanted = _wanted(row, programs, present.keys())
        if row.times is None and not present.keys() <= wanted:
            fewer.add(row.group_id)
        gone += (place.pk for scope, place in present.items() if scope not in wanted)
        new += (
            ListeningPlace(requirement=row, event_type=row.event_type, scope=scope)
            for scope in sorted(wanted - present.keys())
        )
        for scope in wanted & present.keys():
            if present[scope].event_type != row.event_type:
                moved[row.event_type].append(present[scope].pk)
    if gone:
        ListeningPlace.objects.filter(pk__in=gone).delete()
    for event_type, ids in moved.items():
        ListeningPlace.objects.filter(pk__in=ids).update(event_type=event_type)
    ListeningPlace.objects.bulk_create(new, batch_size=1000)
    if fewer:
        _look_again(fewer)
    return len(gone) + len(new) + sum(map(len, moved.values()))


def _look_again(groups: Collection[int]) -> None:
    """What had to be met in every place has fewer of them: whoever has met it at all that are left is done."""
    badges = RequirementGroup.objects.filter(pk__in=groups).order_by("template")
    for template_id in badges.values_list("template", flat=True).distinct():
        progress.look_again(template_id)


def _wanted(row: BadgeRequirement, programs: Mapping[str, frozenset[str]], present: Collection[str]) -> set[str]:
    wanted: set[str] = set()
    for place in row.places:
        if not _is_a_program_of_courses(row, place):
            wanted.add(place)
        elif place in programs:
            wanted |= programs[place]
        else:
            log.warning("Requirement %s asks for a program that this LMS does not know.", row.pk)
            wanted.update(present)
    return wanted


def _is_a_program_of_courses(row: BadgeRequirement, place: str) -> bool:
    """Program certificates are about the program itself; everything else of a program happens in its courses."""
    event_type = CATALOGUE.get(row.event_type)
    about_courses = event_type is not None and event_type.scope_kind is ScopeKind.COURSE
    return about_courses and availability.is_program(place)
