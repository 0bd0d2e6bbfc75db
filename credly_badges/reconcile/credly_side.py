"""The first step: every badge of a template that Credly has, held against what is recorded here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from ..credly import wire
from ..issuing import mirror
from ..models import BadgeTemplate, ReconcileRun
from . import compare, known
from .asking import Asking
from .causes import Cause
from .compare import Finding
from .known import Known, is_left_out
from .looking import look, look_at_unknown
from .page import Page, one_by_one


def read(asking: Asking, run: ReconcileRun, template: BadgeTemplate, cursor: str) -> Page:
    """One page of Credly's badges, compared; ``cursor`` is Credly's, and how many of the page are done already."""
    # There is no space in a cursor of Credly's, which is a part of an address. Should the page not be the same one any
    # more, what is passed over is found by the second step, or the next time.
    place, _, done_before = cursor.partition(" ")
    page = asking.page(template, place)
    badges = {badge.id: badge for badge in page.items}  # One that came twice counts once.
    broken = dict(map(_named, page.broken))
    ids = {badge_id for badge_id in broken if isinstance(badge_id, UUID)}
    here = known.of_page(run, template, badges.values(), ids)
    before = int(done_before or 0)
    left = list(badges.values())[before:]
    done, findings, broken_off = one_by_one(asking, left, lambda badge: _compare(asking, template, badge, here))
    seen = [here.awards[badge.id].pk for badge in left[:done] if badge.id in here.awards]
    if broken_off is not None:
        return Page(findings, f"{place} {before + done}", compared=done, seen=seen, broken_off=broken_off)
    findings += [_unreadable(name, reason, here) for name, reason in broken.items()]
    seen += [here.awards[badge_id].pk for badge_id in ids if badge_id in here.awards]
    return Page(findings, page.next_cursor or None, compared=done + len(broken), seen=seen)


def _compare(asking: Asking, template: BadgeTemplate, badge: wire.Badge, here: Known) -> Iterator[Finding]:
    since = asking.left_out_since()
    award = here.awards.get(badge.id)
    if award is not None:
        if not is_left_out(award, since) and compare.is_suspect(award, badge):
            found = look(asking, award)
            if found is not None:
                yield found
        return
    if badge.id in here.versions:
        return
    learner_id = here.owners.get(badge.id)
    mine = here.owners_awards.get(learner_id, ()) if learner_id else ()
    if badge.state == mirror.REVOKED and not any(each.credly_id for each in mine):
        return  # It stands for nothing. It is of interest only where it may have taken the place of one of ours.
    if learner_id is None:
        yield Finding(Cause.FOREIGN, credly_id=badge.id, facts={"state": [None, badge.state]})
    elif not _is_new(badge, since) and not any(is_left_out(each, since) for each in mine):
        yield from look_at_unknown(asking, template, badge, learner_id, here)


def _is_new(badge: wire.Badge, since: datetime) -> bool:
    """Whether a badge may have been issued from here a moment ago, and its answer is still being written down."""
    return badge.updated_at is not None and badge.updated_at > since


def _named(line: str) -> tuple[UUID | str, str]:
    name, _, reason = line.partition(": ")
    try:
        return UUID(name), reason
    except ValueError:
        return line, line


def _unreadable(name: UUID | str, reason: str, here: Known) -> Finding:
    credly_id = name if isinstance(name, UUID) else None
    award = here.awards.get(credly_id) if credly_id else None
    return Finding(
        Cause.UNREADABLE,
        award.pk if award else None,
        award.learner_id if award else None,
        credly_id,
        {"said": reason[:500]},
    )
