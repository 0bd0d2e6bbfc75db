"""What the staff of a course do with a badge of theirs: move it, rehearse it, have it awarded for what was before."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.http import require_http_methods, require_safe

from .. import activation
from ..models import BadgeTemplate, HistoryRun
from ..reports import rehearsed
from . import offered, whose, wording
from .courses import somebody_at
from .whose import Person


@xframe_options_deny
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def deed(request: HttpRequest, course_key: str, pk: int, deed: str) -> HttpResponse:
    """Ask, then do it."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    person, course = somebody_at(request, course_key)
    if deed not in (*whose.DEEDS, *whose.READINGS):
        raise Http404(_("There is nothing of this name to do."))
    badge = _badge(person, pk)
    back = _list_url(person)
    if badge.say.refusal:
        messages.error(request, f"{badge.template}: {badge.say.refusal}")
        return HttpResponseRedirect(back)
    template = badge.template
    if not whose.may(person, template, deed, badge.say):
        said = _("“%(badge)s” is %(status)s, and you cannot do this with it.")
        messages.error(request, said % {"badge": template, "status": template.get_status_display()})
        return HttpResponseRedirect(back)
    if deed == whose.REHEARSE:
        return _rehearse(request, person, template)
    if deed == whose.BACKFILL:
        return _backfill(request, person, badge, course)
    return _move(request, person, badge, whose.destination(template, deed), course)


@never_cache
@require_safe
def run(request: HttpRequest, course_key: str, pk: int, number: int) -> HttpResponse:
    """How far a rehearsal or backfill has come, and what it found."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    person, _course = somebody_at(request, course_key)
    badge = _badge(person, pk)
    if not whose.may(person, badge.template, whose.REHEARSE, badge.say):
        raise Http404(_("There is no such reading."))
    its_run = get_object_or_404(HistoryRun, template=badge.template, pk=number)
    context = {
        "title": f"{badge.template}: {its_run.get_kind_display()}",
        "badge": badge,
        "run": its_run,
        "found": rehearsed.found(its_run),
        "course_key": str(person.here),
        "back": _list_url(person),
        "deeds": badge.deeds,
    }
    return render(request, "credly_badges/course_badge_run.html", context)


def _move(request: HttpRequest, person: Person, badge: offered.OfferedBadge, to: str, course: str) -> HttpResponse:
    question = activation.ask(badge.template, to, by=_who(request))
    may_backfill = whose.may(person, badge.template, whose.BACKFILL, badge.say)
    problems: list[str] = []
    if request.method == "POST":
        answer = activation.Answer(
            because=request.POST.get("because", "").strip(),
            despite=frozenset(request.POST.getlist("despite")),
            backfill=request.POST.get("backfill") == "yes" and may_backfill,
            replay=request.POST.get("replay") == "yes",
            seen=request.POST.get("seen", ""),
        )
        if question.kept and question.kept.events and "replay" not in request.POST:
            problems = [_("Say whether what was kept during the pause shall count.")]
        else:
            try:
                begun = activation.carry_out(question, answer, by=_who(request))
            except activation.CannotMove as refusal:
                problems = refusal.reasons
            else:
                messages.success(request, wording.DONE[to] % {"badge": badge.template})
                return HttpResponseRedirect(_run_url(person, begun) if begun else _list_url(person))
    context = {
        "title": _("%(move)s: “%(badge)s”") % {"move": question.label, "badge": badge.template},
        "course": course,
        "course_key": str(person.here),
        "badge": badge,
        "question": question,
        "problems": problems,
        "may_backfill": may_backfill,
        "shows_criteria": to in {*whose.RUNNING, BadgeTemplate.Status.REVIEW},
        "back": _list_url(person),
    }
    return render(request, "credly_badges/course_badge_turn.html", context)


def _rehearse(request: HttpRequest, person: Person, template: BadgeTemplate) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return _go_on(request, person, activation.past.rehearse(template, _who(request)))


def _go_on(request: HttpRequest, person: Person, begun: activation.past.Begun) -> HttpResponse:
    if begun.said:
        messages.add_message(request, messages.INFO if begun.run else messages.ERROR, begun.said)
    return HttpResponseRedirect(_run_url(person, begun.run) if begun.run else _list_url(person))


def _backfill(request: HttpRequest, person: Person, badge: offered.OfferedBadge, course: str) -> HttpResponse:
    template = badge.template
    newest = activation.rehearsed(template)
    why_not = activation.past.why_not_fill(template, newest)
    if request.method == "POST" and not why_not:
        return _go_on(request, person, activation.past.fill(template, _who(request)))
    context = {
        "title": _("Backfill “%(badge)s”") % {"badge": template},
        "course": course,
        "course_key": str(person.here),
        "badge": badge,
        "run": newest,
        "would_get": int(newest.counts.get("would_gain", 0)) if newest else 0,
        "why_not": why_not,
        "back": _list_url(person),
    }
    return render(request, "credly_badges/course_badge_backfill.html", context)


def _badge(person: Person, pk: int) -> offered.OfferedBadge:
    badge = offered.one_of_course(person, pk)
    if badge is None:
        raise Http404(_("This badge is not available to the course."))
    return badge


def _list_url(person: Person) -> str:
    return reverse("credly_badges:course_badges", args=[str(person.here)])


def _run_url(person: Person, its_run: HistoryRun) -> str:
    return reverse("credly_badges:course_badge_run", args=[str(person.here), its_run.template_id, its_run.pk])


def _who(request: HttpRequest) -> AbstractBaseUser:
    return cast("AbstractBaseUser", request.user)
