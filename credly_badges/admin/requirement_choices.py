"""What the requirements page offers to choose from: events, what can be asked of them, badges, time zones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import state
from ..events.catalogue import CATALOGUE, EventType, ScopeKind
from ..models import BadgeTemplate
from ..rules.fields import Field
from .requirement_controls import Choices

ZONES_LIST = "credly-time-zones"
"""The id of the list of time zones, which is once on the page."""

# A heading, and how the kinds of its events begin after “org.openedx.learning.”.
_HEADINGS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("Grades"), ("course.passing", "ccx.course.passing", "course.persistent_grade")),
    (gettext_lazy("Certificates"), ("certificate.", "program.certificate.")),
    (gettext_lazy("Enrollment and cohorts"), ("course.enrollment", "course.unenrollment", "cohort_membership.")),
    (gettext_lazy("Exams and assignments"), ("exam.", "ora.", "external_grader.", "lti_provider.", "xblock.")),
    (gettext_lazy("Discussions"), ("forum.", "thread.", "response.", "comment.")),
    (gettext_lazy("Identity and account"), ("idv_attempt.", "student.", "auth.")),
    (gettext_lazy("Badges"), ("badge.",)),
)
_ELSE = gettext_lazy("More events")
_OURS = "org.openedx.learning."


@dataclass(frozen=True)
class Around:
    """What one part of the page has to know of all others: keys with the words that people know these by."""

    groups: tuple[tuple[str, str], ...] = ()
    requirements: tuple[tuple[str, str], ...] = ()
    badges: tuple[tuple[str, str], ...] = field(default=())


def events() -> Choices:
    """Every event, under headings."""
    found: dict[str, Choices] = {str(heading): [] for heading, _beginnings in _HEADINGS}
    for each in CATALOGUE.values():
        found.setdefault(_heading(each.kind), []).append((each.kind, each.label))
    return [(heading, listed) for heading, listed in found.items() if listed]


def _heading(kind: str) -> str:
    name = kind.removeprefix(_OURS)
    ours = kind.startswith(_OURS)
    return str(next((heading for heading, starts in _HEADINGS if ours and name.startswith(starts)), _ELSE))


def fields(event: EventType | None) -> Choices:
    """What can be asked when an event happens: of itself, and of what the LMS knows at that moment."""
    if event is None:
        return []
    known = [(path, label(each.field)) for path, each in _state_of(event)]
    own = [(each.path, label(each)) for each in event.fields]
    return [(_("From the event"), own), (_("What the LMS knows"), known)]


def find_field(event: EventType | None, path: str) -> Field | None:
    """What can be asked at a path when an event happens, if it can."""
    if event is None:
        return None
    offered = (*event.fields, *(each.field for _path, each in _state_of(event)))
    return next((each for each in offered if each.path == path), None)


def _state_of(event: EventType) -> Iterator[tuple[str, state.StateField]]:
    has_course = event.scope_kind is ScopeKind.COURSE
    return ((path, each) for path, each in state.STATE.items() if has_course or not each.needs_course)


def label(field: Field) -> str:
    """“Grade, in %”."""
    name = capfirst(str(field.label))
    return _("%(label)s, in %(unit)s") % {"label": name, "unit": field.unit} if field.unit else name


def badges(besides: BadgeTemplate) -> tuple[tuple[str, str], ...]:
    """Every other badge of this site that can be earned, by its ID. One query."""
    others = BadgeTemplate.objects.filter(credly_state=BadgeTemplate.CredlyState.ACTIVE).exclude(pk=besides.pk)
    rows = others.order_by("name", "pk").values_list("uuid", "name", "organization__name")
    return tuple((str(uuid), f"{name} ({organization})") for uuid, name, organization in rows)


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones that are named after a place."""
    return tuple(sorted(each for each in _all_zones() if "/" in each and not each.startswith(_NO_PLACES)))


@cache
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(text: str) -> bool:
    """Whether that is the name of a time zone, in its own spelling."""
    return text in _all_zones()


def zones_like(text: str) -> list[str]:
    """Those time zones that somebody may have meant: for “berlin”, Europe/Berlin."""
    wanted = text.strip().lower().replace(" ", "_")
    return [each for each in zones() if wanted and wanted in each.lower()]


def in_order(keys: Iterable[str], offered: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Those keys that are offered, in the order of the offer."""
    chosen = set(keys)
    return tuple(key for key, _label in offered if key in chosen)


_NO_PLACES = ("Etc/", "SystemV/", "US/", "posix/", "right/", "Mideast/")
