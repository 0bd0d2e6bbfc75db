"""What a learner's progress rests on: for each requirement and subject, what the last word on it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ..criteria import course_of
from ..models import BadgeProgress, Fulfillment, ReceivedEvent
from ..rules.criteria import Criteria
from ..rules.evaluate import Verdict
from ..rules.standing import Met, Standing, standing

Which = tuple[int, str]
"""A requirement, by its number, and the subject that decided about it."""


@dataclass(frozen=True)
class Fact:
    """One decision: whether a requirement is met by a subject, or a penalty applies, since when, and what was seen.

    ``row`` is the number of the stored one that it takes the place of.
    """

    met: Met
    holds: bool
    evidence: Mapping[str, Any] = field(default_factory=dict)
    row: int | None = None

    @property
    def which(self) -> Which:
        """What it is about."""
        return self.met.requirement, self.met.subject


Facts = dict[Which, Fact]


def decided(requirement_id: int, event: ReceivedEvent, verdict: Verdict, *, row: int | None = None) -> Fact:
    """What an event decides about a requirement."""
    course = course_of(str(event.course_key)) if event.course_key else ""
    return Fact(Met(requirement_id, event.subject, event.occurred_at, course), verdict.holds, seen_in(verdict), row)


def seen_in(verdict: Verdict) -> dict[str, Any]:
    """The values that were seen, as they are stored with a decision."""
    return {_place(each.rule.path, each.rule.about): event_value(each.seen) for each in verdict.findings}


def locked(progress: BadgeProgress) -> Facts:
    """All that was decided for a progress; called under its lock."""
    # A locking read sees what others have committed by now. Under REPEATABLE READ a plain one sees what was there
    # when this transaction began, and of two courses passed at one moment each would miss the other.
    return _read(Fulfillment.objects.select_for_update().filter(progress=progress).order_by())


def evidence_of(progress: BadgeProgress) -> dict[int, Any]:
    """The values that were seen, by the row of each decision."""
    return dict(Fulfillment.objects.filter(progress=progress).values_list("pk", "evidence"))


def standing_of(progress: BadgeProgress, criteria: Criteria) -> Standing:
    """How far a learner is by what is stored; ``criteria`` are those of the version that they are judged by."""
    return standing_by(criteria, _read(Fulfillment.objects.filter(progress=progress)))


def standing_by(criteria: Criteria, facts: Facts) -> Standing:
    """How far somebody is by these facts; what does not hold, or belongs to another version, does not count."""
    return standing(criteria, (fact.met for fact in facts.values() if fact.holds))


def write(progress: BadgeProgress, new: Iterable[Fact]) -> None:
    """Store decisions: two statements at most, however many there are."""
    new = list(new)
    added = [row_of(progress, fact) for fact in new if fact.row is None]
    changed = [row_of(progress, fact) for fact in new if fact.row is not None]
    if added:
        Fulfillment.objects.bulk_create(added)
    if changed:
        Fulfillment.objects.bulk_update(changed, ["course", "holds", "decided_at", "evidence"])


def row_of(progress: BadgeProgress, fact: Fact) -> Fulfillment:
    """The row that a decision is stored in."""
    return Fulfillment(
        pk=fact.row,
        progress=progress,
        requirement_id=fact.met.requirement,
        subject=fact.met.subject,
        course=fact.met.course,
        holds=fact.holds,
        decided_at=fact.met.at,
        evidence=dict(fact.evidence),
    )


def _read(rows: QuerySet[Fulfillment]) -> Facts:
    columns = ("requirement_id", "subject", "decided_at", "course", "holds", "pk")
    facts = (Fact(Met(*met), holds, row=row) for *met, holds, row in rows.values_list(*columns))
    return {fact.which: fact for fact in facts}


def _place(path: str, about: str) -> str:
    return f"{path} [{about}]" if about else path


def event_value(seen: Any) -> Any:
    """A value that a rule saw, as JSON can hold it; None where the event had none."""
    if isinstance(seen, datetime):
        return seen.isoformat()
    return seen if isinstance(seen, (str, int, float, bool)) else None
