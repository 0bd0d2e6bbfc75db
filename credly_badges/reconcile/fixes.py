"""Mending one difference, each in its own short transaction, through the functions that do such things anyway."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractBaseUser
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, awards, progress
from ..credly import wire
from ..issuing import mirror, outbox
from ..models import BadgeAward, BadgeProgress, OutboxMessage, ReconcileDifference
from . import compare
from .asking import Asking, OutOfTime, Stopped
from .causes import Cause, advice
from .looking import MOST_REPLACEMENTS
from .runs import Hold, Lost

log = logging.getLogger(__name__)

Fix = ReconcileDifference.Fix
State = BadgeAward.State

AT_ONCE: Final = 50
MOST_GONE: Final = 20
"""If more badges than this seem to be gone from Credly at once, a person looks first: Credly may be wrong."""
LONGEST_SAID: Final = 500


class Outcome(NamedTuple):
    """What was done, and why it could not be done where it could not."""

    fix: ReconcileDifference.Fix
    said: str = ""


DONE: Final = Outcome(Fix.FIXED)
ORDERED: Final = Outcome(Fix.ORDERED)


def mend_found(hold: Hold, asking: Asking, *, unattended: bool = False) -> None:
    """Mend what a run has found and was told to fix."""
    run = hold.run
    causes = {*run.fixes}
    if unattended and run.counts.get(Cause.DELETED, 0) > MOST_GONE:
        causes.discard(Cause.DELETED)
    if not causes:
        return
    waiting = run.differences.filter(cause__in=causes, fix=Fix.NONE).order_by("pk")
    while batch := list(waiting.select_related(*NEEDED)[:AT_ONCE]):
        for difference in batch:
            hold.show_life()
            mend(difference, asking, by=run.started_by)
            if asking.is_late():
                raise OutOfTime


def mend(difference: ReconcileDifference, asking: Asking, *, by: AbstractBaseUser | None) -> Outcome:
    """Mend one difference, and write down what came of it.

    Credly is asked again first, so what was mended meanwhile is left as it is. Raises Stopped where Credly cannot be
    asked; the difference then waits.
    """
    outcome = _try(difference, asking, by)
    difference.fix, difference.fix_said = outcome.fix, outcome.said[:LONGEST_SAID]
    difference.save(update_fields=["fix", "fix_said"])
    if outcome.fix != Fix.FAILED:
        # What was changed has entries of its own; this one says that a comparison was the reason.
        facts = {"run": difference.run_id, "award": difference.award_id, "fix": outcome.fix}
        audit.record("difference.mended", difference, actor=by, because=str(difference), after=facts)
    return outcome


def _try(difference: ReconcileDifference, asking: Asking, by: AbstractBaseUser | None) -> Outcome:
    mending = MENDING.get(Cause(difference.cause))
    if mending is None:
        return Outcome(Fix.FAILED, advice(difference.cause))
    try:
        return mending(difference, asking, by)
    except awards.NotGrantable as refused:
        return Outcome(Fix.FAILED, refused.sentence)
    except (Stopped, OutOfTime, Lost, OperationalError, SoftTimeLimitExceeded):
        raise
    except Exception:
        # One that cannot be mended must not keep the others from it.
        log.exception("Difference %s could not be fixed, in a way that was not foreseen.", difference.pk)
        return Outcome(Fix.FAILED, _("It failed in a way that nobody foresaw. The log of the LMS has more."))


def _award(difference: ReconcileDifference, asking: Asking, by: AbstractBaseUser | None) -> Outcome:  # noqa: ARG001
    whose = {"learner": difference.learner, "template": difference.template}
    standing = BadgeProgress.objects.filter(**whose).first()
    if standing is None or standing.completed_at is None or BadgeAward.objects.filter(**whose).exists():
        return DONE  # The learner does not qualify any more, or was awarded the badge meanwhile.
    with transaction.atomic():
        granted = awards.grant(
            learner_id=standing.learner_id,
            template=difference.template,
            earned_at=standing.completed_at,
            source=BadgeAward.Source.REQUIREMENTS,
            reason=_("The requirements are met, and no award had come of it."),
            granted_by=by,
            scopes=progress.deciding_scopes(standing, standing.completed_at),
            version=standing.version,
        )
        # This database may be a copy from before the badge was issued, and the search have passed it over.
        granted.award.messages.filter(kind=OutboxMessage.Kind.ISSUE, open=True).update(look_first=True)
        BadgeProgress.objects.filter(pk=standing.pk).update(withheld="", earned_at=None, try_again_at=None)
    return ORDERED


def _send(difference: ReconcileDifference, asking: Asking, by: AbstractBaseUser | None) -> Outcome:  # noqa: ARG001
    award = _of(difference)
    with transaction.atomic():
        if awards.resend(award, by=by):
            # Why nobody was sending it is not known, so Credly may have it.
            award.messages.filter(kind=OutboxMessage.Kind.ISSUE, open=True).update(look_first=True)
    return ORDERED


def _adopt(difference: ReconcileDifference, asking: Asking, by: AbstractBaseUser | None) -> Outcome:
    badge = _badge(difference, asking)
    if badge is None or not compare.stands(badge) or BadgeAward.objects.filter(credly_id=badge.id).exists():
        return DONE
    if difference.learner_id is None:
        return Outcome(Fix.FAILED, _("The learner's account was deleted."))
    with transaction.atomic():
        _drop_dead_order(difference, by)
        _record(difference, badge, difference.learner_id, by)
    return DONE


def _drop_dead_order(difference: ReconcileDifference, by: AbstractBaseUser | None) -> None:
    """Give up on an order that needs a person, for a badge that Credly has."""
    if difference.award_id is not None:
        orders = OutboxMessage.objects.filter(award=difference.award_id, kind=OutboxMessage.Kind.ISSUE)
        outbox.drop(orders, by=by, because=_("Credly has the badge."))


def _record(difference: ReconcileDifference, badge: wire.Badge, learner_id: int, by: AbstractBaseUser | None) -> None:
    awards.adopt(
        badge=badge,
        template=difference.template,
        learner_id=learner_id,
        earner_id=badge.issuer_earner_id or "",
        by=by,
    )


def _follow(difference: ReconcileDifference, asking: Asking, by: AbstractBaseUser | None) -> Outcome:  # noqa: ARG001
    """Bring our record to what Credly has now: also where that is something else than what was found."""
    award = _of(difference)
    if difference.cause == Cause.REPLACED and difference.credly_id != award.credly_id:
        successor = _badge(difference, asking)
        if successor is not None and successor.replaces_badge_id == award.credly_id:
            mirror.follow(successor, as_of=timezone.now(), organization=asking.organization)
    for _step in range(MOST_REPLACEMENTS):
        award = _of(difference)
        if award.credly_id is None:
            return DONE
        badge, now = asking.badge(award.credly_id), timezone.now()
        if badge is None:
            mirror.deleted(award.credly_id, as_of=now, organization=asking.organization)
            return DONE
        followed = mirror.follow(badge, as_of=now, organization=asking.organization)
        if _agrees(_of(difference), badge):
            return DONE
        if followed.fetch is None:
            followed = mirror.follow(_as_newest(badge, award), as_of=now, organization=asking.organization)
            return DONE if _agrees(_of(difference), badge) else Outcome(Fix.FAILED, followed.sentence)
    return Outcome(Fix.FAILED, _("One badge took the place of another too often."))


def _as_newest(badge: wire.Badge, award: BadgeAward) -> wire.Badge:
    """The badge as Credly's last word. It was just read, whatever time of change Credly puts on it."""
    known = [moment for moment in (award.credly_updated_at, award.revoked_at, badge.updated_at) if moment]
    return replace(badge, updated_at=max(known, default=None))


