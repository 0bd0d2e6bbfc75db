"""The form of an organization: checked at Credly before it is saved, and silent about the key."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import conf, keys
from ..models import CredlyOrganization
from ..models.encryption import Secret, ring
from ..sync import organizations

KEY_FIELD = "new_api_key"
"""Not the name of the column, so that Django never fills it with what is stored."""


class OrganizationForm(forms.ModelForm):
    """An organization's ID, its environment and, if it is to change, its key.

    Once valid, ``check`` is what Credly answered, ``found`` what it says of a key that was typed or is the first, and
    ``new_key`` the key that was typed, if any.
    """

    environment = forms.ChoiceField(
        label=_("Environment"),
        help_text=_("Which Credly this organization lives at. Sandbox badges are not real badges."),
    )
    new_api_key = forms.CharField(
        label=_("API key"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}),
    )

    class Meta:
        model = CredlyOrganization
        fields = ("uuid", "environment", "description", "rate_limit", "concurrency")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check: organizations.Check | None = None
        self.found: keys.Found | None = None
        self.new_key = self.key_before = Secret()
        self.before = facts(self.instance)
        if "environment" in self.fields:
            cast("forms.ChoiceField", self.fields["environment"]).choices = _environments(self.instance.environment)
        if KEY_FIELD in self.fields:
            if self.instance.pk:
                self.fields[KEY_FIELD].label = _("New API key")
            self.fields[KEY_FIELD].help_text = _about_the_key(self.instance)

    def clean_new_api_key(self) -> Secret:
        """The typed key as a secret, if it could be stored."""
        self.new_key = Secret(self.cleaned_data[KEY_FIELD])
        if self.new_key:
            try:
                ring()
            except ImproperlyConfigured as fault:
                raise forms.ValidationError(str(fault)) from fault
        return self.new_key

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's, and not in its stubs
        if KEY_FIELD not in self.fields:
            return
        if self.new_key:
            self.key_before = self.instance.api_key
            self.instance.api_key = self.new_key
        if not self.errors:
            # The transaction of this request has only read so far, so no row is locked while Credly answers.
            self._ask_credly()

    def _ask_credly(self) -> None:
        if self.new_key or self.instance.pk is None:
            self.found = keys.look(self.instance, earlier=self.key_before)
        answer = self.check = self.found.answer if self.found else organizations.check(self.instance)
        if answer.ok:
            self.instance.name = answer.name[:255]
        elif answer.wrong or self._connection_changed():
            field = {"uuid": "uuid", "api_key": KEY_FIELD}.get(answer.wrong)
            self.add_error(field, answer.sentence)

    def columns(self) -> list[str]:
        """The columns that saving this form writes. The key is none of them: it has a life of its own."""
        mine = {field.name for field in self.instance._meta.concrete_fields} & set(self.fields)
        return sorted(mine | {"name", "modified"})

    def _connection_changed(self) -> bool:
        """Whether anything was changed that Credly has to confirm; else what is saved is only a note."""
        return self.instance.pk is None or bool({"uuid", "environment", KEY_FIELD} & set(self.changed_data))


def facts(organization: CredlyOrganization) -> dict[str, Any]:
    """What the audit log keeps of an organization. Never the key."""
    return {
        "uuid": str(organization.uuid or ""),
        "environment": organization.environment,
        "description": organization.description,
        "rate_limit": organization.rate_limit,
        "concurrency": organization.concurrency,
    }


def _environments(present: str) -> list[tuple[str, Any]]:
    words = {conf.PRODUCTION: _("production"), conf.SANDBOX: _("sandbox (for trying out)")}
    custom = sorted(set(conf.api_urls()) - set(words))
    choices: list[tuple[str, Any]] = [*words.items(), *((name, name) for name in custom)]
    if present and present not in dict(choices):
        missing = gettext("%(name)s (no longer in CREDLY_BADGES_API_URLS)") % {"name": present}
        choices.append((present, missing))
    return choices


def _about_the_key(organization: CredlyOrganization) -> str:
    if organization.pk and organization.key_comes_from_settings:
        return gettext(
            "The key in use comes from the setting CREDLY_BADGES_API_KEYS. One that you enter here is stored, and used "
            "only once the setting has none."
        )
    if organization.pk and organization.api_key:
        return gettext("Leave it empty to keep the stored key. What you enter is never shown again.")
    return gettext(
        "It is stored encrypted and never shown again. Leave it empty if the setting CREDLY_BADGES_API_KEYS has the "
        "key."
    )
