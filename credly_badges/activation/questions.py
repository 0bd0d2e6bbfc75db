"""What somebody is asked before a badge is moved, with the numbers that they should know, at whichever door."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import lint, versions
from ..events import backfill, replay, runs
from ..lint import Fault
from ..models import AuditEntry, BadgeProgress, BadgeTemplate, HistoryRun
from .moves import RUNNING, CannotMove, Status, move, reasons_not_to_move

LABELS: Mapping[Any, Any] = {
    (Status.REVIEW, Status.DRAFT): gettext_lazy("Send back"),
    (Status.REVIEW, Status.SHADOW): gettext_lazy("Approve, first in shadow"),
    (Status.REVIEW, Status.ACTIVE): gettext_lazy("Approve and activate"),
    (Status.PAUSED, Status.SHADOW): gettext_lazy("Resume"),
    (Status.PAUSED, Status.ACTIVE): gettext_lazy("Resume"),
    (Status.RETIRED, Status.DRAFT): gettext_lazy("Make it a draft again"),
    Status.REVIEW: gettext_lazy("Submit for review"),
    Status.SHADOW: gettext_lazy("Put in shadow"),
    Status.ACTIVE: gettext_lazy("Activate"),
    Status.PAUSED: gettext_lazy("Pause"),
    Status.RETIRED: gettext_lazy("Deactivate"),
}
"""What a move is called on a button: by where from and where to, or by where to alone."""

CONSEQUENCES: Mapping[str, Any] = {
    Status.DRAFT: gettext_lazy("It becomes a draft, which learners cannot earn. Requirements and progress stay."),
    Status.REVIEW: gettext_lazy(
        "Somebody who may approve badges looks at it next, and activates it or sends it back with a reason."
    ),
    Status.SHADOW: gettext_lazy(
        "From now on it is recorded who earns the badge, and nothing is awarded or sent to Credly. If you activate it "
        "later, everybody who earned it meanwhile is awarded it."
    ),
    Status.ACTIVE: gettext_lazy(
        "From now on learners who meet the requirements of an active badge are awarded it, and Credly issues it to "
        "them. A badge that was issued can only be revoked one by one."
    ),
    Status.PAUSED: gettext_lazy(
        "What learners do is kept, and nobody is awarded the badge until you resume it. Badges that were awarded stay."
    ),
    Status.RETIRED: gettext_lazy(
        "Learners earn an inactive badge no more. Badges that were awarded stay, and so do the requirements and what "
        "learners have done so far."
    ),
}


@dataclass(frozen=True)
class Question:
    """What somebody should know before a badge is moved, and what they have to say.

    ``reasons`` stand in the way; where there are none, the move can be made once each fault in ``meant`` is said to be
    meant. ``rehearsed`` is the newest rehearsal of these requirements, and ``kept`` what happened during a pause.
    ``seen`` tells the requirements that are asked about from others; whoever answers gives it back.
    """

    template: BadgeTemplate
    to: str
    label: str
    sentences: tuple[str, ...]
    reasons: tuple[str, ...]
    meant: tuple[Fault, ...]
    asks_to_backfill: bool = False
    rehearsed: HistoryRun | None = None
    kept: replay.Kept | None = None
    needs_a_reason: bool = False
    seen: str = ""

    @property
    def is_possible(self) -> bool:
        """Whether the move can be made at all."""
        return not self.reasons

    @property
    def would_get(self) -> int:
        """How many learners would be awarded the badge for what they did before."""
        return int(self.rehearsed.counts.get("would_gain", 0)) if self.rehearsed else 0


@dataclass(frozen=True)
class Answer:
    """What somebody said to a question; ``backfill`` and ``replay`` are no unless they said yes.

    ``seen`` is that of the question that they read, empty where nothing was shown.
    """

    because: str = ""
    despite: frozenset[str] = field(default_factory=frozenset)
    backfill: bool = False
    replay: bool = False
    seen: str = ""


def label(was: str, to: str) -> str:
    """What a move is called."""
    return str(LABELS.get((was, to)) or LABELS[to])


def rehearsed(template: BadgeTemplate) -> HistoryRun | None:
    """The newest rehearsal that came to its end, if what it found is still so: nothing was changed or backfilled."""
    done = HistoryRun.objects.filter(template=template, kind=HistoryRun.Kind.REHEARSAL, version=template.version)
    newest = done.filter(state=HistoryRun.State.DONE).order_by("-pk").first()
    if newest is None:
        return None
    # A draft is changed in place, so its version does not tell.
    changes = AuditEntry.objects.filter(object_type="badgetemplate", object_id=str(template.pk))
    since = changes.filter(action="requirements.changed", at__gt=newest.created)
    backfills = HistoryRun.objects.filter(template=template, kind=HistoryRun.Kind.BACKFILL, pk__gt=newest.pk)
    filled = backfills.filter(state=HistoryRun.State.DONE)
    return None if since.exists() or filled.exists() else newest


def ask(template: BadgeTemplate, to: str, *, by: AbstractBaseUser | None) -> Question:
    """What to ask before a badge is moved."""
    was = template.status
    needs_a_reason = (was, to) == (Status.REVIEW, Status.DRAFT)
    begins = to in RUNNING and was != Status.PAUSED
    faults = lint.faults(template) if to in (*RUNNING, Status.REVIEW) else []
    reasons = reasons_not_to_move(template, to, by=by, because="-", despite=lint.CAN_BE_MEANT, faults=faults)
    since = template.activation_changed_at
    return Question(
        template=template,
        to=to,
        label=label(was, to),
        sentences=tuple(_sentences(template, to)),
        reasons=tuple(reasons),
        meant=tuple(fault for fault in lint.errors(faults) if fault.can_be_meant and was != Status.PAUSED),
        asks_to_backfill=begins and to == Status.ACTIVE,
        rehearsed=rehearsed(template),
        kept=replay.count(template, since) if was == Status.PAUSED and to in RUNNING and since else None,
        needs_a_reason=needs_a_reason,
        seen=_fingerprint(template) if to in (*RUNNING, Status.REVIEW) else "",
    )


def carry_out(question: Question, answer: Answer, *, by: AbstractBaseUser | None) -> HistoryRun | None:
    """Do what was asked and answered; the backfill that began with it, if one did. Raises CannotMove."""
    template, to = question.template, question.to
    if question.needs_a_reason and not answer.because.strip():
        raise CannotMove([_("Say why it is sent back, so that whoever submitted it knows what to mend.")])
    if answer.seen and answer.seen != question.seen:
        raise CannotMove([_("Somebody changed the requirements since you opened this page. Look at them once more.")])
    move(template, to, by=by, because=answer.because, despite=answer.despite, replay=answer.replay)
    if not (answer.backfill and question.asks_to_backfill):
        return None
    try:
        return backfill.begin(template, by)
    except runs.Busy:
        return runs.latest(template, HistoryRun.Kind.BACKFILL)


def _fingerprint(template: BadgeTemplate) -> str:
    """A short text that differs where two states of a badge's requirements differ."""
    data = json.dumps(versions.data(template), sort_keys=True, default=str)
    return f"{template.version}-{hashlib.sha256(data.encode()).hexdigest()[:16]}"


def _sentences(template: BadgeTemplate, to: str) -> Iterator[str]:
    if to in CONSEQUENCES:
        yield str(CONSEQUENCES[to])
    mine = BadgeProgress.objects.filter(template=template)
    if to == Status.RETIRED and (count := mine.filter(completed_at=None).count()):
        said = ngettext("%(total)d learner is on the way to it.", "%(total)d learners are on the way.", count)
        yield said % {"total": count}
    if to == Status.ACTIVE and template.status in (Status.SHADOW, Status.PAUSED):
        yield from _waiting(mine.exclude(withheld="").count())


def _waiting(count: int) -> Iterator[str]:
    if count:
        said = ngettext(
            "%(count)d learner has earned it already and is awarded it now.",
            "%(count)d learners have earned it already and are awarded it now.",
            count,
        )
        yield said % {"count": count}
