"""Where a badge's page leads: what was made of the badge, and the ways to give it to learners."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from .. import slugs
from ..models import (
    Application,
    ApplicationForm,
    Availability,
    BadgeAward,
    BadgeTemplate,
    BulkIssue,
    ClaimCode,
    HistoryRun,
    Regression,
    RequirementsVersion,
)
from ..reports import achievements
from . import why
from .subject import Button, audit_button, list_url, may, url_of


def buttons(request: HttpRequest, template: BadgeTemplate) -> list[Button]:
    """Everything that this user may look at or do from here."""
    return [
        *_issuing(request, template),
        *_lists(request, template),
        *_applying(request, template),
        *audit_button(request, template),
        *why.button(request, template_id=template.pk),
        *_public(template),
    ]


def _issuing(request: HttpRequest, template: BadgeTemplate) -> list[Button]:
    if not may(request, "issue_badgeaward") or template.credly_state != BadgeTemplate.CredlyState.ACTIVE:
        return []
    where = f"{reverse('admin:credly_badges_badgeaward_issue')}?template={template.pk}"
    return [Button(_("Issue this badge"), where)]


def _lists(request: HttpRequest, template: BadgeTemplate) -> list[Button]:
    lists = (
        (BadgeAward, _("Awards"), "template__id__exact"),
        (BulkIssue, _("Lists of awards"), "template__id__exact"),
        (RequirementsVersion, _("Versions"), "template__id__exact"),
        (ClaimCode, _("Claim codes"), "template__id__exact"),
        (Application, _("Applications"), "template__id__exact"),
        (HistoryRun, _("History"), "template__id__exact"),
        (Regression, _("Regressions"), "progress__template__id__exact"),
        (Availability, _("Availability"), "template__id__exact"),
    )
    return [
        Button(name, list_url(model, **{narrowed: template.pk}))
        for model, name, narrowed in lists
        if may(request, f"view_{model._meta.model_name}")
    ]


def _applying(request: HttpRequest, template: BadgeTemplate) -> list[Button]:
    """To say how learners apply for it, or to make a form with which they can."""
    form = ApplicationForm.objects.filter(template=template).first()
    if form and (may(request, "decide_application") or may(request, "view_application")):
        return [Button(_("Application form"), url_of(form))]
    if form is None and may(request, "decide_application"):
        where = f"{reverse('admin:credly_badges_applicationform_add')}?template={template.pk}"
        return [Button(_("Application form"), where)]
    return []


def _public(template: BadgeTemplate) -> list[Button]:
    """What anybody may see of it, if they may."""
    if achievements.find(slugs.of(template.organization), slugs.of(template)) is None:
        return []
    return [Button(_("Public page"), slugs.public_path(template))]
