"""What a learner did, as one requirement sees it: what counts, what does not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from ..events.catalogue import CATALOGUE
from ..models import BadgeRequirement, Fulfillment, ReceivedEvent
from ..progress.facts import event_value
from ..rules.criteria import Group
from ..rules.evaluate import Verdict, evaluate
from ..rules.explain import explain
from ..rules.language import Condition
from ..rules.standing import GroupStanding, RequirementStanding
from .answer import Occurrence, RuleSeen, Status
from .criteria import event_in_words, fields_of
from .known import Known, as_met
from .moments import moment
from .windows import explain_window

MOST_ELSEWHERE = 5
"""How much is told of what happened at other places."""


@dataclass(frozen=True)
class Asking:
    """One requirement of one learner, with all that it takes to say what counts for it."""

    known: Known
    row: BadgeRequirement
    group: GroupStanding | None
    """None for a penalty."""
    since: datetime | None
    """When the group before it was met."""

    @property
    def condition(self) -> Condition | None:
        """What it asks of an event; None where a rule of it cannot be read."""
        return self.known.conditions.get(self.row.pk)

    @property
    def standing(self) -> RequirementStanding | None:
        """How far it is met; None for a penalty."""
        return self.known.standings.get(self.row.pk)


def occurrences(asking: Asking) -> list[Occurrence]:
    """Everything that was decided about a requirement, and what was heard and decided nothing, the oldest first.

    After it what the LMS alone knows of; and where the requirement is not met, the last that happened elsewhere.
    """
    known, number = asking.known, asking.row.pk
    events = {event.subject: event for event in known.events if known.concerns(number, event)}
    decided = known.decided_for(number)
    found = [_decided(asking, row, events.get(row.subject)) for row in decided]
    settled = {row.subject for row in decided}
    found += [_heard(asking, event) for subject, event in events.items() if subject not in settled]
    past = [event for event in known.past or () if known.concerns(number, event) and event.subject not in settled]
    return [
        *sorted(found, key=lambda each: (each.at, each.subject)),
        *(_known_to_the_lms(asking, event) for event in past),
        *_elsewhere(asking),
    ]


def _known_to_the_lms(asking: Asking, event: ReceivedEvent) -> Occurrence:
    found = _verdict(asking, event.occurred_at, asking.known.seen[event.pk])
    if found is not None and found.holds:
        detail = _("The LMS knows of it, and nothing was heard of it here. A backfill of the badge would count it.")
    else:
        detail = _("The LMS knows of it, and nothing was heard of it here. It would not count.")
    return _occurrence(asking, Status.NOT_HEARD, _stated(asking, event), found, [detail])


def _elsewhere(asking: Asking) -> Iterator[Occurrence]:
    standing = asking.standing
    if standing is None or standing.met_at is not None:
        return
    known, row = asking.known, asking.row
    others = [event for event in known.of_no_use if event.kind == row.event_type]
    for event in others[-MOST_ELSEWHERE:]:
        detail = _("It happened elsewhere than is asked for.")
        yield _occurrence(asking, Status.ELSEWHERE, _stated(asking, event), None, [detail])


def _decided(asking: Asking, row: Fulfillment, event: ReceivedEvent | None) -> Occurrence:
    status = _status(asking, row)
    found = _verdict_by_evidence(asking, row, event)
    details = list(_why_not(asking, row, status))
    if found is not None and found.holds != row.holds:
        details.append(_("It was decided by other rules or values than these."))
    if event is not None and event.waiting:
        details.append(_waiting(event))
    title = asking.known.title_of(row.subject, event, row.course)
    return _occurrence(asking, status, _Happened(row.subject, title, row.decided_at), found, details)


def _heard(asking: Asking, event: ReceivedEvent) -> Occurrence:
    found = _verdict(asking, event.occurred_at, asking.known.seen[event.pk])
    details = []
    if event.waiting:
        status = Status.WAITING
        details.append(_waiting(event))
    elif found is not None and found.holds:
        status = Status.WOULD_COUNT
        details.append(
            _(
                "By what is known now it fits. When it was heard it did not count: the badge was not active, asked for "
                "something else, or the LMS knew less of the learner."
            )
        )
    else:
        status = Status.UNMET
    return _occurrence(asking, status, _stated(asking, event), found, details)


def _status(asking: Asking, row: Fulfillment) -> Status:
    """What a decision comes to, exactly as the standing counts it."""
    standing = asking.standing
    if not row.holds:
        return Status.UNMET
    if standing is None:
        return Status.COUNTS
    met = as_met(row)
    if met in standing.counted:
        return Status.TWICE if _is_twice(standing, row) else Status.COUNTS
    if any(met == undone for undone, _penalty in standing.undone):
        return Status.UNDONE
    too_soon = asking.since is None or row.decided_at < asking.since
    return Status.TOO_SOON if too_soon else Status.TOO_LATE


def _is_twice(standing: RequirementStanding, row: Fulfillment) -> bool:
    counts_as = standing.requirement.counts_as
    same = [met for met in standing.counted if counts_as(met.subject, met.course) == counts_as(row.subject, row.course)]
    return same[0] != as_met(row)


def _why_not(asking: Asking, row: Fulfillment, status: Status) -> Iterator[str]:
    """Why what holds does not count."""
    before = _group_before(asking)
    if status is Status.TWICE:
        yield _("Another run of the same course counts already.") if row.course else _("It counts already.")
    elif status is Status.TOO_SOON and asking.since is None:
        yield _("Counts only after %(group)s is met, which it is not yet.") % {"group": before}
    elif status is Status.TOO_SOON and asking.since is not None:
        words = {"group": before, "moment": moment(asking.since)}
        yield _("It came before %(group)s was met, on %(moment)s.") % words
    elif status is Status.TOO_LATE and asking.since is not None and asking.group and asking.group.group.within_days:
        until = asking.since + timedelta(days=asking.group.group.within_days)
        yield _("It came too late: it counts until %(moment)s.") % {"moment": moment(until)}
    elif status is Status.UNDONE and asking.standing:
        for undone, penalty in asking.standing.undone:
            if undone == as_met(row):
                yield _taken_back(asking.known, penalty.requirement, penalty.at)


def _taken_back(known: Known, penalty_id: int, at: datetime) -> str:
    penalty = known.requirements[penalty_id]
    words = {"penalty": known.names.get(penalty.key, ""), "moment": moment(at)}
    return _("It was taken back by %(penalty)s on %(moment)s.") % words


def _group_before(asking: Asking) -> str:
    group: Group | None = asking.group.group if asking.group else None
    return asking.known.group_names.get(group.after or 0, "") if group else ""


def _verdict_by_evidence(asking: Asking, row: Fulfillment, event: ReceivedEvent | None) -> Verdict | None:
    """What the rules find in the values that decided; where none were kept, in what was stated last."""
    if asking.condition is None:
        return None
    if not row.evidence and asking.condition.rules:
        if event is None or event.waiting:
            return None
        return _verdict(asking, event.occurred_at, asking.known.seen[event.pk])
    values: dict[str, Any] = {}
    for rule in asking.condition.rules:
        key = f"{rule.path} [{rule.about}]" if rule.about else rule.path
        if key not in row.evidence:
            continue
        if rule.about:
            values.setdefault(rule.path, {})[rule.about] = row.evidence[key]
        else:
            values[rule.path] = row.evidence[key]
    return evaluate(asking.condition, values, now=row.decided_at, occurred_at=row.decided_at)


def _verdict(asking: Asking, at: datetime, seen: Mapping[str, Any]) -> Verdict | None:
    if asking.condition is None:
        return None
    return evaluate(asking.condition, seen, now=timezone.now(), occurred_at=at)


def _waiting(event: ReceivedEvent) -> str:
    if event.failure:
        return _("Holding it against the requirement failed; it is tried again.")
    return _("It was heard, and has yet to be held against the requirement.")


class _Happened(NamedTuple):
    """What something was about, what that is called, and when it happened."""

    subject: str
    title: str
    at: datetime


def _stated(asking: Asking, event: ReceivedEvent) -> _Happened:
    return _Happened(event.subject, asking.known.title_of(event.subject, event), event.occurred_at)


def _occurrence(
    asking: Asking, status: Status, happened: _Happened, found: Verdict | None, details: Iterable[str]
) -> Occurrence:
    words = {
        "event": event_in_words(asking.row.event_type),
        "title": happened.title,
        "moment": moment(happened.at),
    }
    sentence = _("%(event)s: %(title)s, on %(moment)s.") if happened.title else _("%(event)s, on %(moment)s.")
    return Occurrence(
        status=status,
        sentence=capfirst(sentence % words),
        event=asking.row.event_type,
        subject=happened.subject,
        title=happened.title,
        at=happened.at,
        rules=tuple(_rules(asking, status, found, happened.at)),
        details=tuple(details),
    )


def _rules(asking: Asking, status: Status, found: Verdict | None, at: datetime) -> Iterator[RuleSeen]:
    """Each rule with what it saw; the requirement's own ones first, then those of its group's window."""
    if asking.condition is None and status is not Status.ELSEWHERE:
        yield RuleSeen(False, _("A data rule of this requirement cannot be used. Edit the requirement."))
    if found is None:
        return
    own = len(asking.row.data_rules.all())
    fields = fields_of(CATALOGUE.get(asking.row.event_type))
    zone = timezone.get_current_timezone()
    said = explain(Verdict(found.holds, found.findings[:own]), fields, _, zone=zone, names=asking.known.titles)
    said += [explain_window(finding, asking.row.group, at) for finding in found.findings[own:]]
    for finding, sentence in zip(found.findings, said, strict=True):
        rule = finding.rule
        yield RuleSeen(finding.holds, capfirst(sentence), rule.path, rule.about, event_value(finding.seen))
