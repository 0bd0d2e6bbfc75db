"""What the staff of courses may do with a badge: all that it asks for has to lie in courses of theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from .. import activation, conf, lms
from ..access import courses
from ..models import BadgeTemplate

Status = BadgeTemplate.Status
RUNNING = (Status.ACTIVE, Status.SHADOW)

DEEDS: Mapping[str, str] = {
    "activate": Status.ACTIVE,
    "resume": "",
    "submit": Status.REVIEW,
    "shadow": Status.SHADOW,
    "pause": Status.PAUSED,
    "deactivate": Status.RETIRED,
    "withdraw": Status.DRAFT,
}
"""What a move is called in an address, and where it leads; a badge resumes as what it was. In the order of offering."""

REHEARSE, BACKFILL = "rehearse", "backfill"
READINGS: Mapping[str, str] = {REHEARSE: "rehearse_badgetemplate", BACKFILL: "backfill_badgetemplate"}


@dataclass
class Person:
    """Somebody at the page of a course, and for which courses they speak. Each course is asked about once."""

    user: Any
    here: CourseKey
    _speaks: dict[str, bool] = field(default_factory=dict)

    @property
    def is_manager(self) -> bool:
        """Whether they may activate badges anywhere."""
        return bool(self.user.has_perm(f"credly_badges.{activation.ACTIVATE}"))

    def is_staff_of(self, key: CourseKey | str) -> bool:
        """Whether the LMS has them on the staff of a course run."""
        text = str(key)
        if text not in self._speaks:
            self._speaks[text] = bool(self.user.is_active and lms.is_course_staff(self.user, text))
        return self._speaks[text]

    def speaks_for(self, place: str) -> bool:
        """Whether a place of a requirement is a course of theirs; what is more than one course is not."""
        if place == f"{self.here.org}+{self.here.course}":
            # The coach of a CCX does not speak for the course that it is made of.
            return not hasattr(self.here, "to_course_locator")
        try:
            key = CourseKey.from_string(place)
        except InvalidKeyError:
            return False
        return key == self.here or self.is_manager or self.is_staff_of(key)

    def sees(self, place: str) -> bool:
        """Whether they may see who did what at a place of theirs: of a course in any run, each run has to be theirs."""
        runs = [place] if lms.is_course_run(place) else lms.runs_of(place)
        return bool(runs) and all(self.is_staff_of(run) for run in runs)


class Say(NamedTuple):
    """What somebody has to say of a badge: ``refusal`` tells why nothing. ``sees`` is whether also who did what."""

    refusal: str = ""
    sees: bool = False


def says(templates: Collection[BadgeTemplate], person: Person) -> dict[int, Say]:
    """What somebody has to say of each of these badges. Two queries, and one for a course in any run."""
    places = courses.places(templates)
    return {template.pk: _say(person, places.get(template.pk)) for template in templates}


def _say(person: Person, places: Collection[str] | None) -> Say:
    if places is None:
        return Say(_("It asks for nothing yet. A badge manager says first what learners have to do."))
    if not all(map(person.speaks_for, places)):
        return Say(
            _(
                "It asks for something outside of this course, so only a badge manager can activate or deactivate it, "
                "on its page in the admin."
            )
        )
    return Say(sees=all(map(person.sees, places)))


def may(person: Person, template: BadgeTemplate, deed: str, say: Say) -> bool:
    """Whether somebody may do this with a badge."""
    if say.refusal:
        return False
    if deed in READINGS:
        return say.sees or bool(person.user.has_perm(f"credly_badges.{READINGS[deed]}"))
    to = destination(template, deed)
    # A paused badge is resumed, which asks about the pause; another cannot be.
    resumes = template.status == Status.PAUSED and to in RUNNING
    if (template.status, to) not in activation.TRANSITIONS or resumes is not (deed == "resume"):
        return False
    if activation.may_move(person.user, template, to):
        return True
    return person.is_staff_of(person.here) and not _is_an_approver_s(template, to)


def offered(person: Person, template: BadgeTemplate, say: Say) -> tuple[str, ...]:
    """What a page offers somebody, the next step first."""
    moves = [deed for deed in DEEDS if may(person, template, deed, say) and _makes_sense(template, deed)]
    readings = [REHEARSE] if may(person, template, REHEARSE, say) else []
    if template.is_active and may(person, template, BACKFILL, say):
        readings.append(BACKFILL)
    return (*moves, *readings)


def destination(template: BadgeTemplate, deed: str) -> str:
    """The status that a deed leads to."""
    return activation.resumes_as(template) if deed == "resume" else DEEDS[deed]


def _is_an_approver_s(template: BadgeTemplate, to: str) -> bool:
    """Whether a move is a decision on a review; where the site has reviews, leaving the shadow is one."""
    if to not in RUNNING:
        return False
    return template.status == Status.REVIEW or (template.status == Status.SHADOW and conf.review_required())


def _makes_sense(template: BadgeTemplate, deed: str) -> bool:
    """Whether the site has it done like this at all."""
    reviewed = template.status in {Status.DRAFT, Status.RETIRED} and conf.review_required()
    return not (reviewed and deed in {"activate", "shadow"})
