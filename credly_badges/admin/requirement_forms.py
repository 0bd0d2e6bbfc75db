"""The fields of a requirement group, a requirement and a data rule, as the requirements page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..events.catalogue import CATALOGUE, EventType, ScopeKind
from ..models import BadgeRequirement, DataRule, RequirementGroup
from ..requirements import InvalidScope, read_scope
from ..rules.fields import Field, FieldType
from ..rules.language import InvalidRule, canonical_text, compile_rule
from ..rules.operators import Operator, operators_for
from ..rules.values import LISTS, example
from .requirement_percent import slip

CHOOSES_WHAT_FOLLOWS = {"data-refresh": "true"}
"""On a select whose choice decides which fields come after it; the page is drawn again when it changes."""

_OPERATOR_ERRORS = ("unknown_operator", "operator_not_for_type")

_PLACES = {
    ScopeKind.COURSE: (
        gettext_lazy("Course"),
        gettext_lazy(
            "A course key (course-v1:edX+DemoX+2026), a course without its run (edX+DemoX), or a course organization "
            "(edX). Empty: any course."
        ),
    ),
    ScopeKind.PROGRAM: (
        gettext_lazy("Program ID"),
        gettext_lazy("The program’s UUID, as the course catalog shows it. Empty: any program."),
    ),
}

_TYPE_HELP = {
    FieldType.NUMBER: gettext_lazy("A number."),
    FieldType.BOOLEAN: gettext_lazy("Yes or no."),
    FieldType.DATE: gettext_lazy("Year-month-day, with or without a time. UTC unless it names another zone."),
    FieldType.COURSE_KEY: gettext_lazy("A course key, as in the address of the course."),
    FieldType.TEXT: gettext_lazy("Text, exactly as the LMS has it; capitals count."),
}

_OPERATOR_HELP = {
    Operator.EXISTS: gettext_lazy("Nothing to type: leave it empty."),
    Operator.BETWEEN: gettext_lazy("Two values with a comma between them, the lower first. Both ends count."),
    Operator.IN: gettext_lazy("One or more values with commas between them."),
    Operator.NOT_IN: gettext_lazy("One or more values with commas between them."),
    Operator.CONTAINS: gettext_lazy("A part of the text."),
    Operator.MATCHES: gettext_lazy("A pattern, in which * stands for any text."),
    Operator.WITHIN_DAYS: gettext_lazy("A whole number of days."),
}


@dataclass(frozen=True)
class Control:
    """One labeled field, ready to be drawn."""

    name: str
    id: str
    label: str
    html: SafeString
    help: str
    note: str
    errors: tuple[str, ...]
    options: tuple[str, ...]


class PartForm(forms.Form):
    """One part of a badge's requirements. Its errors are shown once ``checked`` is set, that is after Save."""

    checked = False
    read_only = False
    focus = ""

    @property
    def controls(self) -> Iterator[Control]:
        """Every field with its label, help and errors."""
        return (self.control(name) for name in self.fields)

    def control(self, name: str) -> Control:
        """One field. It is drawn here and not by Django, whose releases differ in what they tell screen readers."""
        bound = self[name]
        errors = tuple(str(error) for error in self.errors.get(name, ())) if self.checked else ()
        options, note = self.options(name), self.note(name)
        parts = {"error": errors, "note": note, "help": bound.help_text}
        described = " ".join(f"{bound.auto_id}_{part}" for part, there in parts.items() if there)
        attrs: dict[str, Any] = {
            "id": bound.auto_id,
            "aria-describedby": described,
            "aria-invalid": "true" if errors else None,
            "autofocus": self.focus == bound.auto_id,
            "disabled": self.read_only,
            "list": f"{bound.auto_id}_list" if options else None,
        }
        html = bound.field.widget.render(
            bound.html_name, bound.value(), {key: value for key, value in attrs.items() if value}
        )
        return Control(name, bound.auto_id, str(bound.label), html, str(bound.help_text or ""), note, errors, options)

    def options(self, name: str) -> tuple[str, ...]:
        """Values to suggest for a text field."""
        return ()

    def note(self, name: str) -> str:
        """What is known of the value that is there."""
        return ""

    def given(self, name: str) -> str:
        """What was typed or chosen, before it is checked."""
        return str(self.data.get(self.add_prefix(name), "")).strip()


