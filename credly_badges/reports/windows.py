"""When something has to happen to count, in words; the same windows as ``rules.windows`` makes rules of."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import RequirementGroup
from ..rules.evaluate import Finding, Reason
from ..rules.windows import COURSE_HAS_ENDED, DAYS_SINCE_ENROLLMENT
from .moments import moment


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


def explain_window(finding: Finding, group: RequirementGroup, at: datetime) -> str:
    """What a rule of a group's window found: “It happened on …, outside of the days that count: from … until ….”"""
    words = {"moment": moment(at), "days": finding.seen, "limit": group.within_days, "window": days_of_calendar(group)}
    if finding.rule.path == DAYS_SINCE_ENROLLMENT:
        return _days_in_words(finding) % words
    if finding.rule.path == COURSE_HAS_ENDED:
        if finding.holds:
            return _("It happened before the course ended.")
        return _("It happened after the course had ended; it counts before that only.")
    if finding.holds:
        return _("It happened within the days that count.")
    return _("It happened on %(moment)s, outside of the days that count. %(window)s") % words


def _days_in_words(finding: Finding) -> str:
    if finding.holds:
        return _("Days since the enrollment: %(days)s, no more than %(limit)d.")
    if finding.reason == Reason.UNMET:
        return _("Days since the enrollment: %(days)s, needs %(limit)d or fewer.")
    return _("When the learner enrolled is not known; it counts within %(limit)d days of that.")


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
