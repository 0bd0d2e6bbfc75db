"""What learners do on the LMS beside their grades: forum, LTI, ID verification, registering, logging in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from .entry import EventType, ScopeKind
from .facts import course_key, moment, text

SIGNALS = "openedx_events.learning.signals"


def _post(kind: str, signal: str, label: Any, description: Any) -> EventType:
    return EventType(
        kind=f"org.openedx.learning.forum.{kind}.created.v1",
        signal=f"{SIGNALS}.FORUM_{signal}_CREATED",
        label=label,
        description=description,
        learner="thread.user.id",
        subject="thread.id",
        place="thread.course_id",
        scope_kind=ScopeKind.COURSE,
        # Neither the title nor the text, and not whether it was posted without a name.
        facts=(
            text("thread.type", "thread.thread_type", _("type of thread"), sample="question"),
            text("thread.topic", "thread.commentable_id", _("ID of the topic"), sample="course-general"),
            text("thread.team", "thread.team_id", _("ID of the team"), sample="team-berlin-2f7a"),
            course_key("thread.course_id"),
        ),
    )


def _verification(word: str, label: Any, description: Any, *ends: str) -> EventType:
    return EventType(
        kind=f"org.openedx.learning.idv_attempt.{word}.v1",
        signal=f"{SIGNALS}.IDV_ATTEMPT_{word.upper()}",
        label=label,
        description=description,
        learner="idv_attempt.user.id",
        subject="idv_attempt.attempt_id",
        scope_kind=ScopeKind.SITE,
        ends=tuple(f"org.openedx.learning.idv_attempt.{each}.v1" for each in ends),
        facts=(
            text("verification.status", "idv_attempt.status", _("verification status"), sample=word),
            moment("verification.expiration_date", "idv_attempt.expiration_date", _("verification expires")),
        ),
    )


_LTI = EventType(
    kind="org.openedx.learning.lti_provider.launch.success.v1",
    signal=f"{SIGNALS}.LTI_PROVIDER_LAUNCH_SUCCESS",
    label=_("Opened from another platform (LTI)"),
    description=_("A learner opened content of a course from another platform, through LTI."),
    learner="launch_data.user.id",
    subject="launch_data.usage_key",
    place="launch_data.course_key",
    scope_kind=ScopeKind.COURSE,
    facts=(
        text(
            "block.usage_key",
            "launch_data.usage_key",
            _("what was opened"),
            sample="block-v1:edX+DemoX+2026+type@vertical+block@welcome",
        ),
        text(
            "launch.context_id",
            "launch_data.launch_params.context_id",
            _("course on the other platform"),
            sample="moodle-course-12",
        ),
        text("launch.roles", "launch_data.launch_params.roles", _("roles on the other platform"), sample="Learner"),
        course_key("launch_data.course_key"),
    ),
)

_REGISTRATION = EventType(
    kind="org.openedx.learning.student.registration.completed.v1",
    signal=f"{SIGNALS}.STUDENT_REGISTRATION_COMPLETED",
    label=_("Registration"),
    description=_("Somebody made an account. Their e-mail address may still have to be confirmed."),
    learner="user.id",
    subject="",
    scope_kind=ScopeKind.SITE,
    facts=(),
)

_LOGIN = EventType(
    kind="org.openedx.learning.auth.session.login.completed.v1",
    signal=f"{SIGNALS}.SESSION_LOGIN_COMPLETED",
    label=_("Login"),
    description=_("A learner logged in. However often they do so in a day (UTC), it counts as one."),
    learner="user.id",
    subject="",
    daily=True,
    scope_kind=ScopeKind.SITE,
    facts=(),
)

EVENT_TYPES = (
    _post("thread", "THREAD", _("Forum thread"), _("A learner began a thread in a course's discussions.")),
    _post(
        "thread.response",
        "THREAD_RESPONSE",
        _("Forum response"),
        _("A learner responded to a thread in a course's discussions."),
    ),
    _post(
        "thread.response.comment",
        "RESPONSE_COMMENT",
        _("Forum comment"),
        _("A learner commented on a response in a course's discussions."),
    ),
    _verification("created", _("ID verification begun"), _("A learner began to have their identity verified.")),
    _verification(
        "pending", _("ID verification under way"), _("A learner has handed in what their identity is verified by.")
    ),
    _verification("approved", _("ID verified"), _("A learner's identity was verified."), "denied"),
    _verification("denied", _("ID verification denied"), _("A learner's identity could not be verified."), "approved"),
    _LTI,
    _REGISTRATION,
    _LOGIN,
)
