"""The page of an award whose learner shares it: what was awarded, and whether it still holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import lms, slugs
from ..awards import sharing
from ..models import BadgeAward, BadgeTemplate
from ..reports import achievements
from . import public

State = BadgeAward.State

HOLDS, ENDED = "holds", "ended"
STANDINGS = {
    State.OFFERED: (HOLDS, gettext_lazy("This badge is valid. It was issued, and has yet to be accepted at Credly.")),
    State.ACCEPTED: (HOLDS, gettext_lazy("This badge is valid.")),
    State.QUEUED: (ENDED, gettext_lazy("Not issued yet. It is on its way to Credly.")),
    State.DECLINED: (ENDED, gettext_lazy("Declined. The person whom it was issued to did not accept it.")),
    State.REVOKED: (ENDED, gettext_lazy("Revoked. It is no longer valid.")),
    State.DELETED: (ENDED, gettext_lazy("Deleted at Credly. It is no longer valid.")),
    State.FAILED: (ENDED, gettext_lazy("Not issued.")),
}
EXPIRED = gettext_lazy("Expired. It is no longer valid.")


@dataclass(frozen=True)
class Standing:
    """Whether an award holds, in a sentence; ``mark`` is for the color of it alone."""

    mark: str
    sentence: str


@never_cache
@require_safe
def award(request: HttpRequest, award_id: UUID) -> HttpResponse:
    """An award. One that nobody shares is answered like one that does not exist."""
    found = BadgeAward.objects.select_related("template__organization").filter(uuid=award_id).first()
    if found is None or not sharing.is_shown(found):
        return public.missing(request)
    template = found.template
    standing = standing_of(found, timezone.now())
    site = public.site_of(request)
    context = {
        **public.of_badge(template),
        "title": template.name,
        # What is read of it elsewhere never names the learner, who may stop sharing it.
        "summary": f"{template.organization}: {standing.sentence}",
        "page_url": site + slugs.award_path(found),
        "badge_page": slugs.public_path(template) if _has_page(template) else "",
        "award": found,
        "picture": achievements.web(found.image_url) or achievements.web(template.image_url),
        "standing": standing,
        "mark": "" if achievements.is_sandbox(template) and standing.mark == HOLDS else standing.mark,
        "name": name_of(found) if found.shows_name else "",
        "at_credly": achievements.web(found.badge_url) if found.is_public else "",
    }
    return public.show(request, "shared_award.html", context)


def standing_of(award: BadgeAward, now: datetime) -> Standing:
    """Whether an award holds."""
    mark, sentence = STANDINGS[State(award.state)]
    if mark == HOLDS and award.expires_at is not None and award.expires_at <= now:
        mark, sentence = ENDED, EXPIRED
    return Standing(mark, str(sentence))


def name_of(award: BadgeAward) -> str:
    """The name that is on the badge; empty where the learner has none, or is being retired."""
    if award.learner_id is None or not lms.present([award.learner_id]):
        return ""
    learner = lms.learner(award.learner_id)
    if learner is None:
        return ""
    try:
        first, middle, last = lms.name_of(learner)
    except lms.NoName:
        return ""
    return " ".join(part for part in (first, middle, last) if part and part != lms.NO_LAST_NAME)


def _has_page(template: BadgeTemplate) -> bool:
    return achievements.find(slugs.of(template.organization), slugs.of(template)) == template
