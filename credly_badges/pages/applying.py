"""Where learners apply for a badge with what shows that they deserve it, and read what became of that."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.http import require_http_methods

from .. import applications, conf, counting, lms, slugs
from ..models import Application, BadgeTemplate
from ..reports import achievements

MOST_A_MINUTE = 5
"""How many applications are taken of one learner in a minute: ten large pictures are seconds of work."""
TYPED = ("statement", "links", "text")


# Not one transaction: the storage of pictures may be at another host.
@transaction.non_atomic_requests
@xframe_options_deny
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply for a badge; or, where that is done, see how it stands."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    template = BadgeTemplate.objects.select_related("organization").filter(pk=pk).first()
    mine = Application.objects.select_related("award").filter(template=pk, learner=request.user.pk).first()
    if template is None or (mine is None and applications.why_not_taking(template)):
        raise Http404(_("This badge takes no applications."))
    if request.method != "POST":
        return _page(request, template, mine)
    try:
        if "withdraw" in request.POST:
            _withdraw(request, mine)
        else:
            _submit(request, template)
    except applications.ApplicationError as refusal:
        return _page(request, template, mine, problem=refusal.sentence)
    return HttpResponseRedirect(reverse("credly_badges:apply", args=[pk]))


def _withdraw(request: HttpRequest, mine: Application | None) -> None:
    if mine is None:
        raise Http404(_("There is no such application."))
    applications.withdraw(mine, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("You have withdrawn your application."))


def _submit(request: HttpRequest, template: BadgeTemplate) -> None:
    learner = lms.learner(request.user.pk or 0)
    if learner is None:
        raise Http404(_("There is no such page."))
    if counting.count(f"submit:page:{learner.id}") > MOST_A_MINUTE:
        raise applications.InTheWay(_("That was sent very often in a short time. Wait a minute, then send it again."))
    applications.submit(
        template,
        learner=learner,
        statement=_typed(request, "statement"),
        evidence=_evidence(request),
        by=request.user,  # type: ignore[arg-type]
    )
    messages.success(request, _("Your application was sent. You can follow it on this page."))


def _evidence(request: HttpRequest) -> list[Any]:
    """What the form holds, piece by piece. Raises Unfit."""
    links = [each.strip() for each in _typed(request, "links").splitlines() if each.strip()]
    text = _typed(request, "text").strip()
    files = request.FILES.getlist("pictures")
    if len(links) + bool(text) + len(files) > applications.MOST_EVIDENCE:
        said = _("At most %(most)d links, texts and pictures are taken. Leave out some.")
        raise applications.Unfit(said % {"most": applications.MOST_EVIDENCE}, field="evidence")
    pictures = [applications.Picture(applications.read_picture(each)) for each in files]
    return [*map(applications.Link, links), *([applications.Text(text)] if text else []), *pictures]


def _typed(request: HttpRequest, name: str) -> str:
    return str(request.POST.get(name, "")).replace("\0", "").replace("\r\n", "\n")


def _page(
    request: HttpRequest, template: BadgeTemplate, mine: Application | None, *, problem: str = ""
) -> HttpResponse:
    form = applications.form_of(template)
    is_public = achievements.find(slugs.of(template.organization), slugs.of(template)) is not None
    state = Application.State
    takes = not applications.why_not_taking(template)
    context = {
        "title": _("Apply for “%(badge)s”") % {"badge": template.name},
        "template": template,
        "picture": achievements.web(template.image_url),
        "about": slugs.public_path(template) if is_public else "",
        "form": form,
        "criteria": form.criteria.all() if form.pk else (),
        "mine": mine,
        "evidence": mine.evidence.all() if mine else (),
        "asks": takes and (mine is None or mine.state in {state.DENIED, state.WITHDRAWN}),
        "typed": {name: _typed(request, name) for name in TYPED},
        "problem": problem,
        "chose": bool(request.FILES),
        "largest": conf.evidence_max_bytes(),
        "kinds": "image/png,image/jpeg,image/webp,image/gif",
        "most": applications.MOST_EVIDENCE,
    }
    return render(request, "credly_badges/apply.html", context)
