"""The badge's way to the learner once all requirements are met: what withholds it, and what Credly said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import BadgeAward, BadgeProgress, BadgeTemplate, DeliveryAttempt, OutboxMessage, Regression
from .answer import Step
from .known import Known
from .moments import moment

State = BadgeAward.State


@dataclass(frozen=True)
class Way:
    """Every award of one badge to one learner, the newest first, and what became of each."""

    awards: Sequence[BadgeAward]
    messages: Sequence[OutboxMessage]
    regressions: Sequence[Regression]
    ahead: int
    """How many orders of the organization come before the one that waits."""

    @property
    def live(self) -> BadgeAward | None:
        """The one that stands."""
        return next((award for award in self.awards if award.live), None)


def read(known: Known) -> Way:
    """Five queries at most, however often the badge was awarded and however often it was tried to send it."""
    awards = list(BadgeAward.objects.filter(learner_id=known.learner_id, template=known.template))
    if not awards:
        return Way((), (), (), 0)
    orders = OutboxMessage.objects.filter(award__in=awards).select_related("organization")
    messages = list(orders.prefetch_related("delivery_attempts").order_by("created", "pk"))
    regressions = list(Regression.objects.filter(award__in=awards).select_related("decided_by").order_by("created"))
    return Way(awards, messages, regressions, _ahead(messages))


def _ahead(messages: Sequence[OutboxMessage]) -> int:
    waiting = next((each for each in messages if each.open and each.state == OutboxMessage.State.WAITING), None)
    if waiting is None:
        return 0
    before = OutboxMessage.objects.filter(
        organization=waiting.organization_id, open=True, state=OutboxMessage.State.WAITING
    )
    return before.filter(not_before__lt=waiting.not_before).count()


def steps(known: Known, way: Way, *, for_learner: bool) -> tuple[Step, ...]:
    """Step by step, from the moment that all requirements were met. Learners are spared what is sent and answered."""
    return tuple(_steps(known, way, for_learner=for_learner))


def _steps(known: Known, way: Way, *, for_learner: bool) -> Iterator[Step]:
    done_at = known.standing.completed_at
    if done_at is not None:
        yield Step(True, _("All requirements are met since %(moment)s.") % {"moment": moment(done_at)}, done_at)
    yield from _withheld(known, for_learner=for_learner)
    for award in reversed(way.awards):
        yield _awarded(award, for_learner=for_learner)
        if not for_learner:
            yield from (_ordered(message, way.ahead) for message in way.messages if message.award_id == award.pk)
        yield from (_lost(each, for_learner=for_learner) for each in way.regressions if each.award_id == award.pk)
        yield _stands(award)


def arrives_on(progress: BadgeProgress) -> str:
    """The day on which a badge arrives that is sent on a date, or empty where nobody knows."""
    template = progress.template
    if template.release == BadgeTemplate.Release.AT_ONCE or not template.is_active or progress.try_again_at is None:
        return ""
    return date_format(timezone.localtime(progress.try_again_at), "DATE_FORMAT")


def _withheld(known: Known, *, for_learner: bool) -> Iterator[Step]:
    progress = known.progress
    if progress is None or not progress.withheld:
        return
    if for_learner:
        day = arrives_on(progress)
        later = _("It arrives on %(day)s.") % {"day": day} if day else _("It arrives later; there is nothing to do.")
        yield Step(False, later, progress.earned_at)
        return
    details = []
    if progress.try_again_at and progress.template.is_active:
        details.append(_("Tried again on %(moment)s, or soon after.") % {"moment": moment(progress.try_again_at)})
    yield Step(
        False, _("The badge is withheld: %(why)s") % {"why": progress.withheld}, progress.earned_at, tuple(details)
    )


def _awarded(award: BadgeAward, *, for_learner: bool) -> Step:
    words = {"moment": moment(award.earned_at), "source": award.get_source_display(), "reason": award.reason}
    if for_learner:
        return Step(True, _("Awarded as of %(moment)s.") % words, award.created)
    sentence = _("Awarded as of %(moment)s (%(source)s).") % words
    details = [_("Reason: %(reason)s") % words] if award.reason else []
    if award.version is not None:
        details.append(_("Earned by version %(version)d of the requirements.") % {"version": award.version})
    return Step(True, sentence, award.created, tuple(details))


def _ordered(message: OutboxMessage, ahead: int) -> Step:
    words = {"order": capfirst(message.get_kind_display()), "state": message.get_state_display()}
    done = {OutboxMessage.State.DELIVERED.value: True, OutboxMessage.State.DROPPED.value: None}.get(
        message.state, False
    )
    sentence = _("Order to Credly – %(order)s: %(state)s.") % words
    return Step(done, sentence, message.created, tuple(_of_order(message, ahead)))


def _of_order(message: OutboxMessage, ahead: int) -> Iterator[str]:
    for number, attempt in enumerate(message.delivery_attempts.all(), 1):
        yield _attempt(number, attempt)
    if message.open and message.state == OutboxMessage.State.WAITING:
        organization = message.organization
        if organization.paused:
            words = {"organization": organization, "why": organization.pause_reason}
            yield _("Its organization, %(organization)s, is paused, so nothing is sent. %(why)s") % words
        if message.waiting_for:
            yield _("It waits: %(why)s") % {"why": message.waiting_for}
        if ahead:
            yield ngettext("%(count)d order is due before it.", "%(count)d orders are due before it.", ahead) % {
                "count": ahead
            }
        at = max(filter(None, (message.not_before, organization.wait_until)))
        yield _("Tried next on %(moment)s, or soon after.") % {"moment": moment(at)}
    elif message.open and message.state == OutboxMessage.State.DEAD:
        yield _("It is not tried again by itself: a person has to mend what is wrong, then send it again.")


def _attempt(number: int, attempt: DeliveryAttempt) -> str:
    words = {
        "number": number,
        "moment": moment(attempt.started_at),
        "outcome": attempt.get_outcome_display(),
        "status": attempt.status,
        "said": attempt.said,
    }
    if attempt.said and attempt.status:
        return _("Attempt %(number)d, %(moment)s: %(outcome)s (HTTP %(status)d). %(said)s") % words
    if attempt.said:
        return _("Attempt %(number)d, %(moment)s: %(outcome)s. %(said)s") % words
    return _("Attempt %(number)d, %(moment)s: %(outcome)s.") % words


def _lost(regression: Regression, *, for_learner: bool) -> Step:
    words = {"moment": moment(regression.happened_at), "state": regression.get_state_display()}
    details = [regression.because] if regression.because else []
    if regression.open and regression.until:
        details.append(
            _("It is revoked on %(moment)s unless somebody keeps it.") % {"moment": moment(regression.until)}
        )
    if regression.decided_at and not for_learner:
        details.append(_decided(regression, regression.decided_at))
    if regression.note and not for_learner:
        details.append(regression.note)
    sentence = _("On %(moment)s the learner no longer met the requirements. What came of it: %(state)s.") % words
    return Step(None if not regression.open else False, sentence, regression.happened_at, tuple(details))


def _decided(regression: Regression, at: datetime) -> str:
    if regression.decided_by:
        return _("Decided by %(who)s on %(moment)s.") % {
            "who": regression.decided_by.get_username(),
            "moment": moment(at),
        }
    return _("Decided on %(moment)s.") % {"moment": moment(at)}


STANDS: Mapping[str, tuple[bool, object]] = {
    State.QUEUED: (False, gettext_lazy("It has yet to reach Credly.")),
    State.OFFERED: (True, gettext_lazy("It is at Credly, and the learner has yet to accept it there.")),
    State.ACCEPTED: (True, gettext_lazy("It is at Credly, and the learner has accepted it.")),
    State.DECLINED: (False, gettext_lazy("The learner declined it at Credly.")),
    State.REVOKED: (False, gettext_lazy("It was revoked.")),
    State.DELETED: (False, gettext_lazy("It was deleted at Credly.")),
    State.FAILED: (False, gettext_lazy("It could not be issued.")),
}
"""What each state of an award means: whether the learner has the badge, and a sentence."""


def _stands(award: BadgeAward) -> Step:
    done, sentence = STANDS[award.state]
    details = []
    if award.issued_at:
        details.append(_("Credly confirmed it on %(moment)s.") % {"moment": moment(award.issued_at)})
    if award.revoked_at:
        details.append(_("Revoked on %(moment)s.") % {"moment": moment(award.revoked_at)})
    if award.revocation_reason:
        details.append(_("Why: %(reason)s") % {"reason": award.revocation_reason})
    if award.expires_at:
        details.append(_("It is good until %(moment)s.") % {"moment": moment(award.expires_at)})
    return Step(done, str(sentence), award.revoked_at or award.issued_at, tuple(details))
