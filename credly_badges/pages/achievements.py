"""The page of a badge that anybody may see: what it is, and what learners do for it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from .. import applications, slugs
from ..models import BadgeTemplate
from ..reports import achievements, criteria_in_words
from . import public


@require_safe
def achievement(request: HttpRequest, organization: str, badge: str) -> HttpResponse:
    """A badge that learners can earn, or could once."""
    template = achievements.find(organization, badge)
    if template is None:
        return public.missing(request)
    site, standing = public.site_of(request), _standing(template)
    context = {
        **public.of_badge(template),
        "title": template.name,
        "summary": Truncator(template.description or template.name).chars(200),
        "page_url": site + slugs.public_path(template),
        "document_url": site + slugs.achievement_path(template),
        "document_type": achievements.MEDIA_TYPE,
        "criteria": criteria_in_words(template),
        "standing": standing,
        "claim_url": "" if standing else reverse("credly_badges:claim"),
        "apply_url": _apply_url(template),
    }
    return public.show(request, "achievement.html", context)


def _apply_url(template: BadgeTemplate) -> str:
    if applications.why_not_taking(template):
        return ""
    return reverse("credly_badges:apply", args=[template.pk])


def _standing(template: BadgeTemplate) -> str:
    if template.status == BadgeTemplate.Status.PAUSED:
        return _("This badge cannot be earned at the moment.")
    if template.status == BadgeTemplate.Status.RETIRED or template.credly_state != BadgeTemplate.CredlyState.ACTIVE:
        return _("This badge cannot be earned any more. Whoever has it keeps it.")
    return ""
