"""Where rows of learners are read from, a portion at a time and in the order of the learners' numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from .. import lms
from ..criteria import course_of
from ..learning_event import ANYWHERE
from ..models import BadgeAward, BadgeProgress, ReceivedEvent
from . import history, readings
from .catalogue import CATALOGUE, ScopeKind
from .normalize import course

MOST_PLACES = 500
"""With more course runs than these, all rows are read, and those of other courses are left out later."""

Read = Callable[[int, int], Sequence[Any]]
"""Gives about so many rows of the learners after one; the learner's number is the first column of each."""


class Stored(NamedTuple):
    """A statement that is stored already, for this badge or another one."""

    learner_id: int
    pk: int
    kind: str
    subject: str
    course_key: Any
    occurred_at: datetime
    confirmed_at: datetime
    attributes: dict[str, Any]
    scopes: list[str]
    fingerprint: str
    ended: bool


class Known(NamedTuple):
    """A learner's way to the badge, as far as they are already."""

    learner_id: int
    pk: int
    version: int
    completed_at: datetime | None
    percent: int


def of_history(source: str, places: Collection[str]) -> Read:
    """A reader of one source of history, at these places; an empty one is anywhere."""
    if source == history.BADGES:
        return partial(_badges, None if ANYWHERE in places else {place for place in places if readings.uuid(place)})
    return partial(_of_lms, source, runs_of(places))


def _of_lms(source: str, courses: set[str] | None, after: int, limit: int) -> Sequence[Any]:
    return lms.history(source, courses=courses, after=after, limit=limit)


def runs_of(places: Iterable[str]) -> set[str] | None:
    """The course runs that places stand for, with the custom courses (CCX) made from them; None for all there are."""
    runs: set[str] = set()
    of_courses: dict[str, list[str]] = {}
    for place in places:
        if place == ANYWHERE:
            return None
        whole = course_of(place)
        if not whole:
            runs.update(lms.runs_of(place))
        else:
            if whole not in of_courses:
                of_courses[whole] = lms.runs_of(whole)
            runs.update([place], (run for run in of_courses[whole] if _made_from(run, place)))
        if len(runs) > MOST_PLACES:
            return None
    return runs


def _made_from(run: str, original: str) -> bool:
    """Whether a run is a custom course on top of another one."""
    if not run.startswith(history.CCX):
        return False
    try:
        return original in course(CourseKey.from_string(run)).scopes
    except InvalidKeyError:
        return False


def _badges(templates: set[str] | None, after: int, limit: int) -> Sequence[history.BadgeRow]:
    held = BadgeAward.objects.filter(live=True, issued_at__isnull=False)
    if templates is not None:
        held = held.filter(template__uuid__in=templates)
    rows = _whole(held, ("learner_id", "template__uuid", "issued_at"), after, limit)
    return [history.BadgeRow(learner_id, str(template), issued_at) for learner_id, template, issued_at in rows]


def stored(kinds: Mapping[str, Collection[str]]) -> Read:
    """A reader of the statements that are stored, of these kinds, each at its places."""
    wanted = asked(kinds)

    def read(after: int, limit: int) -> Sequence[Stored]:
        return [Stored(*row) for row in _whole(ReceivedEvent.objects.filter(wanted), Stored._fields, after, limit)]

    return read


def asked(kinds: Mapping[str, Collection[str]]) -> Q:
    """Which stored statements can be of these kinds, each at its places; of very many places, all are read."""
    wanted = Q(pk__in=())
    for kind, places in kinds.items():
        runs = runs_of(places) if _is_of_courses(kind) else None
        wanted |= Q(kind=kind) if runs is None else Q(kind=kind, course_key__in=runs)
    return wanted


def _is_of_courses(kind: str) -> bool:
    event_type = CATALOGUE.get(kind)
    return event_type is not None and event_type.scope_kind is ScopeKind.COURSE


def known(template_id: int, version: int) -> Read:
    """A reader of how far learners are already, by one version: an index has these in the order of the learners."""

    def read(after: int, limit: int) -> Sequence[Known]:
        rows = BadgeProgress.objects.filter(template=template_id, version=version)
        return [Known(*row) for row in _whole(rows, Known._fields, after, limit)]

    return read


def _whole(rows: QuerySet[Any], columns: Sequence[str], after: int, limit: int) -> list[tuple[Any, ...]]:
    """The next rows by learner, whose number is the first column; of the last learner either all of them or none."""
    ordered = rows.filter(learner_id__gt=after).order_by("learner_id").values_list(*columns)
    found = list(ordered[: limit + 1])
    if len(found) <= limit:
        return found
    last = found[-1][0]
    whole = [row for row in found if row[0] != last]
    return whole or list(rows.filter(learner_id=last).values_list(*columns))
