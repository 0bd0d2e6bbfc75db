"""When a badge that was earned is sent: at once, on a date, when its course ends, or with the course certificate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime, time

from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from .. import lms
from ..models import BadgeProgress, BadgeTemplate
from . import deciding

log = logging.getLogger(__name__)

Release = BadgeTemplate.Release


def not_before(progress: BadgeProgress, template: BadgeTemplate, earned_at: datetime) -> datetime | None:
    """When a badge may be sent; None where it may be at once, or where the LMS does not know the day it waits for.

    The course is that of the event by which the badge was earned. Costs nothing for a badge that is sent at once.
    """
    if template.release == Release.DATE:
        return _beginning_of(template.release_on) if template.release_on else None
    ask = _QUESTIONS.get(template.release)
    event = deciding.event(progress, earned_at) if ask else None
    if ask is None or event is None or event.course_key is None:
        return None
    return ask(progress.learner_id, event.course_key)


def _beginning_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def _course_end(_learner_id: int, key: CourseKey) -> datetime | None:
    course = lms.courses([key]).get(str(key))
    return course.end if course else None


def _certificate_date(learner_id: int, key: CourseKey) -> datetime | None:
    certificate = lms.certificate(learner_id, key)
    return certificate.issued_at if certificate else None


_QUESTIONS: Mapping[str, Callable[[int, CourseKey], datetime | None]] = {
    Release.COURSE_END: _course_end,
    Release.CERTIFICATE: _certificate_date,
}
