"""Claiming a badge with a code: the claim and the award, both or neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from .. import audit, awards, lms
from ..models import ApiKey, BadgeAward, BadgeTemplate, ClaimCode, CodeClaim
from . import making, spelling
from .retrying import undisturbed

_NO_CODE = 0
_HELD_BACK = (BadgeTemplate.Status.PAUSED, BadgeTemplate.Status.RETIRED)


class NotClaimable(Exception):
    """A code brings nothing. One sentence for whatever the reason is: nobody is to learn which codes there are."""

    @property
    def sentence(self) -> str:
        """What to tell whoever tried it."""
        return _(
            "This code cannot be used. Check that you typed it as it was given to you. If it is right, it may be for "
            "somebody else, for another time, or used up: ask whoever gave it to you."
        )

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Claimed:
    """The award that a code brought, and whether this call made it; else the learner had it already."""

    award: BadgeAward
    created: bool


class _Standing(Exception):
    """The learner has the badge, so that nothing of the code is used up."""

    def __init__(self, award: BadgeAward) -> None:
        super().__init__()
        self.award = award


class _ClaimedMeanwhile(Exception):
    """The same learner has claimed the same code in another request."""


def redeem(
    text: str,
    *,
    learner: lms.Learner,
    now: datetime,
    among: Callable[[BadgeTemplate], bool] | None = None,
    key: ApiKey | None = None,
) -> Claimed:
    """Award a learner the badge that a code is for.

    ``among`` says whether it may be for this badge, where that is not open. ``key`` is that of the system that asks.
    Raises NotClaimable, and awards.NotGrantable where the code is good and the badge cannot be awarded.
    """
    return undisturbed(lambda: _redeem(text, learner, now, among, key))


@transaction.atomic
def _redeem(
    text: str,
    learner: lms.Learner,
    now: datetime,
    among: Callable[[BadgeTemplate], bool] | None,
    key: ApiKey | None,
) -> Claimed:
    code = _find(text)
    # As many questions for a code that there is not as for one that there is.
    claim = _claims(code, learner).select_related("award").first()
    if code is None or not (among is None or among(code.template)):
        raise NotClaimable
    if claim is not None:
        return _as_before(code, claim, claim.award)
    if not code.is_open(now) or not _is_for(code, learner):
        raise NotClaimable
    if code.template.status in _HELD_BACK:
        raise awards.NotGrantable(_("Learners cannot get this badge at present. Your code stays as it is."))
    try:
        return _claim(code, learner, now, key)
    except _Standing as standing:
        return Claimed(_with(code, standing.award), created=False)
    except _ClaimedMeanwhile:
        # Locking reads, because under REPEATABLE READ plain ones may not see what the other request did.
        claim = _claims(code, learner).select_for_update().first()
        if claim is None:
            raise NotClaimable from None
        return _as_before(code, claim, _locked(claim.award_id))


@transaction.atomic
def _claim(code: ClaimCode, learner: lms.Learner, now: datetime, key: ApiKey | None) -> Claimed:
    """Count the claim, keep whose it is, and award the badge. Whoever claims the same code waits at the first line."""
    open_now = ClaimCode.objects.filter(making.open_at(now), pk=code.pk)
    if not open_now.update(claimed=F("claimed") + 1, modified=now):
        raise _ClaimedMeanwhile  # By this learner or by others.
    try:
        with transaction.atomic():
            claim = CodeClaim.objects.create(code=code, learner_id=learner.id)
    except IntegrityError:
        raise _ClaimedMeanwhile from None
    granted = awards.grant(
        learner_id=learner.id,
        template=code.template,
        earned_at=now,
        source=BadgeAward.Source.CLAIM,
        granted_with=key,
    )
    if not (granted.created or granted.renewed):
        raise _Standing(granted.award)
    claim.award = granted.award
    claim.save(update_fields=["award"])
    after = {"learner_id": learner.id, "award": str(granted.award.uuid)} | making.with_key(key)
    audit.record("claim_code.claimed", code, after=after)
    return Claimed(_with(code, granted.award), granted.created)


def _find(text: str) -> ClaimCode | None:
    rows = ClaimCode.objects.select_related("template__organization")
    return rows.filter(digest=spelling.digest_of(text)).first()


def _claims(code: ClaimCode | None, learner: lms.Learner) -> QuerySet[CodeClaim]:
    return CodeClaim.objects.filter(code_id=code.pk if code else _NO_CODE, learner_id=learner.id)


def _as_before(code: ClaimCode, claim: CodeClaim, award: BadgeAward | None) -> Claimed:
    """What a claim brought, or what was awarded in its place since."""
    if award is not None and not award.live:
        award = BadgeAward.objects.filter(learner_id=claim.learner_id, template=code.template, live=True).first()
    if award is None:
        raise awards.NotGrantable(
            _("You claimed this badge with this code before, and it does not stand any more. A code brings it once.")
        )
    return Claimed(_with(code, award), created=False)


def _locked(award_id: int | None) -> BadgeAward | None:
    return BadgeAward.objects.select_for_update().get(pk=award_id) if award_id else None


def _with(code: ClaimCode, award: BadgeAward) -> BadgeAward:
    award.template = code.template
    return award


def _is_for(code: ClaimCode, learner: lms.Learner) -> bool:
    """Whether a code is for everybody, or for this learner."""
    if code.email and not _has_address(learner, code.email):
        return False
    if not code.course:
        return True
    rows = lms.rows_of(lms.Source.ENROLLMENTS, {learner.id}, [code.course])
    if not any(getattr(row, "is_active", False) for row in rows):
        return False
    # Who leaves a course keeps their cohort in edx-platform, so that alone does not do.
    return not code.cohort or lms.cohorts({learner.id}, [code.course]).get((learner.id, code.course)) == code.cohort


def _has_address(learner: lms.Learner, email: str) -> bool:
    """Whether an address is the learner's, and they have shown that it is: an account is active once they did."""
    return learner.is_active and learner.email.casefold() == email.casefold()
