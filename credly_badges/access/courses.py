"""What the staff of courses may speak for: badges all of whose requirements lie in courses of theirs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import F, QuerySet
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from .. import lms, state
from ..models import BadgeRequirement, BadgeTemplate, DataRule


def places(templates: QuerySet[BadgeTemplate] | Collection[BadgeTemplate]) -> dict[int, set[str]]:
    """The places that each of these badges asks for, "" for any; one that asks for nothing is left out. Two queries."""
    found: dict[int, set[str]] = {}
    rows = _of_current(templates)
    for template_id, scope in rows.values_list("group__template", "scope").distinct():
        found.setdefault(template_id, set()).update(scope.splitlines() or [""])
    about = DataRule.objects.filter(requirement__in=rows).exclude(about="").order_by()
    for template_id, path, thing in about.values_list("requirement__group__template", "path", "about"):
        known = state.STATE.get(path)
        is_block = known is not None and known.about == state.SUBSECTION
        found.setdefault(template_id, set()).add(_course_of(thing) if is_block else thing)
    return found


def badges_of(user: Any) -> list[int]:
    """The badges that a user speaks for, by number. Each course that a badge asks for is asked about once."""
    # Most users are on no course's staff, and all of them ask.
    if not user.is_active or not lms.may_be_course_staff(user):
        return []
    answers: dict[str, bool] = {}

    def is_theirs(place: str) -> bool:
        if place not in answers:
            answers[place] = _is_staff(user, place)
        return answers[place]

    asked = places(BadgeTemplate.objects.exclude(status=BadgeTemplate.Status.RETIRED))
    return [template_id for template_id, wanted in asked.items() if all(map(is_theirs, sorted(wanted)))]


def _is_staff(user: Any, place: str) -> bool:
    """Whether a place is a course of theirs; of a course in any run, each run has to be."""
    try:
        CourseKey.from_string(place)
    except InvalidKeyError:
        org, plus, course = place.partition("+")
        runs = lms.runs_of(place) if plus and org and course else []
        return bool(runs) and all(lms.is_course_staff(user, run) for run in runs)
    return lms.is_course_staff(user, place)


def _of_current(templates: QuerySet[BadgeTemplate] | Collection[BadgeTemplate]) -> QuerySet[BadgeRequirement]:
    rows = BadgeRequirement.objects.filter(group__template__in=templates)
    return rows.filter(group__version=F("group__template__version")).order_by()


def _course_of(block: str) -> str:
    try:
        return str(UsageKey.from_string(block).course_key)
    except InvalidKeyError:
        return block
