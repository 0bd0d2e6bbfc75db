"""What is told of learners in courses: grades, enrollments, cohorts."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from .entry import EventType, ScopeKind
from .facts import course_key, moment, percent, text, yes_no

SIGNALS = "openedx_events.learning.signals"

_PASSING = EventType(
    kind="org.openedx.learning.course.passing.status.updated.v1",
    signal=f"{SIGNALS}.COURSE_PASSING_STATUS_UPDATED",
    label=_("Course passing status"),
    description=_(
        "A learner's course grade was calculated, and is enough to pass or is not. "
        "It is repeated at every recalculation."
    ),
    learner="course_passing_status.user.id",
    subject="course_passing_status.course.course_key",
    scope_kind=ScopeKind.COURSE,
    facts=(
        yes_no("is_passing", "course_passing_status.is_passing", _("learner is passing")),
        course_key("course_passing_status.course.course_key"),
    ),
)

_CCX_PASSING = EventType(
    kind="org.openedx.learning.ccx.course.passing.status.updated.v1",
    signal=f"{SIGNALS}.CCX_COURSE_PASSING_STATUS_UPDATED",
    label=_("CCX course passing status"),
    description=_("The course passing status, for a custom course (CCX) that a coach runs on top of another course."),
    learner="course_passing_status.user.id",
    subject="course_passing_status.course.ccx_course_key",
    scope_kind=ScopeKind.COURSE,
    facts=(
        yes_no("is_passing", "course_passing_status.is_passing", _("learner is passing")),
        course_key(
            "course_passing_status.course.ccx_course_key",
            "course.ccx_course_key",
            _("custom course"),
            sample="ccx-v1:edX+DemoX+2026+ccx@1",
        ),
        course_key(
            "course_passing_status.course.master_course_key", "course.master_course_key", _("course it is made from")
        ),
    ),
)

_GRADE = EventType(
    kind="org.openedx.learning.course.persistent_grade_summary.changed.v1",
    signal=f"{SIGNALS}.PERSISTENT_GRADE_SUMMARY_CHANGED",
    label=_("Course grade"),
    description=_("A learner's grade in a course was calculated and saved. It is repeated at every recalculation."),
    learner="grade.user_id",
    subject="grade.course.course_key",
    scope_kind=ScopeKind.COURSE,
    # Not passed_timestamp: that is the first pass and never moves, so a grade that fell later would look as old.
    time_meaning=_("The moment at which the grade was saved. When the learner first passed is a field of its own."),
    facts=(
        percent("grade.percent", "grade.percent_grade", _("grade")),
        text("grade.letter_grade", "grade.letter_grade", _("letter grade"), sample="A"),
        moment("grade.passed_timestamp", "grade.passed_timestamp", _("first passed at")),
        course_key("grade.course.course_key"),
    ),
)


def _enrollment(what: str, label: Any, description: Any, time_meaning: Any, ends: tuple[str, ...] = ()) -> EventType:
    return EventType(
        kind=f"org.openedx.learning.course.{what}.v1",
        signal=f"{SIGNALS}.COURSE_{what.upper().replace('.', '_')}",
        label=label,
        description=description,
        learner="enrollment.user.id",
        subject="enrollment.course.course_key",
        scope_kind=ScopeKind.COURSE,
        time_meaning=time_meaning,
        ends=ends,
        facts=(
            text("enrollment.mode", "enrollment.mode", _("enrollment track"), sample="verified"),
            yes_no("enrollment.is_active", "enrollment.is_active", _("enrollment is active")),
            moment("enrollment.creation_date", "enrollment.creation_date", _("first enrolled at")),
            course_key("enrollment.course.course_key"),
        ),
    )


_COHORT = EventType(
    kind="org.openedx.learning.cohort_membership.changed.v1",
    signal=f"{SIGNALS}.COHORT_MEMBERSHIP_CHANGED",
    label=_("Cohort membership"),
    description=_("A learner was put into a cohort of a course, or moved to another one. Leaving is not told."),
    learner="cohort.user.id",
    subject="cohort.course.course_key",
    scope_kind=ScopeKind.COURSE,
    facts=(
        text("cohort.name", "cohort.name", _("cohort"), sample="Team Berlin"),
        course_key("cohort.course.course_key"),
    ),
)

EVENT_TYPES = (
    _PASSING,
    _CCX_PASSING,
    _GRADE,
    _enrollment(
        "enrollment.created",
        _("Enrollment"),
        _("A learner enrolled in a course, for the first time or again."),
        # Not creation_date: enrolling again sends the event with the date of the first time.
        _("The moment of enrolling. When the learner first enrolled is a field of its own."),
    ),
    _enrollment(
        "enrollment.changed",
        _("Enrollment changed"),
        _("A learner's enrollment began, ended, or changed its track."),
        _("The moment of the change. When the learner first enrolled is a field of its own."),
    ),
    _enrollment(
        "unenrollment.completed",
        _("Unenrollment"),
        _("A learner left a course, or was taken out of it."),
        _("The moment of leaving. When the learner first enrolled is a field of its own."),
        ends=("org.openedx.learning.course.enrollment.created.v1",),
    ),
    _COHORT,
)
