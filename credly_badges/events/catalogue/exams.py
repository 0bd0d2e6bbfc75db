"""What learners hand in: attempts at special exams, submissions, scores, skills."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from ...rules.fields import Field, FieldType
from .. import readings
from .entry import EventType, Fact, NamedBy, ScopeKind
from .facts import count, course_key, number, text

SIGNALS = "openedx_events.learning.signals"
BLOCK = "block-v1:edX+DemoX+2026+type@{type}+block@{name}"
EXAM = BLOCK.format(type="sequential", name="final_exam")


def _kind(word: str) -> str:
    return f"org.openedx.learning.exam.attempt.{word}.v1"


def _exam(word: str, label: Any, description: Any, *ends: str) -> EventType:
    return EventType(
        kind=_kind(word),
        signal=f"{SIGNALS}.EXAM_ATTEMPT_{word.upper()}",
        label=label,
        description=description,
        learner="exam_attempt.student_user.id",
        subject="exam_attempt.usage_key",
        place="exam_attempt.course_key",
        scope_kind=ScopeKind.COURSE,
        ends=tuple(_kind(each) for each in ends),
        facts=(
            text("exam.usage_key", "exam_attempt.usage_key", _("exam"), sample=EXAM),
            text("exam.type", "exam_attempt.exam_type", _("type of exam"), sample="proctored"),
            course_key("exam_attempt.course_key"),
        ),
    )


_ORA = EventType(
    kind="org.openedx.learning.ora.submission.created.v1",
    signal=f"{SIGNALS}.ORA_SUBMISSION_CREATED",
    label=_("Open response submitted"),
    description=_("A learner submitted an answer to an open response assessment (ORA). Its grade comes later."),
    learner="submission.anonymous_user_id",
    named_by=NamedBy.ANONYMOUS_ID,
    subject="submission.uuid",
    place="submission.location",
    scope_kind=ScopeKind.COURSE,
    time="submission.submitted_at",
    time_meaning=_("The moment of submitting."),
    facts=(
        text(
            "assessment.usage_key",
            "submission.location",
            _("assessment"),
            sample=BLOCK.format(type="openassessment", name="essay"),
        ),
        number("submission.attempt_number", "submission.attempt_number", _("number of the attempt"), sample=1),
        count("submission.files", "submission.answer.file_keys", _("number of files"), sample=2),
        course_key("submission.location"),
    ),
)

_GRADER = EventType(
    kind="org.openedx.learning.external_grader.score.submitted.v1",
    signal=f"{SIGNALS}.EXTERNAL_GRADER_SCORE_SUBMITTED",
    label=_("Score from an external grader"),
    description=_("A program outside the LMS, such as one that runs learners' code, has graded a submission."),
    learner="score.user_id",
    named_by=NamedBy.ANONYMOUS_ID,
    subject="score.submission_id",
    place="score.course_id",
    scope_kind=ScopeKind.COURSE,
    facts=(
        Fact(Field("score.percent", _("score"), FieldType.NUMBER, unit="%", sample=85), "score", readings.points),
        number("score.points_earned", "score.points_earned", _("points earned"), sample=17),
        number("score.points_possible", "score.points_possible", _("points possible"), sample=20),
        text(
            "problem.usage_key",
            "score.module_id",
            _("problem"),
            sample=BLOCK.format(type="problem", name="sorting"),
        ),
        text("score.queue_name", "score.queue_name", _("queue of the grader"), sample="python-grader"),
        course_key("score.course_id"),
    ),
)

_SKILL = EventType(
    kind="org.openedx.learning.xblock.skill.verified.v1",
    signal=f"{SIGNALS}.XBLOCK_SKILL_VERIFIED",
    label=_("Skills of a unit confirmed"),
    description=_("A learner said which of the skills that a unit or video is tagged with they found in it."),
    learner="",
    named_by=NamedBy.REQUEST,
    subject="xblock_info.usage_key",
    place="xblock_info.usage_key",
    scope_kind=ScopeKind.COURSE,
    facts=(
        text(
            "block.usage_key",
            "xblock_info.usage_key",
            _("unit or video"),
            sample=BLOCK.format(type="video", name="welcome"),
        ),
        count("skills.verified", "xblock_info.verified_skills", _("number of skills confirmed"), sample=3),
        count("skills.ignored", "xblock_info.ignored_skills", _("number of skills not found"), sample=0),
        course_key("xblock_info.usage_key"),
    ),
)

EVENT_TYPES = (
    _exam(
        "submitted",
        _("Exam attempt submitted"),
        _("A learner submitted an attempt at a timed or proctored exam of the edx-exams service."),
    ),
    _exam(
        "verified",
        _("Exam attempt verified"),
        _("A proctored exam attempt was reviewed and found in order."),
        "rejected",
        "errored",
    ),
    _exam("rejected", _("Exam attempt rejected"), _("A proctored exam attempt was reviewed and rejected."), "verified"),
    _exam("errored", _("Exam attempt failed"), _("An exam attempt ended with an error of the proctoring."), "verified"),
    _exam(
        "reset",
        _("Exam attempt reset"),
        _("An exam attempt was taken back, so that the learner can begin another one."),
        "submitted",
        "verified",
        "rejected",
        "errored",
    ),
    _ORA,
    _GRADER,
    _SKILL,
)
