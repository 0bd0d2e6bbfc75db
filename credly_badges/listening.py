"""Where an event finds a requirement: its places, and for a program the course runs that it has now."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from django.db import transaction

from . import availability, lms
from .events.catalogue import CATALOGUE, ScopeKind
from .models import BadgeRequirement, BadgeTemplate, ListeningPlace

log = logging.getLogger(__name__)


def write(requirements: Iterable[BadgeRequirement]) -> int:
    """Bring the places of requirements to what they are now; how many rows that changed.

    A program that the LMS does not know at the moment keeps the runs that it had: its list is a cache, and one that
    is empty does not mean that the program is. One question to the LMS, however many requirements there are.
    """
    rows = list(requirements)
    named = {place for row in rows for place in row.places if _is_a_program_of_courses(row, place)}
    programs = lms.runs_of_programs(named)
    return sum(_write(row, programs) for row in rows)


def refresh() -> int:
    """The same for every requirement of a listening badge that names a program; how many rows that changed."""
    listening = BadgeRequirement.objects.filter(group__template__status__in=BadgeTemplate.LISTENING)
    placed = listening.exclude(scope="")
    return write(row for row in placed if any(_is_a_program_of_courses(row, place) for place in row.places))


@transaction.atomic
def _write(row: BadgeRequirement, programs: Mapping[str, frozenset[str]]) -> int:
    places = ListeningPlace.objects.filter(requirement=row)
    changed = places.exclude(event_type=row.event_type).update(event_type=row.event_type)
    before = set(places.values_list("scope", flat=True))
    wanted: set[str] = set()
    for place in row.places:
        if not _is_a_program_of_courses(row, place):
            wanted.add(place)
        elif place in programs:
            wanted |= programs[place]
        else:
            log.warning("Requirement %s asks for a program that this LMS does not know.", row.pk)
            wanted |= before
    gone, new = before - wanted, wanted - before
    if gone:
        places.filter(scope__in=gone).delete()
    ListeningPlace.objects.bulk_create(
        ListeningPlace(requirement=row, event_type=row.event_type, scope=scope) for scope in sorted(new)
    )
    return changed + len(gone) + len(new)


def _is_a_program_of_courses(row: BadgeRequirement, place: str) -> bool:
    """Program certificates are about the program itself; everything else of a program happens in its courses."""
    event_type = CATALOGUE.get(row.event_type)
    about_courses = event_type is not None and event_type.scope_kind is ScopeKind.COURSE
    return about_courses and availability.is_program(place)
