"""Writing down what came of a notice, and when to ask again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, conf
from ..credly import wire
from ..credly.errors import CredlyError, NotFound, Refused, Throttled, Unauthorized
from ..issuing.retry import wait_as_told, wait_before
from ..models import CredlyNotice, CredlyOrganization
from .act import Outcome

log = logging.getLogger(__name__)

State = CredlyNotice.State
LONGEST_OUTCOME = 500
LONGEST_TYPE = 100


@dataclass(frozen=True)
class Later:
    """It could not be done now: why, how long to wait, and whether that used up an attempt.

    ``holds`` says that the wait is one for the whole organization; ``key_rejected`` that it waits for another key.
    """

    sentence: str
    wait: timedelta
    uses_attempt: bool = True
    holds: bool = False
    key_rejected: bool = False


def later(notice: CredlyNotice, error: CredlyError, spread: float) -> Outcome | Later:
    """What an error of Credly's means for a notice. Pure but for the settings; chance comes from the caller."""
    if isinstance(error, Throttled):
        wait = wait_as_told(error.retry_after, spread, first=conf.first_wait(), longest=conf.longest_wait())
        return Later(str(error), wait, uses_attempt=False, holds=not error.ours)
    if _is_about_the_key(error):
        return Later(str(error), timedelta(0), uses_attempt=False, key_rejected=True)
    if isinstance(error, Refused) and not isinstance(error, NotFound):
        return given_up(str(error))
    return _once_more(notice, str(error), spread)


def unforeseen(notice: CredlyNotice, kind: str, spread: float) -> Outcome | Later:
    """A fault of ours: it is tried again, as Credly and the database may be other ones by then."""
    return _once_more(notice, _("Unforeseen %(kind)s; see the log.") % {"kind": kind}, spread)


def no_access(sentence: str) -> Later:
    """Nothing was asked, because there is no key to ask with."""
    return Later(sentence, conf.longest_wait(), uses_attempt=False)


def given_up(sentence: str) -> Outcome:
    """A person has to look at it."""
    return Outcome(State.FAILED, sentence)


def settle(notice: CredlyNotice, result: Outcome | Later, event: wire.Event | None = None) -> datetime | None:
    """Record a result, and what ``event`` confirmed, in one transaction; the time to try again, or None."""
    with transaction.atomic():
        if event is not None:
            notice.event_type, notice.occurred_at = event.type[:LONGEST_TYPE], event.occurred_at
            notice.subject_id = event.subject_id
            _hear(notice)
        if isinstance(result, Later):
            return _put_back(notice, result)
        if result.state == State.FAILED:
            log.error("Notice %s needs a person: %s", notice.pk, result.sentence)
        _write(notice, state=result.state, outcome=result.sentence, finished_at=timezone.now())
        return None


def _once_more(notice: CredlyNotice, sentence: str, spread: float) -> Outcome | Later:
    if notice.attempts >= conf.max_attempts():
        return given_up(sentence)
    wait = wait_before(notice.attempts, spread, first=conf.first_wait(), longest=conf.longest_wait())
    return Later(sentence, wait)


def hold_back(organization: CredlyOrganization, error: CredlyError) -> None:
    """Have all of an organization wait where an error says so, of whatever it was that was asked."""
    if isinstance(error, Throttled) and not error.ours:
        wait = wait_as_told(error.retry_after, 0.0, first=conf.first_wait(), longest=conf.longest_wait())
        _wait(organization, timezone.now() + wait)
    elif _is_about_the_key(error):
        with transaction.atomic():
            _pause(organization, str(error))


def _is_about_the_key(error: CredlyError) -> bool:
    # Forbidden says that the key is a good one, but not for this: badges may still be issued with it.
    return isinstance(error, Unauthorized) and error.status != HTTPStatus.FORBIDDEN


def _put_back(notice: CredlyNotice, result: Later) -> datetime | None:
    goes_on = not result.key_rejected or _pause(notice.organization, result.sentence)
    again_at = timezone.now() + result.wait
    if result.holds:
        _wait(notice.organization, again_at)
    attempts = notice.attempts - (not result.uses_attempt)
    mine = _write(notice, outcome=result.sentence, not_before=again_at, attempts=attempts)
    return again_at if mine and goes_on else None


def _wait(organization: CredlyOrganization, until: datetime) -> None:
    shorter = Q(wait_until=None) | Q(wait_until__lt=until)
    CredlyOrganization.objects.filter(shorter, pk=organization.pk).update(wait_until=until)


def _pause(organization: CredlyOrganization, sentence: str) -> bool:
    """Have the organization wait for a key that works; whether this notice may be tried again without one."""
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    if row.paused:
        return False  # Another worker, or a person: that pause is theirs to end.
    if row.key != organization.key:
        return True  # A new key was entered while the old one was being tried.
    paused = CredlyOrganization.Pause.KEY_REJECTED
    CredlyOrganization.objects.filter(pk=row.pk).update(
        paused=paused, pause_reason=sentence, paused_at=timezone.now()
    )  # fmt: skip
    log.error("The API key of organization %s does not work; what it waits for waits.", row.uuid)
    audit.record("organization.paused", row, because=sentence)
    return False


def _write(notice: CredlyNotice, **changes: object) -> bool:
    """Write to a notice as long as it is leased to this worker, and give it back."""
    changes["outcome"] = str(changes["outcome"])[:LONGEST_OUTCOME]
    for name in ("event_type", "occurred_at", "subject_id", "source"):
        changes[name] = getattr(notice, name)
    written = CredlyNotice.objects.filter(pk=notice.pk, lease=notice.lease).update(lease=None, **changes)
    if not written:
        log.warning("Notice %s was taken over by another worker.", notice.pk)
    return bool(written)


def _hear(notice: CredlyNotice) -> None:
    """Note when Credly itself was last heard at our address: a notice counts once it is confirmed."""
    if notice.source == CredlyNotice.Source.WEBHOOK:
        earlier = Q(noticed_at=None) | Q(noticed_at__lt=notice.received_at)
        CredlyOrganization.objects.filter(earlier, pk=notice.organization_id).update(noticed_at=notice.received_at)
