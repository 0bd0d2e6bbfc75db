"""The fields of a requirement: which event, where, how often, and of a penalty what it takes back."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import lms
from ..availability import is_program
from ..events.catalogue import CATALOGUE, EventType, ScopeKind
from ..models import BadgeRequirement
from ..requirements import InvalidScope, read_scope
from ..rules.criteria import Distinct
from .requirement_choices import Around, events, in_order
from .requirement_controls import CHOOSES_WHAT_FOLLOWS, Choices, Keys, PartForm, read_number, with_present
from .requirement_group_form import GroupForm

ONCE, SEVERAL, EVERY = "once", "several", "every"
_FEWEST, _MOST_TIMES, _MOST_POINTS, _MOST_LINES = 2, 500, 1000, 12

_WHERE = {
    ScopeKind.COURSE: (
        gettext_lazy("Courses"),
        gettext_lazy(
            "One a line: a course key (course-v1:edX+DemoX+2026), a course without its run (edX+DemoX) for all its "
            "runs, a course organization (edX), or the ID of a program for all its courses. Empty: any course."
        ),
    ),
    ScopeKind.PROGRAM: (
        gettext_lazy("Programs"),
        gettext_lazy("One a line: the program’s UUID, as the course catalog shows it. Empty: any program."),
    ),
    ScopeKind.BADGE: (
        gettext_lazy("Badges"),
        gettext_lazy("One a line: the ID of a badge template; choose below to add one. Empty: any badge."),
    ),
}
_OFTEN = {
    ScopeKind.COURSE: (gettext_lazy("in several different ones"), gettext_lazy("in every one of these courses")),
    ScopeKind.PROGRAM: (gettext_lazy("for several different ones"), gettext_lazy("for every one of these programs")),
    ScopeKind.BADGE: (gettext_lazy("for several different ones"), gettext_lazy("for every one of these badges")),
    ScopeKind.SITE: (gettext_lazy("several times"), ""),
}


class RequirementForm(PartForm):
    """A requirement: which event, where it has to happen, how often, and what learners read."""

    folded = ("often", "times", "distinct", "weight")

    event_type = forms.CharField(
        label=gettext_lazy("Event"),
        help_text=gettext_lazy("What has to happen to a learner."),
        widget=forms.Select(attrs=CHOOSES_WHAT_FOLLOWS),
        error_messages={"required": gettext_lazy("Choose what a learner has to do.")},
    )
    scope = forms.CharField(
        label=gettext_lazy("Where"),
        required=False,
        widget=forms.Textarea(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
    )
    add_place = forms.CharField(
        label=gettext_lazy("Add a badge"), required=False, widget=forms.Select(attrs=CHOOSES_WHAT_FOLLOWS)
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=BadgeRequirement._meta.get_field("description").max_length,
        help_text=gettext_lazy("What learners read, for example “Pass the final exam”."),
    )
    undoes = Keys(label=gettext_lazy("Takes back"), required=False)
    same_course = forms.BooleanField(
        label=gettext_lazy("Only in the same course"),
        required=False,
        help_text=gettext_lazy("A certificate revoked in one course then leaves what was met in others."),
    )
    often = forms.ChoiceField(label=gettext_lazy("How often"), required=False)
    times = forms.IntegerField(label=gettext_lazy("How many"), required=False, min_value=_FEWEST, max_value=_MOST_TIMES)
    distinct = forms.ChoiceField(
        label=gettext_lazy("What is counted"),
        required=False,
        choices=(
            (Distinct.COURSE.value, gettext_lazy("courses, however many runs")),
            (Distinct.SUBJECT.value, gettext_lazy("each one: course runs, exams, threads …")),
        ),
    )
    weight = forms.IntegerField(
        label=gettext_lazy("Points"),
        required=False,
        min_value=1,
        max_value=_MOST_POINTS,
        help_text=gettext_lazy("What it counts towards the number that the group needs."),
    )

    def __init__(self, *args: Any, group: GroupForm, around: Around, own_key: str, **kwargs: Any) -> None:
        """The fields depend on the event that is chosen, and on the group that it is in."""
        super().__init__(*args, **kwargs)
        self.event: EventType | None = CATALOGUE.get(self.given("event_type"))
        self.group, self.around = group, around
        self.place_notes: tuple[str, ...] = ()
        # A group of penalties takes back what is asked for elsewhere; a penalty takes back no penalty.
        self.others = tuple((key, name) for key, name in around.requirements if key != own_key)
        chosen = self.fields["event_type"]
        if self.event:
            chosen.help_text = self.event.description
        self._leave_out()
        self._offer_places()
        if "undoes" in self.fields:
            self.offer("undoes", self.others)

    @property
    def summary(self) -> str:
        """What is set of how often it has to happen, and what it counts."""
        often, times = self.given("often"), self.given("times")
        words = {SEVERAL: _("in %(count)s different ones") % {"count": times or "…"}, EVERY: _("in every one")}
        points = read_number(self.given("weight")) if "weight" in self.fields else None
        said = [words.get(often, _("once"))]
        if points is not None:
            said.append(ngettext("%(count)d point", "%(count)d points", points) % {"count": points})
        return ", ".join(said)

    @property
    def places(self) -> list[str]:
        """What was typed as places, one each, before it is checked."""
        if "scope" not in self.fields:
            return []
        return [each.strip() for each in re.split(r"[,\n\r]+", self.given("scope")) if each.strip()]

    def choices(self, name: str) -> Choices | None:
        """The events, and the badges that are not in the list yet."""
        if name == "event_type":
            offered = [("", _("— choose an event —")), *events()]
            return with_present(offered, self.given(name), _("%(value)s (unknown to this version)"))
        if name == "add_place":
            left = [choice for choice in self.around.badges if choice[0] not in self.places]
            return [("", _("— choose a badge —")), *left]
        return None

    def notes(self, name: str) -> tuple[str, ...]:
        """For the places: which courses, programs and badges they are."""
        return self.place_notes if name == "scope" else ()

    def spec(self) -> dict[str, Any]:
        """What is to be saved, once it was checked: the values of a RequirementSpec."""
        cleaned = self.cleaned_data
        found = {name: cleaned[name] for name in ("event_type", "description")}
        found["scope"] = cleaned.get("scope", "")
        if "undoes" in self.fields:
            return found | {"undoes": tuple(cleaned["undoes"]), "same_course": cleaned["same_course"]}
        found["times"] = {SEVERAL: cleaned.get("times"), EVERY: None}.get(cleaned["often"], 1)
        found["distinct"] = cleaned.get("distinct") or Distinct.COURSE.value
        found["weight"] = cleaned.get("weight") or 1
        return found

    def clean_event_type(self) -> str:
        """An event that this version knows."""
        kind: str = self.cleaned_data["event_type"]
        if kind not in CATALOGUE:
            raise forms.ValidationError(_("This version does not know this event. Choose another."))
        return kind

    def clean_scope(self) -> str:
        """Places of the kind that the event has."""
        text: str = self.cleaned_data["scope"]
        if self.event is None:
            return text
        try:
            return read_scope(self.event.scope_kind, text)
        except InvalidScope as fault:
            raise forms.ValidationError(fault.reasons) from None

    def clean_undoes(self) -> tuple[str, ...]:
        """Requirements that are on the page; one at least."""
        if not self.others:
            raise forms.ValidationError(
                _("There is nothing yet that it could take back. Add a group with a requirement first.")
            )
        chosen = in_order(self.cleaned_data["undoes"], self.others)
        if not chosen:
            raise forms.ValidationError(_("Tick what it takes back: one requirement at least."))
        return chosen

    def clean(self) -> dict[str, Any]:
        """How many is asked for only where it is a number; every one, only where they are listed."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("often") != SEVERAL:
            self.errors.pop("times", None)
        elif "times" in cleaned and not cleaned["times"]:
            self.add_error("times", _("Type how many: 2 or more."))
        if cleaned.get("often") == EVERY and "scope" in cleaned:
            self._clean_every(cleaned["scope"].splitlines())
        return cleaned

    def _clean_every(self, places: list[str]) -> None:
        if not places:
            self.add_error("often", _("Say above in which: without a list, “every one” has no end."))
        elif self.event and self.event.scope_kind is ScopeKind.COURSE:
            endless = [each for each in places if not (lms.is_course_run(each) or "+" in each or is_program(each))]
            if endless:
                self.add_error(
                    "often",
                    _(
                        "“%(organization)s” is an organization, and nobody can take every course that it will ever "
                        "have. List the courses, or name a program."
                    )
                    % {"organization": endless[0]},
                )

    def _leave_out(self) -> None:
        """Take away the fields that make no sense for this event in this group."""
        kind = self.event.scope_kind if self.event else ScopeKind.COURSE
        gone = set()
        if kind is ScopeKind.SITE:
            gone.add("scope")
        if kind is not ScopeKind.BADGE:
            gone.add("add_place")
        if kind is not ScopeKind.COURSE:
            gone.add("distinct")
        gone |= set(self.folded) if self.group.takes_back else {"undoes", "same_course"}
        if not self.group.counts_points:
            gone.add("weight")
        for name in gone:
            del self.fields[name]

    def _offer_places(self) -> None:
        kind = self.event.scope_kind if self.event else ScopeKind.COURSE
        if "often" in self.fields:
            several, every = _OFTEN[kind]
            offered = [(ONCE, _("once is enough")), (SEVERAL, several), (EVERY, every)]
            self.offer("often", [choice for choice in offered if choice[1]])
        if "scope" not in self.fields:
            return
        scope = self.fields["scope"]
        if self.event:
            scope.label, scope.help_text = _WHERE[kind]
        lines = self.given("scope").count("\n") + 1
        scope.widget.attrs["rows"] = min(lines, _MOST_LINES)
