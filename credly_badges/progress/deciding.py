"""The event by which a badge was earned."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Case, F, Value, When

from ..models import BadgeProgress, Fulfillment, ReceivedEvent, RequirementGroup


def scopes(progress: BadgeProgress, earned_at: datetime) -> Collection[str]:
    """The place of the event by which the badge was earned, by which it is judged whether it is available."""
    decisive = _fulfillment(progress, earned_at)
    if decisive is None:
        return ()
    stored = _event_of(progress, decisive)
    return stored.scopes if stored else (decisive.subject, *decisive.requirement.places)


def event(progress: BadgeProgress, earned_at: datetime) -> ReceivedEvent | None:
    """The event by which the badge was earned, as long as it is kept."""
    decisive = _fulfillment(progress, earned_at)
    return _event_of(progress, decisive) if decisive else None


def _fulfillment(progress: BadgeProgress, earned_at: datetime) -> Fulfillment | None:
    met = progress.fulfillments.filter(holds=True, requirement__group__version=F("progress__version"))
    earning = met.exclude(requirement__group__needs=RequirementGroup.Needs.UNDO).select_related("requirement")
    first = Case(When(decided_at=earned_at, then=Value(0)), default=Value(1))
    return earning.order_by(first, "-decided_at").first()


def _event_of(progress: BadgeProgress, decisive: Fulfillment) -> ReceivedEvent | None:
    return ReceivedEvent.objects.filter(
        learner=progress.learner_id, kind=decisive.requirement.event_type, subject=decisive.subject
    ).first()
