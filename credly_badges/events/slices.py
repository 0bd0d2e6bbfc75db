"""History and what is stored, read together in the order of the learners' numbers: each slice holds whole learners.

Several sources are merged up to the lowest number that all of them have reached, so nothing is kept from one slice to
the next but what was read ahead, and the number of the last learner is all that it takes to go on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..learning_event import LearningEvent
from ..rules.criteria import Criteria, Requirement
from . import history, sources
from .normalize import Place
from .sources import Known, Read, Stored

AT_ONCE = 2000
"""About how many rows of a source are read at once."""
END = 1 << 62


@dataclass(frozen=True, slots=True)
class Statement:
    """What is known of one learner, kind and subject, and which requirements it concerns.

    ``stored`` is the row that says it, or that says something else and is older: then ``is_news``.
    """

    event: LearningEvent
    requirements: tuple[Requirement, ...]
    stored: Stored | None
    is_news: bool


class Slice(NamedTuple):
    """Whole learners: what they did that can concern the badge, how far they are already, and the last one's number."""

    statements: Mapping[int, list[Statement]]
    known: Mapping[int, Known]
    up_to: int
    rows: int


class Listening:
    """What a badge's requirements listen to: which kinds of events, and which of them concern an event of a place."""

    def __init__(self, criteria: Iterable[Criteria]) -> None:
        self.by_kind: dict[str, list[Requirement]] = {}
        for each in criteria:
            for requirement in each.by_id.values():
                self.by_kind.setdefault(requirement.event_type, []).append(requirement)
        # Where penalties undo what was met before them, when it was stated last matters more than when it was first.
        self.counts_original = not any(each.undoes for rows in self.by_kind.values() for each in rows)
        self._heard: dict[tuple[str, tuple[str, ...]], tuple[Requirement, ...]] = {}
        self._tells: dict[tuple[str, str], tuple[Place, list[tuple[str, tuple[Requirement, ...]]]]] = {}

    def heard(self, kind: str, scopes: tuple[str, ...]) -> tuple[Requirement, ...]:
        """The requirements that an event of this kind, with these scopes, concerns."""
        found = self._heard.get((kind, scopes))
        if found is None:
            wanted = self.by_kind.get(kind, ())
            found = tuple(each for each in wanted if not each.places.isdisjoint(scopes))
            self._heard[kind, scopes] = found
        return found

    def tells(self, source: str, row: Any) -> tuple[Place, list[tuple[str, tuple[Requirement, ...]]]]:
        """Where a row of history happened, and of which kinds it can tell to which requirements."""
        found = self._tells.get((source, row[1]))
        if found is None:
            place = history.place_of(row)
            kinds = [kind for kind in self.by_kind if kind in history.HISTORY]
            mine = [(kind, self.heard(kind, place.scopes)) for kind in kinds if history.HISTORY[kind].source == source]
            found = self._tells[source, row[1]] = (place, [(kind, heard) for kind, heard in mine if heard])
        return found

    def places(self) -> dict[str, set[str]]:
        """The places of what listens to each kind; an empty one is anywhere."""
        return {
            kind: {place for each in requirements for place in each.places}
            for kind, requirements in self.by_kind.items()
        }


def slices(
    template_id: int, listening: Listening, versions: Iterable[int], *, after: int, at_once: int
) -> Iterator[Slice]:
    """Slice after slice, beginning with the learner after ``after``. ``versions`` are those that learners are on."""
    places = listening.places()
    of_history: dict[str, set[str]] = {}
    for kind in places.keys() & history.HISTORY.keys():
        of_history.setdefault(history.HISTORY[kind].source, set()).update(places[kind])
    feeds = {each: _Feed(sources.of_history(each, where), after, at_once) for each, where in of_history.items()}
    stored = _Feed(sources.stored(places), after, at_once)
    known = [_Feed(sources.known(template_id, version), after, at_once) for version in versions]
    everything = [*feeds.values(), stored, *known]
    while True:
        up_to = min(feed.reaches() for feed in everything)
        taken = {source: feed.take(up_to) for source, feed in feeds.items()}
        beside = stored.take(up_to)
        here = {row.learner_id: row for feed in known for row in feed.take(up_to)}
        rows = sum(map(len, taken.values())) + len(beside)
        if up_to == END:
            learners = [row[0] for read in (*taken.values(), beside) for row in read] + list(here)
            if not learners:
                return
            yield Slice(_statements(listening, taken, beside), here, max(learners), rows)
            return
        yield Slice(_statements(listening, taken, beside), here, up_to, rows)


class _Feed:
    """One source, read ahead as far as it takes to see whole learners."""

    def __init__(self, read: Read, after: int, at_once: int) -> None:
        self._read, self._last, self._at_once = read, after, at_once
        self._rows: Sequence[Any] = ()
        self._ended = False

    def reaches(self) -> int:
        """The last learner of whom everything has been read; ``END`` where there is no more."""
        if not self._rows and not self._ended:
            self._rows = self._read(self._last, self._at_once)
            if self._rows:
                self._last = self._rows[-1][0]
            else:
                self._ended = True
        return END if self._ended else self._last

    def take(self, up_to: int) -> Sequence[Any]:
        """The rows of learners up to one, which are then done with."""
        end = bisect_right(self._rows, up_to, key=lambda row: row[0])
        taken, self._rows = self._rows[:end], self._rows[end:]
        return taken


def _statements(
    listening: Listening, taken: Mapping[str, Sequence[Any]], beside: Sequence[Stored]
) -> dict[int, list[Statement]]:
    found: dict[int, dict[tuple[str, str], Statement]] = {}
    for source, rows in taken.items():
        for row in rows:
            place, kinds = listening.tells(source, row)
            for kind, requirements in kinds:
                event = history.event(kind, row, place)
                if event is None:
                    continue
                mine = found.setdefault(row[0], {})
                before = mine.get((kind, place.name))
                # Of several badges of one template, the first is when it was said first.
                if before is None or event.occurred_at < before.event.occurred_at:
                    mine[kind, place.name] = Statement(event, requirements, None, is_news=True)
    for stored in beside:
        requirements = listening.heard(stored.kind, tuple(stored.scopes))
        if not requirements:
            continue
        mine = found.setdefault(stored.learner_id, {})
        told = mine.get((stored.kind, stored.subject))
        latest = _latest(told.event if told else None, stored, requirements, original=listening.counts_original)
        mine[stored.kind, stored.subject] = latest
    return {learner_id: list(mine.values()) for learner_id, mine in found.items()}


def _latest(
    told: LearningEvent | None, stored: Stored, requirements: tuple[Requirement, ...], *, original: bool
) -> Statement:
    """Of what history tells and what is stored, the later one, as at intake; where they agree, since the original."""
    occurred_at = stored.occurred_at
    if told is not None:
        is_later = (told.occurred_at, told.fingerprint) > (stored.confirmed_at, stored.fingerprint)
        says_the_same = told.fingerprint == stored.fingerprint
        if is_later and (stored.ended or not says_the_same):
            return Statement(told, requirements, stored, is_news=True)
        if original and says_the_same and not stored.ended:
            occurred_at = min(occurred_at, told.occurred_at)
    event = LearningEvent(
        stored.learner_id,
        stored.kind,
        stored.subject,
        occurred_at,
        stored.attributes,
        tuple(stored.scopes),
        str(stored.course_key or ""),
    )
    return Statement(event, requirements, stored, is_news=False)
