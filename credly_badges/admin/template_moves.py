"""The page that asks before one badge is moved to another status: what will happen, to how many, and what is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import activation
from ..models import BadgeTemplate
from ..reports import criteria_in_words
from .subject import may, person, url_of

if TYPE_CHECKING:
    from .templates import BadgeTemplateAdmin

_PAGE = "admin/credly_badges/badgetemplate/move.html"
_STATUSES = BadgeTemplate.Status

DONE = {
    _STATUSES.DRAFT: gettext_lazy("“%(template)s” is a draft again."),
    _STATUSES.REVIEW: gettext_lazy("“%(template)s” waits for somebody to approve it."),
    _STATUSES.SHADOW: gettext_lazy("“%(template)s” is in shadow: what learners earn is recorded and not awarded."),
    _STATUSES.ACTIVE: gettext_lazy("“%(template)s” is active: learners can earn it from now on."),
    _STATUSES.PAUSED: gettext_lazy("“%(template)s” is paused. What learners do is kept until you resume it."),
    _STATUSES.RETIRED: gettext_lazy("“%(template)s” is no longer active. Badges that were awarded stay."),
}
ALREADY = gettext_lazy("“%(template)s” was %(status)s already.")


def move(admin: BadgeTemplateAdmin, request: HttpRequest, template: BadgeTemplate, to: str) -> HttpResponse:
    """Ask, and once that is answered, do it."""
    if to not in _STATUSES.values:
        raise Http404(_("There is no such status."))
    if not _may_ever(request, to):
        raise PermissionDenied
    if template.status == to:
        messages.info(request, ALREADY % {"template": template, "status": template.get_status_display()})
        return HttpResponseRedirect(url_of(template))
    if (template.status, to) in activation.TRANSITIONS and not activation.may_move(request.user, template, to):
        raise PermissionDenied
    question = activation.ask(template, to, by=person(request))
    if request.method != "POST" or "confirmed" not in request.POST:
        return _page(admin, request, question)
    answer = _answer(request)
    if question.kept and question.kept.events and "replay" not in request.POST:
        return _page(admin, request, question, [_("Say whether what was kept during the pause shall count.")])
    try:
        run = activation.carry_out(question, answer, by=person(request))
    except activation.CannotMove as refusal:
        return _page(admin, request, question, refusal.reasons)
    messages.success(request, DONE[_STATUSES(to)] % {"template": template})
    return HttpResponseRedirect(url_of(run or template))


def _may_ever(request: HttpRequest, to: str) -> bool:
    """Whether somebody may move some badge there."""
    wanted = {each for (_was, where), names in activation.TRANSITIONS.items() if where == to for each in names}
    return any(may(request, permission) for permission in wanted)


def _answer(request: HttpRequest) -> activation.Answer:
    return activation.Answer(
        because=request.POST.get("because", "").strip(),
        despite=frozenset(request.POST.getlist("despite")),
        backfill=request.POST.get("backfill") == "yes" and may(request, "backfill_badgetemplate"),
        replay=request.POST.get("replay") == "yes",
        seen=request.POST.get("seen", ""),
    )


def _page(
    admin: BadgeTemplateAdmin, request: HttpRequest, question: activation.Question, problems: list[str] | None = None
) -> TemplateResponse:
    template = question.template
    shows_criteria = question.to in {_STATUSES.REVIEW, _STATUSES.SHADOW, _STATUSES.ACTIVE}
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": _("%(move)s: “%(template)s”") % {"move": question.label, "template": template},
        "opts": admin.opts,
        "has_view_permission": True,
        "original": template,
        "question": question,
        "problems": problems or [],
        "answer": _answer(request),
        "criteria": criteria_in_words(template) if shows_criteria else [],
        "may_rehearse": may(request, "rehearse_badgetemplate"),
        "may_backfill": may(request, "backfill_badgetemplate"),
        "media": admin.media,
    }
    return TemplateResponse(request, _PAGE, context)
