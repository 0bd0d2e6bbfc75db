"""The badges that a course may have, each with what its staff should know of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from opaque_keys.edx.keys import CourseKey

from .. import availability
from ..models import BadgeRequirement, BadgeTemplate
from ..reports import GroupInWords, criteria_of


@dataclass(frozen=True)
class OfferedBadge:
    """One badge that is available to a course.

    ``not_from_here`` says why the course's staff cannot activate or deactivate it; ``left`` is how many more may be
    awarded (None: no limit), ``ends_at`` until when.
    """

    template: BadgeTemplate
    criteria: Sequence[GroupInWords]
    not_from_here: str
    left: int | None
    ends_at: datetime | None


def of_course(course_key: CourseKey) -> list[int]:
    """The numbers of the badges that are available to a course run, by name. Two queries."""
    candidates = list(_issuable().only("pk", "organization_id"))
    offers = availability.offers(candidates)
    return [each.pk for each in candidates if not offers[each.pk].why_not(str(course_key))]


def one_of_course(course_key: CourseKey, pk: int) -> OfferedBadge | None:
    """One of them, or None where it is not available to the course."""
    template = _issuable().select_related("organization").filter(pk=pk).first()
    if template is None or availability.why_not(template, str(course_key)):
        return None
    return in_full([template.pk], course_key)[0]


def in_full(pks: Collection[int], course_key: CourseKey) -> list[OfferedBadge]:
    """These badges, with all that is said of them. As many queries for many as for one."""
    templates = list(_issuable().select_related("organization").filter(pk__in=list(pks)))
    offers = availability.offers(templates)
    limits = {row for offer in offers.values() for row in offer.rows if row.quota is not None}
    counts = availability.used(limits)
    criteria = criteria_of(templates)
    refusals = _not_from_here(templates, course_key)
    return [
        OfferedBadge(
            template=each,
            criteria=criteria[each.pk],
            not_from_here=refusals.get(each.pk, ""),
            left=offers[each.pk].left(str(course_key), counts),
            ends_at=offers[each.pk].ends_at(str(course_key)),
        )
        for each in templates
    ]


def _issuable() -> QuerySet[BadgeTemplate]:
    """What Credly issues, and what is still active although it does not."""
    issued = Q(credly_state=BadgeTemplate.CredlyState.ACTIVE)
    return BadgeTemplate.objects.filter(issued | Q(status__in=BadgeTemplate.LISTENING))


def _not_from_here(templates: Sequence[BadgeTemplate], course_key: CourseKey) -> dict[int, str]:
    """Why the staff of a course cannot switch a badge on and off: it asks for nothing, or for something elsewhere."""
    rows = BadgeRequirement.objects.filter(group__template__in=[template.pk for template in templates])
    rows = rows.filter(group__version=F("group__template__version"))
    places: dict[int, set[str]] = {}
    for template_id, scope in rows.order_by().values_list("group__template", "scope").distinct():
        places.setdefault(template_id, set()).add(scope)
    here = {str(course_key)}
    if not hasattr(course_key, "to_course_locator"):  # The coach of a CCX does not speak for the course it is made of.
        here.add(f"{course_key.org}+{course_key.course}")
    refusals = {}
    for template in templates:
        if template.pk not in places:
            refusals[template.pk] = _("It asks for nothing yet. A badge manager says first what learners have to do.")
        elif not places[template.pk] <= here:
            refusals[template.pk] = _(
                "It asks for something outside of this course, so only a badge manager can activate or deactivate it."
            )
    return refusals
