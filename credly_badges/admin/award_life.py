"""What an award's page says of its badge, and the pages that ask before a badge is revoked, restored or replaced."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import awards, terms
from ..models import BadgeAward
from .confirm import Question, ReasonForm
from .subject import learner_name

State = BadgeAward.State


STATES = {
    State.QUEUED: _("queued: waiting to be issued"),
    State.OFFERED: _("offered: the learner has yet to accept it"),
    State.ACCEPTED: _("accepted"),
    State.DECLINED: _("declined by the learner"),
    State.REVOKED: _("revoked"),
    State.DELETED: _("deleted at Credly"),
    State.FAILED: _("failed"),
}


class ExpiredFilter(admin.SimpleListFilter):
    """Badges that have expired. Credly knows no such state: it follows from the date."""

    title = _("expiry")
    parameter_name = "expired"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What is offered."""
        return [("yes", _("expired")), ("no", _("good until a date")), ("never", _("without an expiry date"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BadgeAward]) -> QuerySet[BadgeAward]:
        """The awards with the chosen expiry."""
        chosen = {
            "yes": Q(expires_at__lte=timezone.now()),
            "no": Q(expires_at__gt=timezone.now()),
            "never": Q(expires_at=None),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


class ReplaceForm(ReasonForm):
    """What is to be different on the badge that takes the place of the old one."""

    CORRECT, RENEW, UNTIL, END = "correct", "renew", "until", "end"

    what = forms.ChoiceField(
        label=_("What for"),
        choices=(
            (CORRECT, _("Correct the name: as the learner's account has it now")),
            (RENEW, _("Renew it: it expires as the template says, counted from today")),
            (UNTIL, _("Set the day on which it expires")),
            (END, _("Let it expire now")),
        ),
        widget=forms.RadioSelect,
    )
    until = forms.DateField(
        label=_("Expires on"),
        required=False,
        widget=AdminDateWidget,
        help_text=_("For “Set the day on which it expires”; until the end of that day, UTC."),
    )
    field_order = ("what", "until", "reason")

    def __init__(self, *args: Any, award: BadgeAward, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.award = award
        self.expires_at: datetime | Literal[False] | None = None

    def clean(self) -> dict[str, Any]:
        """Work out until when the new badge is good."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        now = timezone.now()
        if cleaned.get("what") == self.RENEW:
            self.expires_at = terms.expiry(self.award.template, now)
            if self.expires_at is None:
                self.add_error("what", gettext("The template leaves the expiry to Credly. Set the day instead."))
        elif cleaned.get("what") == self.UNTIL:
            self.expires_at = self._end_of(cleaned.get("until"), now)
        elif cleaned.get("what") == self.END:
            self.expires_at = now
        return cleaned

    @property
    def cause(self) -> str:
        """The word for it in the order."""
        return "correction" if self.cleaned_data["what"] == self.CORRECT else "by_hand"

    def _end_of(self, day: date | None, now: datetime) -> datetime | None:
        if day is None:
            if "until" not in self.errors:
                self.add_error("until", gettext("Give the day."))
            return None
        end = datetime.combine(day, terms.END_OF_DAY)
        if end <= now:
            self.add_error("until", gettext("That day has passed. To end it, choose “Let it expire now”."))
        return end


def revocation(award: BadgeAward, form: forms.Form, *, back: str) -> Question:
    """What revoking means."""
    names = {"template": award.template, "learner": learner_name(award)}
    if award.credly_id is None:
        what = gettext(
            "Credly has not confirmed this badge of %(learner)s. It will not be sent any more; if Credly has it after "
            "all, it is revoked there. This cannot be undone."
        )
    else:
        what = gettext(
            "The badge is taken back from %(learner)s, here and at Credly, where anybody who follows its link reads "
            "that it was revoked. This cannot be undone."
        )
    return Question(
        title=gettext("Revoke “%(template)s” of %(learner)s") % names,
        sentences=[
            what % names,
            gettext("The learner can be issued the badge again, as a new award."),
        ],
        button=gettext("Revoke the badge"),
        back=back,
        form=form,
        deletes=True,
    )


def restoration(award: BadgeAward, form: forms.Form, *, back: str) -> Question:
    """What restoring means."""
    names = {"template": award.template, "learner": learner_name(award)}
    return Question(
        title=gettext("Restore “%(template)s” of %(learner)s") % names,
        sentences=[
            gettext(
                "%(learner)s is given the badge again, with its old issue date. Credly cannot undo a revocation, so it "
                "is a new badge there, with a link of its own, and the learner has to accept it."
            )
            % names,
            gettext("This award stays as it is, and the new one names it as the one before."),
        ],
        button=gettext("Restore the badge"),
        back=back,
        form=form,
    )


def replacement(award: BadgeAward, form: forms.Form, *, back: str) -> Question:
    """What replacing means."""
    names = {"template": award.template, "learner": learner_name(award)}
    return Question(
        title=gettext("Replace “%(template)s” of %(learner)s") % names,
        sentences=[
            gettext(
                "Credly puts another badge in the place of this one. Whoever follows the old link is led to the new "
                "badge; what %(learner)s has accepted stays accepted."
            )
            % names,
            gettext("The name and the evidence are read anew from the LMS, whatever it is replaced for."),
        ],
        button=gettext("Replace the badge"),
        back=back,
        form=form,
    )


def state_in_words(award: BadgeAward) -> str:
    """What has become of a badge. That it expired is no state at Credly, but it is what a person asks."""
    if award.live and is_expired(award):
        return gettext("expired (%(state)s)") % {"state": award.get_state_display()}
    return str(STATES[State(award.state)])


def is_expired(award: BadgeAward) -> bool:
    """Whether the date on which it expires has passed."""
    return award.expires_at is not None and award.expires_at <= timezone.now()


def is_stranded(award: BadgeAward) -> bool:
    """Whether an award is to reach Credly, and nothing carries it there."""
    is_waiting = bool(award.live) and award.credly_id is None and award.state in (State.QUEUED, State.FAILED)
    return is_waiting and not award.messages.filter(open=True).exists()


def is_restorable(award: BadgeAward) -> bool:
    """Whether there is something to give back."""
    return not award.live and award.state in (State.REVOKED, State.DELETED, State.FAILED) and bool(award.learner_id)


def is_replaceable(award: BadgeAward) -> bool:
    """Whether Credly has a badge whose place another could take."""
    return bool(award.live and award.credly_id) and award.state in (State.OFFERED, State.ACCEPTED)


def restore(award: BadgeAward, form: forms.Form, by: Any) -> tuple[BadgeAward, str]:
    """Give it back; the new award, and what is said of it. Raises NotGrantable."""
    made = awards.restore(award, reason=form.cleaned_data["reason"], by=by).award
    return made, gettext("The badge is on its way to Credly again, by this new award.")


def replace(award: BadgeAward, form: ReplaceForm, by: Any) -> tuple[BadgeAward, str]:
    """Order the replacement; the award, and what is said of it. Raises NotReplaceable."""
    because = form.cleaned_data["reason"]
    awards.replace(award, cause=form.cause, because=because, by=by, expires_at=form.expires_at)
    return award, gettext("The badge is being replaced at Credly.")
