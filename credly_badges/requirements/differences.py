"""What differs between two states of a badge's requirements, in lines for people: ``-`` goes, ``+`` comes, ``~``
changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from ..models import BadgeRequirement, RequirementGroup
from .specs import Groups, GroupSpec, RequirementSpec, RuleSpec

_NOT_COLUMNS = ("id", "key", "requirements", "rules")


def differences(before: Groups, after: Groups) -> list[str]:
    """One line for each; empty where both ask for the same."""
    return [*_of_groups(before, after), *_of_requirements(before, after)]


def _of_groups(before: Groups, after: Groups) -> Iterator[str]:
    old, new = {each.key: each for each in before}, {each.key: each for each in after}
    yield from (_("- the group %(group)s") % {"group": _name(each)} for key, each in old.items() if key not in new)
    for key, each in new.items():
        if key not in old:
            yield _("+ the group %(group)s: %(needs)s") % {"group": _name(each), "needs": _needs(each)}
            yield from _changes(_name(each), GroupSpec("", each.needs, each.at_least), each, RequirementGroup)
        else:
            yield from _changes(_name(each), old[key], each, RequirementGroup)
    yield from _order(_("the groups"), old, new)


def _of_requirements(before: Groups, after: Groups) -> Iterator[str]:
    old, new = _by_key(before), _by_key(after)
    for key, (_group, each) in old.items():
        if key not in new:
            yield _("- %(requirement)s") % {"requirement": _name(each)}
    for key, (group, each) in new.items():
        if key not in old:
            yield _("+ %(requirement)s in the group %(group)s: %(event)s, %(places)s") % {
                "requirement": _name(each),
                "group": _name(group),
                "event": each.event_type,
                "places": _value("scope", each.scope),
            }
            empty = RequirementSpec(each.event_type, each.scope, each.description)
            yield from _changes(_name(each), empty, each, BadgeRequirement)
            yield from _of_rules(each, (), each.rules)
        else:
            was_in, was = old[key]
            if was_in.key != group.key:
                moved = {"requirement": _name(each), "old": _name(was_in), "new": _name(group)}
                yield _("~ %(requirement)s moves from the group %(old)s to %(new)s") % moved
            yield from _changes(_name(each), was, each, BadgeRequirement)
            yield from _of_rules(each, was.rules, each.rules)
    for group in after:
        same = next((each for each in before if each.key == group.key), None)
        if same is not None:
            yield from _order(
                _("the group %(group)s") % {"group": _name(group)},
                {each.key: each for each in same.requirements},
                {each.key: each for each in group.requirements},
            )


def _of_rules(spec: RequirementSpec, before: Sequence[RuleSpec], after: Sequence[RuleSpec]) -> Iterator[str]:
    old, new = [_rule(each) for each in before], [_rule(each) for each in after]
    said = {"requirement": _name(spec)}
    yield from (_("- %(requirement)s: %(rule)s") % {**said, "rule": each} for each in old if each not in new)
    yield from (_("+ %(requirement)s: %(rule)s") % {**said, "rule": each} for each in new if each not in old)
    if old != new and sorted(old) == sorted(new):
        yield _("~ %(requirement)s: the order of its rules") % said


def _changes(name: str, was: Any, now: Any, table: type[models.Model]) -> Iterator[str]:
    for each in fields(now):
        old, new = getattr(was, each.name), getattr(now, each.name)
        if each.name not in _NOT_COLUMNS and old != new:
            yield _("~ %(name)s: %(field)s: %(old)s → %(new)s") % {
                "name": name,
                "field": getattr(table._meta.get_field(each.name), "verbose_name", each.name),
                "old": _value(each.name, old),
                "new": _value(each.name, new),
            }


def _order(what: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    was, now = [key for key in old if key in new], [key for key in new if key in old]
    if was != now:
        names = ", ".join(_name(new[key]) for key in now)
        yield _("~ the order of %(what)s: %(names)s") % {"what": what, "names": names}


def _by_key(groups: Groups) -> dict[str, tuple[GroupSpec, RequirementSpec]]:
    return {each.key: (group, each) for group in groups for each in group.requirements}


def _name(spec: GroupSpec | RequirementSpec) -> str:
    words = spec.name if isinstance(spec, GroupSpec) else spec.description
    return _("“%(words)s” (%(key)s)") % {"words": words, "key": spec.key} if words else spec.key


def _needs(group: GroupSpec) -> str:
    label = str(dict(RequirementGroup.Needs.choices).get(group.needs, group.needs))
    return f"{label} ({group.at_least})" if group.needs == RequirementGroup.Needs.AT_LEAST else label


def _rule(rule: RuleSpec) -> str:
    field = f"{rule.path}[{rule.about}]" if rule.about else rule.path
    return f"{field} {rule.operator} {rule.value}".rstrip()


def _value(name: str, value: Any) -> str:
    if name == "scope":
        return ", ".join(str(value).splitlines()) or _("anywhere")
    if name == "times" and value is None:
        return _("every one of them")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        value = ", ".join(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if value not in (None, "") else _("nothing")
