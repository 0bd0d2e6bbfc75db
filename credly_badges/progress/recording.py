"""Folding an event into a learner's progress, and seeing what is complete."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from .. import terms, waking
from ..models import (
    BadgeAward,
    BadgeProgress,
    BadgeRequirement,
    BadgeTemplate,
    Fulfillment,
    ReceivedEvent,
    RequirementGroup,
)
from ..rules.evaluate import Verdict, evaluate
from ..rules.fields import Field, FieldType
from ..rules.language import Condition, GroupNeeds, compile_rule, share_met
from . import withheld

log = logging.getLogger(__name__)

GIVE_A_WORKER = timedelta(minutes=1)
"""How long an event may wait for the worker that was woken for it before a sweep wakes another."""

Groups = list[tuple[int, str, int, int | None]]


def wake(event_id: int) -> None:
    """Have a worker hold a stored event against the requirements."""
    waking.send(record_event, event_id)


@shared_task(name="credly_badges.progress.record_event", **waking.STORED_WORK, soft_time_limit=120, time_limit=150)
def record_event(event_id: int) -> None:
    """Worker's side of :func:`wake`."""
    record(event_id)
    waking.keep_going()


def sweep(limit: int = 1000) -> int:
    """Record the events that nobody was woken for, and try again what was withheld; how many events there were."""
    event_ids = _late(limit)
    for event_id in event_ids:
        try:
            record(event_id)
        except SoftTimeLimitExceeded:
            raise  # The time of the whole sweep is up; that is nothing about the event.
        except Exception as error:
            # One event that cannot be recorded must not hold up the rest; it stays in the list with its reason.
            log.exception("Recording event %s failed.", event_id)
            ReceivedEvent.objects.filter(pk=event_id).update(failure=repr(error)[:1000], received_at=timezone.now())
    withheld.try_again()
    return len(event_ids)


def _late(limit: int) -> list[int]:
    late = ReceivedEvent.objects.filter(waiting=True, received_at__lt=timezone.now() - GIVE_A_WORKER)
    return list(late.order_by("received_at").values_list("pk", flat=True)[:limit])


@transaction.atomic
def record(event_id: int) -> None:
    """Fold one stored event into every progress it concerns, and award what is now complete.

    The lock on the event's row makes all that is stated of one learner and subject go through here one after the
    other, each time with the latest statement; so the order of arrival leaves no trace.
    """
    event = ReceivedEvent.objects.select_for_update().filter(pk=event_id, waiting=True).first()
    if event is None:
        return
    requirements = _listening(event)
    for template, concerned in groupby(requirements, key=lambda requirement: requirement.group.template):
        changes = list(_changes(concerned, event))
        if changes:
            _advance(template, event, changes)
    ReceivedEvent.objects.filter(pk=event.pk).update(waiting=False, failure="")


def hold_against(event_id: int, template_id: int) -> None:
    """Hold one stored event against one badge, as if it had just come: for what happened during a pause."""
    raise NotImplementedError


def _listening(event: ReceivedEvent) -> QuerySet[BadgeRequirement]:
    """The requirements that an event can concern, each with what was decided for it before (``held``), and whether
    an award of the badge to this learner has ended (``ended``).
    """
    decided = Fulfillment.objects.filter(
        progress__learner_id=event.learner_id, requirement=OuterRef("pk"), subject=event.subject
    )
    ended = BadgeAward.objects.filter(learner_id=event.learner_id, template=OuterRef("group__template"), live=None)
    return (
        BadgeRequirement.objects.listening_for(event.kind, event.scopes)
        .select_related("group__template")
        .prefetch_related("data_rules")
        .annotate(held=Subquery(decided.values("holds")[:1]), ended=Exists(ended))
        .order_by("group__template_id", "pk")
    )


def _changes(
    requirements: Iterable[BadgeRequirement], event: ReceivedEvent
) -> Iterator[tuple[BadgeRequirement, Verdict]]:
    """The requirements whose verdict is another than before."""
    for requirement in requirements:
        try:
            condition = _condition(requirement)
        except ValueError:  # InvalidRule, or a type of field that this release does not know.
            # Rules are checked when they are saved; this one was changed some other way. It fulfills nothing.
            log.exception("Requirement %s has a rule that cannot be read.", requirement.pk)
            continue
        verdict = evaluate(condition, event.attributes, now=timezone.now(), occurred_at=event.occurred_at)
        if verdict.holds != bool(requirement.held):  # type: ignore[attr-defined]  # annotated above
            yield requirement, verdict


def _condition(requirement: BadgeRequirement) -> Condition:
    return Condition(
        tuple(
            compile_rule(Field(rule.path, rule.path, FieldType(rule.field_type)), rule.operator, rule.value)
            for rule in requirement.data_rules.all()
        )
    )


