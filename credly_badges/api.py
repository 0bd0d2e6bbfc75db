"""For other plugins of the same LMS: award and revoke badges, and ask what learners have and why (OEP-49).

These functions, their errors and the classes in :mod:`credly_badges.data` are stable: a release that changes them says
so in its major number. Everything else of this package may change at any time.

Each function takes a learner as their user or as their user ID. What is ordered goes to Credly after the transaction
that it is called in; one that is rolled back takes it back. Nothing here asks who may do it: that is for the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from . import awards, conf, lms, reports
from .awards import NotGrantable, NotRevocable
from .awards import given as _given
from .data import AwardData, BadgeData, Evidence, ProgressData, RequirementData, WhyData
from .models import BadgeAward, BadgeTemplate
from .reports import learners as _learners

__all__ = [
    "AwardData",
    "BadgeData",
    "Evidence",
    "NotGrantable",
    "NotRevocable",
    "NotTaken",
    "ProgressData",
    "RequirementData",
    "Unknown",
    "WhyData",
    "award",
    "badges",
    "badges_of",
    "progress",
    "restore",
    "revoke",
    "why",
]

NotTaken = _given.NotTaken


class Unknown(LookupError):
    """There is no such badge, award or learner here."""


def badges(*, active: bool | None = True) -> tuple[BadgeData, ...]:
    """The badges that learners earn now; with ``active=False`` the others, with ``None`` all. One query."""
    rows = BadgeTemplate.objects.select_related("organization").order_by("name", "pk")
    if active is not None:
        wanted = Q(status=BadgeTemplate.Status.ACTIVE, credly_state=BadgeTemplate.CredlyState.ACTIVE)
        rows = rows.filter(wanted if active else ~wanted)
    return tuple(map(_badge_data, rows))


def award(
    learner: Any,
    badge_id: UUID | str,
    *,
    reason: str,
    earned_at: datetime | None = None,
    evidence: Sequence[Evidence] = (),
    issuer_id: UUID | str | None = None,
    by: Any = None,
) -> AwardData:
    """Award a badge to a learner, whatever it asks for; who has it already keeps it, which is no error.

    ``reason`` is kept here and not sent to Credly. ``earned_at`` is the issue date, by default now. ``issuer_id`` says
    of which organization, where two have the same badge. ``by`` is the user who decided it, if somebody did.

    Raises NotGrantable where the badge cannot be awarded now, NotTaken for what no badge can say, Unknown.
    """
    template, now = _template(badge_id, issuer_id), timezone.now()
    granted = awards.grant(
        learner_id=_present(learner),
        template=template,
        earned_at=_given.earned_at(earned_at.isoformat(), now=now) if earned_at else now,
        source=BadgeAward.Source.SYSTEM,
        reason=_given.text(reason, longest=_given.LONGEST_REASON),
        evidence=[_given.link(name=each.name, url=each.url, description=each.description) for each in evidence],
        granted_by=by,
    )
    return _award_data(granted.award, template, created=granted.created)


def revoke(award_id: UUID | str, *, reason: str, by: Any = None) -> AwardData:
    """Take a badge back; the learner and others read why. Its state changes once Credly has confirmed it.

    Raises NotRevocable where there is nothing left to revoke, or no reason; Unknown.
    """
    row = _award(award_id)
    return _award_data(awards.revoke(row, reason, by=by), row.template)


def restore(award_id: UUID | str, *, reason: str, by: Any = None) -> AwardData:
    """Give back a badge that was revoked, deleted at Credly or given up: as a new award, with the old issue date.

    Raises NotGrantable where it cannot be given back, or there is no reason; Unknown.
    """
    row = _award(award_id)
    granted = awards.restore(row, reason=reason, by=by)
    return _award_data(granted.award, row.template, created=granted.created)


def badges_of(learner: Any) -> tuple[AwardData, ...]:
    """Everything that a learner was ever awarded, the newest first. One query."""
    rows = _learners.badges_of(_id_of(learner), Q())
    return tuple(_award_data(row, row.template) for row in rows)


def progress(learner: Any, badge_id: UUID | str, *, issuer_id: UUID | str | None = None) -> ProgressData | None:
    """How far a learner is towards a badge; None where they have not begun. Raises Unknown."""
    template = _template(badge_id, issuer_id)
    row = _learners.progress_of(_id_of(learner), Q(pk=template.pk)).first()
    if row is None:
        return None
    return ProgressData(
        badge_id=template.uuid,
        learner_id=row.learner_id,
        percent=row.percent,
        completed_at=row.completed_at,
        version=row.version,
        requirements=tuple(reports.sentences(template, row.version)),
    )


def why(
    learner: Any, badge_id: UUID | str, *, for_learner: bool = True, issuer_id: UUID | str | None = None
) -> WhyData:
    """Why a learner has a badge, or not, in the language that is active; ``for_learner`` leaves out what is for staff.

    The same number of queries however much there is to tell. Raises Unknown.
    """
    template = _template(badge_id, issuer_id)
    told = reports.why(_present(learner), template, for_learner=for_learner)
    return WhyData(
        badge_id=template.uuid,
        learner_id=told.learner_id,
        headline=told.headline,
        complete=told.complete,
        completed_at=told.completed_at,
        percent=told.percent,
        version=told.version,
        requirements=tuple(_requirement_data(each) for group in told.groups for each in group.requirements),
        path=tuple(step.sentence for step in told.path),
    )


def _id_of(learner: Any) -> int:
    number = getattr(learner, "pk", learner)
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError("A learner is given as a user, or as a user's ID.")
    return number


def _present(learner: Any) -> int:
    number = _id_of(learner)
    if not lms.present([number]):
        raise Unknown(_("There is no such learner."))
    return number


def _uuid(text: UUID | str) -> UUID:
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except ValueError:
        raise Unknown(_("“%(text)s” is no ID.") % {"text": text}) from None


def _template(badge_id: UUID | str, issuer_id: UUID | str | None) -> BadgeTemplate:
    rows = BadgeTemplate.objects.select_related("organization").filter(uuid=_uuid(badge_id))
    if issuer_id is not None:
        rows = rows.filter(organization__uuid=_uuid(issuer_id))
    found = list(rows[:2])
    if not found:
        raise Unknown(_("There is no such badge here."))
    if len(found) > 1:
        raise Unknown(_("Two organizations here have this badge. Say which with “issuer_id”."))
    return found[0]


def _award(award_id: UUID | str) -> BadgeAward:
    row = BadgeAward.objects.select_related("template").filter(uuid=_uuid(award_id)).first()
    if row is None:
        raise Unknown(_("There is no such award here."))
    return row


def _badge_data(template: BadgeTemplate) -> BadgeData:
    return BadgeData(
        id=template.uuid,
        issuer_id=template.organization.uuid,
        issuer_name=str(template.organization),
        name=template.name,
        description=template.description,
        image_url=template.image_url,
        skills=tuple(template.skills),
        is_active=template.is_active,
        is_sandbox=template.organization.environment != conf.PRODUCTION,
    )


def _award_data(row: BadgeAward, template: BadgeTemplate, *, created: bool = False) -> AwardData:
    return AwardData(
        id=row.uuid,
        badge_id=template.uuid,
        learner_id=row.learner_id,
        state=str(row.state),
        stands=bool(row.live),
        earned_at=row.earned_at,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        badge_url=row.badge_url,
        image_url=row.image_url,
        created=created,
    )


def _requirement_data(told: reports.RequirementWhy) -> RequirementData:
    return RequirementData(
        key=told.key,
        sentence=told.sentence,
        met=told.met,
        met_at=told.met_at,
        said=told.said,
        missing=told.missing,
    )
