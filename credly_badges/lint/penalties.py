"""What is wrong with penalties: those that take nothing back, and those that take everything back at once."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from .. import availability
from . import ranges
from .fault import Fault
from .logic import Told, told_of
from .reading import Asked, Subject


def faults(subject: Subject) -> Iterator[Fault]:
    """Of each penalty."""
    by_key = {asked.row.key: asked for asked in subject.earning}
    for penalty in subject.asked:
        if not penalty.is_penalty:
            continue
        undone = [by_key[key] for key in penalty.row.undoes if key in by_key]
        if not undone:
            sentence = _("The penalty “%(penalty)s” takes nothing back. Say which requirements it takes back.")
            yield penalty.fault("undoes_nothing", sentence % {"penalty": penalty.name})
        elif len(undone) < len(set(penalty.row.undoes)):
            sentence = _("The penalty “%(penalty)s” also takes back a requirement that is no longer there.")
            yield penalty.fault("undoes_what_is_gone", sentence % {"penalty": penalty.name}, hint=True)
        for asked in undone:
            if _always_undoes(subject, penalty, asked):
                sentence = _(
                    "Whatever meets the requirement “%(requirement)s” is also the penalty “%(penalty)s”, which takes "
                    "it back at once, so nobody could meet it. Add a data rule to the penalty."
                )
                names = {"requirement": asked.name, "penalty": penalty.name}
                yield penalty.fault("undoes_everything", sentence % names)


def _always_undoes(subject: Subject, penalty: Asked, asked: Asked) -> bool:
    """Whether every event that meets a requirement also is a penalty that takes it back."""
    if penalty.row.event_type != asked.row.event_type or _has_a_window(penalty):
        return False
    wide = set(penalty.row.places)
    if not all(wide & availability.enclosing(place) for place in asked.row.places):
        return False
    met, undone = list(told_of(asked)), list(told_of(penalty))
    if len(undone) < len(penalty.row.data_rules.all()):
        return False  # What cannot be read applies to nothing.
    return all(_left(subject, met, each).is_within(ranges.of_rule(each.rule, subject.now)) for each in undone)


def _left(subject: Subject, met: list[Told], each: Told) -> ranges.Range:
    """What a requirement leaves over of the field that a rule of a penalty asks about."""
    same = [ranges.of_rule(other.rule, subject.now) for other in met if other.about == each.about]
    return ranges.common((ranges.possible(each.field), *same))


def _has_a_window(penalty: Asked) -> bool:
    group = penalty.group
    return bool(group.opens_on or group.closes_on or group.within_days or group.before_course_end)
