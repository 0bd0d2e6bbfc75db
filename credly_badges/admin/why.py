"""The page that says why a learner has a badge, or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import lms, reports
from ..models import BadgeAward, BadgeTemplate, RequirementsVersion
from .events import as_text
from .issue import TemplateChoice
from .subject import Button, may

if TYPE_CHECKING:
    from .progress import ProgressAdmin


class WhyForm(forms.Form):
    """Which badge, and whose."""

    template = TemplateChoice(label=_("Badge template"), queryset=BadgeTemplate.objects.select_related("organization"))
    learner = forms.CharField(
        label=_("Learner"),
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("A user name, an e-mail address or a user ID."),
    )

    def clean_learner(self) -> int:
        """The number of the one who is meant."""
        text = str(self.cleaned_data["learner"]).strip()
        found = lms.find_learners([text])[text]
        if found is None and text.isascii() and text.isdigit():
            found = lms.learner(int(text))
        if found is None:
            raise ValidationError(
                gettext("Nobody, or more than one, is called like this. Give a user name, an address or a user ID.")
            )
        return found.id


def button(request: HttpRequest, *, template_id: int, learner_id: int | None = None) -> list[Button]:
    """The way to the page, for those who may read it; without a learner it asks who is meant."""
    if not may(request, "view_badgeprogress"):
        return []
    asked = {"template": template_id} | ({"learner": learner_id} if learner_id is not None else {})
    return [Button(gettext("Why?"), f"{reverse('admin:credly_badges_badgeprogress_why')}?{urlencode(asked)}")]


def view(admin: ProgressAdmin, request: HttpRequest) -> HttpResponse:
    """Ask for a badge and a learner, and tell."""
    if not may(request, "view_badgeprogress"):
        raise PermissionDenied
    asked = "learner" in request.GET
    form = WhyForm(request.GET if asked else None, initial={"template": request.GET.get("template")})
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": gettext("Why?"),
        "opts": admin.opts,
        "media": admin.media,
        "form": form,
        "has_view_permission": True,
    }
    if asked and form.is_valid():
        template, found = form.cleaned_data["template"], lms.learner(form.cleaned_data["learner"])
        if found is not None:
            form.data = {"template": template.pk, "learner": found.username}
        context |= {"subtitle": template, **answer(form.cleaned_data["learner"], template)}
    return TemplateResponse(request, "admin/credly_badges/why.html", context)


def answer(learner_id: int, template: BadgeTemplate) -> dict[str, Any]:
    """What the template ``why_tree.html`` shows."""
    return {"why": reports.why(learner_id, template)}


def earned_by(award: BadgeAward) -> dict[str, Any]:
    """What an award was earned by, as it was written down then; nothing where requirements did not lead to it."""
    if award.version is None:
        return {}
    row = RequirementsVersion.objects.filter(template=award.template_id, number=award.version).first()
    return {"earned_by": row, "earned_data": as_text(row.data)} if row else {}
