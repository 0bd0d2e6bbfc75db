"""A rehearsal: what a badge's requirements would do with all that learners did before. Only its run is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from celery import shared_task
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from .. import availability, lms
from ..models import BadgeAward, BadgeTemplate, HistoryRun, RequirementGroup
from . import runs
from .judging import Judge, Judged, deciding
from .slices import AT_ONCE
from .tally import Tally, left_of_limit


class Row(NamedTuple):
    """One learner who would get the badge, or who has it and would not."""

    learner_id: int
    earned_at: datetime | None
    """When the deciding event happened; None where they would not get it."""
    course: str
    """The course run in which it happened, where it was in one."""
    change: str
    """``gain`` where they do not have it yet, ``lose`` where they have it and would not get it, else empty."""


def begin(template: BadgeTemplate, by: AbstractBaseUser | None = None, *, wake: bool = True) -> HistoryRun:
    """Begin a rehearsal, which a worker then does. Raises runs.Busy and runs.CannotRun."""
    see_that_it_asks_for_something(template)
    return runs.begin(runs.Kind.REHEARSAL, template, by, wake=wake)


def go_on(
    run: HistoryRun, *, until: float | None = None, on_chunk: runs.OnChunk | None = None, limit: int | None = None
) -> HistoryRun:
    """Rehearse from where a run stands; the run as it is then.

    ``limit`` is after how many learners it is enough: the run is then stopped, as its numbers are not those of all.
    """
    return runs.go_on(run, partial(_work, limit=limit), until=until, on_chunk=on_chunk)


@shared_task(name="credly_badges.events.rehearsal", ignore_result=True, soft_time_limit=540, time_limit=570)
def rehearse(run_id: int) -> None:
    """Rehearse for a while, and have a worker go on."""
    runs.one_slice(run_id, go_on)


def rows(template: BadgeTemplate) -> Iterator[Row]:
    """Everybody who would get it, or would lose it, one after the other; memory stays the same however many.

    It reads all of history once more. Raises runs.CannotRun.
    """
    see_that_it_asks_for_something(template)
    judge = Judge(template, anew=True)
    for part in judge.slices(after=0, at_once=AT_ONCE):
        for judged, has_it in _concerned(template, judge.judge(part)):
            if judged.completed_at is None:
                yield Row(judged.learner_id, None, "", "lose")
                continue
            event = deciding(judged)
            course = event.course_key if event else ""
            yield Row(judged.learner_id, judged.completed_at, course, "" if has_it else "gain")


def see_that_it_asks_for_something(template: BadgeTemplate) -> None:
    """Raises runs.CannotRun for a badge without requirements."""
    if not RequirementGroup.objects.filter(template=template, version=template.version).exists():
        raise runs.CannotRun(_("This badge has no requirements yet. Set them first."))


def see_that_it_is_the_same(run: HistoryRun) -> None:
    """Raises runs.CannotRun where the requirements are others than those that the run began with."""
    if run.template.version != run.version:
        raise runs.CannotRun(_("The requirements of this badge were changed since this began. Begin it anew."))


def _work(hold: runs.Hold, *, limit: int | None) -> Iterator[None]:
    run = hold.run
    see_that_it_is_the_same(run)
    template = run.template
    judge = Judge(template, anew=True)
    offer = availability.offer(template)
    for part in judge.slices(after=run.cursor, at_once=AT_ONCE):
        tally = Tally(run.counts, run.sample)
        judged = judge.judge(part)
        tally.add_slice(part, judged)
        for each, has_it in _concerned(template, judged):
            if each.completed_at is None:
                tally.add_loss()
            else:
                tally.add(each, has_it=has_it, offer=offer)
        hold.keep(cursor=part.up_to, counts=tally.counts, sample=tally.sample)
        yield
        if limit is not None and tally.counts["learners"] >= limit:
            raise runs.CannotRun(_("Not everybody was looked at, as only some were asked for."))
    hold.keep(counts={**run.counts, **left_of_limit(template, run.counts, _awarded(template))})


def _concerned(template: BadgeTemplate, judged: Sequence[Judged]) -> Iterator[tuple[Judged, bool]]:
    """Who would get the badge, and whether they have it; and who has met its requirements and would no longer."""
    here = lms.present(each.learner_id for each in judged if each.completed_at is not None)
    holders = _holders(template, here)
    for each in judged:
        if each.is_loss:
            yield each, True
        elif each.completed_at is not None and each.learner_id in here:
            was_done = each.known is not None and each.known.completed_at is not None
            yield each, was_done or each.learner_id in holders


def _holders(template: BadgeTemplate, learners: Iterable[int]) -> set[int]:
    wanted, found = sorted(learners), set[int]()
    for start in range(0, len(wanted), lms.AT_ONCE):
        part = wanted[start : start + lms.AT_ONCE]
        held: Any = BadgeAward.objects.filter(template=template, live=True, learner__in=part)
        found.update(held.values_list("learner_id", flat=True))
    return found


def _awarded(template: BadgeTemplate) -> int:
    earned = BadgeAward.objects.filter(availability.COUNTED, template=template)
    return earned.filter(source=BadgeAward.Source.REQUIREMENTS).count()
