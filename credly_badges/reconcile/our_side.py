"""The second step: our awards that Credly's pages did not show, and those that nobody is sending."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from ..models import BadgeAward, BadgeTemplate, ReconcileRun
from .asking import Asking
from .causes import Cause
from .compare import Finding
from .known import awards, is_left_out
from .looking import ENDED, look
from .page import Page, one_by_one

State = BadgeAward.State

AT_ONCE = 50
"""How many awards are looked at before what was found is stored: each may cost a request."""


def read(asking: Asking, run: ReconcileRun, template: BadgeTemplate, cursor: str) -> Page:
    """Some awards that were not seen at Credly, in the order of their numbers."""
    unseen = Q(credly_id__isnull=False) & (Q(seen_in_run=None) | ~Q(seen_in_run=run.pk)) & ~Q(state__in=ENDED)
    # What a person dropped is no longer live, and stays as that person left it.
    unsent = Q(credly_id=None, live=True, state__in=[State.QUEUED, State.FAILED], learner__isnull=False)
    rows = awards().filter(unseen | unsent, template=template, pk__gt=int(cursor or 0))
    found: list[Any] = list(rows.order_by("pk")[:AT_ONCE])
    done, findings, broken_off = one_by_one(asking, found, lambda award: _compare(asking, award))
    return Page(
        findings,
        cursor=str(found[done - 1].pk) if broken_off or len(found) == AT_ONCE else None,
        compared=sum(award.credly_id is not None for award in found[:done]),
        broken_off=broken_off,
    )


def _compare(asking: Asking, award: Any) -> Iterator[Finding]:
    if is_left_out(award, asking.left_out_since()):
        return
    if award.credly_id is None:
        if not award.is_ordered:
            yield Finding(Cause.NOT_SENT, award.pk, award.learner_id, None, {"state": [award.state, None]})
    elif (matter := look(asking, award)) is not None:
        yield matter
