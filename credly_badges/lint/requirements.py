"""What is wrong with single requirements: their event and their data rules."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from ..events import catalogue
from ..models import DataRule
from ..rules.language import InvalidRule, compile_rule
from .fault import Fault
from .reading import Asked, Subject


def faults(subject: Subject) -> Iterator[Fault]:
    """Of each requirement."""
    for asked in subject.asked:
        yield from _of_a_requirement(asked)


def _of_a_requirement(asked: Asked) -> Iterator[Fault]:
    event = asked.event
    if event is None:
        sentence = _(
            "The requirement “%(requirement)s” waits for the event %(event)s, which this version does not know. "
            "Choose another event."
        )
        yield asked.fault("unknown_event", sentence % {"requirement": asked.name, "event": asked.row.event_type})
        return
    for rule in asked.row.data_rules.all():
        if fault := _of_a_rule(event, rule):
            sentence = _("A data rule of the requirement “%(requirement)s” cannot be used: %(fault)s")
            yield asked.fault("rule", sentence % {"requirement": asked.name, "fault": fault})


def _of_a_rule(event: catalogue.EventType, rule: DataRule) -> str:
    field = catalogue.field(event.kind, rule.path)
    if field is None:
        return _("The event “%(event)s” has no field “%(path)s”. Choose another field.") % {
            "event": event.label,
            "path": rule.path,
        }
    try:
        compile_rule(field, rule.operator, rule.value)
    except InvalidRule as fault:
        return fault.sentence_in(_)
    if rule.field_type != field.type:
        # The corridor reads rules by the stored type.
        return _("It was saved for another type of field. Open the requirement and save it again.")
    return ""
