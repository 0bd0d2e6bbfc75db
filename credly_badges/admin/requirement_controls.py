"""How the fields of the requirements page are drawn: each with its label, help, notes and errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

CHOOSES_WHAT_FOLLOWS = {"data-refresh": "true"}
"""On a select whose choice decides which fields come after it; the page is drawn again when it changes."""

_MOST_DIGITS = 6

Choices = list[tuple[Any, Any]]


@dataclass(frozen=True)
class Control:
    """One labeled field, ready to be drawn. ``kind`` is ``check`` for one box, ``checks`` for several."""

    name: str
    id: str
    label: str
    html: SafeString
    help: str
    notes: tuple[str, ...]
    errors: tuple[str, ...]
    options: tuple[str, ...]
    list_id: str
    kind: str


class Checks(forms.CheckboxSelectMultiple):
    """Several boxes whose ticks travel as one text, with spaces between them."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:
        """The ticked ones."""
        return str(data.get(name) or "").split()


class Keys(forms.MultipleChoiceField):
    """Keys of other parts of the page, some of which may be gone from it by now."""

    widget = Checks

    def valid_value(self, value: Any) -> bool:
        """Any: what is gone is left out, not complained of."""
        return True


class DayField(forms.DateField):
    """A whole day."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {  # Django's own way
        "invalid": gettext_lazy("This is not a day. Type year-month-day, for example 2027-06-30."),
    }


class PartForm(forms.Form):
    """One part of a badge's requirements. Its errors are shown once ``checked`` is set, that is after Save.

    Fields in ``folded`` are put away until somebody wants them, under a summary that says what is set.
    """

    checked = False
    read_only = False
    focus = ""
    unfolded = False
    folded: tuple[str, ...] = ()

    @property
    def controls(self) -> Iterator[Control]:
        """Every field with its label, help and errors."""
        return (self.control(name) for name in self.fields)

    @property
    def plain_controls(self) -> Iterator[Control]:
        """The fields that are always there to see."""
        return (self.control(name) for name in self.fields if name not in self.folded)

    @property
    def folded_controls(self) -> list[Control]:
        """The fields that are put away."""
        return [self.control(name) for name in self.fields if name in self.folded]

    @property
    def is_unfolded(self) -> bool:
        """Whether what is put away has to be seen: there is a mistake in it, or the cursor."""
        return self.unfolded or any(
            (self.checked and name in self.errors) or self[name].auto_id == self.focus
            for name in self.fields
            if name in self.folded
        )

    def control(self, name: str) -> Control:
        """One field. It is drawn here and not by Django, whose releases differ in what they tell screen readers."""
        bound = self[name]
        choices = self.choices(name)
        if choices is not None:
            bound.field.widget.choices = choices
        errors = tuple(str(error) for error in self.errors.get(name, ())) if self.checked else ()
        options, notes = self.options(name), self.notes(name)
        list_id = self.list_id(name) or (f"{bound.auto_id}_list" if options else "")
        parts = {"error": errors, "note": notes, "help": bound.help_text}
        described = " ".join(f"{bound.auto_id}_{part}" for part, there in parts.items() if there)
        attrs: dict[str, Any] = {
            "id": bound.auto_id,
            "aria-describedby": described,
            "aria-invalid": "true" if errors else None,
            "autofocus": self.focus == bound.auto_id,
            "disabled": self.read_only,
            "list": list_id,
        }
        html = bound.field.widget.render(
            bound.html_name, bound.value(), {key: value for key, value in attrs.items() if value}
        )
        return Control(
            name=name,
            id=str(bound.auto_id),
            label=str(bound.label),
            html=html,
            help=str(bound.help_text or ""),
            notes=notes,
            errors=errors,
            options=options,
            list_id=list_id,
            kind=_kind(bound.field.widget),
        )

    def choices(self, name: str) -> Choices | None:
        """What a select offers whose text is checked by other means; found only where it is drawn, as it takes long."""
        return None

    def options(self, name: str) -> tuple[str, ...]:
        """Values to suggest for a text field."""
        return ()

    def list_id(self, name: str) -> str:
        """The suggestions that all fields of this name share, if there are any."""
        return ""

    def notes(self, name: str) -> tuple[str, ...]:
        """What is known of the value that is there."""
        return ()

    def given(self, name: str) -> str:
        """What was typed or chosen, before it is checked."""
        return str(self.data.get(self.add_prefix(name)) or "").strip()

    @property
    def cost(self) -> int:
        """How many fields a browser sends of it at most."""
        boxes = [field.widget for field in self.fields.values() if isinstance(field.widget, Checks)]
        return len(self.fields) + sum(len(list(each.choices)) for each in boxes)

    def offer(self, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
        """Let somebody choose from these."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # For the type checker; the class says so.
        field.choices = list(choices)


def read_number(text: str) -> int | None:
    """The whole number that was typed, if it is one that any field of the page takes."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checks"
    return "check" if isinstance(widget, forms.CheckboxInput) else ""


def with_present(choices: Iterable[tuple[Any, Any]], present: str, unfit: str) -> Choices:
    """The choices, and the present value too where it is none of them: it is shown for what it is, never swallowed."""
    offered = list(choices)
    if any(value == present for value, _label in flat(offered)):
        return offered
    return [*offered, (present, unfit % {"value": present})]


def flat(choices: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """The choices without their headings."""
    for value, label in choices:
        if isinstance(label, list):
            yield from label
        else:
            yield value, label
