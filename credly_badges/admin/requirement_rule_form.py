"""The fields of a data rule: what is looked at, what is asked of it, and the value."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..events.catalogue import EventType
from ..models import DataRule
from ..requirements import SUBSECTION_EXAMPLE, InvalidAbout, asks_about, read_about
from ..rules.fields import Field, FieldType
from ..rules.language import InvalidRule, canonical_text, compile_rule
from ..rules.operators import Operator, operators_for
from ..rules.values import LISTS, example
from .requirement_choices import Around, fields, find_field
from .requirement_controls import CHOOSES_WHAT_FOLLOWS, Choices, PartForm, with_present
from .requirement_percent import slip

_OPERATOR_ERRORS = ("unknown_operator", "operator_not_for_type")

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


class RuleForm(PartForm):
    """A data rule: a field of the event or of what the LMS knows, what is asked of it, and the value."""

    path = forms.CharField(
        label=gettext_lazy("Field"),
        widget=forms.Select(attrs=CHOOSES_WHAT_FOLLOWS),
        error_messages={"required": gettext_lazy("Choose a field of the event.")},
    )
    about = forms.CharField(
        label=gettext_lazy("Which one"), required=False, max_length=DataRule._meta.get_field("about").max_length
    )
    operator = forms.CharField(
        label=gettext_lazy("Must be"),
        widget=forms.Select(attrs=CHOOSES_WHAT_FOLLOWS),
        error_messages={"required": gettext_lazy("Choose what is asked of the field.")},
    )
    value = forms.CharField(
        label=gettext_lazy("Value"), required=False, max_length=DataRule._meta.get_field("value").max_length
    )

    def __init__(self, *args: Any, event: EventType | None, around: Around, **kwargs: Any) -> None:
        """``event`` is the one that the requirement listens to; what can be asked when it happens is offered."""
        super().__init__(*args, **kwargs)
        self.event, self.around = event, around
        self.field: Field | None = find_field(event, self.given("path"))
        self._offer_what_it_is_about()
        if self.field:
            self._offer_values(self.field)

    @property
    def asks(self) -> Operator | None:
        """The operator that is chosen, if it fits the field."""
        offered = operators_for(self.field.type) if self.field else ()
        return next((each for each in offered if each == self.given("operator")), None)

    def choices(self, name: str) -> Choices | None:
        """The fields of the event, and what can be asked of the field that is chosen."""
        if name == "path":
            offered = [("", _("— choose a field —")), *fields(self.event)]
            return with_present(offered, self.given(name), _("%(value)s (not a field of this event)"))
        if name == "operator":
            fitting = operators_for(self.field.type) if self.field else ()
            offered = [("", _("— choose —")), *((each.value, _(each.label)) for each in fitting)]
            return with_present(offered, self.given(name), _("%(value)s (does not fit this field)"))
        return None

    def options(self, name: str) -> tuple[str, ...]:
        """The values that the field can have, where the list of them is closed."""
        return self.field.choices if name == "value" and self.field else ()

    def spec(self) -> dict[str, Any]:
        """What is to be saved, once it was checked: the values of a RuleSpec."""
        return dict(self.cleaned_data)

    def clean_about(self) -> str:
        """A subsection or a badge, whichever the field is about."""
        text: str = self.cleaned_data["about"].strip()
        try:
            return read_about(self.given("path"), text)
        except InvalidAbout as fault:
            raise forms.ValidationError(str(fault)) from None

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

    def _offer_what_it_is_about(self) -> None:
        wanted, about = asks_about(self.given("path")), self.fields["about"]
        if wanted == "badge":
            about.label = _("Which badge")
            offered = [("", _("— choose a badge —")), *self.around.badges]
            present = self.given("about")
            about.widget = forms.Select(
                choices=with_present(offered, present, _("%(value)s (not a badge of this site)"))
            )
        elif wanted == "subsection":
            about.label = _("Which subsection")
            about.help_text = _("Its usage key: in Studio, at the end of the address of the subsection’s page.")
            about.widget.attrs["placeholder"] = SUBSECTION_EXAMPLE
        else:
            del self.fields["about"]

    def _offer_values(self, field: Field) -> None:
        value, operator = self.fields["value"], self.asks
        if field.type is FieldType.BOOLEAN:
            choices = [("", "—"), ("yes", _("yes")), ("no", _("no"))]
            value.widget = forms.Select(choices=with_present(choices, self.given("value"), "%(value)s"))
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
