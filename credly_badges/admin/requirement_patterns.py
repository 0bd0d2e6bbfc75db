"""What badges often ask for, to start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from ..requirements import RequirementSpec, RuleSpec
from ..rules.operators import Operator

_LEARNING = "org.openedx.learning"
_PASSING = f"{_LEARNING}.course.passing.status.updated.v1"
_GRADE = f"{_LEARNING}.course.persistent_grade_summary.changed.v1"
_CERTIFICATE = f"{_LEARNING}.certificate.created.v1"
_BADGE = f"{_LEARNING}.badge.awarded.v1"

_PASSES = RuleSpec("is_passing", Operator.EQUAL.value, "yes")
_GOOD_GRADE = RuleSpec("grade.percent", Operator.GREATER_OR_EQUAL.value, "80")


@dataclass(frozen=True)
class Pattern:
    """A requirement that is nearly ready, and what is left to do."""

    label: Any
    requirement: RequirementSpec
    next_step: Any
    unfolds: bool = False
    """Whether how often it has to happen is one of the things to look at."""


PATTERNS: Mapping[str, Pattern] = {
    "course": Pattern(_("Pass a course"), RequirementSpec(_PASSING, "", "", (_PASSES,)), _("Now say which course.")),
    "grades": Pattern(
        _("A grade of at least … in several courses"),
        RequirementSpec(_GRADE, "", "", (_GOOD_GRADE,), times=2),
        _("Now list the courses, and say how many of them are needed and which grade."),
        unfolds=True,
    ),
    "certificate": Pattern(_("A certificate"), RequirementSpec(_CERTIFICATE, "", ""), _("Now say of which course.")),
    "program": Pattern(
        _("All courses of a program"),
        RequirementSpec(_PASSING, "", "", (_PASSES,), times=None),
        _("Now type the ID of the program, or list its courses."),
    ),
    "badges": Pattern(
        _("Several badges"), RequirementSpec(_BADGE, "", "", times=None), _("Now choose the badges, one after another.")
    ),
}
