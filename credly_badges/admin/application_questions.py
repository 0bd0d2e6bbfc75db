"""The pages that ask before an application is reviewed, assigned, approved or denied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import applications, lms, terms
from ..applications.deciding import LONGEST_FEEDBACK
from ..applications.reviewing import LONGEST_COMMENT
from ..models import Application
from .subject import learner_name, person

ANSWERS = (("yes", _("satisfied")), ("no", _("not satisfied")))


def _text(longest: int, **given: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3, "cols": 60, "class": "vLargeTextField"})
    return forms.CharField(max_length=longest, widget=widget, **given)


class ApproveForm(forms.Form):
    """What the learner reads."""

    feedback = _text(
        LONGEST_FEEDBACK, label=_("Feedback"), required=False, help_text=_("Optional. The learner reads it.")
    )

    def do(self, application: Application, by: Any) -> Any:
        """Approve it."""
        return applications.approve(application, by=by, feedback=self.cleaned_data["feedback"])


class DenyForm(forms.Form):
    """What the learner reads, which has to be something."""

    feedback = _text(
        LONGEST_FEEDBACK, label=_("Feedback"), help_text=_("Why, and what would be needed. The learner reads it.")
    )

    def do(self, application: Application, by: Any) -> Any:
        """Deny it."""
        return applications.deny(application, by=by, feedback=self.cleaned_data["feedback"])


class AssignForm(forms.Form):
    """Who reviews it, and until when."""

    to = forms.CharField(
        label=_("Assign to"), required=False, max_length=255,
        help_text=_("A user name or e-mail address. Empty: anybody may review it again."),
    )  # fmt: skip
    until = forms.DateField(
        label=_("Until"), required=False, widget=AdminDateWidget,
        help_text=_("Until the end of that day, UTC. Empty: for as many days as the badge's form says."),
    )  # fmt: skip

    def clean_to(self) -> lms.Learner | None:
        """Who is meant."""
        said = self.cleaned_data["to"].strip()
        found = lms.find_learners([said])[said] if said else None
        if said and found is None:
            raise forms.ValidationError(gettext("Nobody here has this user name or address, or more than one has."))
        return found

    def do(self, application: Application, by: Any) -> Any:
        """Assign it."""
        until, to = self.cleaned_data.get("until"), self.cleaned_data["to"]
        end = datetime.combine(until, terms.END_OF_DAY) if until else None
        user = get_user_model().objects.filter(pk=to.id).first() if to else None
        return applications.assign(application, to=user, until=end, by=by)


class ReviewForm(forms.Form):
    """What somebody finds of each criterion, as far as they have said it before."""

    def __init__(self, *args: Any, application: Application, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form = applications.form_of(application.template)
        self.criteria = list(form.criteria.all()) if form.pk else []
        mine = application.reviews.filter(reviewer=by).first()
        said = {item.criterion_id: item for item in mine.items.all()} if mine else {}
        for each in self.criteria:
            before = said.get(each.pk)
            self.fields[f"answer_{each.pk}"] = forms.ChoiceField(
                label=each.description,
                help_text=each.note,
                required=each.required,
                choices=ANSWERS if each.required else (("", _("not looked at")), *ANSWERS),
                widget=forms.RadioSelect,
                initial=("yes" if before.satisfied else "no") if before else None,
            )
            self.fields[f"comment_{each.pk}"] = forms.CharField(
                label=gettext("Comment on “%(criterion)s”") % {"criterion": each.description},
                required=False,
                max_length=LONGEST_COMMENT,
                initial=before.comment if before else "",
            )
        self.fields["comment"] = _text(
            LONGEST_COMMENT,
            label=_("Comment"),
            required=False,
            initial=mine.comment if mine else "",
            help_text=_("The learner reads all comments once it is decided, without your name."),
        )

    def do(self, application: Application, by: Any) -> Any:
        """Keep what was found."""
        found = [
            applications.Finding(each.uuid, answer == "yes", self.cleaned_data[f"comment_{each.pk}"])
            for each in self.criteria
            if (answer := self.cleaned_data[f"answer_{each.pk}"])
        ]
        return applications.review(application, findings=found, comment=self.cleaned_data["comment"], reviewer=by)


@dataclass(frozen=True)
class Deed:
    """One thing that can be done with an application, and in which words."""

    form: type[forms.Form]
    permission: str
    label: Any
    title: Any
    sentence: Any
    done: Any
    deletes: bool = False

    def ask(self, request: HttpRequest, application: Application) -> Any:
        """Its form."""
        said = request.POST if request.method == "POST" else None
        if issubclass(self.form, ReviewForm):
            return self.form(said, application=application, by=person(request))
        return self.form(said)

    def named(self, words: Any, application: Application) -> str:
        """A sentence, with the names in their places."""
        return str(words) % {"learner": learner_name(application), "badge": application.template}


DEEDS: Mapping[str, Deed] = {
    "review": Deed(
        ReviewForm,
        "review_application",
        _("Review"),
        _("Review %(learner)s's application for “%(badge)s”"),
        _("Say of each criterion whether it is satisfied. You can change it until somebody decides."),
        _("Your review was kept."),
    ),
    "approve": Deed(
        ApproveForm,
        "decide_application",
        _("Approve"),
        _("Approve %(learner)s's application for “%(badge)s”"),
        _("%(learner)s is awarded the badge, and Credly issues it. This cannot be undone here."),
        _("The application was approved, and the badge is on its way."),
    ),
    "deny": Deed(
        DenyForm,
        "decide_application",
        _("Deny"),
        _("Deny %(learner)s's application for “%(badge)s”"),
        _("%(learner)s reads your feedback, and may apply again."),
        _("The application was denied."),
        deletes=True,
    ),
    "assign": Deed(
        AssignForm,
        "decide_application",
        _("Assign"),
        _("Assign %(learner)s's application for “%(badge)s”"),
        _("Until then nobody else reviews it. After that it is free again by itself."),
        _("The assignment was changed."),
    ),
}
"""What can be done, by the word in its address."""
