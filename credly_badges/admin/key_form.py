"""The form of an API key: what it is for, where, and for how long. Nobody makes one that may do more than they may."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import access
from ..access import Level, Scope
from ..models import ApiKey, BadgeProgram, CredlyOrganization


def level_in(data: dict[str, Any]) -> Level:
    """The level that a form names."""
    program: BadgeProgram | None = data.get("program")
    organization: CredlyOrganization | None = data.get("organization")
    if program is not None:
        return Level(program_id=program.pk)
    return Level(organization.pk) if organization is not None else access.SITE


class LevelForm(forms.ModelForm):
    """Something at a level: a program is its own organization's."""

    def clean(self) -> dict[str, Any]:
        """One level, said once or twice."""
        data = super().clean() or self.cleaned_data
        program, organization = data.get("program"), data.get("organization")
        if program and organization and program.organization_id != organization.pk:
            self.add_error("program", gettext("This program belongs to another organization."))
        return data


class ApiKeyForm(LevelForm):
    """A key that is made, or what can be changed of one."""

    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        choices=access.described,
        error_messages={"required": _("Choose what the key may do.")},
    )

    class Meta:
        model = ApiKey
        fields = ("name", "kind", "organization", "program", "scopes", "expires_at", "rate_limit")

    person: Any = None
    """Who is at the screen; set by the admin."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django names the two halves of a moment beside them, and not for those who have the page read to them.
        if "expires_at" in self.fields:
            widget: Any = self.fields["expires_at"].widget
            for half, name in zip(widget.widgets, (_("Expires at: date"), _("Expires at: time")), strict=True):
                half.attrs["aria-label"] = name

    def clean_expires_at(self) -> datetime | None:
        """Not a time that is over already."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and "expires_at" in self.changed_data and expires_at <= timezone.now():
            raise forms.ValidationError(gettext("This time is over. Choose a later one, or leave it empty."))
        return expires_at

    def clean(self) -> dict[str, Any]:
        """What whoever makes it may do there themselves."""
        data = super().clean()
        if "scopes" in data and not self.errors:
            caller, level = access.of_user(self.person), level_in(data)
            if lacking := [each for each in data["scopes"] if not caller.at(Scope(each), level)]:
                said = gettext("You may not do this there yourself, so no key of yours may: %(scopes)s.")
                self.add_error("scopes", said % {"scopes": ", ".join(lacking)})
        return data
