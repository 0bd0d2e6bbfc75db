"""Whether data rules can all hold at once, and whether they leave anything out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from .. import criteria, lms
from ..models import RequirementGroup
from ..rules.evaluate import OCCURRED_AT
from ..rules.explain import describe
from ..rules.fields import Field, FieldType
from ..rules.language import Condition, InvalidRule, Rule, compile_rule
from ..rules.operators import Operator
from . import ranges
from .fault import Fault
from .reading import Asked, Subject, field_of

Needs = RequirementGroup.Needs

SAYS_NOTHING = frozenset(
    {
        "org.openedx.learning.course.passing.status.updated.v1",
        "org.openedx.learning.ccx.course.passing.status.updated.v1",
        "org.openedx.learning.course.persistent_grade_summary.changed.v1",
        "org.openedx.learning.certificate.changed.v1",
        "org.openedx.learning.auth.session.login.completed.v1",
    }
)
"""Events that happen to whoever passes, fails, or does nothing at all: without a rule, everybody meets them."""


@dataclass(frozen=True)
class Told:
    """One rule, its field, and the rule in words."""

    rule: Rule
    field: Field
    words: str

    @property
    def about(self) -> tuple[str, str]:
        """What it asks about; rules on two things cannot exclude each other."""
        return self.rule.path, self.rule.about


def faults(subject: Subject) -> Iterator[Fault]:
    """Of what requirements ask, each by itself and two of them together."""
    told = {asked.row.pk: list(told_of(asked)) for asked in subject.asked}
    for asked in subject.asked:
        yield from _excluding_itself(subject, asked, told[asked.row.pk])
        if not asked.is_penalty:
            yield from _always(subject, asked, told[asked.row.pk])
    yield from _excluding_each_other(subject, told)


def told_of(asked: Asked) -> Iterator[Told]:
    """The rules of a requirement that can be read."""
    for row in asked.row.data_rules.all():
        field = field_of(asked.event, row.path)
        if field is None:
            continue
        try:
            rule = compile_rule(field, row.operator, row.value, row.about)
        except InvalidRule:
            continue  # Said of the requirement.
        (words,) = describe(Condition((rule,)), {field.path: field}, _)
        yield Told(rule, field, capfirst(words.rstrip(".")))


def _by_field(told: Iterable[Told]) -> dict[tuple[str, str], list[Told]]:
    found: dict[tuple[str, str], list[Told]] = {}
    for each in told:
        found.setdefault(each.about, []).append(each)
    return found


def _excluding_itself(subject: Subject, asked: Asked, told: list[Told]) -> Iterator[Fault]:
    for same in _by_field([*told, *_window_of(asked)]).values():
        here = ranges.possible(same[0].field)
        for numbers in ranges.excluding([ranges.of_rule(each.rule, subject.now) for each in same], here):
            yield _excluded(asked, [same[number].words for number in numbers])
    for same in _by_field(told).values():
        if same[0].rule.path == OCCURRED_AT:
            yield from _over(subject, asked, same)
        elif _is_the_place(asked, same[0].rule.path):
            yield from _elsewhere(subject, asked, same)


def _window_of(asked: Asked) -> Iterator[Told]:
    """The rules that the time limit of a group adds. One that is wrong by itself is said of the group."""
    group = asked.group
    if group.opens_on and group.closes_on and group.opens_on > group.closes_on:
        return
    words = _("the time limit of its group")
    try:
        condition = criteria.condition(group, ())
    except (LookupError, ValueError, OSError):
        return
    for rule in condition.rules:
        yield Told(rule, Field(rule.path, rule.path, rule.type or FieldType.TEXT), words)


def _excluded(asked: Asked, words: list[str]) -> Fault:
    quoted = ", ".join(_("“%(rule)s”") % {"rule": each} for each in words)
    names = {"requirement": asked.name, "rules": quoted}
    if len(words) == 1:
        sentence = _("%(rules)s can never be true, so nobody could meet the requirement “%(requirement)s”. Change it.")
        if asked.is_penalty:
            sentence = _("%(rules)s can never be true, so the penalty “%(requirement)s” would never apply. Change it.")
        return asked.fault("never_true", sentence % names)
    sentence = _(
        "%(rules)s exclude each other, so nobody could meet the requirement “%(requirement)s”. Change one of them."
    )
    if asked.is_penalty:
        sentence = _(
            "%(rules)s exclude each other, so the penalty “%(requirement)s” would never apply. Change one of them."
        )
    return asked.fault("exclude", sentence % names)


def _over(subject: Subject, asked: Asked, told: list[Told]) -> Iterator[Fault]:
    left = ranges.common(ranges.of_rule(each.rule, subject.now) for each in told)
    fixed = all(each.rule.operator is not Operator.WITHIN_DAYS for each in told)
    if fixed and left.high is not None and left.high.at < subject.now and not left.is_empty:
        sentence = _(
            "The time that the requirement “%(requirement)s” asks for is over, so nothing that happens from now on "
            "can meet it. Give a later day."
        )
        yield asked.fault("window_over", sentence % {"requirement": asked.name})


def _is_the_place(asked: Asked, path: str) -> bool:
    """Whether a field holds the very course that a requirement is narrowed to."""
    if asked.event is None or ".ccx." in asked.event.kind:  # A CCX is also found in the run that it was made from.
        return False
    if not all(map(lms.is_course_run, asked.row.places)):
        return False
    return any(fact.field.path == path and fact.source == asked.event.subject for fact in asked.event.facts)


def _elsewhere(subject: Subject, asked: Asked, told: list[Told]) -> Iterator[Fault]:
    asked_for = ranges.common(ranges.of_rule(each.rule, subject.now) for each in told)
    if not asked_for.is_empty and not any(asked_for.has(place) for place in asked.row.places):
        sentence = _(
            "The requirement “%(requirement)s” listens in one course and asks for another: “%(rule)s”. "
            "Take the rule out, and say under “Where” which course it is."
        )
        yield asked.fault("elsewhere", sentence % {"requirement": asked.name, "rule": told[0].words})


def _always(subject: Subject, asked: Asked, told: list[Told]) -> Iterator[Fault]:
    if asked.event is None or len(told) < len(asked.row.data_rules.all()):
        return  # What it asks for cannot be told.
    idle = [each for each in told if _is_always_true(each, subject.now)]
    if len(idle) == len(told) and asked.event.kind in SAYS_NOTHING:
        sentence = _(
            "Everybody to whom the event “%(event)s” happens meets the requirement “%(requirement)s”, whatever it "
            "says. Add a data rule that says how it has to turn out."
        )
        yield asked.fault("always_true", sentence % {"event": asked.event.label, "requirement": asked.name})
        return
    for each in idle:
        sentence = _("“%(rule)s” is always true, so the requirement “%(requirement)s” is no stricter with it.")
        yield asked.fault("rule_always_true", sentence % {"rule": each.words, "requirement": asked.name}, hint=True)


def _is_always_true(told: Told, now: datetime) -> bool:
    if told.rule.operator is Operator.EXISTS:
        return told.rule.path == OCCURRED_AT or told.field.type is FieldType.BOOLEAN
    here = ranges.possible(told.field)
    if here == ranges.EVERYTHING:
        return told.rule.operator is Operator.MATCHES and told.rule.value == "*"
    return here.is_within(ranges.of_rule(told.rule, now))


def _excluding_each_other(subject: Subject, told: dict[int, list[Told]]) -> Iterator[Fault]:
    """Two requirements that are both needed and look at the same thing: of that, only the latest word counts."""
    same: dict[tuple[str, str], list[Asked]] = {}
    for asked in subject.earning:
        (place, *more) = asked.row.places
        if not more and lms.is_course_run(place) and _is_needed(asked):
            same.setdefault((asked.row.event_type, place), []).append(asked)
    for group in same.values():
        for first, second in combinations(group, 2):
            if words := _exclusive(subject, told[first.row.pk], told[second.row.pk]):
                sentence = _(
                    "“%(first)s” and “%(second)s” exclude each other, and the badge asks for both: %(rules)s. "
                    "Change one of them."
                )
                names = {"first": first.name, "second": second.name, "rules": "; ".join(words)}
                yield second.fault("exclude", sentence % names)


def _is_needed(asked: Asked) -> bool:
    return asked.group.needs == Needs.ALL or len(asked.group.requirements.all()) == 1


def _exclusive(subject: Subject, first: list[Told], second: list[Told]) -> list[str]:
    """The rules on one field that two requirements cannot both have, in words."""
    others = _by_field(second)
    for about, told in _by_field(first).items():
        path = about[0]
        # State is that of the moment at which the event happened, and of two moments at which it does.
        if about not in others or path == OCCURRED_AT or path.startswith("state."):
            continue
        sides = [
            ranges.common(ranges.of_rule(each.rule, subject.now) for each in side) for side in (told, others[about])
        ]
        here = ranges.possible(told[0].field)
        if any(ranges.common((here, side)).is_empty for side in sides):
            continue  # Said of the requirement by itself.
        if ranges.common((here, *sides)).is_empty:
            return [each.words for each in (*told, *others[about])]
    return []
