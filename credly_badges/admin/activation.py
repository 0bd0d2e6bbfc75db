"""The page that asks before many badges are activated or deactivated at once; for one, see ``template_moves``."""

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


def _reasons(request: HttpRequest, template: BadgeTemplate) -> list[str]:
    """Why one of many cannot be activated together with the others."""
    if template.is_active:
        return []
    if template.status == BadgeTemplate.Status.PAUSED:
        return [_("It is paused. Resume it on its own page, where you are asked about what happened meanwhile.")]
    if not activation.may_move(request.user, template, BadgeTemplate.Status.ACTIVE):
        return [_("Somebody else has to activate it: it is %(status)s.") % {"status": template.get_status_display()}]
    return activation.reasons_not_to_move(template, BadgeTemplate.Status.ACTIVE, by=person(request))


def _activate(request: HttpRequest, template: BadgeTemplate) -> None:
    if template.is_active:
        messages.info(request, _("“%(template)s” was active already.") % {"template": template})
        return
    if reasons := _reasons(request, template):
        said = _("“%(template)s” was not activated. %(reasons)s")
        messages.error(request, said % {"template": template, "reasons": " ".join(reasons)})
        return
    try:
        activation.activate(template, by=person(request))
    except activation.CannotMove as refusal:  # Somebody changed it at this very moment.
        said = _("“%(template)s” was not activated. %(reasons)s")
        messages.error(request, said % {"template": template, "reasons": " ".join(refusal.reasons)})
    else:
        messages.success(
            request, _("“%(template)s” is active: learners can earn it from now on.") % {"template": template}
        )


def _deactivate(request: HttpRequest, template: BadgeTemplate, because: str) -> None:
    if not template.is_listening:
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
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Activate badges") if on else _("Deactivate badges"),
        "opts": admin.opts,
        "has_view_permission": True,
        "on": on,
        "rows": [
            (row, row.is_active if on else not row.is_listening, _reasons(request, row) if on else []) for row in rows
        ],
        "under_way": BadgeProgress.objects.filter(template__in=rows, completed_at=None).count(),
        "action": request.POST.get("action", ""),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "media": admin.media,
    }
    context["possible"] = any(not is_there and not reasons for _row, is_there, reasons in context["rows"])
    return TemplateResponse(request, _PAGE, context)


def _is_there(template: BadgeTemplate, *, on: bool) -> bool:
    return template.is_active if on else not template.is_listening
