"""What a badge template's page says of where the badge stands: what is wrong, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import activation, lint
from ..events import runs
from ..models import BadgeAward, BadgeProgress, BadgeTemplate, HistoryRun, Regression
from .subject import may, person

Status = BadgeTemplate.Status

HEADINGS = {
    Status.DRAFT: gettext_lazy("Draft: learners do not earn this badge"),
    Status.REVIEW: gettext_lazy("In review: learners do not earn this badge yet"),
    Status.SHADOW: gettext_lazy("In shadow: it is recorded who earns this badge, and nothing is awarded"),
    Status.ACTIVE: gettext_lazy("Active: learners earn this badge"),
    Status.PAUSED: gettext_lazy("Paused: what learners do is kept, and nothing is awarded"),
    Status.RETIRED: gettext_lazy("Not active: learners do not earn this badge"),
}
CHANGED = {
    Status.REVIEW: gettext_lazy("Submitted"),
    Status.SHADOW: gettext_lazy("Put in shadow"),
    Status.ACTIVE: gettext_lazy("Activated"),
    Status.PAUSED: gettext_lazy("Paused"),
    Status.RETIRED: gettext_lazy("Deactivated"),
}
NEXT = (
    (Status.DRAFT, Status.REVIEW),
    (Status.DRAFT, Status.ACTIVE),
    (Status.REVIEW, Status.ACTIVE),
    (Status.SHADOW, Status.ACTIVE),
    (Status.PAUSED, Status.ACTIVE),
    (Status.PAUSED, Status.SHADOW),
    (Status.RETIRED, Status.ACTIVE),
)
"""The moves that a page offers first."""


@dataclass(frozen=True)
class Move:
    """A button; where ``reasons`` are given the move is named, and why it cannot be made.

    One that ``waits`` for what is wrong with the badge to be mended is not offered.
    """

    to: str
    label: str
    url: str
    reasons: tuple[str, ...]
    waits: bool
    main: bool
    ends: bool


def about(request: HttpRequest, template: BadgeTemplate) -> dict[str, Any]:
    """All that the page shows of a badge's life."""
    faults = lint.faults(template)
    errors = lint.errors(faults)
    moves = sorted(_moves(request, template, faults), key=lambda move: (not move.main, move.ends))
    return {
        "heading": HEADINGS[Status(template.status)],
        "changed": _changed(template),
        "errors": errors,
        "hints": [fault for fault in faults if not fault.is_error],
        "moves": [move for move in moves if not (move.reasons or move.waits)],
        "blocked": [move for move in moves if move.reasons],
        "may_rehearse": may(request, "rehearse_badgetemplate"),
        "may_backfill": may(request, "backfill_badgetemplate"),
        "rehearsed": activation.rehearsed(template),
        "history_runs": [run for kind in HistoryRun.Kind if (run := runs.latest(template, kind))],
        "figures": list(_figures(template)),
    }


def _changed(template: BadgeTemplate) -> str:
    """Since when it is what it is, and by whom: “Activated by ana, July 1, 2026”."""
    what = CHANGED.get(Status(template.status))
    if template.activation_changed_at is None or what is None:
        return ""
    by = template.activation_changed_by
    return _("%(what)s by %(by)s") % {"what": what, "by": by} if by else str(what)


def _moves(request: HttpRequest, template: BadgeTemplate, faults: list[lint.Fault]) -> Iterator[Move]:
    wrong = {fault.sentence for fault in faults}
    for was, to in activation.TRANSITIONS:
        if was != template.status or not activation.may_move(request.user, template, to):
            continue
        if was == Status.PAUSED and to in {Status.ACTIVE, Status.SHADOW} and to != activation.resumes_as(template):
            continue
        found = activation.reasons_not_to_move(
            template, to, by=person(request), because="-", despite=lint.CAN_BE_MEANT, faults=faults
        )
        # What is wrong with the badge itself is said once, above.
        yield Move(
            to=to,
            label=activation.label(was, to),
            url=reverse("admin:credly_badges_badgetemplate_move", args=[template.pk, to]),
            reasons=tuple(reason for reason in found if reason not in wrong),
            waits=any(reason in wrong for reason in found),
            main=(was, to) in NEXT,
            ends=to == Status.RETIRED,
        )


def next_moves(request: HttpRequest, template: BadgeTemplate) -> list[Move]:
    """The moves that come next and that nothing stands in the way of."""
    return [
        move
        for move in _moves(request, template, lint.faults(template))
        if move.main and not (move.reasons or move.waits)
    ]


def _figures(template: BadgeTemplate) -> Iterator[tuple[str, str]]:
    """How many learners it is about, and how far its limits are."""
    progress = BadgeProgress.objects.filter(template=template)
    on_their_way = progress.filter(completed_at=None).count()
    if template.is_listening or on_their_way:
        yield _("On their way"), str(on_their_way)
    if waiting := progress.exclude(withheld="").count():
        yield _("Earned it and were not awarded it yet"), str(waiting)
    if template.is_listening or template.limit_total is not None or template.limit_per_hour is not None:
        yield _("Awarded by requirements"), str(_awarded(template))
    if held := Regression.objects.filter(progress__template=template, open=True).count():
        yield _("Held for somebody to decide"), str(held)


def _awarded(template: BadgeTemplate) -> int:
    return BadgeAward.objects.filter(template=template, source=BadgeAward.Source.REQUIREMENTS).count()
