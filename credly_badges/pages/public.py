"""What the pages that anybody may see have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from .. import conf
from ..models import BadgeTemplate
from ..reports import achievements


def show(request: HttpRequest, template_name: str, context: Mapping[str, Any]) -> HttpResponse:
    """A page that runs nothing, is shown in no other page, and tells other sites nothing of who reads it."""
    return _alone(render(request, f"credly_badges/{template_name}", {"site_name": conf.site_name(), **context}))


def missing(request: HttpRequest) -> HttpResponse:
    """There is nothing; and whoever asks does not learn whether there ever was."""
    context = {"title": _("There is nothing to see here"), "site_name": conf.site_name()}
    return _alone(render(request, "credly_badges/public_missing.html", context, status=404))


def of_badge(template: BadgeTemplate) -> dict[str, Any]:
    """What both kinds of pages say of a badge."""
    return {
        "badge": template,
        "organization": template.organization,
        "organization_url": achievements.web(template.organization.url),
        "criteria_url": achievements.web(template.criteria_url),
        "credly_url": achievements.web(template.public_url),
        "picture": achievements.web(template.image_url),
        "alternative_text": achievements.alternative_text(template),
        "is_sandbox": achievements.is_sandbox(template),
    }


def site_of(request: HttpRequest) -> str:
    """The address of this LMS."""
    return conf.site_url() or request.build_absolute_uri("/").rstrip("/")


def _alone(response: HttpResponse) -> HttpResponse:
    # Pictures lie at Credly's, wherever that keeps them.
    response["Content-Security-Policy"] = (
        "default-src 'none'; img-src * data:; style-src 'self' https: http:; font-src 'self' https: http:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response["Referrer-Policy"] = "no-referrer"
    response["X-Frame-Options"] = "DENY"
    return response
