"""Every question that may be put to the LMS, put once: an upgrade of the LMS may have moved what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from opaque_keys.edx.keys import CourseKey

from .backend import Backend
from .chosen import backend
from .rows import Source

_COURSE = CourseKey.from_string("course-v1:credly-badges+none+none")
_NOBODY = 0

_QUESTIONS: Mapping[str, Callable[[Backend], object]] = {
    "profiles": lambda lms: lms.profiles([_NOBODY]),
    "course_titles": lambda lms: lms.course_titles([_COURSE]),
    "courses": lambda lms: lms.courses([_COURSE]),
    "course_url": lambda lms: lms.course_url(_COURSE),
    "runs_of": lambda lms: lms.runs_of("credly-badges", "none"),
    "runs_of_programs": lambda lms: lms.runs_of_programs([]),
    "program_titles": lambda lms: lms.program_titles([]),
    "certificate": lambda lms: lms.certificate(_NOBODY, _COURSE),
    "grade": lambda lms: lms.grade(_NOBODY, _COURSE),
    "is_course_staff": lambda lms: lms.is_course_staff(AnonymousUser(), _COURSE),
    "may_be_course_staff": lambda lms: lms.may_be_course_staff(AnonymousUser()),
    "address_before_retirement": lambda lms: lms.address_before_retirement(_NOBODY),
    "retirement_signals": lambda lms: lms.retirement_signals(),
    "user_id_of_anonymous": lambda lms: lms.user_id_of_anonymous("nobody", _COURSE),
    "history": lambda lms: [lms.history(source, [_COURSE], _NOBODY, 1) for source in Source],
    "rows_of": lambda lms: [lms.rows_of(source, [_NOBODY], [_COURSE]) for source in Source],
    "subsection_grades": lambda lms: lms.subsection_grades([_NOBODY], [_COURSE.make_usage_key("sequential", "none")]),
    "completions": lambda lms: lms.completions([(_NOBODY, _COURSE)]),
    "cohorts": lambda lms: lms.cohorts([_NOBODY], [_COURSE]),
    "teams": lambda lms: lms.teams([_NOBODY], [_COURSE]),
}

QUESTIONS = len(_QUESTIONS)
"""How many there are."""


def unanswered() -> dict[str, Exception]:
    """The questions that the LMS cannot answer, by their names, with what went wrong; none where all is well.

    They are about nobody and about a course that does not exist, so each costs next to nothing.
    """
    failed: dict[str, Exception] = {}
    for name, ask in _QUESTIONS.items():
        try:
            with transaction.atomic():
                ask(backend())
        except Exception as error:  # noqa: BLE001  # Whatever it is, an operator has to hear of it.
            failed[name] = error
    return failed
