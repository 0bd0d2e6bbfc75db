"""What the requirements page tells besides its fields: which places those are, what is wrong, what saving did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import lint, lms, versions
from ..availability import is_program
from ..events.catalogue import ScopeKind
from ..models import BadgeTemplate
from ..reports import titles_of_scopes
from ..requirements import ChangedMeanwhile, GroupSpec, NotSaved, OutsideAvailability, WouldStopAnActiveBadge
from .requirement_draft import Draft
from .requirement_form import RequirementForm


@dataclass(frozen=True)
class Refusal:
    """Why nothing was saved. ``despite`` are the codes with which it would be, if all of it can be meant."""

    sentences: tuple[str, ...]
    despite: tuple[str, ...] = ()


def refusal(fault: NotSaved) -> Refusal:
    """What to say of requirements that were not saved."""
    if isinstance(fault, ChangedMeanwhile):
        return Refusal(
            (
                _(
                    "Somebody else changed these requirements after you opened this page, so nothing was saved. What "
                    "you typed is still below: copy what you need, then open the page again."
                ),
            )
        )
    if isinstance(fault, OutsideAvailability):
        return Refusal((_("The badge may not be asked for there, so nothing was saved."), *fault.reasons))
    if isinstance(fault, WouldStopAnActiveBadge):
        return _would_stop(fault)
    return Refusal((_("Nothing was saved."), *fault.reasons))


def _would_stop(fault: WouldStopAnActiveBadge) -> Refusal:
    faults = fault.faults
    if all(each.can_be_meant for each in faults):
        return Refusal(
            (
                _("Learners are earning this badge, so nothing was saved before you say that it is meant like this:"),
                *fault.reasons,
            ),
            tuple(dict.fromkeys(each.code for each in faults)),
        )
    return Refusal(
        (
            _(
                "Learners are earning this badge, and saved like this nobody could. Mend it, or deactivate the badge "
                "first."
            ),
            *fault.reasons,
        )
    )


def makes_a_version(template: BadgeTemplate) -> bool:
    """Whether saving leaves the present requirements as they are, and makes others beside them."""
    return template.is_listening or versions.is_sealed(template) or template.progress.exists()


def saved(template: BadgeTemplate) -> str:
    """What saving did."""
    if template.version == 1:
        return _("The requirements of “%(template)s” were saved.") % {"template": template}
    return _("The requirements of “%(template)s” were saved as version %(version)d.") % {
        "template": template,
        "version": template.version,
    }


def unknown_courses(groups: Iterable[GroupSpec]) -> Iterator[str]:
    """A sentence for each course run that the LMS does not have."""
    places = [place for group in groups for each in group.requirements for place in each.places]
    runs = [place for place in dict.fromkeys(places) if lms.is_course_run(place)]
    titles = titles_of_scopes(runs)
    for run in runs:
        if run not in titles:
            yield _(
                "This LMS has no course “%(key)s” so far. If that is a typing mistake, nobody can meet the requirement."
            ) % {"key": run}


def show_faults(draft: Draft) -> None:
    """Put what the lint finds in the stored requirements beside the parts that it is about, or above all."""
    if draft.is_blank:
        return
    parts: dict[str, Any] = {}
    for group in draft.groups:
        parts[group.lasting] = group
        parts |= {each.lasting: each for each in group.requirements}
    for fault in lint.faults(draft.template):
        place = parts.get(fault.requirement_key) or parts.get(fault.group_key)
        (place.faults if place else draft.faults).append(fault)


def name_places(draft: Draft) -> None:
    """Say beside each place which course, program or badge it is. A question or two, however many places."""
    forms = [requirement.form for requirement in draft.requirements if requirement.is_open]
    places = {place for form in forms for place in form.places}
    titles = titles_of_scopes(places)
    programs = lms.runs_of_programs({place for place in places if is_program(place)})
    for form in forms:
        found = [(place, _about(form, place, titles, programs)) for place in form.places]
        known = [(place, words) for place, words in found if words]
        alone = len(found) == 1
        form.place_notes = tuple(
            words if alone else _("%(place)s: %(words)s") % {"place": place, "words": words} for place, words in known
        )


def _about(form: RequirementForm, place: str, titles: dict[str, str], programs: dict[str, frozenset[str]]) -> str:
    kind = form.event.scope_kind if form.event else None
    if kind is not ScopeKind.BADGE and is_program(place):
        return _about_program(titles.get(place, ""), programs.get(place))
    if place in titles:
        return titles[place]
    if kind is ScopeKind.BADGE:
        return _("This site has no badge with this ID, so far.")
    return _("This LMS has no course with this key, so far.") if lms.is_course_run(place) else ""


def _about_program(title: str, runs: frozenset[str] | None) -> str:
    if runs is None:
        return _("This LMS knows no program with this ID, so far.")
    words = {"count": len(runs), "title": title}
    if title:
        return ngettext("%(title)s: %(count)d course run.", "%(title)s: %(count)d course runs.", len(runs)) % words
    return ngettext("A program with %(count)d course run.", "A program with %(count)d course runs.", len(runs)) % words
