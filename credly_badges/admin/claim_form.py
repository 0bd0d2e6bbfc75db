"""The form of a claim code."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import claims
from ..models import BadgeTemplate, ClaimCode
from .issue import TemplateChoice

GIVEN = ("template", "code", "most", "starts_at", "ends_at", "email", "course", "cohort", "note")
CHANGED = ("most", "ends_at", "note")
"""What can be changed once it was given out."""


class CodeForm(forms.ModelForm):
    """A code, checked as the REST API checks it."""

    template = TemplateChoice(
        label=_("Badge template"),
        queryset=BadgeTemplate.objects.none(),
        help_text=_("Those that are active at Credly, whether or not learners can earn them here."),
    )

    class Meta:
        model = ClaimCode
        fields = GIVEN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields.pop("template", None)
        else:
            active = BadgeTemplate.objects.filter(credly_state=BadgeTemplate.CredlyState.ACTIVE)
            choice = cast("TemplateChoice", self.fields["template"])
            choice.queryset = active.select_related("organization").order_by("name", "pk")
        if code := self.fields.get("code"):
            code.required = False
            code.help_text = gettext("Of at least 8 letters and digits; leave it empty for a random one.")
            code.widget.attrs.update(autocomplete="off", spellcheck="false")
        # Django names the two halves of a moment beside them, and not for those who have the page read to them.
        for name, date, time in (
            ("starts_at", _("From: date"), _("From: time")),
            ("ends_at", _("Until: date"), _("Until: time")),
        ):
            if name in self.fields:
                widget: Any = self.fields[name].widget
                for half, label in zip(widget.widgets, (date, time), strict=True):
                    half.attrs["aria-label"] = label

    def clean_code(self) -> str:
        """Spaces at its ends are nobody's wish."""
        return " ".join(self.cleaned_data["code"].split())

    def clean(self) -> dict[str, Any]:
        """What is wrong with it as a whole."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            if self.instance.pk is None:
                claims.check(**{name: data[name] for name in GIVEN if name not in ("template", "email", "note")})
            else:
                for name in CHANGED:
                    setattr(self.instance, name, data.get(name, getattr(self.instance, name)))
                claims.check_change(self.instance)
        except claims.CannotMake as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.sentence)
        return data
