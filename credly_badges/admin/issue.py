"""Issuing a badge by hand: paste who, see who is who, then all of them or none."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.core.validators import URLValidator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import awards, conf
from ..models import BadgeAward, BadgeTemplate
from .recipients import MOST_AT_ONCE, Row, entries, who_is_who
from .subject import may, page_of, person

if TYPE_CHECKING:
    from .awards import AwardAdmin

MOST_LINKED = 20
CONFIRM = "confirm"
"""The name of the button that issues; the others look again."""


class TemplateChoice(forms.ModelChoiceField):
    """Badge templates, with the organization that each belongs to."""

    def label_from_instance(self, obj: Any) -> str:
        """“Name (Organization)”, and that it is a sandbox."""
        sandbox = gettext(", sandbox") if obj.organization.environment == conf.SANDBOX else ""
        return f"{obj.name} ({obj.organization}{sandbox})"


class IssueForm(forms.Form):
    """What is issued, to whom, why and as of when."""

    template = TemplateChoice(
        label=_("Badge template"),
        queryset=BadgeTemplate.objects.none(),
        help_text=_("Those that are active at Credly, whether or not learners can earn them here."),
    )
    learners = forms.CharField(
        label=_("Learners"),
        widget=forms.Textarea(attrs={"rows": 8, "cols": 60, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text=_(
            "User names or e-mail addresses, separated by commas, semicolons, spaces or line ends. You see who is who "
            "next."
        ),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Why it is issued by hand. It is kept with the award and is not sent to Credly."),
    )
    earned_at = forms.DateTimeField(
        label=_("Earned at"),
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        help_text=_("The issue date on the badge. Empty means now."),
    )
    evidence_name = forms.CharField(
        label=_("Evidence: title"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Optional. What the link shows; it is public on the badge."),
    )
    evidence_url = forms.CharField(
        label=_("Evidence: link"),
        required=False,
        max_length=1000,
        validators=[
            URLValidator(schemes=["http", "https"], message=_("Enter a link that begins with http:// or https://."))
        ],
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=_("Optional. A page that shows what the learners did; it is public on the badge."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = BadgeTemplate.objects.filter(credly_state=BadgeTemplate.CredlyState.ACTIVE)
        choice = cast("TemplateChoice", self.fields["template"])
        choice.queryset = active.select_related("organization").order_by("name", "pk")
        zone = timezone.get_current_timezone_name()
        self.fields["earned_at"].help_text = _(
            "The issue date on the badge, in the time zone %(zone)s. Empty means now."
        ) % {"zone": zone}

    def clean_learners(self) -> list[str]:
        """The entries of the pasted list."""
        wanted = entries(self.cleaned_data["learners"])
        if not wanted:
            raise forms.ValidationError(_("Enter at least one user name or e-mail address."))
        if len(wanted) > MOST_AT_ONCE:
            said = _("These are %(count)d learners; at most %(most)d can be issued a badge at once. Do it in parts.")
            raise forms.ValidationError(said % {"count": len(wanted), "most": MOST_AT_ONCE})
        return wanted

    def clean_earned_at(self) -> datetime:
        """The time, or now; a badge can't be earned tomorrow."""
        now = timezone.now()
        given = self.cleaned_data["earned_at"] or now
        if given > now:
            raise forms.ValidationError(_("This is in the future. Enter when the badge was earned, or leave it empty."))
        return given

    def clean(self) -> dict[str, Any]:
        """Evidence is a link; a title alone shows nothing."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("evidence_name") and not cleaned.get("evidence_url") and "evidence_url" not in self.errors:
            self.add_error("evidence_url", _("Enter the link of this evidence, or clear its title."))
        return cleaned

    @property
    def evidence(self) -> list[dict[str, str]]:
        """The evidence as an award keeps it."""
        url = self.cleaned_data["evidence_url"]
        name = self.cleaned_data["evidence_name"] or gettext("Evidence")
        return [{"name": name, "url": url, "description": ""}] if url else []


class ChangedMeanwhile(Exception):
    """Somebody was given the badge between the look and the deed, so nothing was done."""


def view(model_admin: AwardAdmin, request: HttpRequest) -> HttpResponse:
    """Step 1 is the form, step 2 who is who, step 3 the deed. Only the button of step 2 issues anything."""
    if request.method != "POST":
        form = IssueForm(initial={"template": request.GET.get("template"), "earned_at": timezone.now()})
        return _page(model_admin, request, form)
    form = IssueForm(request.POST)
    if not form.is_valid() or "back" in request.POST:
        return _page(model_admin, request, form)
    template = form.cleaned_data["template"]
    rows = who_is_who(form.cleaned_data["learners"], template, form.cleaned_data["earned_at"])
    refusal = awards.why_not_grantable(template)
    others = "others" in request.POST
    good = [row for row in rows if row.is_good]
    complete = others or not any(row.error for row in rows)
    if CONFIRM in request.POST and good and complete and not refusal:
        try:
            made = _issue(form, good, by=person(request), others=others)
        except ChangedMeanwhile:
            refusal = gettext("Nothing was issued: meanwhile somebody on the list was given this badge. Look again.")
            rows = who_is_who(form.cleaned_data["learners"], template, form.cleaned_data["earned_at"])
        except awards.NotGrantable as refused:
            refusal = refused.sentence
        else:
            return _done(model_admin, request, template, made, rows)
    elif CONFIRM in request.POST and good and not refusal:
        refusal = gettext(
            "Nothing was issued: take the rows with a problem off the list, or choose to issue to the others."
        )
    return _page(model_admin, request, form, rows=rows, refusal=refusal)


@transaction.atomic
def _issue(form: IssueForm, rows: list[Row], *, by: Any, others: bool) -> list[BadgeAward]:
    """All of them, or none."""
    made = []
    for learner in (row.learner for row in rows if row.learner):
        grant = awards.grant(
            learner_id=learner.id,
            template=form.cleaned_data["template"],
            earned_at=form.cleaned_data["earned_at"],
            source=BadgeAward.Source.BY_HAND,
            reason=form.cleaned_data["reason"],
            evidence=form.evidence,
            granted_by=by,
        )
        if grant.created or grant.renewed:
            made.append(grant.award)
        elif not others:
            raise ChangedMeanwhile
    return made


def _done(
    model_admin: AwardAdmin, request: HttpRequest, template: BadgeTemplate, made: list[BadgeAward], rows: list[Row]
) -> HttpResponse:
    names: dict[int | None, str] = {row.learner.id: row.learner.username for row in rows if row.learner}
    said = ngettext(
        "“%(template)s” was awarded to %(count)d learner and is on its way to Credly:",
        "“%(template)s” was awarded to %(count)d learners and is on its way to Credly:",
        len(made),
    ) % {"template": template, "count": len(made)}
    sees = model_admin.has_view_permission(request)
    shown = [
        (page_of(award, names[award.learner_id]) if sees else names[award.learner_id],) for award in made[:MOST_LINKED]
    ]
    more = len(made) - MOST_LINKED
    rest = gettext("and %(count)d more") % {"count": more} if more > 0 else ""
    model_admin.message_user(
        request, format_html("{} {} {}", said, format_html_join(", ", "{}", shown), rest), messages.SUCCESS
    )
    left_out = [row.entry for row in rows if row.error]
    if left_out:
        said = gettext("Left out: %(entries)s") % {"entries": ", ".join(left_out)}
        model_admin.message_user(request, said, messages.WARNING)
    return HttpResponseRedirect(model_admin.own_url("changelist" if sees else "issue"))


def _page(
    model_admin: AwardAdmin,
    request: HttpRequest,
    form: IssueForm,
    *,
    rows: list[Row] | None = None,
    refusal: str = "",
) -> HttpResponse:
    sees = model_admin.has_view_permission(request)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": gettext("Issue a badge") if rows is None else gettext("Issue a badge: who is who"),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "has_view_permission": sees,
        "form": form,
        "rows": rows,
        "refusal": refusal,
        "back": model_admin.own_url("changelist") if sees else "",
        "sees_templates": may(request, "view_badgetemplate"),
    }
    if rows is not None:
        context |= {
            "good": sum(row.is_good for row in rows),
            "bad": sum(bool(row.error) for row in rows),
            "template": form.cleaned_data["template"],
            "earned_at": form.cleaned_data["earned_at"],
            "evidence": form.evidence,
            "reason": form.cleaned_data["reason"],
            "sandbox": form.cleaned_data["template"].organization.environment == conf.SANDBOX,
        }
    return TemplateResponse(request, "admin/credly_badges/issue.html", context)
