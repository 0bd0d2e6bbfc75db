"""The fields of a requirement group: how many of its requirements it takes, and when they count."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import RequirementGroup
from .requirement_choices import ZONES_LIST, Around, is_zone, zones_like
from .requirement_controls import CHOOSES_WHAT_FOLLOWS, DayField, PartForm, with_present

Needs, Within = RequirementGroup.Needs, RequirementGroup.Within
_MOST_DAYS = 3660
_TO_MENTION = 3
_COUNTED_FROM = (
    ("", "—"),
    (Within.ENROLLMENT, gettext_lazy("the enrollment in the course")),
    (Within.GROUP, gettext_lazy("meeting the group before it")),
)


class GroupForm(PartForm):
    """A group: what it is called, how many of its requirements it takes, and when they count."""

    folded = ("after", "opens_on", "closes_on", "time_zone", "within_days", "within_of", "before_course_end")

    name = forms.CharField(
        label=gettext_lazy("Name of the group"),
        required=False,
        max_length=RequirementGroup._meta.get_field("name").max_length,
        help_text=gettext_lazy("For example “Courses”. Learners see it."),
    )
    needs = forms.ChoiceField(
        label=gettext_lazy("How many are needed"),
        choices=Needs.choices,
        widget=forms.Select(attrs=CHOOSES_WHAT_FOLLOWS),
    )
    at_least = forms.IntegerField(
        label=gettext_lazy("Number needed"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=gettext_lazy("Each counts one, or the points it is given."),
    )
    opens_on = DayField(
        label=gettext_lazy("From"), required=False, help_text=gettext_lazy("The first day that counts.")
    )
    closes_on = DayField(
        label=gettext_lazy("Until"), required=False, help_text=gettext_lazy("The last day that counts.")
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone of these days"),
        required=False,
        help_text=gettext_lazy("Such as Europe/Berlin. Empty: UTC."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
    )
    after = forms.ChoiceField(
        label=gettext_lazy("Comes after"),
        required=False,
        help_text=gettext_lazy("Then only what happens after that group was met counts."),
    )
    within_days = forms.IntegerField(
        label=gettext_lazy("Within … days"), required=False, min_value=1, max_value=_MOST_DAYS
    )
    within_of = forms.ChoiceField(
        label=gettext_lazy("Counted from"),
        required=False,
        choices=_COUNTED_FROM,
    )
    before_course_end = forms.BooleanField(
        label=gettext_lazy("Before the course ends"),
        required=False,
        help_text=gettext_lazy("A course without an end date never ends."),
    )

    def __init__(
        self, *args: Any, around: Around, own_key: str, points: int = 0, total: int = 0, **kwargs: Any
    ) -> None:
        """``total`` is how many requirements it has on the page, ``points`` what these count together."""
        super().__init__(*args, **kwargs)
        self.points, self.total = points, total
        self.others = tuple((key, name) for key, name in around.groups if key != own_key)
        # Penalties come after nothing: they hold against what was met, whenever that was.
        if self.takes_back or not (self.others or self.given("after")):
            del self.fields["after"]
            self.offer("within_of", [each for each in _COUNTED_FROM if each[0] != Within.GROUP])
        else:
            offered = [("", _("no other group")), *self.others]
            self.offer("after", with_present(offered, self.given("after"), _("a group that is gone")))

    @property
    def takes_back(self) -> bool:
        """Whether its requirements are penalties."""
        return self.given("needs") == Needs.UNDO

    @property
    def counts_points(self) -> bool:
        """Whether its requirements can count more than one each."""
        return self.given("needs") == Needs.AT_LEAST

    @property
    def needs_in_words(self) -> str:
        """How many of its requirements are needed."""
        words = dict(Needs.choices)
        return str(words.get(self.given("needs"), "")) + (f": {self.given('at_least')}" if self.counts_points else "")

    @property
    def summary(self) -> str:
        """What is set of when its requirements count."""
        names = dict(self.others)
        parts = [
            _("after %(group)s") % {"group": names[self.given("after")]} if self.given("after") in names else "",
            _("from %(day)s") % {"day": self._day("opens_on")} if self.given("opens_on") else "",
            _("until %(day)s") % {"day": self._day("closes_on")} if self.given("closes_on") else "",
            self.given("time_zone") if self.given("opens_on") or self.given("closes_on") else "",
            _("within %(days)s days") % {"days": self.given("within_days")} if self.given("within_days") else "",
            _("before the course ends") if self.given("before_course_end") else "",
        ]
        return ", ".join(part for part in parts if part) or _("at any time")

    def list_id(self, name: str) -> str:
        """For the time zone: the list of all of them."""
        return ZONES_LIST if name == "time_zone" else ""

    def spec(self) -> dict[str, Any]:
        """What is to be saved, once it was checked: the values of a GroupSpec."""
        return dict(self.cleaned_data)

    def clean_after(self) -> str:
        """A group that is on the page."""
        key: str = self.cleaned_data["after"]
        if key and key not in dict(self.others):
            raise forms.ValidationError(_("That group is gone. Choose another, or none."))
        return key

    def clean_time_zone(self) -> str:
        """A time zone that there is, in its own spelling."""
        text: str = self.cleaned_data["time_zone"].strip()
        if not text or is_zone(text):
            return text
        meant = zones_like(text)
        if meant:
            raise forms.ValidationError(
                _("“%(text)s” is no time zone. Did you mean %(meant)s?")
                % {"text": text[:100], "meant": _(" or ").join(meant[:_TO_MENTION])}
            )
        raise forms.ValidationError(
            _("“%(text)s” is no time zone. Type a continent and a city, such as Europe/Berlin.") % {"text": text[:100]}
        )

    def clean(self) -> dict[str, Any]:
        """A number is asked for only where a number is needed, and never more than there is; windows make sense."""
        cleaned = super().clean() or self.cleaned_data
        self._clean_number(cleaned)
        opens, closes = cleaned.get("opens_on"), cleaned.get("closes_on")
        if opens and closes and closes < opens:
            self.add_error("closes_on", _("This day is before the first one. Type %(day)s or later.") % {"day": opens})
        self._clean_days(cleaned)
        return cleaned

    def _clean_number(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("needs") != Needs.AT_LEAST:
            self.errors.pop("at_least", None)
            cleaned["at_least"] = cleaned.get("at_least") or 1
        elif "at_least" in cleaned and not 1 <= (cleaned["at_least"] or 0) <= self.points:
            self.add_error("at_least", self._too_many())

    def _too_many(self) -> str:
        if not self.total:
            return _("The group has no requirement yet. Add some first.")
        if self.points == self.total:
            return _("Type a number from 1 to %(total)d: the group has %(total)d.") % {"total": self.total}
        return ngettext(
            "Type a number from 1 to %(points)d: its requirement counts %(points)d.",
            "Type a number from 1 to %(points)d: its requirements count %(points)d together.",
            self.total,
        ) % {"points": self.points}

    def _clean_days(self, cleaned: dict[str, Any]) -> None:
        if "within_days" not in cleaned or "within_of" not in cleaned:
            return
        if cleaned["within_days"] and not cleaned["within_of"]:
            self.add_error("within_of", _("Choose what the days are counted from."))
        elif cleaned["within_of"] and not cleaned["within_days"]:
            self.add_error("within_days", _("Type how many days."))
        elif cleaned["within_of"] == Within.GROUP and not cleaned.get("after"):
            self.add_error("within_of", _("Choose also which group this one comes after."))

    def _day(self, name: str) -> str:
        try:
            return date_format(self.fields[name].clean(self.given(name)))
        except forms.ValidationError:
            return self.given(name)
