"""Taking a notice in: the cheap checks first, then one row, then a worker is woken."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from .. import conf, counting
from ..models import CredlyNotice, CredlyOrganization
from . import address, confirm, hint, limits
from .hint import Hint

log = logging.getLogger(__name__)

MOST_REPEATED = 100
"""Up to where repetitions are counted: a notice that is replayed for ever is not written for ever."""
FULL_WAIT = 600

State = CredlyNotice.State


@dataclass(frozen=True)
class Answer:
    """What to answer: come again after so many seconds, or with None, do not come again."""

    come_again: int | None = None


DONE_WITH = Answer()


@sensitive_variables("secret")
def receive(body: bytes, *, secret: str, sender: str) -> Answer:
    """Take one notice in, if it may be genuine. Nothing in it is believed, and Credly is not asked here.

    What can never become right is answered like what is taken: Credly would repeat it for weeks, and whoever sent it
    learns nothing.
    """
    try:
        heard = hint.read(body)
    except hint.Unusable as why:
        return _drop(str(why))
    wanted = CredlyOrganization.objects.only("uuid", "webhook_salt").filter(uuid=heard.organization_id)
    organization = wanted.first()
    if organization is None:
        return _drop("of an organization that is not connected here")
    if (secret or conf.webhook_secret_required()) and not address.is_secret_of(organization, secret):
        return _drop("without the secret of its organization")
    wait = limits.wait_for_a_turn(organization, sender)
    if wait is not None:
        _count("more than the limit allows, asked to come again")
        return Answer(wait)
    return _store(organization, heard)


def _store(organization: CredlyOrganization, heard: Hint) -> Answer:
    mine = CredlyNotice.objects.filter(organization=organization, event_id=heard.event_id)
    known = mine.only("state", "occurred_at", "repeated").first()
    if known is not None:
        _again(known, heard)
        return DONE_WITH
    now = timezone.now()
    if limits.is_full(organization, now):
        _count("more than can be confirmed, asked to come again")
        return Answer(FULL_WAIT)
    notice = CredlyNotice(
        organization=organization, event_id=heard.event_id, event_type=heard.event_type, not_before=now
    )
    if not heard.is_worth_asking:
        notice.state, notice.finished_at = State.IGNORED, now
        notice.outcome = _("Notices of this type lead to nothing here. Credly was not asked about it.")
    try:
        with transaction.atomic():
            notice.save(force_insert=True)
    except IntegrityError:
        return DONE_WITH  # Credly sent it twice at the same moment, and the other one was faster.
    if notice.state == State.WAITING:
        _wake(notice.pk)
    return DONE_WITH


def _again(known: CredlyNotice, heard: Hint) -> None:
    """Count a repetition. It causes no work, unless the first one hid behind a type that leads to nothing."""
    mine = CredlyNotice.objects.filter(pk=known.pk)
    if known.repeated < MOST_REPEATED:
        mine.update(repeated=F("repeated") + 1)
    if known.state == State.IGNORED and known.occurred_at is None and heard.is_worth_asking:
        hidden = mine.filter(state=State.IGNORED, occurred_at=None)
        if hidden.update(state=State.WAITING, event_type=heard.event_type, outcome="", not_before=timezone.now()):
            _wake(known.pk)


def _wake(notice_id: int) -> None:
    # Without a broker the notice is taken all the same, and the sweep finds it.
    transaction.on_commit(lambda: confirm.wake(notice_id), robust=True)


def _drop(why: str) -> Answer:
    _count(f"{why}, dropped")
    return DONE_WITH


_counted: Counter[str] = Counter()
_told_at = 0.0
_lock = threading.Lock()


def _count(what: str) -> None:
    """Tell the log what was not taken, by number and once a minute: a flood must not flood the log."""
    global _told_at  # noqa: PLW0603
    with _lock:
        _counted[what] += 1
        if time.monotonic() < _told_at + counting.MINUTE and _told_at:
            return
        _told_at = time.monotonic()
        told = dict(_counted)
        _counted.clear()
    for reason, number in told.items():
        log.warning("Notices not taken since this was last told: %d %s.", number, reason)
