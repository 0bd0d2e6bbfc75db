"""Requirements while they are edited: what was typed so far, saved or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from django.core.exceptions import SuspiciousOperation
from django.utils.translation import gettext as _

from ..events.catalogue import CATALOGUE
from ..reports import is_course_run, titles_of_scopes
from ..requirements import GroupSpec, fingerprint
from ..rules.fields import FieldType
from ..rules.operators import Operator
from .requirement_forms import GroupForm, RequirementForm, RuleForm
from .requirement_parts import GroupPart, RequirementPart, RulePart, find, group_spec, sent_group, stored_group

# Each part is three form fields, and Django reads 1,000 of them unless the site allows more
# (DATA_UPLOAD_MAX_NUMBER_FIELDS).
MOST_PARTS = 300


class Mistake(NamedTuple):
    """What cannot be saved: in which field, what that is called, and a sentence that says what to do."""

    control_id: str
    label: str
    sentence: str


class Draft:
    """Groups, requirements and rules as one page shows them: their order, and the text in every field.

    The page carries all of it, so the server keeps nothing between two requests and nothing typed is lost.
    """

    def __init__(self, groups: list[GroupPart], values: Mapping[str, str], seen: str) -> None:
        """``values`` are form fields by name; ``seen`` is the fingerprint of the stored state that is edited."""
        self.groups = groups
        self.values = dict(values)
        self.seen = seen
        self.focus = ""
        self.said = ""
        self._draw()

    @classmethod
    def of_stored(cls, groups: Sequence[GroupSpec]) -> Draft:
        """The page as it is opened."""
        values: dict[str, str] = {}
        parts = [stored_group(group, values) for group in groups]
        return cls(parts, values, fingerprint(groups))

    @classmethod
    def of_posted(cls, posted: Mapping[str, str]) -> Draft:
        """The page as it was sent. SuspiciousOperation where no page of ours sends such a thing."""
        try:
            groups = [sent_group(each) for each in json.loads(posted["shape"])]
        except (KeyError, TypeError, ValueError, RecursionError):
            raise SuspiciousOperation("The page of requirements was sent incomplete.") from None
        draft = cls(groups, posted, posted.get("seen", ""))
        if sum(1 for _part in draft.parts()) > MOST_PARTS:
            raise SuspiciousOperation("More requirements were sent than the page offers.")
        return draft

    @property
    def shape(self) -> str:
        """What is inside what, for a hidden field."""
        return json.dumps(
            [
                [
                    group.key,
                    [
                        [each.key, each.form.given("event_type"), [rule.key for rule in each.rules]]
                        for each in group.requirements
                    ],
                ]
                for group in self.groups
            ]
        )

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be added."""
        return sum(1 for _part in self.parts()) >= MOST_PARTS

    def parts(self) -> Iterator[GroupPart | RequirementPart | RulePart]:
        """Every part in the order of the page."""
        for group in self.groups:
            yield group
            for requirement in group.requirements:
                yield requirement
                yield from requirement.rules

    @property
    def requirements(self) -> list[RequirementPart]:
        """Every requirement, whatever group it is in."""
        return [requirement for group in self.groups for requirement in group.requirements]

    def act(self, action: str) -> None:
        """Do what a button of the page says: ``add-rule:45``. SuspiciousOperation for anything else."""
        name, _colon, key = action.partition(":")
        if name not in _ACTIONS:
            raise SuspiciousOperation("The page of requirements has no such button.")
        if self.is_full and name.startswith("add-"):
            self.said = _("This is as much as one badge can ask for: %(count)d groups, requirements and rules.") % {
                "count": MOST_PARTS
            }
            return
        _ACTIONS[name](self, key)
        for requirement in self.requirements:
            self._suggest_a_rule(requirement)
        self._draw()

    def check(self) -> bool:
        """Whether everything can be saved; from now on the page shows what cannot, and why."""
        good = True
        for part in self.parts():
            part.form.checked = True
            good = part.form.is_valid() and good
        if not good:
            self.focus_on(self.errors[0].control_id)
        return good

    @property
    def errors(self) -> list[Mistake]:
        """Every error, in the order of the page."""
        return [
            Mistake(control.id, control.label, sentence)
            for part in self.parts()
            for control in part.form.controls
            for sentence in control.errors
        ]

    def specs(self) -> tuple[GroupSpec, ...]:
        """What is to be saved, once it was checked."""
        return tuple(group_spec(group) for group in self.groups)

    def make_read_only(self) -> None:
        """Show everything, let nothing be changed."""
        for part in self.parts():
            part.form.read_only = True

    def focus_on(self, control_id: str) -> None:
        """Put the cursor into a field, or nowhere."""
        self.focus = control_id
        for part in self.parts():
            part.form.focus = control_id

    def name_places(self) -> None:
        """Say beside each course key which course it is."""
        forms = [requirement.form for requirement in self.requirements]
        titles = titles_of_scopes(form.given("scope") for form in forms)
        for form in forms:
            scope = form.given("scope")
            if scope in titles:
                form.place_note = titles[scope]
            elif is_course_run(scope):
                form.place_note = _("This LMS has no course with this key, so far.")

    def add_group(self, _key: str = "") -> None:
        """A new group with one empty requirement, at the end."""
        group = GroupPart(self._new_key())
        self.groups.append(group)
        requirement = RequirementPart(self._new_key())
        group.requirements.append(requirement)
        self.values[f"g{group.key}-needs"] = "all"
        self.focus = f"id_g{group.key}-name"
        self.said = _("A group was added. It is not saved yet.")

    def add_requirement(self, key: str) -> None:
        """A new requirement at the end of a group."""
        group = find(self.groups, key)
        requirement = RequirementPart(self._new_key())
        group.requirements.append(requirement)
        self.focus = f"id_r{requirement.key}-event_type"
        self.said = _("A requirement was added. It is not saved yet.")

    def add_rule(self, key: str) -> None:
        """A new rule at the end of a requirement."""
        requirement = find(self.requirements, key)
        rule = RulePart(self._new_key())
        requirement.rules.append(rule)
        self.focus = f"id_d{rule.key}-path"
        self.said = _("A data rule was added. It is not saved yet.")

    def remove_group(self, key: str) -> None:
        """Take a group off the page, with all that is in it."""
        self.groups.remove(find(self.groups, key))
        self.focus = "add-group"
        self.said = _("The group was removed. It stays stored until you save.")

    def remove_requirement(self, key: str) -> None:
        """Take a requirement off the page, with its rules."""
        requirement = find(self.requirements, key)
        group = next(group for group in self.groups if requirement in group.requirements)
        group.requirements.remove(requirement)
        self.focus = f"add-requirement-{group.key}"
        self.said = _("The requirement was removed. It stays stored until you save.")

    def remove_rule(self, key: str) -> None:
        """Take a rule off the page."""
        requirement = next((each for each in self.requirements if key in [rule.key for rule in each.rules]), None)
        if requirement is None:
            raise SuspiciousOperation("The page of requirements has no such rule.")
        requirement.rules.remove(find(requirement.rules, key))
        self.focus = f"add-rule-{requirement.key}"
        self.said = _("The data rule was removed. It stays stored until you save.")

    @property
    def shows_what_was_chosen(self) -> bool:
        """Whether every event was on the page with its own fields; without JavaScript that takes a button."""
        return all(each.form.given("event_type") in ("", each.shown) for each in self.requirements)

    def refresh(self, _key: str = "") -> None:
        """Show the fields and operators of what is chosen now."""
        changed = (f"id_r{each.key}-scope" for each in self.requirements if each.form.given("event_type") != each.shown)
        self.focus = self.values.get("focus", "") or next(changed, "")

    def _suggest_a_rule(self, requirement: RequirementPart) -> None:
        """An event that says yes or no happens for those who fail too, so offer the rule that asks for a yes."""
        kind = self.values.get(f"r{requirement.key}-event_type", "")
        if kind == requirement.shown:
            return
        unwanted = _suggestion(requirement.shown)
        for rule in [each for each in requirement.rules if each.key.startswith("new")]:
            if unwanted and all(self.values.get(f"d{rule.key}-{name}") == text for name, text in unwanted.items()):
                requirement.rules.remove(rule)  # It came with the event that was chosen before, and goes with it.
        suggestion = _suggestion(kind)
        if suggestion and not requirement.rules:
            rule = RulePart(self._new_key())
            requirement.rules.append(rule)
            self.values |= {f"d{rule.key}-{name}": text for name, text in suggestion.items()}

    def _new_key(self) -> str:
        taken = {part.key for part in self.parts()}
        return next(key for key in (f"new{number}" for number in range(1, MOST_PARTS + 3)) if key not in taken)

    def _draw(self) -> None:
        for group in self.groups:
            group.form = GroupForm(self.values, prefix=f"g{group.key}", total=len(group.requirements))
            for requirement in group.requirements:
                requirement.form = RequirementForm(self.values, prefix=f"r{requirement.key}")
                for rule in requirement.rules:
                    rule.form = RuleForm(self.values, prefix=f"d{rule.key}", event=requirement.form.event)
        self.focus_on(self.focus)


def _suggestion(kind: str) -> dict[str, str]:
    event = CATALOGUE.get(kind)
    if event is None or event.fields[0].type is not FieldType.BOOLEAN:
        return {}
    return {"path": event.fields[0].path, "operator": Operator.EQUAL.value, "value": "yes"}


_ACTIONS: dict[str, Callable[[Draft, str], None]] = {
    "add-group": Draft.add_group,
    "add-requirement": Draft.add_requirement,
    "add-rule": Draft.add_rule,
    "remove-group": Draft.remove_group,
    "remove-requirement": Draft.remove_requirement,
    "remove-rule": Draft.remove_rule,
    "refresh": Draft.refresh,
}
