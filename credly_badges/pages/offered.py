"""The badges that a course may have, each with what its staff should know of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from opaque_keys.edx.keys import CourseKey

from .. import availability
from ..models import BadgeTemplate, HistoryRun
from ..reports import GroupInWords, criteria_of
from . import whose


@dataclass(frozen=True)
class OfferedBadge:
    """One badge that is available to a course.

    ``say`` is what the person at the page has to say of it, and ``deeds`` what they may do with it; ``left`` is how
    many more may be awarded (None: no limit), ``ends_at`` until when. ``runs`` are its newest readings of history.
    """

    template: BadgeTemplate
    criteria: Sequence[GroupInWords]
    say: whose.Say
    deeds: tuple[str, ...]
    left: int | None
    ends_at: datetime | None
    runs: tuple[HistoryRun, ...]


def of_course(course_key: CourseKey) -> list[int]:
    """The numbers of the badges that are available to a course run, by name. Two queries."""
    candidates = list(_issuable().only("pk", "organization_id"))
    offers = availability.offers(candidates)
    return [each.pk for each in candidates if not offers[each.pk].why_not(str(course_key))]


def one_of_course(person: whose.Person, pk: int) -> OfferedBadge | None:
    """One of them, or None where it is not available to the course."""
    template = _issuable().select_related("organization").filter(pk=pk).first()
    if template is None or availability.why_not(template, str(person.here)):
        return None
    return in_full([template.pk], person)[0]


def in_full(pks: Collection[int], person: whose.Person) -> list[OfferedBadge]:
    """These badges, with all that is said of them. As many queries for many as for one."""
    templates = list(_issuable().select_related("organization").filter(pk__in=list(pks)))
    offers = availability.offers(templates)
    limits = {row for offer in offers.values() for row in offer.rows if row.quota is not None}
    counts = availability.used(limits)
    criteria = criteria_of(templates)
    says = whose.says(templates, person)
    runs = _newest_runs(templates)
    here = str(person.here)
    return [
        OfferedBadge(
            template=each,
            criteria=criteria[each.pk],
            say=says[each.pk],
            deeds=whose.offered(person, each, says[each.pk]),
            left=offers[each.pk].left(here, counts),
            ends_at=offers[each.pk].ends_at(here),
            runs=tuple(runs.get(each.pk, {}).values())
            if whose.may(person, each, whose.REHEARSE, says[each.pk])
            else (),
        )
        for each in templates
    ]


def _issuable() -> QuerySet[BadgeTemplate]:
    """What Credly issues, and what is still active although it does not."""
    issued = Q(credly_state=BadgeTemplate.CredlyState.ACTIVE)
    return BadgeTemplate.objects.filter(issued | Q(status__in=BadgeTemplate.LISTENING))


def _newest_runs(templates: Sequence[BadgeTemplate]) -> dict[int, dict[str, HistoryRun]]:
    """The newest reading of each kind of each badge; of each, only a few are kept at all."""
    found: dict[int, dict[str, HistoryRun]] = {}
    for run in HistoryRun.objects.filter(template__in=templates).defer("sample").order_by("pk"):
        found.setdefault(run.template_id, {})[run.kind] = run
    return found
