"""What the buttons of the requirements page do to a draft. Nothing is stored by any of them."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.utils.translation import gettext as _

from ..events.catalogue import CATALOGUE
from ..requirements import RequirementSpec
from ..rules.fields import FieldType
from ..rules.operators import Operator
from . import requirement_patterns
from .requirement_draft import MOST_PARTS, Draft
from .requirement_parts import GroupPart, RequirementPart, RulePart, chosen_event, find, keep, keep_requirement

MOST_RULES = 50
"""So that a requirement fits on the page with all of its rules, whatever else it has."""


def act(draft: Draft, action: str) -> None:
    """Do what a button of the page says: ``add-rule:45``. SuspiciousOperation for anything else."""
    name, _colon, key = action.partition(":")
    if name not in _ACTIONS:
        raise SuspiciousOperation("The page of requirements has no such button.")
    if draft.is_full and name.startswith("add-"):
        draft.said = _("This is as much as one badge can ask for: %(count)d groups, requirements and rules.") % {
            "count": MOST_PARTS
        }
        draft.draw()
        return
    _ACTIONS[name](draft, key)
    for requirement in draft.requirements:
        _suggest_a_rule(draft, requirement)
    draft.draw()


def begin(draft: Draft) -> None:
    """Have an empty page begin with a group and a requirement to fill in."""
    act(draft, "add-group")
    draft.said = ""
    draft.focus_on("")


def _add_group(draft: Draft, _key: str) -> None:
    """A new group with one empty requirement, at the end."""
    group = GroupPart(draft.new_key())
    draft.groups.append(group)
    keep(draft.values, f"g{group.key}", needs="all")
    requirement = _new_requirement(draft, group)
    draft.open(group, requirement)
    draft.focus = f"id_g{group.key}-name"
    draft.said = _("A group was added. It is not saved yet.")


def _add_requirement(draft: Draft, key: str) -> None:
    """A new requirement at the end of a group."""
    requirement = _new_requirement(draft, find(draft.groups, key))
    draft.open(requirement)
    draft.focus = f"id_r{requirement.key}-event_type"
    draft.said = _("A requirement was added. It is not saved yet.")


def _new_requirement(draft: Draft, group: GroupPart) -> RequirementPart:
    requirement = RequirementPart(draft.new_key())
    group.requirements.append(requirement)
    keep_requirement(draft.values, requirement.key, RequirementSpec("", "", ""))
    return requirement


def _add_rule(draft: Draft, key: str) -> None:
    """A new rule at the end of a requirement."""
    requirement = find(draft.requirements, key)
    if len(requirement.rules) >= MOST_RULES:
        draft.said = _("A requirement can have %(count)d data rules on this page.") % {"count": MOST_RULES}
        return
    rule = RulePart(draft.new_key())
    requirement.rules.append(rule)
    draft.open(requirement)
    draft.focus = f"id_d{rule.key}-path"
    draft.said = _("A data rule was added. It is not saved yet.")


def _remove_group(draft: Draft, key: str) -> None:
    """Take a group off the page, with all that is in it; what came after it comes after none."""
    gone = find(draft.groups, key)
    draft.groups.remove(gone)
    for group in draft.groups:
        if draft.values.get(f"g{group.key}-after") == gone.lasting:
            keep(draft.values, f"g{group.key}", after="")
    draft.focus = "add-group"
    draft.said = _("The group was removed. It stays stored until you save.")


def _remove_requirement(draft: Draft, key: str) -> None:
    """Take a requirement off the page, with its rules."""
    requirement = find(draft.requirements, key)
    group = next(group for group in draft.groups if requirement in group.requirements)
    group.requirements.remove(requirement)
    draft.focus = f"add-requirement-{group.key}"
    draft.said = _("The requirement was removed. It stays stored until you save.")


def _remove_rule(draft: Draft, key: str) -> None:
    """Take a rule off the page."""
    requirement = next((each for each in draft.requirements if key in [rule.key for rule in each.rules]), None)
    if requirement is None:
        raise SuspiciousOperation("The page of requirements has no such rule.")
    requirement.rules.remove(find(requirement.rules, key))
    draft.focus = f"add-rule-{requirement.key}"
    draft.said = _("The data rule was removed. It stays stored until you save.")


def _open(draft: Draft, mark: str) -> None:
    """Let a part of a long page be edited."""
    if mark.startswith("g"):
        group = find(draft.groups, mark[1:])
        draft.open(group)
        draft.focus = f"id_g{group.key}-name"
    else:
        requirement = find(draft.requirements, mark[1:])
        draft.open(requirement)
        draft.focus = f"id_r{requirement.key}-event_type"
    draft.draw()
    if mark not in draft.opened:
        draft.said = _("This has more data rules than fit on the page. Change it as a file.")


def _refresh(draft: Draft, _key: str) -> None:
    """Show the fields and operators of what is chosen now."""
    changed = [each.key for each in draft.requirements if chosen_event(each, draft.values) != each.shown]
    draft.focus = draft.values.get("focus", "") or (f"id_r{changed[0]}-scope" if changed else "")


def _use_pattern(draft: Draft, name: str) -> None:
    """Fill an empty page with something that badges often ask for."""
    pattern = requirement_patterns.PATTERNS.get(name)
    if pattern is None or not draft.is_blank:
        raise SuspiciousOperation("The page of requirements has no such pattern.")
    draft.groups.clear()
    group = GroupPart(draft.new_key())
    draft.groups.append(group)
    keep(draft.values, f"g{group.key}", needs="all")
    requirement = _new_requirement(draft, group)
    requirement.shown = pattern.requirement.event_type
    keep_requirement(draft.values, requirement.key, pattern.requirement)
    for each in pattern.requirement.rules:
        rule = RulePart(draft.new_key())
        requirement.rules.append(rule)
        keep(draft.values, f"d{rule.key}", path=each.path, operator=each.operator, value=each.value)
    draft.open(group, requirement)
    draft.focus = f"id_r{requirement.key}-scope"
    draft.said = pattern.next_step
    if pattern.unfolds:
        draft.unfolded = f"r{requirement.key}"


def _suggest_a_rule(draft: Draft, requirement: RequirementPart) -> None:
    """An event that says yes or no happens for those who fail too, so offer the rule that asks for a yes."""
    kind = chosen_event(requirement, draft.values)
    if kind == requirement.shown:
        return
    unwanted = _suggestion(requirement.shown)
    for rule in [each for each in requirement.rules if each.key.startswith("new")]:
        if unwanted and all(draft.values.get(f"d{rule.key}-{name}") == text for name, text in unwanted.items()):
            requirement.rules.remove(rule)  # It came with the event that was chosen before, and goes with it.
    suggestion = _suggestion(kind)
    if suggestion and not requirement.rules:
        rule = RulePart(draft.new_key())
        requirement.rules.append(rule)
        keep(draft.values, f"d{rule.key}", **suggestion)


def _suggestion(kind: str) -> dict[str, str]:
    event = CATALOGUE.get(kind)
    if event is None or event.fields[0].type is not FieldType.BOOLEAN:
        return {}
    return {"path": event.fields[0].path, "operator": Operator.EQUAL.value, "value": "yes"}


_ACTIONS: dict[str, Callable[[Draft, str], None]] = {
    "add-group": _add_group,
    "add-requirement": _add_requirement,
    "add-rule": _add_rule,
    "remove-group": _remove_group,
    "remove-requirement": _remove_requirement,
    "remove-rule": _remove_rule,
    "open": _open,
    "pattern": _use_pattern,
    "refresh": _refresh,
}
