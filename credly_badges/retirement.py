"""A learner leaves: what is kept of them here goes, and Credly is asked to delete their badges."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, OuterRef

from . import applications, audit, bulk, claims, conf, lms, subscribers
from .access import answers, leaving
from .issuing import erasing, outbox, stopping
from .models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    EarnerIdentifier,
    HistoryRun,
    OutboxMessage,
    ReceivedEvent,
    ReconcileDifference,
)

log = logging.getLogger(__name__)

Kind = OutboxMessage.Kind

AT_ONCE = 500


@dataclass(frozen=True)
class Forgotten:
    """How much of a learner was found: events and progress erased, awards, and how many Credly is asked to delete."""

    events: int
    progress: int
    awards: int
    asked_credly: int

    @property
    def anything(self) -> bool:
        """Whether there was anything."""
        return any((self.events, self.progress, self.awards))


def on_retirement(sender: Any, *, user: Any, **_told: Any) -> None:  # noqa: ARG001 (Django passes the sender by name)
    """Forget a user whom the LMS retires.

    The LMS sends USER_RETIRE_LMS_MISC, USER_RETIRE_LMS_CRITICAL or both, and sends them again where its pipeline was
    interrupted. What is raised here stops that pipeline, as it should: it is begun again, and nothing is forgotten
    about by half.
    """
    forget(user.pk)


def forget_again(limit: int = AT_ONCE) -> int:
    """Forget retired users of whom the LMS has told something since, such as a regrade of their course; how many.

    One who cannot be forgotten does not hold up the others, and is tried again the next time.
    """
    kept = [table.objects.filter(learner=OuterRef("pk")) for table in (ReceivedEvent, BadgeProgress, BadgeAward)]
    found = (
        lms.retired_users()
        .filter(Exists(kept[0]) | Exists(kept[1]) | Exists(kept[2]))
        .values_list("pk", flat=True)[:limit]
    )
    return sum(_is_forgotten(user_id) for user_id in found)


def _is_forgotten(user_id: int) -> bool:
    try:
        forget(user_id)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("Learner %s, whom the LMS has retired, could not be forgotten.", user_id)
        return False
    return True


@transaction.atomic
def forget(user_id: int) -> Forgotten:
    """Erase what is kept of a learner, and order their badges to be deleted. Doing it twice is safe."""
    earner_id = EarnerIdentifier.objects.filter(learner=user_id).values_list("value", flat=True).first()
    # Before the awards, as whoever approves one does.
    applications.forget(user_id)
    claims.forget(user_id)
    # In the order in which an event is recorded: whoever records one at this moment is waited for, and what came of it
    # is seen by the locking reads.
    events, _rows = ReceivedEvent.objects.filter(learner=user_id).delete()
    progress = list(BadgeProgress.objects.select_for_update().filter(learner=user_id).order_by("pk"))
    awards = list(
        BadgeAward.objects.select_for_update().select_related("template").filter(learner=user_id).order_by("pk")
    )
    asked = sum(_leave(award, str(earner_id or "")) for award in awards)
    for row in progress:
        row.delete()
    EarnerIdentifier.objects.filter(learner=user_id).delete()
    ReconcileDifference.objects.filter(learner=user_id).delete()
    subscribers.forget(user_id)
    bulk.forget(user_id)
    answers.forget(user_id)
    leaving.forget(user_id)
    _take_out_of_samples(user_id)
    AuditEntry.objects.forget(user_id)
    found = Forgotten(events, len(progress), len(awards), asked)
    if found.anything:
        log.info("Learner %s was forgotten; Credly is asked to delete %s of their badges.", user_id, asked)
    return found


def _leave(award: BadgeAward, earner_id: str) -> bool:
    """Part an award from its learner; whether Credly is asked to delete its badge."""
    audit.record("award.learner_retired", award, before={"state": award.state})
    at_credly = _may_be_at_credly(award)
    stopping.stop(award, erasing.OTHERS)  # One that a worker has in hand is followed by the deletion.
    if at_credly and conf.deletes_at_credly():
        # Links, evidence and identifiers go once Credly has confirmed it; till then the badge has to be found.
        BadgeAward.objects.filter(pk=award.pk).update(
            learner=None, reason="", evidence=[], to_announce="", shared_at=None, shows_name=False
        )
        outbox.put(award, Kind.DELETE, {erasing.EARNER_ID: earner_id})
        return True
    if conf.erases_awards():
        award.delete()
    else:
        state = {"state": BadgeAward.State.REVOKED, "live": None} if award.live and not at_credly else {}
        BadgeAward.objects.filter(pk=award.pk).update(**erasing.NOTHING_LEFT, **state)
        OutboxMessage.objects.filter(award=award).update(details={}, error="", waiting_for="")
    return False


def _may_be_at_credly(award: BadgeAward) -> bool:
    """Whether Credly has the badge, or may have it from an order of which no answer came."""
    if award.credly_id is not None or award.versions.exists():
        return True
    return award.messages.filter(kind=Kind.ISSUE, look_first=True).exists()


def _take_out_of_samples(user_id: int) -> None:
    for run in HistoryRun.objects.exclude(sample=[]).only("pk", "sample").iterator(100):
        kept = list(_others(run.sample, user_id))
        if len(kept) != len(run.sample):
            HistoryRun.objects.filter(pk=run.pk).update(sample=kept)


def _others(sample: list[Any], user_id: int) -> Iterator[Any]:
    return (each for each in sample if not isinstance(each, dict) or each.get("learner_id") != user_id)
