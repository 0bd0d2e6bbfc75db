"""The page that asks before badges are activated or deactivated, for one template or for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from .. import activation
from ..models import BadgeProgress, BadgeTemplate
from ..reports import criteria_in_words
from .subject import person

if TYPE_CHECKING:
    from .templates import BadgeTemplateAdmin

_PAGE = "admin/credly_badges/badgetemplate/activation.html"


def turn(
    admin: BadgeTemplateAdmin, request: HttpRequest, templates: QuerySet[BadgeTemplate], *, on: bool
) -> TemplateResponse | None:
    """Ask first; once that is answered, do it and say for each template what came of it. None: it is done."""
    rows = list(templates.select_related("organization"))
    if request.method != "POST" or "confirmed" not in request.POST:
        return _question(admin, request, rows, on=on)
    because = request.POST.get("because", "").strip()
    for template in rows:
        if on:
            _activate(request, template)
        else:
            _deactivate(request, template, because)
    return None


def _activate(request: HttpRequest, template: BadgeTemplate) -> None:
    if template.is_active:
        messages.info(request, _("“%(template)s” was active already.") % {"template": template})
        return
    try:
        activation.activate(template, by=person(request))
    except activation.CannotActivate as refusal:
        messages.error(
            request,
            _("“%(template)s” was not activated. %(reasons)s")
            % {"template": template, "reasons": " ".join(refusal.reasons)},
        )
    else:
        messages.success(
            request, _("“%(template)s” is active: learners can earn it from now on.") % {"template": template}
        )


def _deactivate(request: HttpRequest, template: BadgeTemplate, because: str) -> None:
    if not template.is_active:
        messages.info(request, _("“%(template)s” was not active.") % {"template": template})
        return
    activation.deactivate(template, by=person(request), because=because)
    messages.success(
        request,
        _("“%(template)s” is no longer active. Badges that were awarded stay.") % {"template": template},
    )


def _question(
    admin: BadgeTemplateAdmin, request: HttpRequest, rows: list[BadgeTemplate], *, on: bool
) -> TemplateResponse:
    single = rows[0] if len(rows) == 1 else None
    context = {
        **admin.admin_site.each_context(request),
        "title": _title(single, on=on),
        "opts": admin.opts,
        "has_view_permission": True,
        "on": on,
        "rows": [(row, activation.reasons_not_to_activate(row) if on and not row.is_active else []) for row in rows],
        "original": single,
        "criteria": criteria_in_words(single) if single and on else [],
        "under_way": BadgeProgress.objects.filter(template__in=rows, completed_at=None).count(),
        "action": request.POST.get("action", ""),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "media": admin.media,
    }
    context["possible"] = any(row.is_active != on and not reasons for row, reasons in context["rows"])
    return TemplateResponse(request, _PAGE, context)


def _title(single: BadgeTemplate | None, *, on: bool) -> str:
    if single is None:
        return _("Activate badges") if on else _("Deactivate badges")
    return (_("Activate “%(template)s”") if on else _("Deactivate “%(template)s”")) % {"template": single}
