"""Requirements while they are edited: what was typed so far, saved or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict
from django.utils.translation import gettext as _

from ..events.catalogue import CATALOGUE
from ..models import BadgeTemplate
from ..requirements import GroupSpec, fingerprint
from ..rules.language import GroupNeeds
from .requirement_choices import Around, badges
from .requirement_controls import read_number
from .requirement_folding import fold, mark, put_away
from .requirement_form import RequirementForm
from .requirement_group_form import GroupForm
from .requirement_parts import (
    AnyPart,
    Foldable,
    GroupPart,
    RequirementPart,
    Values,
    all_parts,
    chosen_event,
    foldables,
    group_spec,
    owned_parts,
    sent_group,
    shape_of,
    stored_group,
)
from .requirement_rule_form import RuleForm

MOST_PARTS = 500


class Mistake(NamedTuple):
    """What cannot be saved: in which field, what that is called, and a sentence that says what to do."""

    control_id: str
    label: str
    sentence: str


class Draft:
    """Groups, requirements and rules as one page shows them: their order, and the text in every field.

    The page carries all of it, so the server keeps nothing between two requests and nothing typed is lost.
    """

    def __init__(
        self, template: BadgeTemplate, groups: list[GroupPart], values: Values, seen: str, opened: Sequence[str] = ()
    ) -> None:
        """``values`` are form fields by name; ``seen`` is the fingerprint of the stored state that is edited."""
        self.template = template
        self.groups = groups
        self.values = values
        self.seen = seen
        self.opened = list(opened)
        self.focus = ""
        self.said = ""
        self.unfolded = ""
        self.faults: list[Any] = []
        self._badges: tuple[tuple[str, str], ...] | None = None

    @classmethod
    def of_stored(cls, template: BadgeTemplate, groups: Sequence[GroupSpec]) -> Draft:
        """The page as it is opened."""
        values: Values = {}
        parts = [stored_group(group, values) for group in groups]
        return cls(template, parts, values, fingerprint(groups))

    @classmethod
    def of_posted(cls, template: BadgeTemplate, posted: QueryDict) -> Draft:
        """The page as it was sent. SuspiciousOperation where no page of ours sends such a thing."""
        try:
            groups = [sent_group(each) for each in json.loads(str(posted["shape"]))]
            values = {str(name): str(value) for name, value in json.loads(str(posted.get("rest") or "{}")).items()}
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise SuspiciousOperation("The page of requirements was sent incomplete.") from None
        # Several ticks of one name are one value.
        values |= {name: " ".join(posted.getlist(name)) for name in posted}
        _list_the_chosen_badges(values)
        draft = cls(template, groups, values, posted.get("seen", ""), posted.get("opened", "").split())
        if draft.is_too_long:
            raise SuspiciousOperation("More requirements were sent than the page offers.")
        return draft

    @property
    def shape(self) -> str:
        """What is inside what, for a hidden field."""
        return json.dumps(shape_of(self.groups, self.values))

    @property
    def rest(self) -> str:
        """What no field of the page shows, for a hidden field."""
        return json.dumps(put_away(self.groups, self.values))

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be added."""
        return sum(1 for _part in self.parts()) >= MOST_PARTS

    @property
    def is_too_long(self) -> bool:
        """Whether it holds more than the page can send; it was set as a file then."""
        return sum(1 for _part in self.parts()) > MOST_PARTS

    @property
    def is_folded(self) -> bool:
        """Whether it is too long to be edited all at once."""
        return not all(part.is_open for part in foldables(self.groups))

    @property
    def is_blank(self) -> bool:
        """Whether nothing was chosen yet."""
        return not any(chosen_event(each, self.values) for each in self.requirements)

    @property
    def requirements(self) -> list[RequirementPart]:
        """Every requirement, whatever group it is in."""
        return [requirement for group in self.groups for requirement in group.requirements]

    def parts(self) -> Iterator[AnyPart]:
        """Every part in the order of the page."""
        return all_parts(self.groups)

    def new_key(self) -> str:
        """A name for one more part, until it has a row."""
        taken = {part.key for part in self.parts()}
        return next(key for key in (f"new{number}" for number in range(1, MOST_PARTS + 3)) if key not in taken)

    def check(self) -> bool:
        """Whether everything can be saved; from now on the page shows what cannot, and why."""
        good = True
        for part in self.parts():
            part.form.checked = True
            good = part.form.is_valid() and good
        if not good:
            # The last one that is opened stays, whatever else fits on the page.
            faulty = [mark(owner) for owner, part in owned_parts(self.groups) if part.form.errors]
            self.opened = fold(self.groups, [*self.opened, *reversed(list(dict.fromkeys(faulty)))])
            self.focus_on(self.errors[0].control_id)
        return good

    @property
    def errors(self) -> list[Mistake]:
        """Every error, in the order of the page."""
        return [
            Mistake(control.id if owner.is_open else f"open-{mark(owner)}", control.label, sentence)
            for owner, part in owned_parts(self.groups)
            if part.form.checked and part.form.errors
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
        opened = not self.is_too_long
        for each in foldables(self.groups):
            each.is_open = opened

    def focus_on(self, control_id: str) -> None:
        """Put the cursor into a field, or nowhere."""
        self.focus = control_id
        for part in self.parts():
            part.form.focus = control_id

    def open(self, *parts: Foldable) -> None:
        """Have these parts open, also on a page that is too long to have all of them so."""
        marks = [mark(part) for part in parts]
        self.opened = [each for each in self.opened if each not in marks] + marks

    @property
    def shows_what_was_chosen(self) -> bool:
        """Whether every event was on the page with its own fields; without JavaScript that takes a button."""
        return all(chosen_event(each, self.values) in ("", each.shown) for each in self.requirements)

    def draw(self) -> None:
        """Make the fields, from what is typed and chosen now. Nothing can be checked or shown before that."""
        around = Around(self._group_names(), self._requirement_names(), self._offered_badges())
        for group in self.groups:
            points = sum(_points(self.values.get(f"r{each.key}-weight")) for each in group.requirements)
            group.form = GroupForm(
                self.values,
                prefix=f"g{group.key}",
                around=around,
                own_key=group.lasting,
                points=points,
                total=len(group.requirements),
            )
            for requirement in group.requirements:
                requirement.form = RequirementForm(
                    self.values,
                    prefix=f"r{requirement.key}",
                    group=group.form,
                    around=around,
                    own_key=requirement.lasting,
                )
                for rule in requirement.rules:
                    event = requirement.form.event
                    rule.form = RuleForm(self.values, prefix=f"d{rule.key}", event=event, around=around)
                requirement.form.unfolded = requirement.form.prefix == self.unfolded
        self.opened = fold(self.groups, self.opened)
        self.focus_on(self.focus)

    def _group_names(self) -> tuple[tuple[str, str], ...]:
        """Those groups that can be met, so that another can come after them."""
        return tuple(
            (group.lasting, self.values.get(f"g{group.key}-name") or _("group %(number)d") % {"number": number})
            for number, group in enumerate(self.groups, 1)
            if self.values.get(f"g{group.key}-needs") != GroupNeeds.UNDO
        )

    def _requirement_names(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (each.lasting, self.name_of(each))
            for group in self.groups
            if self.values.get(f"g{group.key}-needs") != GroupNeeds.UNDO
            for each in group.requirements
            if chosen_event(each, self.values)
        )

    def name_of(self, requirement: RequirementPart) -> str:
        """What people know a requirement by."""
        event = CATALOGUE.get(chosen_event(requirement, self.values))
        return self.values.get(f"r{requirement.key}-description") or str(event.label if event else _("no event yet"))

    def _offered_badges(self) -> tuple[tuple[str, str], ...]:
        """The other badges of the site, read only where somebody may choose one of them."""
        if self._badges is None and any("badge." in value for name, value in self.values.items() if _chooses(name)):
            self._badges = badges(self.template)
        return self._badges or ()


def _list_the_chosen_badges(values: Values) -> None:
    """Put each badge that was chosen below a list into the list."""
    for name in [name for name, chosen in values.items() if name.endswith("-add_place") and chosen]:
        scope = f"{name.removesuffix('-add_place')}-scope"
        lines = [*values.get(scope, "").splitlines(), values.pop(name)]
        values[scope] = "\n".join(line for line in lines if line.strip())


def _chooses(name: str) -> bool:
    return name.endswith(("-event_type", "-path"))


def _points(text: str | None) -> int:
    """What a requirement counts; one where nothing or nonsense is typed, of which its own field tells."""
    return read_number(text or "") or 1
