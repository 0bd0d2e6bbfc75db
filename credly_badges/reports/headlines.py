"""The one sentence that says whether a learner has a badge, and if not, what is in the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from ..models import BadgeAward, OutboxMessage
from .known import Known
from .way import Way, arrives_on

State = BadgeAward.State


class Headline(NamedTuple):
    """A sentence about a learner, and the same to the learner."""

    about: Any
    to: Any


NOT_BEGUN = Headline(
    _("%(who)s does not have the badge “%(badge)s”: nothing that it asks for is met."),
    _("You do not have the badge “%(badge)s” yet: nothing that it asks for is done."),
)
ON_THE_WAY = Headline(
    _("%(who)s does not have the badge “%(badge)s” yet: %(percent)d %% of it is done."),
    _("You do not have the badge “%(badge)s” yet: %(percent)d %% of it is done."),
)
NO_REQUIREMENTS = Headline(
    _("%(who)s does not have the badge “%(badge)s”: it has no requirements, so nobody can earn it."),
    _("You do not have the badge “%(badge)s”: it cannot be earned at the moment."),
)
COMPLETE = Headline(
    _("%(who)s meets all requirements of the badge “%(badge)s”, and was not awarded it."),
    _("You have met all requirements of the badge “%(badge)s”. It has yet to be awarded."),
)
WITHHELD = Headline(
    _("%(who)s meets all requirements of the badge “%(badge)s”, and it is withheld: %(why)s"),
    _("You have met all requirements of the badge “%(badge)s”. It arrives later."),
)
DATED = Headline(WITHHELD.about, _("You have met all requirements of the badge “%(badge)s”. It arrives on %(day)s."))
LOST = Headline(
    _("%(who)s has the badge “%(badge)s” and no longer meets its requirements: somebody has to decide."),
    _("You have the badge “%(badge)s”, and no longer meet its requirements."),
)
STUCK = Headline(
    _("%(who)s earned the badge “%(badge)s”, and it could not be sent: somebody has to act."),
    _("You have earned the badge “%(badge)s”. It has yet to be sent."),
)
OF_AWARD: Mapping[str, Headline] = {
    State.QUEUED: Headline(
        _("%(who)s earned the badge “%(badge)s”, and it is on its way to Credly."),
        _("You have earned the badge “%(badge)s”. It is on its way."),
    ),
    State.OFFERED: Headline(
        _("%(who)s has the badge “%(badge)s”, and has yet to accept it at Credly."),
        _("You have the badge “%(badge)s”. Accept it at Credly."),
    ),
    State.ACCEPTED: Headline(
        _("%(who)s has the badge “%(badge)s”, and has accepted it at Credly."), _("You have the badge “%(badge)s”.")
    ),
    State.DECLINED: Headline(
        _("%(who)s was offered the badge “%(badge)s”, and declined it at Credly."),
        _("You were offered the badge “%(badge)s”, and declined it."),
    ),
    State.REVOKED: Headline(
        _("%(who)s had the badge “%(badge)s”; it was revoked."), _("You had the badge “%(badge)s”; it was revoked.")
    ),
    State.DELETED: Headline(
        _("%(who)s had the badge “%(badge)s”; it was deleted at Credly."),
        _("You had the badge “%(badge)s”; it was deleted at Credly."),
    ),
    State.FAILED: STUCK,
}


def headline(known: Known, way: Way, name: str) -> str:
    """The sentence; about ``name``, or where that is empty, to the learner."""
    chosen = _chosen(known, way)
    words = {
        "who": name,
        "badge": known.template.name,
        "percent": known.standing.percent,
        "why": known.progress.withheld if known.progress else "",
        "day": arrives_on(known.progress) if known.progress else "",
    }
    return str(chosen.about if name else chosen.to) % words


def _chosen(known: Known, way: Way) -> Headline:
    if way.live is not None:
        return _of_award(way.live, way)
    if known.standing.completed_at is not None and known.progress and known.progress.withheld:
        return DATED if arrives_on(known.progress) else WITHHELD
    if way.awards:
        return OF_AWARD[way.awards[0].state]
    if known.standing.completed_at is not None:
        return COMPLETE
    if not known.standing.groups:
        return NO_REQUIREMENTS
    return ON_THE_WAY if known.standing.percent else NOT_BEGUN


def _of_award(award: BadgeAward, way: Way) -> Headline:
    if any(each.open and each.award_id == award.pk for each in way.regressions):
        return LOST
    dead = (each for each in way.messages if each.state == OutboxMessage.State.DEAD)
    if award.state == State.QUEUED and any(each.open and each.award_id == award.pk for each in dead):
        return STUCK
    return OF_AWARD[award.state]
