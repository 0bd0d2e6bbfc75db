"""What is recorded here about the badges of one page, read in the same few queries whatever is on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from .. import lms
from ..credly import wire
from ..models import (
    BadgeAward,
    BadgeTemplate,
    BadgeVersion,
    EarnerIdentifier,
    OutboxMessage,
    ReconcileDifference,
    ReconcileRun,
)
from .causes import Cause

NEEDED = (
    *("template", "live", "occasion", "state", "credly_id", "expires_at", "is_public", "modified"),
    *("badge_url", "accept_url", "image_url", "revocation_reason", "credly_updated_at", "revoked_at"),
    *("learner__email", "learner__is_active"),
)


@dataclass(frozen=True)
class Known:
    """Awards and earlier versions by the badges' IDs at Credly, and whose the other badges are.

    ``suspected`` are learners of whom this run has found a badge that is not recorded here.
    """

    awards: Mapping[UUID, Any]
    versions: Collection[UUID]
    owners: Mapping[UUID, int]
    owners_awards: Mapping[int, list[Any]]
    suspected: set[int]


def of_page(run: ReconcileRun, template: BadgeTemplate, badges: Collection[wire.Badge], ids: Collection[UUID]) -> Known:
    """What is known of these badges, and of ``ids`` that could not be read."""
    ids = {*ids, *(badge.id for badge in badges)}
    found: dict[Any, Any] = {award.credly_id: award for award in awards().filter(credly_id__in=ids)}
    versions = set(BadgeVersion.objects.filter(credly_id__in=ids).values_list("credly_id", flat=True))
    others = [badge for badge in badges if badge.id not in found and badge.id not in versions]
    owners = _owners(others)
    learners = set(owners.values())
    owners_awards: dict[Any, list[Any]] = {}
    if learners:
        for award in awards().filter(template=template, learner__in=learners).order_by("pk"):
            owners_awards.setdefault(award.learner_id, []).append(award)
    return Known(found, versions, owners, owners_awards, suspected(run, template, learners))


def awards() -> QuerySet[Any]:
    """Awards with what a comparison reads, and whether there is an order to Credly, under way or dead."""
    orders = OutboxMessage.objects.filter(award=OuterRef("pk"), open=True)
    rows = BadgeAward.objects.select_related("learner").only(*NEEDED)
    return rows.annotate(is_ordered=Exists(orders), under_way=Exists(orders.exclude(state=OutboxMessage.State.DEAD)))


def is_left_out(award: Any, since: datetime) -> bool:
    """Whether an award is in motion: changed a moment ago, or with an order to Credly that is not done."""
    return bool(award.under_way or award.modified > since)


def _owners(badges: Iterable[wire.Badge]) -> dict[UUID, int]:
    """Whose the badges are, by the earner ID, else by the address: that of one active account, and no other."""
    badges = list(badges)
    earners = {badge.id: earner for badge in badges if (earner := _earner_id(badge)) is not None}
    ours = dict(EarnerIdentifier.objects.filter(value__in=set(earners.values())).values_list("value", "learner_id"))
    owners = {badge_id: ours[earner] for badge_id, earner in earners.items() if earner in ours}
    # An earner ID that is not ours was given by another system; the person may be a learner of this LMS all the same.
    left = {badge.id: badge.recipient_email.strip() for badge in badges if badge.id not in owners}
    people = lms.find_learners(left.values()) if left else {}
    return {**owners, **dict(_by_address(left, people))}


def _by_address(left: Mapping[UUID, str], people: Mapping[str, lms.Learner | None]) -> Iterator[tuple[UUID, int]]:
    for badge_id, address in left.items():
        person = people[address]
        # Whoever has not confirmed an address may have typed somebody else's.
        if person is not None and person.is_active and person.email.casefold() == address.casefold():
            yield badge_id, person.id


def _earner_id(badge: wire.Badge) -> UUID | None:
    try:
        return UUID(badge.issuer_earner_id or "")
    except ValueError:
        return None  # None of ours looks like that.


def suspected(run: ReconcileRun, template: BadgeTemplate, learners: Collection[int]) -> set[int]:
    """Those of these learners of whom this run has found a badge that is not recorded here, and is not mended."""
    if not learners:
        return set()
    found = ReconcileDifference.objects.filter(
        run=run, cause=Cause.UNKNOWN_HERE, template=template, learner__in=learners
    ).exclude(fix=ReconcileDifference.Fix.FIXED)
    return {learner_id for learner_id in found.values_list("learner_id", flat=True) if learner_id is not None}
