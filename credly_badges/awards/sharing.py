"""A learner lets anybody see a badge of theirs on a page of this site, or nobody any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, conf
from ..models import BadgeAward

SHAREABLE = (BadgeAward.State.OFFERED, BadgeAward.State.ACCEPTED)


class NotShareable(Exception):
    """The badge cannot be shared; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@transaction.atomic
def share(award: BadgeAward, *, shared: bool | None, shows_name: bool | None, by: Any) -> BadgeAward:
    """Do as the learner wishes; None leaves it as it is. Whoever stops sharing is not named either, next time.

    Raises NotShareable for what is begun. To stop is always possible.
    """
    award = BadgeAward.objects.select_for_update().select_related("template__organization").get(pk=award.pk)
    before = _facts(award)
    is_shared = award.shared_at is not None if shared is None else shared
    if shows_name and not is_shared:
        raise NotShareable(_("Your name is shown where the badge is shared. Share the badge, too."))
    if is_shared and award.shared_at is None:
        _check(award)
    award.shared_at = _since(award, is_shared)
    award.shows_name = is_shared and (award.shows_name if shows_name is None else shows_name)
    if (after := _facts(award)) != before:
        award.save(update_fields=["shared_at", "shows_name", "modified"])
        audit.record("award.shared" if is_shared else "award.unshared", award, actor=by, before=before, after=after)
    return award


def is_shown(award: BadgeAward) -> bool:
    """Whether anybody may see it: its learner chose so, and is still here."""
    return conf.public_pages() and award.shared_at is not None and award.learner_id is not None


def _check(award: BadgeAward) -> None:
    if not conf.public_pages():
        raise NotShareable(_("This site has no public pages of badges. Share the badge at Credly instead."))
    if award.state not in SHAREABLE or not award.live:
        said = _("Only a badge that you hold can be shared. This one is: %(state)s.")
        raise NotShareable(said % {"state": award.get_state_display()})


def _since(award: BadgeAward, is_shared: bool) -> datetime | None:
    return (award.shared_at or timezone.now()) if is_shared else None


def _facts(award: BadgeAward) -> dict[str, bool]:
    return {"shared": award.shared_at is not None, "shows_name": award.shows_name}
