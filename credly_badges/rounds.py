"""What is done again and again, whoever keeps the time: a Celery beat, cron, or the workers themselves."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from . import audit, bulk, conf, keys, lint, listening, notices, progress, reconcile, retirement, subscribers, versions
from .access import answers, signed
from .events import keeping, runs
from .models import CredlyOrganization, Pulse
from .sync import scheduled

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=180)
"""For how long rounds are begun; what is left by then comes first the next time, as its time has come."""

Source = Pulse.Source


@dataclass(frozen=True)
class Round:
    """One thing that is done again and again: what, how often (zero: each time), and the pulse that it leaves.

    Of several workers whose time has come, the one that moves the pulse does it. What is done each time has leases of
    its own.
    """

    pulse: Pulse.Source
    every: Callable[[], timedelta]
    do: Callable[[str, float], object]


@dataclass(frozen=True)
class Done:
    """What came of one round: empty where it went well, else the kind of error, whose details are in the log."""

    pulse: Pulse.Source
    failure: str = ""


def due(source: Pulse.Source | str, *, patience: timedelta = PATIENCE) -> list[Done]:
    """Do everything whose time has come; what that was. One that fails does not keep the next from its turn.

    ``source`` is who keeps the time. Waits for Credly, so never call it in a transaction.
    """
    until = time.monotonic() + patience.total_seconds()
    done = []
    for each in ROUNDS:
        if time.monotonic() >= until:
            log.warning("The time of this round is up; the rest is left to the next one.")
            break
        if _is_mine(each, timezone.now()):
            done.append(_do(each, str(source), until))
    return done


def _is_mine(each: Round, now: datetime) -> bool:
    since = now - each.every()
    Pulse.objects.get_or_create(source=each.pulse, defaults={"heard_at": since})
    return bool(Pulse.objects.filter(source=each.pulse, heard_at__lte=since).update(heard_at=now))


def _do(each: Round, source: str, until: float) -> Done:
    failure = ""
    try:
        each.do(source, until)
    except SoftTimeLimitExceeded:
        raise  # The time of the whole task is up; that is nothing about this round.
    except Exception as error:
        log.exception("What is done again and again went wrong: %s.", each.pulse.value)
        failure = type(error).__name__
    Pulse.objects.filter(source=each.pulse).exclude(failure=failure).update(failure=failure)
    return Done(each.pulse, failure)


def _notices(source: str, _until: float) -> None:
    if source == Source.COMMAND:
        notices.sweep()
    else:
        notices.wake_due()


def _feeds(_source: str, until: float) -> None:
    """Read what happened at Credly, for each organization; the one whose turn was longest ago comes first."""
    now = timezone.now()
    waiting = CredlyOrganization.objects.filter(paused="").order_by("feed_tried_at", "pk")
    failed: Exception | None = None
    for organization in waiting:
        if time.monotonic() >= until:
            log.warning("Not every organization's events feed could be read in this round.")
            return
        if not organization.may_send(now):
            continue
        try:
            result = notices.read_feed(organization)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.exception("The events feed of organization %s could not be read.", organization.uuid)
            failed = error
            continue
        for problem in result.problems:
            log.warning("Events feed of organization %s: %s", organization.uuid, problem)
    if failed is not None:
        raise failed  # So that it is kept, once all others have had their turn.


def _keys(_source: str, until: float) -> None:
    keys.check_all(until=until)
    keys.retire_due()


def _purge(_source: str, _until: float) -> None:
    notices.purge()
    subscribers.purge()
    versions.seal_all()
    versions.prune()
    retirement.forget_again()


def _events(_source: str, until: float) -> None:
    keeping.purge(until=until)


def _templates(_source: str, until: float) -> None:
    scheduled.sync_due(until=until)


def _seals(_source: str, until: float) -> None:
    audit.seal(until=until)


def _places(_source: str, _until: float) -> None:
    listening.refresh()


def _faults(_source: str, until: float) -> None:
    lint.check_all(until=until)


def _losses(_source: str, _until: float) -> None:
    progress.regressions.due()


def _history(_source: str, _until: float) -> None:
    runs.wake_left()


def _told(source: str, until: float) -> None:
    subscribers.due(source, until=until)


def _expiries(_source: str, until: float) -> None:
    subscribers.expiries(until=until)


def _lists(_source: str, _until: float) -> None:
    bulk.wake_left()
    bulk.purge()


def _answers(_source: str, _until: float) -> None:
    answers.purge()
    signed.purge()


def _reconcile(source: str, _until: float) -> None:
    reconcile.nightly(source)


EACH_TIME = timedelta(0)

ROUNDS = (
    Round(Source.FEED, conf.feed_every, _feeds),
    # Every key is looked at once a day; what is due within the hour is that, and an old key whose overlap has passed.
    Round(Source.KEYS, lambda: timedelta(hours=1), _keys),
    Round(Source.PURGE, lambda: timedelta(days=1), _purge),
    Round(Source.NOTICES, lambda: EACH_TIME, _notices),
    Round(Source.LOSSES, lambda: timedelta(hours=1), _losses),
    Round(Source.SEALS, lambda: timedelta(hours=1), _seals),
    # Each organization is synced as often as the settings say; what is due within the hour is that, and what failed.
    Round(Source.TEMPLATES, lambda: timedelta(hours=1), _templates),
    # Before faults are looked for, as a program that has no courses any more is one.
    Round(Source.PLACES, lambda: timedelta(days=1), _places),
    Round(Source.FAULTS, lambda: timedelta(days=1), _faults),
    Round(Source.ANSWERS, lambda: timedelta(hours=1), _answers),
    Round(Source.EVENTS, lambda: timedelta(days=1), _events),
    Round(Source.HISTORY, lambda: timedelta(minutes=5), _history),
    Round(Source.LISTS, lambda: timedelta(minutes=5), _lists),
    Round(Source.EXPIRIES, lambda: timedelta(minutes=5), _expiries),
    # After whatever there was to tell. A command tells them itself, so a subscriber that hangs comes after all else.
    Round(Source.SUBSCRIBERS, lambda: EACH_TIME, _told),
    # Last, because it takes as long as it may.
    Round(Source.RECONCILE, lambda: EACH_TIME, _reconcile),
)
