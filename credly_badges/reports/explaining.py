"""Why a learner has a badge, or not yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf
from ..models import BadgeTemplate
from . import headlines, judgment, known, way
from .answer import GroupWhy, Occurrence, RequirementWhy, Status, Why
from .known import Known
from .moments import moment

FOR_STAFF = (Status.ELSEWHERE, Status.NOT_HEARD, Status.WOULD_COUNT)
"""What only those can make use of who look after the badge."""


def why(learner_id: int, template: BadgeTemplate, *, for_learner: bool = False) -> Why:
    """Why somebody has a badge or does not: each requirement with what was seen, and the way after all are met.

    It tells what was decided, from the rows and by the rules that decide, and changes nothing. In the language and
    the time zone that are active. ``for_learner`` leaves out what only the staff can make use of. The same number of
    queries however much there is to tell.
    """
    mine = known.read(learner_id, template)
    found = judgment.found_of(mine)
    on_its_way = way.read(mine)
    groups, penalties = judgment.groups(mine, found), judgment.penalties(mine, found)
    answer = Why(
        learner_id=learner_id,
        template=template.name,
        template_id=str(template.uuid),
        headline=headlines.headline(mine, on_its_way, "" if for_learner else _username(learner_id)),
        complete=mine.standing.completed_at is not None,
        completed_at=mine.standing.completed_at,
        percent=mine.standing.percent,
        version=mine.version,
        is_current_version=mine.version == template.version,
        groups=groups,
        penalties=penalties,
        path=way.steps(mine, on_its_way, for_learner=for_learner),
        hints=() if for_learner else tuple(_hints(mine, groups)),
    )
    return _without_technical_words(answer) if for_learner else answer


def _username(learner_id: int) -> str:
    names = get_user_model().objects.filter(pk=learner_id).values_list("username", flat=True)
    return str(names.first() or learner_id)


def _hints(mine: Known, groups: tuple[GroupWhy, ...]) -> Iterator[str]:
    """What else those should know who look after the badge."""
    template = mine.template
    if not template.is_listening:
        yield _("The badge is not active (%(status)s), so what learners do is not held against it.") % {
            "status": template.get_status_display()
        }
    elif template.status == BadgeTemplate.Status.PAUSED:
        yield _("The badge is paused: what learners do is kept, and counts once it is resumed.")
    if template.credly_state != BadgeTemplate.CredlyState.ACTIVE:
        yield _("At Credly the badge template is %(state)s, so nothing is heard for it and nothing is awarded.") % {
            "state": template.get_credly_state_display()
        }
    if mine.version != template.version:
        words = {"version": mine.version, "current": template.version}
        yield (
            _("The learner is judged by version %(version)d of the requirements; the current one is %(current)d.")
            % words
        )
    if mine.past is None:
        yield _("The LMS could not be asked what it knows of the learner. The log says why.")
    requirements = [each for group in groups for each in group.requirements if not each.met]
    if any(not each.occurrences for each in requirements):
        yield from _why_silent(template)
    stored = mine.progress
    if stored and (stored.completed_at is None) != (mine.standing.completed_at is None):
        yield _("The stored progress says %(percent)d %%, which is not what follows from what was decided.") % {
            "percent": stored.percent
        }


def _why_silent(template: BadgeTemplate) -> Iterator[str]:
    if template.is_listening and template.activation_changed_at:
        words = {"moment": moment(template.activation_changed_at), "status": template.get_status_display()}
        yield (
            _("The badge has been “%(status)s” since %(moment)s. What happened before it listened was not heard.")
            % words
        )
    if kept := conf.kept_events():
        yield ngettext(
            "Events that decide nothing are removed after %(days)d day, so something older may have been heard.",
            "Events that decide nothing are removed after %(days)d days, so something older may have been heard.",
            kept.days,
        ) % {"days": kept.days}


def _without_technical_words(answer: Why) -> Why:
    return replace(
        answer,
        groups=tuple(
            replace(group, requirements=tuple(map(_for_learner, group.requirements))) for group in answer.groups
        ),
        penalties=tuple(_for_learner(each) for each in answer.penalties if each.met),
    )


def _for_learner(requirement: RequirementWhy) -> RequirementWhy:
    found = [each for each in requirement.occurrences if each.status not in FOR_STAFF]
    said = requirement.said if requirement.met or found else _("Not done yet.")
    return replace(requirement, said=said, occurrences=tuple(map(_plain, found)))


def _plain(occurrence: Occurrence) -> Occurrence:
    return replace(
        occurrence, event="", rules=tuple(replace(rule, path="", about="", seen=None) for rule in occurrence.rules)
    )
