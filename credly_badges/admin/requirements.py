"""The page on which a badge's requirements are edited: all groups, requirements and data rules at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from .. import requirements
from ..models import BadgeTemplate
from ..reports import is_course_run, titles_of_scopes
from .requirement_draft import Draft
from .subject import person

if TYPE_CHECKING:
    from .templates import BadgeTemplateAdmin

_PAGE = "admin/credly_badges/badgetemplate/requirements.html"
_SAVES = ("save", "save-and-stay")


def edit(admin: BadgeTemplateAdmin, request: HttpRequest, template: BadgeTemplate) -> HttpResponse:
    """Show the requirements, or do what one of the page's buttons says."""
    may_change = admin.has_change_permission(request, template)
    if request.method != "POST":
        groups = requirements.stored(template)
        draft = Draft.of_stored(groups)
        if not groups and may_change:
            draft.act("add-group")
            draft.said = ""
            draft.focus_on("")
        return _page(admin, request, template, draft, may_change=may_change)
    if not may_change:
        raise PermissionDenied
    draft = Draft.of_posted(request.POST.dict())
    action = request.POST.get("do", "save")
    if action not in _SAVES:
        draft.act(action)
    elif not draft.shows_what_was_chosen:
        draft.act("refresh")
        draft.said = _("You chose another event. Look at its data rules below, then save.")
    elif draft.check():
        if problems := _save(request, template, draft):
            return _page(admin, request, template, draft, may_change=True, problems=problems)
        page = "requirements" if action == "save-and-stay" else "change"
        return HttpResponseRedirect(reverse(f"admin:credly_badges_badgetemplate_{page}", args=[template.pk]))
    return _page(admin, request, template, draft, may_change=True)


def _save(request: HttpRequest, template: BadgeTemplate, draft: Draft) -> list[str]:
    """Save what was typed; the reasons why that could not be done, if any."""
    groups = draft.specs()
    try:
        changed = requirements.save(template, groups, by=person(request), seen=draft.seen)
    except requirements.ChangedMeanwhile:
        return [
            _(
                "Somebody else changed these requirements after you opened this page, so nothing was saved. What you "
                "typed is still below: copy what you need, then open the page again."
            )
        ]
    except requirements.OutsideAvailability as refusal:
        return [_("The badge may not be asked for there, so nothing was saved."), *refusal.reasons]
    except requirements.WouldStopAnActiveBadge as refusal:
        return [
            _(
                "Learners are earning this badge, and saved like this nobody could. "
                "Mend it, or deactivate the badge first."
            ),
            *refusal.reasons,
        ]
    if changed:
        messages.success(request, _("The requirements of “%(template)s” were saved.") % {"template": template})
    else:
        messages.info(request, _("Nothing was changed, so nothing was saved."))
    _warn_of_unknown_courses(request, groups)
    return []


def _warn_of_unknown_courses(request: HttpRequest, groups: tuple[requirements.GroupSpec, ...]) -> None:
    scopes = [each.scope for group in groups for each in group.requirements if is_course_run(each.scope)]
    titles = titles_of_scopes(scopes)
    for scope in dict.fromkeys(scopes):
        if scope not in titles:
            messages.warning(
                request,
                _(
                    "This LMS has no course “%(key)s” so far. "
                    "If that is a typing mistake, nobody can meet the requirement."
                )
                % {"key": scope},
            )


def _page(
    admin: BadgeTemplateAdmin,
    request: HttpRequest,
    template: BadgeTemplate,
    draft: Draft,
    *,
    may_change: bool,
    problems: list[str] | None = None,
) -> TemplateResponse:
    draft.name_places()
    if not may_change:
        draft.make_read_only()
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Requirements of “%(template)s”") % {"template": template},
        "opts": admin.opts,
        "has_view_permission": True,
        "original": template,
        "draft": draft,
        "may_change": may_change,
        "problems": problems or [],
        "errors": draft.errors,
        "media": admin.editor_media,
    }
    return TemplateResponse(request, _PAGE, context)