class GroupForm(PartForm):
    """A group: what it is called, and how many of its requirements it takes."""

    name = forms.CharField(
        label=gettext_lazy("Name of the group"),
        required=False,
        max_length=RequirementGroup._meta.get_field("name").max_length,
        help_text=gettext_lazy("For example “Courses”. Learners see it."),
    )
    needs = forms.ChoiceField(
        label=gettext_lazy("How many of its requirements are needed"), choices=RequirementGroup.Needs.choices
    )
    at_least = forms.IntegerField(label=gettext_lazy("Number needed"), required=False, min_value=1, max_value=1000)

    def __init__(self, *args: Any, total: int = 0, **kwargs: Any) -> None:
        """``total`` is the number of requirements that the group has on the page."""
        super().__init__(*args, **kwargs)
        self.total = total

    def clean(self) -> dict[str, Any]:
        """A number is asked for only where a number is needed, and never more than there are."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("needs") != RequirementGroup.Needs.AT_LEAST:
            self.errors.pop("at_least", None)
            cleaned["at_least"] = cleaned.get("at_least") or 1
        elif "at_least" in cleaned and not 1 <= (cleaned["at_least"] or 0) <= self.total:
            self.add_error(
                "at_least",
                _("Type a number from 1 to %(total)d: the group has %(total)d.") % {"total": self.total}
                if self.total
                else _("The group has no requirement yet. Add some first."),
            )
        return cleaned


class RequirementForm(PartForm):
    """A requirement: which event, where it has to happen, and what learners read."""

    event_type = forms.CharField(
        label=gettext_lazy("Event"),
        help_text=gettext_lazy("What has to happen to a learner."),
        widget=forms.Select(attrs=CHOOSES_WHAT_FOLLOWS),
        error_messages={"required": gettext_lazy("Choose what a learner has to do.")},
    )
    scope = forms.CharField(label=gettext_lazy("Where"), required=False)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=BadgeRequirement._meta.get_field("description").max_length,
        help_text=gettext_lazy("What learners read, for example “Pass the final exam”."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """The fields depend on the event that is chosen."""
        super().__init__(*args, **kwargs)
        self.event: EventType | None = CATALOGUE.get(self.given("event_type"))
        self.place_note = ""
        event_field, scope = self.fields["event_type"], self.fields["scope"]
        choices = [("", _("— choose an event —")), *((each.kind, each.label) for each in CATALOGUE.values())]
        event_field.widget.choices = _with_present(
            choices, self.given("event_type"), _("%(value)s (unknown to this version)")
        )
        if self.event:
            event_field.help_text = self.event.description
            scope.label, scope.help_text = _PLACES[self.event.scope_kind]

    def note(self, name: str) -> str:
        """For the place: which course it is."""
        return self.place_note if name == "scope" else ""

    def clean_event_type(self) -> str:
        """An event that this version knows."""
        kind: str = self.cleaned_data["event_type"]
        if kind not in CATALOGUE:
            raise forms.ValidationError(_("This version does not know this event. Choose another."))
        return kind

    def clean_scope(self) -> str:
        """A place of the kind that the event has."""
        text: str = self.cleaned_data["scope"]
        if self.event is None:
            return text
        try:
            return read_scope(self.event.scope_kind, text)
        except InvalidScope as fault:
            raise forms.ValidationError(str(fault)) from None


class RuleForm(PartForm):
    """A data rule: a field of the event, what is asked of it, and the value."""

    path = forms.CharField(
        label=gettext_lazy("Field"),
        widget=forms.Select(attrs=CHOOSES_WHAT_FOLLOWS),
        error_messages={"required": gettext_lazy("Choose a field of the event.")},
    )
    operator = forms.CharField(
        label=gettext_lazy("Must be"),
        widget=forms.Select(attrs=CHOOSES_WHAT_FOLLOWS),
        error_messages={"required": gettext_lazy("Choose what is asked of the field.")},
    )
    value = forms.CharField(
        label=gettext_lazy("Value"), required=False, max_length=DataRule._meta.get_field("value").max_length
    )

    def __init__(self, *args: Any, event: EventType | None, **kwargs: Any) -> None:
        """``event`` is the one that the requirement listens to; its fields are offered."""
        super().__init__(*args, **kwargs)
        self.event = event
        fields = event.fields if event else ()
        self.field: Field | None = next((each for each in fields if each.path == self.given("path")), None)
        self.fields["path"].widget.choices = _with_present(
            [("", _("— choose a field —")), *((each.path, _label(each)) for each in fields)],
            self.given("path"),
            _("%(value)s (not a field of this event)"),
        )
        offered = operators_for(self.field.type) if self.field else ()
        self.fields["operator"].widget.choices = _with_present(
            [("", _("— choose —")), *((each.value, _(each.label)) for each in offered)],
            self.given("operator"),
            _("%(value)s (does not fit this field)"),
        )
        if self.field:
            self._offer_values(self.field)

    @property
    def asks(self) -> Operator | None:
        """The operator that is chosen, if it fits the field."""
        offered = operators_for(self.field.type) if self.field else ()
        return next((each for each in offered if each == self.given("operator")), None)

    def options(self, name: str) -> tuple[str, ...]:
        """The values that the field can have, where the list of them is closed."""
        return self.field.choices if name == "value" and self.field else ()

    def clean(self) -> dict[str, Any]:
        """A rule that can be asked; if not, the sentence that says what to type instead."""
        cleaned = super().clean() or self.cleaned_data
        if self.event is None or {"path", "operator", "value"} - cleaned.keys():
            return cleaned
        if self.field is None:
            self.add_error("path", _("The event has no such field. Choose another, or remove the rule."))
            return cleaned
        try:
            rule = compile_rule(self.field, cleaned["operator"], cleaned["value"])
        except InvalidRule as fault:
            self.add_error("operator" if fault.code in _OPERATOR_ERRORS else "value", fault.sentence_in(_))
            return cleaned
        cleaned["value"] = canonical_text(rule)
        if sentence := slip(self.field, rule):
            self.add_error("value", sentence)
        return cleaned

    def _offer_values(self, field: Field) -> None:
        value, operator = self.fields["value"], self.asks
        if field.type is FieldType.BOOLEAN:
            choices = [("", "—"), ("yes", _("yes")), ("no", _("no"))]
            value.widget = forms.Select(choices=_with_present(choices, self.given("value"), "%(value)s"))
        else:
            value.widget.attrs["placeholder"] = example(field, operator or Operator.EQUAL)
        if operator is Operator.EXISTS:
            value.help_text = _OPERATOR_HELP[operator]
            return
        parts: list[Any] = [_OPERATOR_HELP.get(operator) if operator else None]
        if operator not in (Operator.CONTAINS, Operator.MATCHES, Operator.WITHIN_DAYS):
            parts.append(_TYPE_HELP[field.type])
        if field.unit and field.type is FieldType.NUMBER:
            parts.append(_("In %(unit)s.") % {"unit": field.unit})
        if operator in LISTS and field.choices:
            parts.append(_("Possible: %(choices)s.") % {"choices": ", ".join(field.choices)})
        value.help_text = " ".join(str(part) for part in parts if part)


def _label(field: Field) -> str:
    label = capfirst(str(field.label))
    return _("%(label)s, in %(unit)s") % {"label": label, "unit": field.unit} if field.unit else label


def _with_present(choices: Iterable[tuple[str, Any]], present: str, unfit: str) -> list[tuple[str, Any]]:
    """The choices, and the present value too where it is none of them: it is shown for what it is, never swallowed."""
    offered = list(choices)
    if any(value == present for value, _label in offered):
        return offered
    return [*offered, (present, unfit % {"value": present})]
