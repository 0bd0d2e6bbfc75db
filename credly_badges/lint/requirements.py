"""What is wrong with single requirements: their event and their data rules."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from .. import state
from ..events import catalogue
from ..models import DataRule, RequirementGroup
from ..rules.language import InvalidRule, compile_rule
from .fault import Fault
from .reading import Asked, Subject, field_of, has_course

Within = RequirementGroup.Within


def faults(subject: Subject) -> Iterator[Fault]:
    """Of each requirement."""
    for asked in subject.asked:
        yield from _of_a_requirement(subject, asked)


def _of_a_requirement(subject: Subject, asked: Asked) -> Iterator[Fault]:
    event = asked.event
    if event is None:
        sentence = _(
            "The requirement “%(requirement)s” waits for the event %(event)s, which this version does not know. "
            "Choose another event."
        )
        yield asked.fault("unknown_event", sentence % {"requirement": asked.name, "event": asked.row.event_type})
        return
    if not has_course(event) and (asked.group.before_course_end or asked.group.within_of == Within.ENROLLMENT):
        sentence = _(
            "The requirement “%(requirement)s” happens in no course, and the time limit of its group asks for one. "
            "Move it to a group of its own."
        )
        yield asked.fault("window_without_course", sentence % {"requirement": asked.name})
    for rule in asked.row.data_rules.all():
        if fault := _of_a_rule(subject, event, rule):
            sentence = _("A data rule of the requirement “%(requirement)s” cannot be used: %(fault)s")
            yield asked.fault("rule", sentence % {"requirement": asked.name, "fault": fault})


def _of_a_rule(subject: Subject, event: catalogue.EventType, rule: DataRule) -> str:
    field = field_of(event, rule.path)
    if field is None:
        words = {"event": event.label, "path": rule.path}
        if rule.path in state.STATE:
            return _("“%(path)s” is about a course, and “%(event)s” happens in none. Choose another field.") % words
        return _("The event “%(event)s” has no field “%(path)s”. Choose another field.") % words
    try:
        compile_rule(field, rule.operator, rule.value, rule.about)
    except InvalidRule as fault:
        return fault.sentence_in(_)
    if rule.field_type != field.type:
        # The corridor reads rules by the stored type.
        return _("It was saved for another type of field. Open the requirement and save it again.")
    return _of_its_subject(subject, rule)


def _of_its_subject(subject: Subject, rule: DataRule) -> str:
    """What is wrong with which subsection or which badge a rule is about."""
    known = state.STATE.get(rule.path)
    wanted = known.about if known else ""
    words = {"path": known.field.label if known else rule.path, "about": rule.about}
    if not wanted:
        return _("“%(path)s” is not about “%(about)s”. Leave that empty.") % words if rule.about else ""
    if not rule.about:
        said = _("“%(path)s” needs to be told which badge.") if wanted == state.BADGE else _("Say which subsection.")
        return said % words
    if wanted == state.BADGE and rule.about not in subject.badges:
        return _("The badge %(about)s is not here. Sync the badge templates, or choose another badge.") % words
    if wanted == state.SUBSECTION and not _is_a_block(rule.about):
        return _("“%(about)s” is no subsection. Copy its ID (block-v1:…) from Studio.") % words
    return ""


def _is_a_block(text: str) -> bool:
    try:
        UsageKey.from_string(text)
    except InvalidKeyError:
        return False
    return True
