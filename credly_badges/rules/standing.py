"""How far a learner is, worked out from what was met and what was undone. The order of arrival leaves no trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from .criteria import Criteria, Group, Requirement
from .language import GroupNeeds

_NEARLY = Fraction(99, 100)
"""The most that what is not yet done can count for."""


@dataclass(frozen=True)
class Met:
    """A requirement was met, or a penalty applied, by one subject: a course run, an exam, a thread."""

    requirement: int
    subject: str
    at: datetime
    course: str = ""


@dataclass(frozen=True)
class RequirementStanding:
    """One requirement: what of it counts, what was undone and by which penalty, and since when it is met."""

    requirement: Requirement
    counted: tuple[Met, ...]
    undone: tuple[tuple[Met, Met], ...]
    needed: int
    met_at: datetime | None

    @property
    def count(self) -> int:
        """How many different ones count; where it has to be met in every one of some, only those do."""
        found = {self.requirement.counts_as(met.subject, met.course) for met in self.counted}
        return len(found & self.requirement.every if self.requirement.times is None else found)

    @property
    def share(self) -> Fraction:
        """How far it is, from 0 to 1; 1 exactly when it is met."""
        if self.met_at is not None:
            return Fraction(1)
        return min(Fraction(self.count, self.needed), _NEARLY) if self.needed else Fraction()


@dataclass(frozen=True)
class GroupStanding:
    """One group: its requirements' standings, and since when enough of them are met."""

    group: Group
    requirements: tuple[RequirementStanding, ...]
    done_at: datetime | None
    waits_for: bool
    """Whether the group that it comes after has yet to be met."""

    @property
    def share(self) -> Fraction:
        """How far it is, from 0 to 1; 1 exactly when it is done."""
        if self.done_at is not None:
            return Fraction(1)
        needed = _needed(self.group)
        if needed < 1:
            return Fraction()
        best = sorted(self.requirements, key=lambda each: each.share * each.requirement.weight, reverse=True)
        if self.group.needs is GroupNeeds.ANY:
            return best[0].share if best else Fraction()
        gained, points = Fraction(), 0
        for each in best:
            weight = _weight(self.group, each.requirement)
            gained += each.share * min(weight, needed - points)
            points += weight
            if points >= needed:
                break
        return min(gained / needed, _NEARLY)


@dataclass(frozen=True)
class Standing:
    """How far a learner is with a badge: each group that has to be met, the whole, and since when they are done."""

    groups: tuple[GroupStanding, ...]
    percent: int
    completed_at: datetime | None


def standing(criteria: Criteria, facts: Iterable[Met]) -> Standing:
    """Where somebody stands. ``facts`` are the fulfillments that hold, those of penalties among them.

    A requirement is met when it is met in as many different places as it asks for, at the time of the last of these;
    a group when enough of its requirements are; the badge when its last group is.
    """
    of: dict[int, list[Met]] = {}
    for fact in facts:
        of.setdefault(fact.requirement, []).append(fact)
    hits = {penalty: of.get(penalty.id, []) for penalty in criteria.penalties}
    done: dict[int, GroupStanding] = {}
    for group in _in_order(criteria.earning):
        before = done.get(group.after) if group.after is not None else None
        done[group.id] = _group(group, before, of, hits)
    groups = tuple(done[group.id] for group in criteria.earning)
    percent = int(sum((each.share for each in groups), Fraction()) / len(groups) * 100) if groups else 0
    times = [each.done_at for each in groups if each.done_at is not None]
    completed_at = max(times) if groups and len(times) == len(groups) else None
    return Standing(groups, percent, completed_at)


def _in_order(groups: tuple[Group, ...]) -> list[Group]:
    """Each after the group that it comes after. Of a circle, which is refused on save, one comes first and waits."""
    left, ordered, known = list(groups), list[Group](), set[int]()
    ids = {group.id for group in groups}
    while left:
        ready = [each for each in left if each.after is None or each.after in known or each.after not in ids]
        for each in ready or left[:1]:
            ordered.append(each)
            known.add(each.id)
            left.remove(each)
    return ordered


def _group(
    group: Group,
    before: GroupStanding | None,
    of: Mapping[int, list[Met]],
    hits: Mapping[Requirement, list[Met]],
) -> GroupStanding:
    waits_for = group.after is not None and (before is None or before.done_at is None)
    since = before.done_at if before is not None else None
    until = since + timedelta(days=group.within_days) if since and group.within_days else None
    requirements = tuple(
        _requirement(each, [] if waits_for else of.get(each.id, []), since, until, hits) for each in group.requirements
    )
    return GroupStanding(group, requirements, _done_at(group, requirements), waits_for)


def _requirement(
    requirement: Requirement,
    facts: Iterable[Met],
    since: datetime | None,
    until: datetime | None,
    hits: Mapping[Requirement, list[Met]],
) -> RequirementStanding:
    counted, undone = [], []
    for fact in sorted(facts, key=lambda each: (each.at, each.subject)):
        if (since is not None and fact.at < since) or (until is not None and fact.at > until):
            continue
        hit = _undoing(requirement, fact, hits)
        if hit is None:
            counted.append(fact)
        else:
            undone.append((fact, hit))
    first: dict[str, datetime] = {}
    for fact in counted:
        first.setdefault(requirement.counts_as(fact.subject, fact.course), fact.at)
    needed = len(requirement.every) if requirement.times is None else requirement.times
    return RequirementStanding(requirement, tuple(counted), tuple(undone), needed, _met_at(requirement, first, needed))


def _undoing(requirement: Requirement, fact: Met, hits: Mapping[Requirement, list[Met]]) -> Met | None:
    """The last penalty that undoes a fulfillment. One of the same moment counts as the later of the two."""
    found = [
        hit
        for penalty, applied in hits.items()
        if requirement.id in penalty.undoes
        for hit in applied
        if hit.at >= fact.at and not (penalty.same_course and hit.course and fact.course and hit.course != fact.course)
    ]
    return max(found, key=lambda hit: hit.at, default=None)


def _met_at(requirement: Requirement, first: Mapping[str, datetime], needed: int) -> datetime | None:
    if requirement.times is None:
        every = requirement.every
        return max(first[each] for each in every) if every and every <= first.keys() else None
    return sorted(first.values())[needed - 1] if 1 <= needed <= len(first) else None


def _needed(group: Group) -> int:
    match group.needs:
        case GroupNeeds.ALL:
            return len(group.requirements)
        case GroupNeeds.ANY:
            return 1
        case _:
            return group.at_least


def _weight(group: Group, requirement: Requirement) -> int:
    return requirement.weight if group.needs is GroupNeeds.AT_LEAST else 1


def _done_at(group: Group, requirements: Iterable[RequirementStanding]) -> datetime | None:
    needed, points = _needed(group), 0
    if needed < 1:
        return None
    met = sorted((each.met_at, each.requirement.id) for each in requirements if each.met_at is not None)
    weights = {each.id: _weight(group, each) for each in group.requirements}
    for at, requirement_id in met:
        points += weights[requirement_id]
        if points >= needed:
            return at
    return None
