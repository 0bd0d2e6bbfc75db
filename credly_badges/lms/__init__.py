"""The only place that asks the LMS: who a learner is, what a course is called, who looks after it, what was achieved.

Users are Django's, so they are read here. What only edx-platform knows is asked of a *backend*, by default
``EdxPlatform``. Each question is asked for many learners or courses at once.
"""

from __future__ import annotations

from .achievements import (
    InCourse,
    certificate,
    cohorts,
    completions,
    grade,
    history,
    history_of,
    rows_of,
    subsection_grades,
    teams,
)
from .backend import Backend, Certificate, NoPlatform
from .chosen import backend
from .course_runs import (
    course_titles,
    course_url,
    courses,
    is_course_run,
    is_uuid,
    program_titles,
    runs_of,
    runs_of_programs,
)
from .edx_platform import EdxPlatform
from .learners import (
    AT_ONCE,
    addresses_of,
    current_user_id,
    find_learners,
    is_course_staff,
    learner,
    may_be_course_staff,
    names_of,
    present,
    retired_users,
    retirement_signals,
    user_id_of_anonymous,
)
from .people import NO_LAST_NAME, Learner, Name, NoName, Profile, is_address, name_of
from .rows import ROWS, CertificateRow, Course, EnrollmentRow, GradeRow, Row, Source
from .trial import QUESTIONS, unanswered

__all__ = [
    "AT_ONCE",
    "NO_LAST_NAME",
    "QUESTIONS",
    "ROWS",
    "Backend",
    "Certificate",
    "CertificateRow",
    "Course",
    "EdxPlatform",
    "EnrollmentRow",
    "GradeRow",
    "InCourse",
    "Learner",
    "Name",
    "NoName",
    "NoPlatform",
    "Profile",
    "Row",
    "Source",
    "addresses_of",
    "backend",
    "certificate",
    "cohorts",
    "completions",
    "course_titles",
    "course_url",
    "courses",
    "current_user_id",
    "find_learners",
    "grade",
    "history",
    "history_of",
    "is_address",
    "is_course_run",
    "is_course_staff",
    "is_uuid",
    "learner",
    "may_be_course_staff",
    "name_of",
    "names_of",
    "present",
    "program_titles",
    "retired_users",
    "retirement_signals",
    "rows_of",
    "runs_of",
    "runs_of_programs",
    "subsection_grades",
    "teams",
    "unanswered",
    "user_id_of_anonymous",
]
