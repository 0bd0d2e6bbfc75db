"""Finding a learner's badge at Credly, and telling it from those that belong to other awards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ..credly import errors, wire
from ..credly.client import Client
from ..models import BadgeAward, BadgeVersion
from .mirror import REVOKED

LONGEST_CHAIN = 20
"""How many replacements one after the other are followed."""


@dataclass(frozen=True)
class Found:
    """What Credly has of a template for a learner, as far as it concerns one award.

    ``badge`` is the standing one that no other award of ours accounts for. ``taken`` are those that one does, and
    ``ended`` says that there are some that do not stand any more.
    """

    badge: wire.Badge | None = None
    taken: tuple[UUID, ...] = ()
    ended: bool = False

    def __bool__(self) -> bool:
        """Whether Credly has anything."""
        return bool(self.badge or self.taken or self.ended)


def look(client: Client, award: BadgeAward, earner_id: str = "", *, email: str = "") -> Found:
    """Look for an award's badge by the learner's earner ID, by an address, or by both."""
    badges = client.find_badges(template_id=award.template.uuid, issuer_earner_id=earner_id, email=email)
    standing = [badge for badge in badges if badge.state != REVOKED and badge.replacement_badge_id is None]
    if not standing:
        return Found(ended=bool(badges))
    ids = [badge.id for badge in standing]
    taken = {
        *BadgeAward.objects.filter(credly_id__in=ids).exclude(pk=award.pk).values_list("credly_id", flat=True),
        *BadgeVersion.objects.filter(credly_id__in=ids).values_list("credly_id", flat=True),
    }
    free = [badge for badge in standing if badge.id not in taken]
    own = [badge for badge in free if issued_at_the_same_time(badge, award.earned_at)]
    if award.occasion:
        free = own  # Who may hold several has one of each occasion: another day's is another badge.
    return Found(
        badge=next(iter([*own, *free]), None),
        taken=tuple(each for each in taken if each is not None),
        ended=len(badges) > len(standing),
    )


def current(client: Client, badge: wire.Badge) -> wire.Badge:
    """The badge that stands at the end of a chain of replacements; a badge that was not replaced itself."""
    seen = {badge.id}
    while badge.replacement_badge_id is not None:
        if badge.replacement_badge_id in seen or len(seen) > LONGEST_CHAIN:
            raise errors.Refused("At Credly this badge and others stand in each other's place.")
        badge = client.badge(badge.replacement_badge_id)
        seen.add(badge.id)
    return badge


def issued_at_the_same_time(badge: wire.Badge, moment: datetime) -> bool:
    """Whether a badge has that issue date. Credly keeps it to the second."""
    return badge.issued_at is not None and badge.issued_at.replace(microsecond=0) == moment.replace(microsecond=0)
