"""Looking at one badge at Credly before anything is said of it: the index it was found in may be behind."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from django.utils import timezone

from ..credly import wire
from ..issuing import mirror
from ..models import BadgeAward, BadgeTemplate
from . import compare
from .asking import Asking
from .causes import Cause
from .compare import Finding
from .known import Known, awards, is_left_out

State = BadgeAward.State

MOST_REPLACEMENTS = 20
"""How many badges that took one another's place are followed."""

ENDED = (State.REVOKED, State.DELETED)


def look(asking: Asking, award: BadgeAward) -> Finding | None:
    """What is the matter with an award, by the badge as it is now."""
    if award.credly_id is None:
        return None
    badge = asking.badge(award.credly_id)
    present: Any = awards().filter(pk=award.pk).first()
    # Others may have changed it while Credly was asked.
    if present is None or present.credly_id != award.credly_id or is_left_out(present, asking.left_out_since()):
        return None
    if badge is not None:
        matter = compare.difference(present, badge)
        if matter is None and asking.mends_records:
            # So that the time of Credly's last change is known, and the badge not looked at each time.
            mirror.follow(badge, as_of=timezone.now(), organization=asking.organization)
        return matter
    if present.state in ENDED:
        return None
    return Finding(Cause.DELETED, present.pk, present.learner_id, present.credly_id, {"state": [present.state, None]})


def look_at_unknown(
    asking: Asking, template: BadgeTemplate, badge: wire.Badge, learner_id: int, known: Known
) -> Iterator[Finding]:
    """What is the matter with a learner's badge that no award accounts for."""
    found = asking.badge(badge.id)
    if found is None:
        return
    mine: list[Any] = list(awards().filter(template=template, learner=learner_id).order_by("pk"))
    since = asking.left_out_since()
    if any(award.credly_id == found.id or is_left_out(award, since) for award in mine):
        return  # Somebody else was faster.
    replaced = _whose_place_it_took(asking, found)
    if replaced is not None:
        if not is_left_out(replaced, since):
            both = {"credly_id": [str(replaced.credly_id), str(found.id)]}
            yield Finding(Cause.REPLACED, replaced.pk, replaced.learner_id, found.id, both)
    elif compare.stands(found):
        if template.repeat == BadgeTemplate.Repeat.ONCE:
            twin = yield from _twin(asking, mine, found, learner_id, known)
            if twin is not None:
                yield twin
                return
        yield from _unknown(mine, found, learner_id, known)


def _twin(
    asking: Asking, mine: list[Any], badge: wire.Badge, learner_id: int, known: Known
) -> Generator[Finding, None, Finding | None]:
    """That the learner holds another badge beside this one; on the way, what is the matter with the others."""
    for award in mine:
        if not award.live or award.credly_id is None:
            continue
        matter = look(asking, award)
        if matter is None or matter.cause == Cause.ADDRESS:
            both = {"credly_id": [str(award.credly_id), str(badge.id)]}
            return Finding(Cause.DOUBLE, award.pk, learner_id, badge.id, both)
        yield matter
    return Finding(Cause.DOUBLE, None, learner_id, badge.id) if learner_id in known.suspected else None


def _unknown(mine: list[Any], badge: wire.Badge, learner_id: int, known: Known) -> Iterator[Finding]:
    waiting: Any = next((award for award in mine if award.live and award.credly_id is None), None)
    if waiting is not None and not waiting.is_ordered:
        return  # It is found as one that nobody sends, and sending it finds this badge.
    known.suspected.add(learner_id)
    facts: dict[str, Any] = {"state": [waiting.state if waiting else None, badge.state]}
    yield Finding(Cause.UNKNOWN_HERE, waiting.pk if waiting else None, learner_id, badge.id, facts)


def _whose_place_it_took(asking: Asking, badge: wire.Badge) -> Any:
    """The award whose badge this one replaced, however many lie between."""
    older = badge.replaces_badge_id
    for _ in range(MOST_REPLACEMENTS):
        if older is None:
            return None
        award = awards().filter(credly_id=older).first()
        if award is not None:
            return award
        before = asking.badge(older)
        older = before.replaces_badge_id if before else None
    return None
