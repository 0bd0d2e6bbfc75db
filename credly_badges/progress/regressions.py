"""Learners who hold a badge and no longer meet its requirements: what is done about it, and by whose decision."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, awards
from ..models import BadgeAward, BadgeProgress, BadgeTemplate, Regression
from ..rules.criteria import Criteria
from ..rules.standing import RequirementStanding, Standing

log = logging.getLogger(__name__)

State = Regression.State
OnLoss = BadgeTemplate.OnLoss


class NotOpen(Exception):
    """It was decided before; ``sentence`` says how."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def keep(regression: Regression, by: AbstractBaseUser | None, note: str = "") -> Regression:
    """Let the learner keep the badge, though they no longer meet its requirements. Raises NotOpen."""
    with transaction.atomic():
        row = _locked(regression)
        return _close(row, State.DISMISSED, by=by, note=note)


def revoke(regression: Regression, by: AbstractBaseUser | None, note: str = "") -> Regression:
    """Take the badge back before the time to decide is over, unless the learner meets the requirements again.

    What is returned says which. Raises NotOpen.
    """
    with transaction.atomic():
        row = _locked(regression)
        if row.progress.completed_at is not None:
            return _close(row, State.RECOVERED, by=None, note="")
        _take_back(row.award, note or row.because or no_longer_met(), by)
        return _close(row, State.REVOKED, by=by, note=note)


def due(limit: int = 1000) -> int:
    """Revoke what nobody decided to keep until its time was over; how many badges that were.

    While a badge is paused nothing is decided: what would bring the learner back is not looked at either.
    """
    over = Regression.objects.filter(
        open=True, until__lte=timezone.now(), progress__template__status=BadgeTemplate.Status.ACTIVE
    )
    revoked = 0
    for row in over.order_by("until")[:limit]:
        try:
            revoked += revoke(row, by=None).state == State.REVOKED
        except SoftTimeLimitExceeded:
            raise
        except NotOpen:
            continue  # Somebody decided at this moment.
        except Exception:
            # One that fails must not hold up the rest; it is tried again in the next round.
            log.exception("The badge of regression %s could not be revoked.", row.pk)
    return revoked


def begin(progress: BadgeProgress, template: BadgeTemplate, because: str, at: datetime) -> None:
    """Do what the template says of learners who met its requirements and no longer do; called under the lock.

    Who does not hold the badge loses nothing. What a person issued by hand, no event takes back.
    """
    if template.on_loss == OnLoss.KEEP or not template.is_active:
        return
    live = BadgeAward.objects.filter(learner_id=progress.learner_id, template=template, live=True)
    # One may be held from before, if the terms were changed to and fro meanwhile.
    held = {row.award_id: row for row in Regression.objects.select_for_update().filter(progress=progress, open=True)}
    for award in live.exclude(source=BadgeAward.Source.BY_HAND).order_by("pk"):
        row = held.get(award.pk) or Regression(progress=progress, award=award, because=because, happened_at=at)
        if template.on_loss == OnLoss.REVOKE:
            _revoke_at_once(row)
        elif row.pk is None:
            _hold(row, template)


def end(progress: BadgeProgress) -> bool:
    """Note that a learner meets the requirements again before anybody decided; whether they hold the badge still.

    Called under the lock of the progress.
    """
    mine = Regression.objects.select_for_update().filter(progress=progress, open=True)
    rows = [_close(row, State.RECOVERED, by=None, note="") for row in mine.select_related("award").order_by("pk")]
    # One that somebody has begun to take back by hand does not stand for long.
    return any(row.award.live and not row.award.revocation_reason for row in rows)


def in_words(criteria: Criteria, before: Standing, now: Standing) -> str:
    """What was met and no longer is, and by which penalty."""
    sentences = list(_sentences(criteria, before, now))
    return " ".join(sentences) or no_longer_met()


def no_longer_met() -> str:
    """What is said where nothing more is known."""
    return _("The requirements of the badge are no longer met.")


def _sentences(criteria: Criteria, before: Standing, now: Standing) -> Iterator[str]:
    was_met = {each.requirement.id for each in _requirements(before) if each.met_at is not None}
    for each in _requirements(now):
        if each.requirement.id not in was_met or each.met_at is not None:
            continue
        penalty = criteria.by_id[each.undone[-1][1].requirement] if each.undone else None
        # What has no description has no name that learners would understand.
        names = {"requirement": each.requirement.description, "penalty": penalty.description if penalty else ""}
        if names["requirement"] and names["penalty"]:
            yield _("“%(requirement)s” was taken back: “%(penalty)s”.") % names
        elif names["penalty"]:
            yield _("What was met was taken back: “%(penalty)s”.") % names
        elif names["requirement"] and penalty:
            yield _("“%(requirement)s” was taken back.") % names
        elif names["requirement"]:
            yield _("“%(requirement)s” is no longer met.") % names


def _requirements(standing: Standing) -> Iterator[RequirementStanding]:
    return (each for group in standing.groups for each in group.requirements)


def _hold(row: Regression, template: BadgeTemplate) -> None:
    row.until = timezone.now() + timedelta(days=template.hold_days) if template.hold_days else None
    row.save()
    after = {"award": str(row.award.uuid), "until": row.until.isoformat() if row.until else None}
    audit.record("regression.held", row, because=row.because, after=after)


def _revoke_at_once(row: Regression) -> None:
    if not _take_back(row.award, row.because, by=None):
        return
    row.state, row.open, row.decided_at = State.REVOKED, None, timezone.now()
    row.save()
    audit.record("regression.revoked", row, because=row.because, after={"award": str(row.award.uuid)})


def _take_back(award: BadgeAward, reason: str, by: AbstractBaseUser | None) -> bool:
    """Revoke an award; whether it was not revoked, or being revoked, before."""
    try:
        awards.revoke(award, reason, by=by)
    except awards.NotRevocable:
        return False
    return True


def _locked(regression: Regression) -> Regression:
    """The row as it is now, locked after its progress. Raises NotOpen."""
    progress = BadgeProgress.objects.select_for_update().get(pk=regression.progress_id)
    row = Regression.objects.select_for_update().select_related("award").get(pk=regression.pk)
    if not row.open:
        raise NotOpen(_("This was decided before: %(state)s.") % {"state": row.get_state_display()})
    row.progress = progress
    return row


_ACTIONS = {
    State.DISMISSED: "regression.dismissed",
    State.RECOVERED: "regression.recovered",
    State.REVOKED: "regression.revoked",
}


def _close(row: Regression, state: State, *, by: AbstractBaseUser | None, note: str) -> Regression:
    row.state, row.open, row.note = state, None, note[:500]
    row.decided_by_id, row.decided_at = getattr(by, "pk", None), timezone.now()
    row.save(update_fields=["state", "open", "note", "decided_by", "decided_at"])
    audit.record(
        _ACTIONS[state],
        row,
        actor=by,
        because=note or row.because,
        before={"state": State.HELD.value},
        after={"state": state.value, "award": str(row.award.uuid)},
    )
    return row
