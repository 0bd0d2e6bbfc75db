"""When something has to happen to count, in words; the same windows as ``rules.windows`` makes rules of."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import RequirementGroup


def window_sentences(group: RequirementGroup, after: str) -> tuple[str, ...]:
    """Whole sentences for all that a group says of time. ``after`` is the name of the group before it, or empty."""
    found = (_order(after), days_of_calendar(group), _days(group, after), _before_the_end(group))
    return tuple(sentence for sentence in found if sentence)


def days_of_calendar(group: RequirementGroup) -> str:
    """“From March 1, 2027 until June 30, 2027 (Europe/Berlin).” In the group's own time zone, with its name."""
    words = {
        "first": date_format(group.opens_on) if group.opens_on else "",
        "last": date_format(group.closes_on) if group.closes_on else "",
        "zone": group.time_zone or "UTC",
    }
    if group.opens_on and group.closes_on:
        return _("From %(first)s until %(last)s (%(zone)s).") % words
    if group.opens_on:
        return _("From %(first)s on (%(zone)s).") % words
    return _("Until %(last)s (%(zone)s).") % words if group.closes_on else ""


def _order(after: str) -> str:
    return _("Counts only after %(group)s is met.") % {"group": after} if after else ""


def _days(group: RequirementGroup, after: str) -> str:
    days = group.within_days
    if not days:
        return ""
    if group.within_of == RequirementGroup.Within.ENROLLMENT:
        return ngettext(
            "Within %(days)d day of the enrollment in the course.",
            "Within %(days)d days of the enrollment in the course.",
            days,
        ) % {"days": days}
    if group.within_of == RequirementGroup.Within.GROUP and after:
        return ngettext(
            "Within %(days)d day of meeting %(group)s.", "Within %(days)d days of meeting %(group)s.", days
        ) % {"days": days, "group": after}
    return ""


def _before_the_end(group: RequirementGroup) -> str:
    return _("Before the course ends.") if group.before_course_end else ""
