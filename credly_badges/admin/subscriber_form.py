"""The form of a subscriber: its address is checked as it will be when something is sent there."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import conf, subscribers
from ..models import Subscriber

EVENTS = [(str(event), words) for event, words in subscribers.EVENTS.items() if event is not subscribers.Event.TEST]


class SubscriberForm(forms.ModelForm):
    """What may be said of a subscriber."""

    events = forms.MultipleChoiceField(
        label=_("What it is told"),
        choices=EVENTS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None of them means all of them."),
    )
    fields = forms.MultipleChoiceField(  # type: ignore[assignment]  # as the column is called
        label=_("Personal data"),
        choices=list(subscribers.PERSONAL.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What it is told of learners beside their badge. Choose only what the receiver needs."),
    )

    class Meta:
        model = Subscriber
        fields = ("name", "url", "organization", "program", "events", "fields", "signs_like_badgekit")
        # Not Django's own field for addresses, which adds what scheme it likes to one that has none.
        field_classes: ClassVar[dict[str, Any]] = {"url": forms.CharField}
        widgets: ClassVar[dict[str, Any]] = {"url": forms.URLInput(attrs={"class": "vURLField"})}

    def clean_url(self) -> str:
        """An address to which something may be sent."""
        url: str = self.cleaned_data["url"]
        try:
            subscribers.check(url, seconds=conf.subscriber_timeout().total_seconds())
        except subscribers.BadAddress as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal
        return url

    def clean(self) -> dict[str, Any]:
        """A program is one of its organization's, and is what counts."""
        data = super().clean() or self.cleaned_data
        program, organization = data.get("program"), data.get("organization")
        if program and organization and program.organization_id != organization.pk:
            self.add_error("program", gettext("This program belongs to another organization."))
        elif program:
            data["organization"] = None
        return data
