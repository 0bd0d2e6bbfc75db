"""A page on which a visitor plays what is outside: the LMS that says who passes, and Credly that has a bad day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from credly_badges.admin.award_life import is_expired
from credly_badges.models import BadgeAward, BadgeProgress, BadgeTemplate, CredlyOrganization, OutboxMessage
from demo.cast import COURSES, FIRST_AID, present, tell_grade, tell_passing
from demo.credly import another_organization, organization, simulator


class PassingForm(forms.Form):
    """Who passes or fails what, and with which grade if there is one."""

    learner = forms.ChoiceField(choices=lambda: [(person.username, person.name) for person in present()])
    course = forms.ChoiceField(choices=[(course.key, course.title) for course in COURSES])
    grade = forms.IntegerField(min_value=0, max_value=100, required=False, initial=90)
    outcome = forms.ChoiceField(choices=[("passes", "passes"), ("fails", "fails")])


TIDIED = 2


@dataclass(frozen=True)
class Mood:
    """Something that may happen to Credly, and what to tell of it."""

    label: str
    happens: Callable[[], str]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where everything is, what to try, and how far each learner is."""
    context = {
        "form": PassingForm(),
        "organizations": CredlyOrganization.objects.all(),
        "moods": MOODS,
        "credly": simulator().origin,
        "course": FIRST_AID,
        "course_badges": reverse("credly_badges:course_badges", args=[FIRST_AID.key]),
        "faults": simulator().schedule.waiting(),
        "badges": _badges(),
        "rows": _rows(),
        "waiting": OutboxMessage.objects.filter(open=True).exclude(state=OutboxMessage.State.DEAD).count(),
        "dead": OutboxMessage.objects.filter(open=True, state=OutboxMessage.State.DEAD).count(),
        "at_credly": len(simulator().badges()),
    }
    return render(request, "demo/home.html", context)


@require_POST
def play_the_lms(request: HttpRequest) -> HttpResponse:
    """Send the signals that edx-platform sends when it has calculated a grade."""
    form = PassingForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a learner, a course and an outcome, and a grade from 0 to 100 or none.")
        return _back()
    chosen, at = form.cleaned_data, timezone.now()
    learner = get_user_model().objects.get(username=chosen["learner"])
    is_passing, grade = chosen["outcome"] == "passes", chosen["grade"]
    if grade is not None:
        tell_grade(learner, chosen["course"], at=at, percent=grade, is_passing=is_passing)
    tell_passing(learner, chosen["course"], at=at, is_passing=is_passing)
    words = {name: dict(form.fields[name].choices)[chosen[name]] for name in ("learner", "course")}  # type: ignore[attr-defined]
    how = "" if grade is None else f" with {grade} %"
    messages.success(request, f"The LMS said: {words['learner']} {chosen['outcome']} “{words['course']}”{how}.")
    return _back()


@require_POST
def play_credly(request: HttpRequest) -> HttpResponse:
    """Let something happen to Credly."""
    mood = MOODS.get(request.POST.get("mood", ""))
    if mood is None:
        messages.error(request, "Choose one of the buttons.")
    else:
        messages.success(request, mood.happens())
    return _back()


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("demo"))


def _away() -> str:
    simulator().before_acting("POST /badges", status=503, times=3)
    return "Credly answers 503 to the next three orders. Let somebody earn a badge, and watch it arrive all the same."


def _lose_an_answer() -> str:
    simulator().after_acting("POST /badges", lose_the_answer=True)
    return "Credly will make the next badge, and its answer will be lost. It is found again, and not made twice."


def _slow_down() -> str:
    simulator().before_acting("POST /badges", status=429, headers={"Retry-After": "10"})
    return "Credly will ask to wait for ten seconds. All badges of the organization wait that long."


def _down() -> str:
    simulator().before_acting("*", status=503, times=None)
    return (
        "Credly answers 503 to everything. Let a few learners earn a badge: after five failures nothing is sent any "
        "more, as the organization's page says. Then let Credly be well."
    )


def _tidy_up() -> str:
    """Act as somebody on Credly's own site, of whom no notice tells."""
    there, standing = organization(), [each for each in simulator().badges() if _can_be_revoked(each)]
    if len(standing) < TIDIED:
        return "There are too few badges at Credly. Let some learners earn one first."
    webhook_url = there.webhook_url
    simulator().set_webhook(there, None)
    revoked, deleted = standing[-1], standing[-2]
    simulator().revoke_badge(revoked["id"], "By mistake")
    simulator().delete_badge(deleted["id"])
    simulator().set_webhook(there, webhook_url)
    return (
        f"On Credly's site {_told(revoked)} was revoked and {_told(deleted)} deleted, and no notice was sent. The feed "
        "of events would tell within a quarter of an hour. Or press “Compare now” under Reconciliations in the admin."
    )


def _can_be_revoked(badge: dict[str, Any]) -> bool:
    return badge["state"] in ("pending", "accepted") and not badge["replacement_badge_id"]


def _told(badge: dict[str, Any]) -> str:
    return f"“{badge['badge_template']['name']}” of {badge['issued_to_first_name']} {badge['issued_to_last_name']}"


def _new_key() -> str:
    simulator().revoke_key(organization())
    key = simulator().new_key(organization())
    return (
        f"Credly no longer accepts the key that the LMS has. Let somebody earn a badge, then enter the new key on the "
        f"organization's page in the admin: {key}"
    )


def _another() -> str:
    there = another_organization()
    return (
        f"Credly has another organization, {there.name}, with a badge template. To connect it, add an organization in "
        f"the admin: its ID is {there.uuid}, its environment “simulator”, its API key {there.key}"
    )


def _well() -> str:
    simulator().clear_faults()
    return "Nothing goes wrong at Credly from here on. (An ended key stays ended.)"


MOODS = {
    "away": Mood("is away for three orders", _away),
    "down": Mood("is down for longer", _down),
    "lose": Mood("loses its next answer", _lose_an_answer),
    "slow": Mood("asks to slow down", _slow_down),
    "tidy": Mood("loses two badges unheard", _tidy_up),
    "key": Mood("ends the key and makes a new one", _new_key),
    "another": Mood("opens another organization", _another),
    "well": Mood("is well", _well),
}


def _badges() -> list[BadgeTemplate]:
    """The badges that can be earned, or that somebody was awarded."""
    return [
        badge for badge in BadgeTemplate.objects.prefetch_related("awards") if badge.is_active or badge.awards.all()
    ]


def _rows() -> list[dict[str, Any]]:
    """Each learner, and how they stand with each of the badges."""
    awards = {(each.learner_id, each.template_id): each for each in BadgeAward.objects.order_by("pk")}
    progress = {(each.learner_id, each.template_id): each.percent for each in BadgeProgress.objects.all()}
    users = {user.username: user for user in get_user_model().objects.all()}
    badges = _badges()
    rows = []
    for person in present():
        user = users[person.username]
        cells = []
        for badge in badges:
            award = awards.get((user.pk, badge.pk))
            cells.append(
                {
                    "award": award,
                    "words": award and _state(award),
                    "url": award and reverse("admin:credly_badges_badgeaward_change", args=(award.pk,)),
                    "percent": progress.get((user.pk, badge.pk), 0),
                }
            )
        rows.append({"person": person, "is_active": user.is_active, "cells": cells})
    return rows


def _state(award: BadgeAward) -> str:
    expired = award.live and is_expired(award)
    return f"{award.get_state_display()}, expired" if expired else award.get_state_display()
