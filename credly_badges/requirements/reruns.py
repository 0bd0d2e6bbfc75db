"""When a course is run again: what badges ask for in the old run, they ask for in the new one too, or instead."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from ..events.catalogue import ScopeKind
from ..models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from ..rules.criteria import Distinct
from ..rules.language import InvalidRule, Rule, canonical_text, compile_rule
from ..rules.operators import Operator
from .differences import differences
from .errors import InvalidScope, NotSaved, WouldStopAnActiveBadge, said_with_its_code
from .fields import field_of
from .places import read_place
from .saving import save
from .specs import Groups, RequirementSpec, RuleSpec, fingerprint, stored

# With one more value, each of these says the same of both runs.
_OF_SEVERAL = {
    Operator.EQUAL: Operator.IN,
    Operator.IN: Operator.IN,
    Operator.NOT_EQUAL: Operator.NOT_IN,
    Operator.NOT_IN: Operator.NOT_IN,
}


@dataclass(frozen=True)
class Carried:
    """One badge that asks for the old run: what changes, and why something could not be carried over.

    ``refused`` are sentences; with any of them nothing of this badge was changed. ``left`` are sentences on parts that
    a person has to look at. ``version`` is the one that it makes (0: the badge is changed in place, or not at all).
    """

    template: BadgeTemplate
    lines: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    version: int = 0

    def as_data(self) -> dict[str, Any]:
        """The same as JSON values; which badge it is, is for the caller to say."""
        sentences = {"lines": list(self.lines), "left": list(self.left), "refused": list(self.refused)}
        return {**sentences, "version": self.version}


def carry_over(
    old: str,
    new: str,
    *,
    by: AbstractBaseUser | None,
    replace_old: bool = False,
    templates: Collection[BadgeTemplate] | None = None,
    despite: Collection[str] = (),
    dry_run: bool = False,
) -> list[Carried]:
    """Have every badge (or only ``templates``) that asks for the course run ``old`` ask for ``new``; one entry each.

    The new run comes beside the old one, or with ``replace_old`` in its place. Each badge is saved by itself, as a new
    version where it was ever valid; one that cannot be saved is told of and does not hold up the others. Raises
    InvalidScope for what is no course run.
    """
    move = _Move(_run(old), _run(new), replace_old)
    if move.old == move.new:
        raise InvalidScope(_("These are the same course run. Name the old one, then the new one."))
    asking = _asking(move.old)
    if templates is not None:
        asking = [template for template in asking if template in templates]
    carried = (_carry(template, move, by, despite, dry_run=dry_run) for template in asking)
    return [each for each in carried if each.lines or each.left or each.refused]


def _carry(
    template: BadgeTemplate,
    move: _Move,
    by: AbstractBaseUser | None,
    despite: Collection[str],
    *,
    dry_run: bool,
) -> Carried:
    before = stored(template)
    left: list[str] = []
    after = _moved(before, move, left)
    if after == before:
        return Carried(template, left=tuple(left))
    done = Carried(template, tuple(differences(before, after)), tuple(left))
    try:
        with transaction.atomic():
            save(template, after, by=by, seen=fingerprint(before), despite=despite)
            version = BadgeTemplate.objects.values_list("version", flat=True).get(pk=template.pk)
            if dry_run:
                transaction.set_rollback(True)
    except WouldStopAnActiveBadge as refusal:
        return replace(done, refused=tuple(said_with_its_code(fault) for fault in refusal.faults))
    except NotSaved as refusal:
        return replace(done, refused=tuple(refusal.reasons))
    return replace(done, version=version if version != template.version else 0)


def _moved(groups: Groups, move: _Move, left: list[str]) -> Groups:
    return tuple(
        replace(group, requirements=tuple(_moved_requirement(each, move, left) for each in group.requirements))
        for group in groups
    )


def _moved_requirement(spec: RequirementSpec, move: _Move, left: list[str]) -> RequirementSpec:
    """A requirement with the new run, or as it was where a person has to look at it."""
    name = spec.description or spec.key
    if not move.replaces:
        if move.old in spec.places and spec.times is None and spec.distinct == Distinct.SUBJECT:
            left.append(
                _("“%(requirement)s” asks for each of its course runs, so both would be asked for. Change it by hand.")
                % {"requirement": name}
            )
            return spec
        if any(move.is_about_old(rule.about) for rule in spec.rules):
            left.append(
                _(
                    "“%(requirement)s” asks about a subsection of the old run. Add a requirement for the new one, or "
                    "put the new run in the place of the old one."
                )
                % {"requirement": name}
            )
            return spec
    rules = tuple(_moved_rule(spec, rule, move, left) for rule in spec.rules)
    return replace(spec, scope="\n".join(move.of(spec.places)), rules=rules)


def _moved_rule(spec: RequirementSpec, rule: RuleSpec, move: _Move, left: list[str]) -> RuleSpec:
    if move.is_about_old(rule.about):
        return replace(rule, about=move.into_new(rule.about))
    field = field_of(spec.event_type, rule.path)
    if move.old not in rule.value or field is None:
        return rule
    try:
        known = compile_rule(field, rule.operator, rule.value)
    except InvalidRule:
        return rule
    values = [str(each) for each in (known.value if isinstance(known.value, tuple) else (known.value,))]
    if known.operator in _OF_SEVERAL:
        moved = move.of(values)
        if moved == tuple(values):
            return rule
        operator = known.operator if len(moved) == 1 else _OF_SEVERAL[known.operator]
        value = moved if operator in (Operator.IN, Operator.NOT_IN) else moved[0]
        return replace(rule, operator=operator.value, value=canonical_text(Rule(rule.path, operator, value)))
    left.append(
        _("“%(requirement)s” has a rule that names the old run: %(rule)s. Change it by hand.")
        % {"requirement": spec.description or spec.key, "rule": f"{rule.path} {rule.operator} {rule.value}"}
    )
    return rule


def _run(text: str) -> str:
    key = read_place(ScopeKind.COURSE, text)
    try:
        if CourseKey.from_string(key).run:
            return key
    except InvalidKeyError:
        pass
    raise InvalidScope(
        _("“%(text)s” is not a course run. Copy its key (course-v1:edX+DemoX+2026) from its address.")
        % {"text": text[:100]}
    )


@dataclass(frozen=True)
class _Move:
    """From which run to which, and whether the old one goes."""

    old: str
    new: str
    replaces: bool

    def of(self, keys: Collection[str]) -> tuple[str, ...]:
        """These course keys, with the new run beside the old one or in its place."""
        moved = (each for key in keys for each in ((key, self.new) if key == self.old else (key,)))
        return tuple(dict.fromkeys(key for key in moved if not (self.replaces and key == self.old)))

    def is_about_old(self, about: str) -> bool:
        """Whether a usage key lies in the old run."""
        try:
            return str(UsageKey.from_string(about).course_key) == self.old
        except InvalidKeyError:
            return False

    def into_new(self, about: str) -> str:
        """The same subsection in the new run: a rerun keeps the ids of what it is copied from."""
        return str(UsageKey.from_string(about).map_into_course(CourseKey.from_string(self.new)))


def _asking(old: str) -> list[BadgeTemplate]:
    """The badges that may name the run: those in whose text it stands."""
    current = RequirementGroup.objects.current()
    usage = old.partition(":")[2] or old  # block-v1:edX+DemoX+2026+type@sequential+block@exam
    in_rules = DataRule.objects.filter(requirement__group__in=current).filter(
        Q(value__contains=old) | Q(about__contains=usage)
    )
    named = BadgeRequirement.objects.filter(group__in=current).filter(
        Q(scope__contains=old) | Q(pk__in=in_rules.values("requirement"))
    )
    return list(
        BadgeTemplate.objects.filter(pk__in=named.values("group__template"))
        .select_related("organization")
        .order_by("organization__name", "name", "pk")
    )
