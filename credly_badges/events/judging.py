"""Learners held against a badge's requirements: what is met, and how far that brings them. Nothing is written.

Rehearsal and backfill both ask here, with the functions that the live corridor decides by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import criteria as reading
from .. import state
from ..criteria import course_of
from ..learning_event import LearningEvent
from ..models import BadgeProgress, BadgeTemplate, DataRule, Fulfillment
from ..progress.completion import counted
from ..progress.judging import overturns
from ..rules.criteria import Criteria, Requirement
from ..rules.evaluate import Verdict, evaluate
from ..rules.language import Condition
from ..rules.standing import Met, Standing, standing
from .runs import CannotRun
from .slices import AT_ONCE, Listening, Slice, Statement, slices
from .sources import Known

Facts = dict[tuple[int, str], Met]
"""What counts, by requirement and subject."""
Before = dict[tuple[int, str], tuple[bool, Met]]
"""What was decided before, and whether it holds."""


class Change(NamedTuple):
    """A requirement whose verdict is another than before, and the statement that makes it so."""

    statement: Statement
    requirement: Requirement
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """One learner: by which version, what changes, what then counts, and where that brings them.

    ``known`` is how far they are recorded to be; ``standing`` is None where nothing at all is met. ``is_loss`` is that
    they were done, and something that they were done by no longer counts, or is not asked any more.
    """

    learner_id: int
    version: int
    known: Known | None
    changes: Sequence[Change]
    facts: Facts
    standing: Standing | None
    is_loss: bool = False

    @property
    def completed_at(self) -> datetime | None:
        """When the deciding event happened; None where the requirements are not met."""
        return self.standing.completed_at if self.standing else None


class Judge:
    """One badge's requirements, in all versions by which somebody is judged now. Raises runs.CannotRun."""

    def __init__(self, template: BadgeTemplate, *, anew: bool) -> None:
        """``anew`` has those who are done judged by the version that is valid now, whichever they are done by."""
        self.template = template
        self._anew = anew
        others = BadgeProgress.objects.filter(template=template).exclude(version=template.version).order_by()
        self.versions = [template.version, *others.values_list("version", flat=True).distinct()]
        self._criteria = {version: _load(template, version) for version in self.versions}
        self._listening = Listening(self._criteria.values())
        requirements = [each for criteria in self._criteria.values() for each in criteria.by_id.values()]
        self._asked = state.asked(each.condition for each in requirements)
        rules = DataRule.objects.filter(requirement__in=[each.id for each in requirements]).order_by()
        self._own_rules = dict(rules.values_list("requirement").annotate(Count("pk")))
        # Of those that look beyond the event, what the event by itself decides: most are out by that.
        self._at_first = {each.id: _of_event(each.condition) for each in requirements if state.asked([each.condition])}

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of events that are asked for."""
        return frozenset(self._listening.by_kind)

    def slices(self, after: int, at_once: int) -> Iterator[Slice]:
        """What there is to judge, from the learner after ``after``; about so many rows at once."""
        return slices(self.template.pk, self._listening, self.versions, after=after, at_once=at_once)

    def criteria_of(self, version: int) -> Criteria:
        """What one version asks for."""
        return self._criteria[version]

    def judge(self, part: Slice) -> list[Judged]:
        """Everybody of a slice of whom there is anything to say."""
        now = timezone.now()
        held = self._held(part)
        verdicts = self._verdicts(part, now)
        judged = []
        for learner_id in sorted(verdicts.keys() | part.known.keys()):
            known = part.known.get(learner_id)
            version = self._version(known)
            before = held.get(known.pk, {}) if known is not None and known.version == version else {}
            mine = self._criteria[version].by_id
            found = [each for each in verdicts.get(learner_id, ()) if each.requirement.id in mine]
            changes = [each for each in found if self._is_change(each, before)]
            facts = _facts(before, changes)
            now_there, restored = _stand(self._criteria[version], facts, found) if facts else (None, [])
            if facts or changes or known is not None:
                is_loss = known is not None and self._is_loss(known, version, before, now_there)
                judged.append(Judged(learner_id, version, known, [*changes, *restored], facts, now_there, is_loss))
        return judged

    def _version(self, known: Known | None) -> int:
        if known is None or (self._anew and known.completed_at is not None):
            return self.template.version
        return known.version

    def _verdicts(self, part: Slice, now: datetime) -> dict[int, list[Change]]:
        """What each requirement says to each statement; what the LMS knows beside is asked once for all of them."""
        found: dict[int, list[Change]] = {}
        later: list[tuple[Statement, Requirement, state.Question]] = []
        for learner_id, statements in part.statements.items():
            mine = found[learner_id] = []
            for statement in statements:
                event = statement.event
                for requirement in statement.requirements:
                    at_first = self._at_first.get(requirement.id)
                    condition = requirement.condition if at_first is None else at_first
                    verdict = evaluate(condition, event.attributes, now=now, occurred_at=event.occurred_at)
                    if verdict.holds and at_first is not None:
                        question = state.Question(learner_id, event.course_key, event.occurred_at)
                        later.append((statement, requirement, question))
                    elif verdict.holds or learner_id in part.known:
                        mine.append(Change(statement, requirement, verdict))
        if later:
            known = state.read({question for _statement, _requirement, question in later}, self._asked)
            for statement, requirement, question in later:
                event = statement.event
                attributes = {**event.attributes, **known[question]}
                verdict = evaluate(requirement.condition, attributes, now=now, occurred_at=event.occurred_at)
                found[question.learner_id].append(Change(statement, requirement, verdict))
        return found

    def _is_change(self, found: Change, before: Before) -> bool:
        """Whether it is decided otherwise than before: what is held is lost by a later statement only.

        A penalty that was applied before may be applied later too, to what was met between the two.
        """
        event = found.statement.event
        holds, met = before.get((found.requirement.id, event.subject), (False, None))
        if holds and met is not None and event.occurred_at <= met.at:
            return False
        if holds and found.requirement.undoes and found.verdict.holds:
            return True
        return overturns(found.verdict, held=holds, own_rules=self._own_rules.get(found.requirement.id, 0))

    def _is_loss(self, known: Known, version: int, before: Before, now: Standing | None) -> bool:
        """As ``progress.completion`` has it: who was done stays so where nothing of what counted is gone."""
        if known.completed_at is None or (now is not None and now.completed_at is not None):
            return False
        if known.version != version or now is None:
            return True
        was = standing(self._criteria[version], (met for holds, met in before.values() if holds))
        return not counted(was) <= counted(now)

    def _held(self, part: Slice) -> dict[int, Before]:
        """What was decided before, by progress."""
        ids = [known.pk for known in part.known.values()]
        found: dict[int, Before] = {}
        columns = ("progress_id", "requirement_id", "subject", "holds", "decided_at", "course")
        for start in range(0, len(ids), AT_ONCE):
            rows = Fulfillment.objects.filter(progress__in=ids[start : start + AT_ONCE]).order_by()
            for progress_id, requirement_id, subject, holds, decided_at, course in rows.values_list(*columns):
                met = Met(requirement_id, subject, decided_at, course)
                found.setdefault(progress_id, {})[requirement_id, subject] = (holds, met)
        return found


def _load(template: BadgeTemplate, version: int) -> Criteria:
    try:
        return reading.load(template.pk, version)
    except ValueError:
        raise CannotRun(
            _("A rule of the requirements cannot be read. Open the requirements of this badge and save them anew.")
        ) from None


def _of_event(condition: Condition) -> Condition:
    """The rules that the event by itself decides."""
    return Condition(tuple(rule for rule in condition.rules if not rule.path.startswith(state.PREFIX)))


def _facts(before: Before, changes: Iterable[Change]) -> Facts:
    facts = {where: met for where, (holds, met) in before.items() if holds}
    for statement, requirement, verdict in changes:
        event = statement.event
        facts.pop((requirement.id, event.subject), None)
        if verdict.holds:
            facts[requirement.id, event.subject] = _met(requirement, event)
    return facts


def _stand(criteria: Criteria, facts: Facts, found: Sequence[Change]) -> tuple[Standing, list[Change]]:
    """Where a learner stands, counting what was stated anew since a penalty undid it; and what that was."""
    restored: list[Change] = []
    now = standing(criteria, facts.values())
    while again := list(_stated_again(now, found)):
        for change in again:
            event = change.statement.event
            facts[change.requirement.id, event.subject] = _met(change.requirement, event)
        restored += again
        now = standing(criteria, facts.values())
    return now, restored


def _stated_again(now: Standing, found: Sequence[Change]) -> Iterator[Change]:
    undone = [pair for group in now.groups for each in group.requirements for pair in each.undone]
    for met, hit in undone:
        for change in found:
            event = change.statement.event
            is_it = (change.requirement.id, event.subject) == (met.requirement, met.subject)
            if is_it and change.verdict.holds and event.occurred_at > hit.at:
                yield change


def _met(requirement: Requirement, event: LearningEvent) -> Met:
    return Met(requirement.id, event.subject, event.occurred_at, _course(event.course_key or event.subject))


@lru_cache(maxsize=10_000)
def _course(place: str) -> str:
    return course_of(place)


def deciding(judged: Judged) -> LearningEvent | None:
    """The event by which the requirements were met; None where that was recorded before."""
    met = (change.statement.event for change in judged.changes if change.verdict.holds)
    return next((event for event in met if event.occurred_at == judged.completed_at), None)
