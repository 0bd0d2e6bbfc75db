"""What learners were awarded, and what was taken back: certificates, program certificates, badges."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from .entry import EventType, ScopeKind
from .facts import course_key, moment, percent, text, uuid

SIGNALS = "openedx_events.learning.signals"
PROGRAM = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"
TEMPLATE = "9c5a4b2e-7f6d-4e0c-8a1b-3d2f1e0c9b8a"


def _certificate(word: str, label: Any, description: Any, ends: tuple[str, ...] = ()) -> EventType:
    return EventType(
        kind=f"org.openedx.learning.certificate.{word}.v1",
        signal=f"{SIGNALS}.CERTIFICATE_{word.upper()}",
        label=label,
        description=description,
        learner="certificate.user.id",
        subject="certificate.course.course_key",
        scope_kind=ScopeKind.COURSE,
        time_meaning=_("The moment at which the certificate was saved like this."),
        ends=ends,
        facts=(
            text("certificate.mode", "certificate.mode", _("enrollment track"), sample="verified"),
            text(
                "certificate.current_status",
                "certificate.current_status",
                _("certificate status"),
                sample="downloadable",
            ),
            percent("certificate.percent", "certificate.grade", _("grade on the certificate")),
            course_key("certificate.course.course_key"),
        ),
    )


def _program_certificate(word: str, label: Any, description: Any, ends: tuple[str, ...] = ()) -> EventType:
    return EventType(
        kind=f"org.openedx.learning.program.certificate.{word}.v1",
        signal=f"{SIGNALS}.PROGRAM_CERTIFICATE_{word.upper()}",
        label=label,
        description=description,
        learner="program_certificate.user.id",
        subject="program_certificate.program.uuid",
        scope_kind=ScopeKind.PROGRAM,
        time_meaning=_("The moment at which the Credentials service saved the program certificate like this."),
        ends=ends,
        facts=(
            uuid("program.uuid", "program_certificate.program.uuid", _("program ID"), sample=PROGRAM),
            text(
                "program.program_type",
                "program_certificate.program.program_type",
                _("program type"),
                sample="micromasters",
            ),
            text("certificate.status", "program_certificate.status", _("certificate status"), sample="awarded"),
            moment(
                "certificate.certificate_available_date",
                "program_certificate.certificate_available_date",
                _("certificate available from"),
            ),
        ),
    )


def _badge(word: str, label: Any, description: Any, ends: tuple[str, ...] = ()) -> EventType:
    return EventType(
        kind=f"org.openedx.learning.badge.{word}.v1",
        signal=f"{SIGNALS}.BADGE_{word.upper()}",
        label=label,
        description=description,
        learner="badge.user.id",
        # Not the badge's own UUID: one that was replaced, or revoked and awarded again, is the same achievement.
        subject="badge.template.uuid",
        scope_kind=ScopeKind.BADGE,
        ends=ends,
        facts=(
            uuid("template.uuid", "badge.template.uuid", _("badge template ID"), sample=TEMPLATE),
            text("template.origin", "badge.template.origin", _("badge issued through"), sample="credly"),
        ),
    )


EVENT_TYPES = (
    _certificate(
        "created",
        _("Certificate awarded"),
        _("A learner holds a course certificate. It is repeated whenever the certificate is saved."),
    ),
    _certificate(
        "changed",
        _("Certificate changed"),
        _("A course certificate was saved, in whatever status it then was."),
    ),
    _certificate(
        "revoked",
        _("Certificate revoked"),
        _("A learner's course certificate was invalidated."),
        ends=("org.openedx.learning.certificate.created.v1",),
    ),
    _program_certificate(
        "awarded",
        _("Program certificate awarded"),
        _("A learner was awarded a program certificate. It comes from the Credentials service, over an event bus."),
    ),
    _program_certificate(
        "revoked",
        _("Program certificate revoked"),
        _("A program certificate was taken back. It comes from the Credentials service, over an event bus."),
        ends=("org.openedx.learning.program.certificate.awarded.v1",),
    ),
    _badge(
        "awarded",
        _("Badge awarded"),
        _("A learner was awarded another badge: one of this plugin that Credly has confirmed, or one of Credentials."),
    ),
    _badge(
        "revoked",
        _("Badge revoked"),
        _("Another badge of a learner was revoked, and Credly has confirmed it."),
        ends=("org.openedx.learning.badge.awarded.v1",),
    ),
)
