"""What is wrong with how requirements hang together: groups that are empty, ask for too much, or wait in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..models import RequirementGroup
from .fault import Fault
from .reading import Subject

Needs = RequirementGroup.Needs


def faults(subject: Subject) -> Iterator[Fault]:
    """Of the groups, and of there being none."""
    if not subject.earning:
        yield Fault("no_requirement", "error", _("It has no requirement, so nobody could earn it. Add at least one."))
        return
    for group in subject.groups:
        yield from _of_a_group(subject, group)
    yield from _circles(subject)


def _of_a_group(subject: Subject, group: RequirementGroup) -> Iterator[Fault]:
    rows, name = list(group.requirements.all()), subject.name_of(group)
    if not rows:
        sentence = _("“%(group)s” has no requirement, so it could never be met. Add one, or remove the group.")
        yield _fault(group, "empty_group", sentence % {"group": name})
    elif group.needs == Needs.AT_LEAST:
        yield from _asking_for_too_much(group, name, [row.weight for row in rows])
    if group.needs != Needs.UNDO:
        yield from _of_its_order(subject, group, name)
    yield from _of_its_window(subject, group, name)


def _asking_for_too_much(group: RequirementGroup, name: str, weights: list[int]) -> Iterator[Fault]:
    words = {"group": name, "needed": group.at_least, "total": sum(weights)}
    if 1 <= group.at_least <= sum(weights):
        return
    if set(weights) == {1}:
        sentence = _(
            "“%(group)s” asks for %(needed)d of its requirements and has %(total)d. "
            "Ask for a number from 1 to %(total)d."
        )
    else:
        sentence = _(
            "“%(group)s” asks for %(needed)d points, and all of its requirements together give %(total)d. "
            "Ask for a number from 1 to %(total)d."
        )
    yield _fault(group, "asks_for_too_much", sentence % words)


def _of_its_order(subject: Subject, group: RequirementGroup, name: str) -> Iterator[Fault]:
    before = next((each for each in subject.groups if each.pk == group.after_id), None)
    if group.after_id is not None and (before is None or before.needs == Needs.UNDO):
        sentence = _(
            "“%(group)s” comes after a group that nobody can meet: one of penalties, or one that is no longer there. "
            "Choose another group, or none."
        )
        yield _fault(group, "after_nothing", sentence % {"group": name})
    if group.within_of == RequirementGroup.Within.GROUP and group.after_id is None:
        sentence = _(
            "“%(group)s” has to be met within days of the group before it, and comes after no group. "
            "Say which group it comes after."
        )
        yield _fault(group, "within_of_nothing", sentence % {"group": name})
    if bool(group.within_days) != bool(group.within_of):
        sentence = _("“%(group)s” has half of a time limit. Give both the days and what they are counted from.")
        yield _fault(group, "within_half", sentence % {"group": name})


def _of_its_window(subject: Subject, group: RequirementGroup, name: str) -> Iterator[Fault]:
    try:
        zone = ZoneInfo(group.time_zone or "UTC")
    except (KeyError, ValueError, OSError):  # Not found; no name of a zone; the name of a directory.
        sentence = _("“%(group)s” has the time zone “%(zone)s”, which does not exist. Give one such as Europe/Berlin.")
        yield _fault(group, "time_zone", sentence % {"group": name, "zone": group.time_zone})
        return
    words = {
        "group": name,
        "from": date_format(group.opens_on) if group.opens_on else "",
        "until": date_format(group.closes_on) if group.closes_on else "",
    }
    if group.opens_on and group.closes_on and group.opens_on > group.closes_on:
        sentence = _("“%(group)s” counts from %(from)s until %(until)s, which is no day at all. Swap the two days.")
        yield _fault(group, "window_empty", sentence % words)
    elif group.closes_on and group.closes_on < subject.now.astimezone(zone).date():
        sentence = _(
            "“%(group)s” counts until %(until)s only, and that is over, so nothing that happens from now on can "
            "meet it. Give a later day."
        )
        yield _fault(group, "window_over", sentence % words)


def _circles(subject: Subject) -> Iterator[Fault]:
    after = {group.pk: group.after_id for group in subject.groups}
    told: set[int] = set()
    for group in subject.groups:
        way: list[int] = []
        here: int | None = group.pk
        while here is not None and here not in way:
            way.append(here)
            here = after.get(here)
        if here is None or here in told:
            continue
        circle = way[way.index(here) :]
        told.update(circle)
        names = [subject.name_of(each) for pk in circle for each in subject.groups if each.pk == pk]
        sentence = _(
            "Groups wait for each other in a circle, so none of them could ever be met: %(groups)s. "
            "Let one of them come after no group."
        )
        yield _fault(group, "circle", sentence % {"groups": ", ".join(f"“{name}”" for name in names)})


def _fault(group: RequirementGroup, code: str, sentence: str) -> Fault:
    return Fault(code, "error", sentence, group.key)
