"""Applications are approved, which awards the badge, or denied, which says why."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import audit, awards
from ..models import ApiKey, Application, ApplicationForm, BadgeAward
from . import agreement, telling, turns
from .refusals import InTheWay, NotAllowed, Unfit

LONGEST_FEEDBACK = 5_000


@transaction.atomic
def approve(
    application: Application, *, by: AbstractBaseUser | None, feedback: str = "", key: ApiKey | None = None
) -> Application:
    """Award the badge, once as many reviewers agree as it needs. Raises Unfit, NotAllowed and InTheWay."""
    _check_feedback(feedback)
    row = turns.open_one(application)
    _check_decider(row, by)
    form = ApplicationForm.objects.select_for_update().filter(template=row.template_id).first()
    criteria = form.criteria.select_for_update() if form is not None else ()
    agreed = agreement.satisfied(row, {each.pk: each.required for each in criteria})
    needed = form.reviews_needed if form is not None else 1
    if agreed < needed:
        said = ngettext(
            "%(needed)d reviewer has to find all required criteria satisfied first; so far %(agreed)d has.",
            "%(needed)d reviewers have to find all required criteria satisfied first; so far %(agreed)d have.",
            needed,
        )
        raise InTheWay(said % {"needed": needed, "agreed": agreed}, needed=needed, agreed=agreed)
    row = award(row, by=by, key=key, feedback=feedback)
    telling.reviewed(row)
    return row


@transaction.atomic
def deny(
    application: Application, *, by: AbstractBaseUser | None, feedback: str, key: ApiKey | None = None
) -> Application:
    """Refuse it, with words for the learner, who may apply again. Raises Unfit, NotAllowed and InTheWay."""
    if not feedback.strip():
        raise Unfit(_("Tell the learner why, and what would be needed."), field="feedback")
    _check_feedback(feedback)
    row = turns.open_one(application)
    _check_decider(row, by)
    _close(row, Application.State.DENIED, by=by, key=key, feedback=feedback)
    telling.reviewed(row)
    return row


def award(row: Application, *, by: AbstractBaseUser | None, key: ApiKey | None, feedback: str) -> Application:
    """Award the badge for a locked application, in the transaction that decided it. Raises InTheWay."""
    try:
        granted = awards.grant(
            learner_id=row.learner_id,
            template=row.template,
            earned_at=timezone.now(),
            source=BadgeAward.Source.APPLICATION,
            reason=_("The application was approved."),
            # What the learner showed to the reviewers was not meant for everybody who looks at the badge.
            evidence=(),
            granted_by=by,
            granted_with=key,
        )
    except awards.NotGrantable as refusal:
        raise InTheWay(refusal.sentence) from None
    row.award = granted.award
    _close(row, Application.State.APPROVED, by=by, key=key, feedback=feedback)
    return row


def _close(
    row: Application, state: Application.State, *, by: AbstractBaseUser | None, key: ApiKey | None, feedback: str
) -> None:
    before = telling.facts(row)
    row.state, row.open, row.feedback = state, None, feedback
    row.decided_by_id, row.decided_at = getattr(by, "pk", None), timezone.now()
    row.assigned_to, row.assigned_until = None, None
    row.save()
    after: dict[str, Any] = telling.facts(row) | telling.with_key(key)
    if row.award_id is not None:
        after["award"] = str(row.award.uuid) if row.award else None
    audit.record(f"application.{state.value}", row, actor=by, before=before, after=after)


def _check_decider(row: Application, by: AbstractBaseUser | None) -> None:
    if by is not None and by.pk == row.learner_id:
        raise NotAllowed(_("Nobody decides on their own application. Somebody else has to."))


def _check_feedback(feedback: str) -> None:
    if len(feedback) > LONGEST_FEEDBACK:
        said = _("The feedback is too long: at most %(longest)d characters are taken.")
        raise Unfit(said % {"longest": LONGEST_FEEDBACK}, field="feedback")