def _agrees(award: BadgeAward, badge: wire.Badge) -> bool:
    matter = compare.difference(award, badge)
    return award.credly_id == badge.id and (matter is None or matter.cause not in RECORD_ONLY)


def _revoke(difference: ReconcileDifference, asking: Asking, by: AbstractBaseUser | None) -> Outcome:
    badge, award_id = _badge(difference, asking), difference.award_id or 0
    if badge is None or not compare.stands(badge):
        return DONE
    with transaction.atomic():
        award = BadgeAward.objects.select_for_update().get(pk=award_id)
        if award.state != State.REVOKED:
            return DONE
        if award.messages.filter(kind=OutboxMessage.Kind.REVOKE, open=True).exists():
            return ORDERED
        if not award.revocation_reason:
            award.revocation_reason = _("Revoked in the LMS.")  # Credly wants one.
            award.save(update_fields=["revocation_reason", "modified"])
        outbox.put(award, OutboxMessage.Kind.REVOKE)
        because = _("It was revoked here before, and still stood at Credly.")
        audit.record("award.revoked", award, actor=by, because=because, after={"state": award.state})
    return ORDERED


def _move(difference: ReconcileDifference, asking: Asking, by: AbstractBaseUser | None) -> Outcome:
    award, badge = _of(difference), _badge(difference, asking)
    matter = compare.difference(award, badge) if badge is not None else None
    if matter is None or matter.cause != Cause.ADDRESS:
        return DONE
    awards.replace(award, cause="address", because=_("The learner has another e-mail address now."), by=by)
    return ORDERED


def _of(difference: ReconcileDifference) -> Any:
    """The award as it is now."""
    return BadgeAward.objects.select_related("learner", "template").get(pk=difference.award_id or 0)


def _badge(difference: ReconcileDifference, asking: Asking) -> wire.Badge | None:
    return asking.badge(difference.credly_id) if difference.credly_id else None


NEEDED: Final = ("template", "learner")
RECORD_ONLY: Final = (Cause.STATE, Cause.REPLACED, Cause.DELETED)
MENDING: Final[dict[Cause, Callable[[ReconcileDifference, Asking, AbstractBaseUser | None], Outcome]]] = {
    Cause.NOT_AWARDED: _award,
    Cause.NOT_SENT: _send,
    Cause.UNKNOWN_HERE: _adopt,
    Cause.STATE: _follow,
    Cause.REPLACED: _follow,
    Cause.DELETED: _follow,
    Cause.NOT_REVOKED: _revoke,
    Cause.ADDRESS: _move,
}
