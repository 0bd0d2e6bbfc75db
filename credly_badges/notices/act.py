"""What an event that Credly has confirmed means here: the award or the template that it is about is brought along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from ..credly import wire
from ..credly.client import Client
from ..credly.errors import NotFound
from ..issuing import mirror
from ..models import CredlyNotice, CredlyOrganization
from ..sync import single
from . import hint

State = CredlyNotice.State
MOST_REPLACEMENTS = 5
"""How many replacements of one badge are followed at a time; whoever goes round in a circle stops here."""


@dataclass(frozen=True)
class Outcome:
    """What came of a notice, and why in a sentence that names nobody."""

    state: CredlyNotice.State
    sentence: str


def act(event: wire.Event, organization: CredlyOrganization, client: Client) -> Outcome:
    """Do what a confirmed event asks for. Raises CredlyError where Credly has to be asked more, and cannot be.

    Doing it twice does no more than doing it once, and an older event does nothing to what a newer one has done.
    """
    action = _ACTIONS.get(event.type)
    if action is None:
        return Outcome(State.IGNORED, _("Events of this type lead to nothing here."))
    if event.fault:
        return Outcome(State.FAILED, _("What Credly says of it cannot be read: %(fault)s") % {"fault": event.fault})
    if event.subject_id is None:
        return Outcome(
            State.IGNORED, _("Credly does not say what it is about. The next sync, or reconciliation, finds it.")
        )
    return action(event, event.subject_id, organization, client)


def _badge_changed(event: wire.Event, badge_id: UUID, organization: CredlyOrganization, client: Client) -> Outcome:
    if event.badge is not None:
        return _follow(event.badge, event.occurred_at, organization, client)
    return _look(badge_id, organization, client)


def _badge_deleted(event: wire.Event, badge_id: UUID, organization: CredlyOrganization, _client: Client) -> Outcome:
    return _followed(mirror.deleted(badge_id, as_of=event.occurred_at, organization=organization))


def _look(badge_id: UUID, organization: CredlyOrganization, client: Client) -> Outcome:
    """Follow a badge as it is at this moment."""
    as_of = timezone.now()
    try:
        badge = client.badge(badge_id)
    except NotFound:
        return _followed(mirror.deleted(badge_id, as_of=as_of, organization=organization))
    return _follow(badge, as_of, organization, client)


def _follow(badge: wire.Badge, as_of: datetime, organization: CredlyOrganization, client: Client) -> Outcome:
    followed = mirror.follow(badge, as_of=as_of, organization=organization)
    first = followed
    for _number in range(MOST_REPLACEMENTS):
        successor = _successor(followed, badge)
        if successor is None:
            break
        as_of = timezone.now()
        try:
            badge = client.badge(successor)
        except NotFound:
            followed = mirror.deleted(successor, as_of=as_of, organization=organization)
        else:
            followed = mirror.follow(badge, as_of=as_of, organization=organization)
    sentence = first.sentence if first is followed else f"{first.sentence} {followed.sentence}"
    return Outcome(State.DONE if first.award else State.IGNORED, sentence)


def _successor(followed: mirror.Followed, badge: wire.Badge) -> UUID | None:
    """The badge that is to be looked at as well, also where an earlier try came no further than to learn of it."""
    award = followed.award
    if followed.fetch is not None or award is None or award.credly_updated_at is not None:
        return followed.fetch
    return badge.replacement_badge_id if badge.replacement_badge_id == award.credly_id else None


def _followed(followed: mirror.Followed) -> Outcome:
    return Outcome(State.DONE if followed.award else State.IGNORED, followed.sentence)


def _template_changed(
    event: wire.Event, template_id: UUID, organization: CredlyOrganization, client: Client
) -> Outcome:
    # An event may hold its subject as it was: one that is not here, or gone, is only taken if Credly has it now.
    if event.template is None or not single.is_here(organization, template_id):
        return _look_for_template(template_id, event.occurred_at, organization, client)
    taken = single.take_over(organization, event.template, as_of=event.occurred_at, is_present=False)
    if taken.undecided:
        return _look_for_template(template_id, event.occurred_at, organization, client)
    return _taken(taken)


def _template_deleted(
    event: wire.Event, template_id: UUID, organization: CredlyOrganization, client: Client
) -> Outcome:
    return _look_for_template(template_id, event.occurred_at, organization, client)


def _look_for_template(
    template_id: UUID, occurred_at: datetime, organization: CredlyOrganization, client: Client
) -> Outcome:
    """A template that learners can earn is only given up when Credly says that it has no such template."""
    as_of = timezone.now()
    try:
        template = client.template(template_id)
    except NotFound:
        return _taken(single.gone(organization, template_id, as_of=occurred_at))
    return _taken(single.take_over(organization, template, as_of=as_of))


def _taken(taken: single.Taken) -> Outcome:
    return Outcome(State.DONE if taken.template else State.IGNORED, taken.sentence)


_Action = Callable[[wire.Event, UUID, CredlyOrganization, Client], Outcome]
_ACTIONS: dict[str, _Action] = {
    **dict.fromkeys(hint.BADGE_CHANGES, _badge_changed),
    hint.BADGE_DELETED: _badge_deleted,
    **dict.fromkeys(hint.TEMPLATE_CHANGES, _template_changed),
    hint.TEMPLATE_DELETED: _template_deleted,
}
