"""What learners did before: rehearsed, and then awarded, as somebody asks for it at a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from ..events import backfill, rehearsal, runs
from ..models import BadgeTemplate, HistoryRun


class Begun(NamedTuple):
    """The reading that was begun, or is under way already; ``said`` tells the latter, or why there is none."""

    run: HistoryRun | None
    said: str = ""


def rehearse(template: BadgeTemplate, by: AbstractBaseUser | None) -> Begun:
    """Begin a rehearsal of a badge."""
    return _begun(rehearsal.begin, template, by, HistoryRun.Kind.REHEARSAL, _("A rehearsal is under way already."))


def fill(template: BadgeTemplate, by: AbstractBaseUser | None) -> Begun:
    """Begin to award a badge for what was done before."""
    return _begun(backfill.begin, template, by, HistoryRun.Kind.BACKFILL, _("A backfill is under way already."))


def why_not_fill(template: BadgeTemplate, newest: HistoryRun | None) -> str:
    """Why a badge cannot be awarded for what was done before; empty where it can. ``newest`` is its last rehearsal."""
    if template.status not in {BadgeTemplate.Status.ACTIVE, BadgeTemplate.Status.SHADOW}:
        return _("Learners cannot earn this badge at present. Activate it first; you are asked about them then, too.")
    if newest is None:
        return _("Rehearse the requirements as they are now, so that you know how many learners will be awarded it.")
    if not newest.counts.get("would_gain"):
        return _("The rehearsal found that everybody who did this before has the badge already.")
    return ""


def _begun(
    begin: Callable[[BadgeTemplate, AbstractBaseUser | None], HistoryRun],
    template: BadgeTemplate,
    by: AbstractBaseUser | None,
    kind: HistoryRun.Kind,
    busy: str,
) -> Begun:
    try:
        return Begun(begin(template, by))
    except runs.Busy:
        return Begun(runs.latest(template, kind), busy)
    except runs.CannotRun as refusal:
        return Begun(None, refusal.sentence)
