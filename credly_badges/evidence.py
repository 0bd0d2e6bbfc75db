"""What a badge shows as proof: what was given by hand, and what its template asks for from the deciding courses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from . import criteria, lms
from .credly import wire
from .models import BadgeAward, BadgeTemplate, Fulfillment
from .rules.standing import Met, RequirementStanding, standing

log = logging.getLogger(__name__)

ID_EVIDENCE = "IdEvidence"

LONGEST_TEXT = 350
"""As long as a text may be that Credly's own pages take as evidence (its help center, "Adding evidence")."""

T = TypeVar("T")


def of(award: BadgeAward, learner: lms.Learner, *, earned_at: datetime | None = None) -> tuple[wire.Evidence, ...]:
    """Everything that goes on the badge, in the order in which it is shown; all of it is public there.

    ``earned_at`` is the later moment at which the learner earned a renewal. What the LMS cannot tell is left out.
    """
    template = award.template
    items = [wire.Evidence(**item) for item in award.evidence]
    if template.evidence_certificate or template.evidence_course or template.evidence_grade:
        courses = deciding_courses(award, earned_at=earned_at)
        titles = _asked(lambda: lms.course_titles(courses), award) or {}
        for key in courses:
            items += _of_a_course(award, learner, key, titles.get(str(key), str(key)))
    if template.evidence_note:
        items.append(wire.Evidence(name=_("Note"), description=template.evidence_note, kind=ID_EVIDENCE))
    return tuple(items)


def text(said: str) -> dict[str, str]:
    """A text as an award keeps it among its evidence. It is public on the badge, as the links are."""
    return {"name": _("Narrative"), "url": "", "description": said, "kind": ID_EVIDENCE}


def text_of(award: BadgeAward) -> str:
    """What was said with an award beside its links."""
    return "\n".join(item.get("description", "") for item in award.evidence if not item.get("url"))


def certificate_at(award: BadgeAward, *, earned_at: datetime | None = None) -> datetime | None:
    """The date of the learner's latest certificate among the deciding courses, where the badge's expiry hangs on it."""
    if award.template.expiry != BadgeTemplate.Expiry.CERTIFICATE or award.learner_id is None:
        return None
    dates = [
        certificate.issued_at
        for key in deciding_courses(award, earned_at=earned_at)
        if (certificate := _certificate(award, award.learner_id, key))
    ]
    return max(dates, default=None)


def deciding_courses(award: BadgeAward, *, earned_at: datetime | None = None) -> list[CourseKey]:
    """The courses by which the learner met the requirements of this award, each requirement by the first that met it.

    What a penalty took back does not count. A badge that is earned again is decided by what happened since the one
    before it.
    """
    rows = Fulfillment.objects.filter(
        progress__learner_id=award.learner_id,
        progress__template_id=award.template_id,
        holds=True,
        decided_at__lte=earned_at or award.earned_at,
    )
    columns = ("requirement_id", "subject", "decided_at", "course", "progress__version")
    found = list(rows.order_by().values_list(*columns))
    if not found:
        return []
    met = [Met(*columns) for *columns, _version in found]
    since = _since(award, earned_at)
    anew = [fact for fact in met if since is None or fact.at > since]
    stands = standing(criteria.shape(award.template_id, found[0][-1]), anew or met)
    decisive = [fact for group in stands.groups for each in group.requirements for fact in _first(each)]
    return list(_course_keys(fact.subject for fact in sorted(decisive, key=lambda fact: (fact.at, fact.requirement))))


def _first(met: RequirementStanding) -> Iterator[Met]:
    """As many as the requirement needs, of those that count as different."""
    counted: set[str] = set()
    for fact in met.counted:
        thing = met.requirement.counts_as(fact.subject, fact.course)
        if thing not in counted and len(counted) < met.needed:
            counted.add(thing)
            yield fact


def _since(award: BadgeAward, earned_at: datetime | None) -> datetime | None:
    if earned_at is not None and earned_at > award.earned_at:
        return award.earned_at
    return award.previous.earned_at if award.previous else None


def _course_keys(subjects: Iterable[str]) -> Iterator[CourseKey]:
    for subject in dict.fromkeys(subjects):
        try:
            yield CourseKey.from_string(subject)
        except InvalidKeyError:
            continue  # A program, which has no page of this kind.


def _of_a_course(award: BadgeAward, learner: lms.Learner, key: CourseKey, title: str) -> Iterator[wire.Evidence]:
    template, names = award.template, {"course": title}
    if template.evidence_certificate and (certificate := _certificate(award, learner.id, key)):
        yield wire.Evidence(name=_("Certificate: %(course)s") % names, url=certificate.url)
    if template.evidence_course and (url := _asked(lambda: lms.course_url(key), award)):
        yield wire.Evidence(name=_("Course: %(course)s") % names, url=url)
    if template.evidence_grade:
        grade = _asked(lambda: lms.grade(learner.id, key), award)
        if grade is not None:
            shown = _("%(percent)d %%") % {"percent": round(grade)}
            yield wire.Evidence(name=_("Grade: %(course)s") % names, description=shown, kind=ID_EVIDENCE)


def _certificate(award: BadgeAward, learner_id: int, key: CourseKey) -> lms.Certificate | None:
    return _asked(lambda: lms.certificate(learner_id, key), award)


def _asked(question: Callable[[], T], award: BadgeAward) -> T | None:
    """The LMS's answer. A badge without one of its proofs is better than no badge, so a failure is only logged."""
    try:
        return question()
    except lms.NoPlatform:
        raise
    except Exception:
        log.exception("The LMS could not tell all the evidence of award %s, which goes without.", award.uuid)
        return None
