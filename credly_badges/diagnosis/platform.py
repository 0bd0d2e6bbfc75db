"""Whether the LMS answers what it is asked."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .. import lms
from .finding import Finding, Level


def answers() -> Finding:
    """Each question to the LMS is put once; after an upgrade of the LMS, one may be answered no longer."""
    failed = lms.unanswered()
    if not failed:
        return Finding("lms", "LMS", Level.OK, _("The LMS answers everything that it is asked."))
    questions = _("The LMS does not answer: %(questions)s.") % {"questions": ", ".join(failed)}
    none = _("The LMS does not answer.")
    return Finding(
        "lms_unanswered",
        "LMS",
        Level.BAD,
        f"{none if len(failed) == lms.QUESTIONS else questions} {next(iter(failed.values()))}",
        _("See which release of the LMS this version of the plugin is for, and look at CREDLY_BADGES_LMS_BACKEND."),
    )