def _advance(template: BadgeTemplate, event: ReceivedEvent, changes: list[tuple[BadgeRequirement, Verdict]]) -> None:
    """Write the new verdicts under the lock of the learner's progress, and award the badge if that completes it."""
    progress, begun_now = _locked_progress(event.learner_id, template)
    met_at = {} if begun_now else _met_at(progress)
    for requirement, verdict in changes:
        _decide(progress, requirement, event, verdict)
        met_at.pop((requirement.pk, event.subject), None)
        if verdict.holds:
            met_at[requirement.pk, event.subject] = event.occurred_at
    groups = _groups(template)
    standing = _standing(groups, met_at)
    was_complete = progress.completed_at is not None
    # What is withheld may be the first badge, or a further one that was earned later.
    further = progress.earned_at if progress.earned_at != progress.completed_at else None
    progress.percent, progress.completed_at = standing.percent, standing.completed_at
    earned_at = standing.completed_at
    if earned_at is not None and was_complete:
        gained = any(verdict.holds for _requirement, verdict in changes)
        again = _earned_again(progress, groups, met_at) if gained and terms.comes_again(template) else None
        earned_at = (again or further or earned_at) if progress.withheld else again
    if earned_at is not None:
        look_back = changes[0][0].ended  # type: ignore[attr-defined]  # annotated in _listening
        withheld.award(progress, template, earned_at, event.scopes, look_back=look_back)
    elif standing.completed_at is None:
        withheld.forget(progress)
    progress.save(update_fields=["percent", "completed_at", *withheld.COLUMNS, "modified"])


def _earned_again(
    progress: BadgeProgress, groups: Groups, met_at: Mapping[tuple[int, str], datetime]
) -> datetime | None:
    """When a learner who holds the badge met all of it again, counting only what happened since they earned it."""
    held = BadgeAward.objects.filter(learner_id=progress.learner_id, template_id=progress.template_id, live=True)
    last_earned_at = held.aggregate(last=Max("earned_at"))["last"]
    if last_earned_at is None:
        return None
    since = {which: when for which, when in met_at.items() if when > last_earned_at}
    return _standing(groups, since).completed_at


def _locked_progress(learner_id: int, template: BadgeTemplate) -> tuple[BadgeProgress, bool]:
    """A learner's progress, locked, and whether it began just now."""
    mine = BadgeProgress.objects.select_for_update().filter(learner_id=learner_id, template=template)
    progress = mine.first()
    if progress is not None:
        return progress, False
    try:
        with transaction.atomic():
            return BadgeProgress.objects.create(learner_id=learner_id, template=template), True
    except IntegrityError:
        return mine.get(), False  # Another worker began it, and has let go of it by now.


def _met_at(progress: BadgeProgress) -> dict[tuple[int, str], datetime]:
    """When each requirement was met, by its ID and what it was met by; called under the lock."""
    # A locking read sees what others have committed by now. Under REPEATABLE READ a plain one sees what was there
    # when this transaction began, and of two courses passed at one moment each would miss the other.
    met = Fulfillment.objects.select_for_update().filter(progress=progress, holds=True).order_by()
    rows = met.values_list("requirement_id", "subject", "decided_at")
    return {(requirement_id, subject): decided_at for requirement_id, subject, decided_at in rows}


def _decide(progress: BadgeProgress, requirement: BadgeRequirement, event: ReceivedEvent, verdict: Verdict) -> None:
    decision: dict[str, Any] = {
        "holds": verdict.holds,
        "decided_at": event.occurred_at,
        "evidence": {finding.rule.path: event_value(finding.seen) for finding in verdict.findings},
    }
    place = {"progress": progress, "requirement": requirement, "subject": event.subject}
    if requirement.held is None:  # type: ignore[attr-defined]  # annotated in _listening
        Fulfillment.objects.create(**place, **decision)
    else:
        Fulfillment.objects.filter(**place).update(**decision)


def event_value(seen: Any) -> Any:
    """A value that a rule saw, as JSON can hold it; None where the event had none."""
    if isinstance(seen, datetime):
        return seen.isoformat()
    return seen if isinstance(seen, (str, int, float, bool)) else None


@dataclass(frozen=True)
class Standing:
    """How far a learner is, and since when they are done (None: not yet)."""

    percent: int
    completed_at: datetime | None


@dataclass
class GroupStanding:
    """One group of requirements, and when those of it that are met were met."""

    needs: GroupNeeds
    at_least: int
    total: int = 0
    met_at: list[datetime] = field(default_factory=list)


def _groups(template: BadgeTemplate) -> Groups:
    """The groups of a badge's requirements, with a row for each requirement."""
    groups = RequirementGroup.objects.filter(template=template).order_by("pk")
    return list(groups.values_list("pk", "needs", "at_least", "requirements__pk"))


def _standing(rows: Groups, met_at: Mapping[tuple[int, str], datetime]) -> Standing:
    """Work out a learner's standing from what is fulfilled. A requirement is met since the first that met it."""
    since: dict[int, datetime] = {}
    for (requirement_pk, _subject), when in met_at.items():
        since[requirement_pk] = min(when, since.get(requirement_pk, when))
    groups: dict[int, GroupStanding] = {}
    for pk, needs, at_least, requirement_id in rows:
        group = groups.setdefault(pk, GroupStanding(GroupNeeds(needs), at_least))
        group.total += requirement_id is not None
        group.met_at += [since[requirement_id]] if requirement_id in since else []
    return standing_of(list(groups.values()))


def standing_of(groups: list[GroupStanding]) -> Standing:
    """The standing for groups whose requirements were met at those times.

    A group is done at the moment that its last needed requirement was met, the badge when its last group is done: so
    the issue date is the same in whatever order the events arrived.
    """
    share = share_met([(group.needs, group.at_least, len(group.met_at), group.total) for group in groups])
    if share < 1:  # It is 1 exactly when every group is met.
        return Standing(percent=int(share * 100), completed_at=None)
    return Standing(percent=100, completed_at=max(_done_at(group) for group in groups))


def _done_at(group: GroupStanding) -> datetime:
    needed = {GroupNeeds.ANY: 1, GroupNeeds.ALL: group.total, GroupNeeds.AT_LEAST: group.at_least}[group.needs]
    return sorted(group.met_at)[needed - 1]
