"""What a rehearsal finds: counts that stay small however many learners there are, and a sample with explanations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zlib import crc32

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from .. import lms, state
from ..availability import Offer
from ..models import BadgeTemplate
from ..rules.evaluate import OCCURRED_AT, Verdict
from ..rules.explain import explain
from ..rules.fields import Field
from .catalogue import CATALOGUE
from .judging import Change, Judged, deciding
from .slices import Slice

SAMPLE: Final = 20
"""How many learners are explained."""
MOST_COURSES: Final = 1000
"""How many courses are counted one by one; all others are counted together, under an empty key."""


class Tally:
    """The counts and the sample of one run, with what further slices bring."""

    def __init__(self, counts: Mapping[str, Any], sample: Sequence[Mapping[str, Any]]) -> None:
        self.counts: dict[str, Any] = {"courses": {}, "months": {}, **counts}
        self.sample: list[Mapping[str, Any]] = list(sample)
        self._titles: dict[str, str] = {}

    def add_slice(self, part: Slice, judged: Sequence[Judged]) -> None:
        """That these rows of these learners were looked at."""
        self._count("rows", part.rows)
        self._count("learners", len(part.statements.keys() | part.known.keys()))
        self._count("matched", sum(bool(each.facts) for each in judged))

    def add_loss(self) -> None:
        """That somebody has met the requirements once, and would not now."""
        self._count("would_lose")

    def add(self, judged: Judged, *, has_it: bool, offer: Offer | None) -> None:
        """That somebody would get the badge; ``offer`` is where it is available, if that is limited."""
        earned_at = judged.completed_at
        if earned_at is None:
            raise ValueError("Only who meets the requirements is counted here.")
        event = deciding(judged)
        self._count("would_get")
        if not has_it:
            self._count("would_gain")
            if offer is not None and offer.rows and not _is_available(offer, event.scopes if event else ()):
                self._count("not_available")
        since, until = self.counts.get("since"), self.counts.get("until")
        self.counts["since"] = min(since or earned_at.isoformat(), earned_at.isoformat())
        self.counts["until"] = max(until or earned_at.isoformat(), earned_at.isoformat())
        month = earned_at.strftime("%Y-%m")
        self.counts["months"][month] = self.counts["months"].get(month, 0) + 1
        for course in {fact.subject for fact in judged.facts.values() if fact.course}:
            self._count_course(course)
        self._choose(judged, earned_at)

    def _count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def _count_course(self, course: str) -> None:
        courses = self.counts["courses"]
        place = course if course in courses or len(courses) < MOST_COURSES else ""
        courses[place] = courses.get(place, 0) + 1

    def _choose(self, judged: Judged, earned_at: datetime) -> None:
        # By a number that says nothing about them: the same ones whenever it is done, and not the oldest accounts.
        rank = _rank(judged.learner_id)
        if len(self.sample) >= SAMPLE and rank >= _rank(self.sample[-1]["learner_id"]):
            return
        chosen = {
            "learner_id": judged.learner_id,
            "earned_at": earned_at.isoformat(),
            "because": list(because(judged.changes, self._titles_for(judged.changes))),
        }
        self.sample = sorted([*self.sample, chosen], key=lambda each: _rank(each["learner_id"]))[:SAMPLE]

    def _titles_for(self, changes: Iterable[Change]) -> Mapping[str, str]:
        """What the courses are called; each is asked about once."""
        if new := {change.statement.event.course_key for change in changes}.difference(self._titles, [""]):
            self._titles |= {**dict.fromkeys(new, ""), **lms.course_titles(new)}
        return self._titles


def left_of_limit(template: BadgeTemplate, counts: Mapping[str, Any], awarded: int) -> dict[str, int]:
    """How many of those who would gain the badge lie beyond its limit in all; nothing where it has none."""
    if template.limit_total is None:
        return {}
    return {"beyond_limit": max(counts.get("would_gain", 0) - max(template.limit_total - awarded, 0), 0)}


def because(changes: Iterable[Change], titles: Mapping[str, str]) -> Iterable[str]:
    """What was met, where and when, and what was seen: one sentence a requirement. ``titles`` are those of courses."""
    for statement, requirement, verdict in changes:
        if not verdict.holds:
            continue
        event = statement.event
        told = {
            "requirement": requirement.description or str(_label(event.kind)),
            "place": titles.get(event.subject) or event.subject,
            "day": date_format(localtime(event.occurred_at), "DATE_FORMAT"),
            "why": " ".join(explain(_without_the_day(verdict), fields_of(event.kind), _)),
        }
        if event.subject and told["why"]:
            yield _("%(requirement)s (%(place)s, %(day)s): %(why)s") % told
        elif event.subject:
            yield _("%(requirement)s (%(place)s, %(day)s).") % told
        else:
            yield _("%(requirement)s (%(day)s). %(why)s") % told


def _without_the_day(verdict: Verdict) -> Verdict:
    """That it happened within the days that count needs no words: the day is told."""
    return replace(verdict, findings=tuple(each for each in verdict.findings if each.rule.path != OCCURRED_AT))


def fields_of(kind: str) -> dict[str, Field]:
    """What rules about an event of this kind can ask, by path."""
    event_type = CATALOGUE.get(kind)
    own = {each.path: each for each in event_type.fields} if event_type else {}
    return {**{path: each.field for path, each in state.STATE.items()}, **own}


def _label(kind: str) -> Any:
    event_type = CATALOGUE.get(kind)
    return event_type.label if event_type else kind


def _is_available(offer: Offer, scopes: Iterable[str]) -> bool:
    return all(any(row.is_open() for row in covering) for covering in offer.covering(scopes or [""]))


def _rank(learner_id: int) -> tuple[int, int]:
    return crc32(str(learner_id).encode()), learner_id
