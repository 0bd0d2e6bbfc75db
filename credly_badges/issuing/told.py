"""What subscribers are told as an award changes its state."""

from __future__ import annotations

from .. import subscribers
from ..models import BadgeAward
from ..subscribers import Event

State = BadgeAward.State

ENDED = (State.REVOKED, State.DELETED)
HEARD_OF = (State.OFFERED, State.ACCEPTED, State.DECLINED)
"""States of a badge of which it was told that it is issued."""

BECAME = {
    State.OFFERED: Event.AWARD_ISSUED,
    State.ACCEPTED: Event.AWARD_ACCEPTED,
    State.DECLINED: Event.AWARD_DECLINED,
    State.REVOKED: Event.AWARD_REVOKED,
    State.DELETED: Event.AWARD_REVOKED,
    State.FAILED: Event.AWARD_FAILED,
}


def events(before: str, after: str) -> list[Event]:
    """What there is to tell of an award that was in one state and is in another. A badge is issued before it ends."""
    if after in (before, State.QUEUED) or (after in ENDED and before in ENDED):
        return []
    became = BECAME[State(after)]
    if after in HEARD_OF and before not in HEARD_OF:
        return list(dict.fromkeys([Event.AWARD_ISSUED, became]))
    return [] if became is Event.AWARD_ISSUED else [became]


def tell(award_id: int, template_id: int, *, before: str, after: str) -> None:
    """Tell those who subscribed, in the transaction that wrote it. One query where nobody did."""
    for event in events(before, after):
        subscribers.tell_of_award(event, award_id, template_id)


def tell_of_replacement(award_id: int, template_id: int) -> None:
    """Tell that Credly has issued another badge in the place of one."""
    subscribers.tell_of_award(Event.AWARD_ISSUED, award_id, template_id)
