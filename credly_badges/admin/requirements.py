"""The page on which a badge's requirements are edited: all groups, requirements and data rules at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from .. import activation, requirements
from ..models import BadgeTemplate
from . import requirement_notes
from .requirement_actions import act, begin
from .requirement_choices import ZONES_LIST, zones
from .requirement_draft import Draft
from .requirement_patterns import PATTERNS
from .requirement_preview import Preview
from .subject import person

if TYPE_CHECKING:
    from .templates import BadgeTemplateAdmin

_PAGE = "admin/credly_badges/badgetemplate/requirements.html"
_SAVES = ("save", "save-and-stay", "save-all-the-same")


def edit(admin: BadgeTemplateAdmin, request: HttpRequest, template: BadgeTemplate) -> HttpResponse:
    """Show the requirements, or do what one of the page's buttons says."""
    may_change = admin.has_change_permission(request, template)
    if request.method != "POST":
        unreviewed = activation.why_not_edit(template, person(request)) if may_change else ""
        draft = _opened(template, may_change=may_change and not unreviewed)
        may_change = may_change and not unreviewed and not draft.is_too_long
        return _page(admin, request, template, draft, may_change=may_change, unreviewed=unreviewed)
    if not may_change:
        raise PermissionDenied
    draft = Draft.of_posted(template, request.POST)
    action = request.POST.get("do", "save")
    refusal = None
    if action not in _SAVES:
        act(draft, action)
    elif not draft.shows_what_was_chosen:
        act(draft, "refresh")
        draft.said = _("You chose another event. Look at its data rules below, then save.")
    else:
        draft.draw()
        despite = request.POST.get("despite", "").split() if action == "save-all-the-same" else []
        refusal = _save(request, template, draft, despite) if draft.check() else None
        if refusal is None and not draft.errors:
            page = "requirements" if action == "save-and-stay" else "change"
            return HttpResponseRedirect(reverse(f"admin:credly_badges_badgetemplate_{page}", args=[template.pk]))
    return _page(admin, request, template, draft, may_change=True, refusal=refusal)


def _opened(template: BadgeTemplate, *, may_change: bool) -> Draft:
    groups = requirements.stored(template)
    draft = Draft.of_stored(template, groups)
    if not groups and may_change:
        begin(draft)
    else:
        draft.draw()
    requirement_notes.show_faults(draft)
    return draft


def _save(
    request: HttpRequest, template: BadgeTemplate, draft: Draft, despite: list[str]
) -> requirement_notes.Refusal | None:
    """Save what was typed; why that could not be done, if it could not."""
    groups = draft.specs()
    try:
        changed = requirements.save(template, groups, by=person(request), seen=draft.seen, despite=despite)
    except requirements.NotSaved as fault:
        return requirement_notes.refusal(fault)
    template.refresh_from_db()
    if changed:
        messages.success(request, requirement_notes.saved(template))
    else:
        messages.info(request, _("Nothing was changed, so nothing was saved."))
    for sentence in requirement_notes.unknown_courses(groups):
        messages.warning(request, sentence)
    return None


def _page(
    admin: BadgeTemplateAdmin,
    request: HttpRequest,
    template: BadgeTemplate,
    draft: Draft,
    *,
    may_change: bool,
    refusal: requirement_notes.Refusal | None = None,
    unreviewed: str = "",
) -> TemplateResponse:
    requirement_notes.name_places(draft)
    if not may_change:
        draft.make_read_only()
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": _("Requirements of “%(template)s”") % {"template": template},
        "opts": admin.opts,
        "has_view_permission": True,
        "original": template,
        "draft": draft,
        "preview": Preview(draft),
        "patterns": PATTERNS if may_change and draft.is_blank else {},
        "may_change": may_change,
        "makes_a_version": requirement_notes.makes_a_version(template),
        "refusal": refusal,
        "unreviewed": unreviewed,
        "errors": draft.errors,
        "zones": zones(),
        "zones_list": ZONES_LIST,
        "media": admin.editor_media,
    }
    return TemplateResponse(request, _PAGE, context)
