"""The circuit breaker: after failures in a row nothing is sent, until a single request has found Credly well again.

Each step is a short transaction that locks the organization and then its pace, so that of all workers one takes it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from .. import audit, conf
from ..credly.errors import CredlyError
from ..models import CredlyOrganization, Pace
from .bucket import Bucket

log = logging.getLogger(__name__)

ANSWERED = gettext_noop("Credly has answered again.")


@transaction.atomic
def failed(organization_id: int, error: CredlyError, *, probe: datetime | None) -> None:
    """Count a failure. ``probe`` is what :func:`claim` gave, where the request was one."""
    threshold = conf.breaker_failures()
    if threshold <= 0:
        return
    organization, pace = _locked(organization_id)
    if pace.opened_at is not None and pace.probe_at != probe:
        return  # It left before the rest was stopped, and tells nothing new.
    now = timezone.now()
    pace.failures += 1
    if pace.opened_at is not None or pace.failures >= threshold:
        old, pace.probe_at = pace.probe_at, now + _wait(pace.failures - threshold)
        _have_wait(organization, pace.probe_at, instead_of=old)
    if pace.opened_at is None and pace.probe_at is not None:
        pace.opened_at = now
        log.error(
            "Credly failed %d times in a row; nothing is sent for organization %s until it answers again.",
            pace.failures,
            organization.uuid,
        )
        after = {"failures": pace.failures, "probe_at": pace.probe_at.isoformat()}
        audit.record("organization.breaker_opened", organization, because=str(error), after=after)
    pace.save(update_fields=["failures", "opened_at", "probe_at"])


@transaction.atomic
def answered(organization_id: int) -> None:
    """Begin to count anew, for Credly has answered, whatever it said; let everything go if it was held back."""
    organization, pace = _locked(organization_id)
    if pace.opened_at is not None:
        log.warning("Credly answers again; sending for organization %s goes on.", organization.uuid)
        before = {"since": pace.opened_at.isoformat(), "failures": pace.failures}
        audit.record("organization.breaker_closed", organization, because=ANSWERED, before=before)
    _close(organization, pace)


@transaction.atomic
def claim(organization_id: int, now: datetime) -> datetime | None:
    """Have the next request be the one that finds out; None where that is another worker's by now.

    The rest goes on waiting for as long as one pause. Should this worker die, the next one is let through then.
    """
    organization, pace = _locked(organization_id)
    if pace.opened_at is None or pace.probe_at is None or pace.probe_at > now:
        return None
    old, pace.probe_at = pace.probe_at, now + _wait(0)
    pace.save(update_fields=["probe_at"])
    _have_wait(organization, pace.probe_at, instead_of=old)
    return pace.probe_at


@transaction.atomic
def give_back(organization_id: int, probe: datetime) -> None:
    """Let another request find out, for the one that was to has not been sent."""
    organization, pace = _locked(organization_id)
    if pace.opened_at is None or pace.probe_at != probe:
        return
    pace.probe_at = timezone.now()
    pace.save(update_fields=["probe_at"])
    if organization.wait_until == probe:
        _set_wait(organization, pace.probe_at)


@transaction.atomic
def reset(organization: CredlyOrganization, *, by: AbstractBaseUser | None) -> None:
    """Forget all failures and fill the bucket. What waited is for the caller to wake."""
    row, pace = _locked(organization.pk)
    before = {
        "failures": pace.failures,
        "since": pace.opened_at.isoformat() if pace.opened_at else None,
        "wait_until": row.wait_until.isoformat() if row.wait_until else None,
    }
    _close(row, pace)
    pace.tokens, pace.filled_at = Bucket(row.rate_limit or 1).most, timezone.now()
    pace.save(update_fields=["tokens", "filled_at"])
    audit.record("organization.breaker_reset", row, actor=by, before=before)
    organization.wait_until = row.wait_until


def _locked(organization_id: int) -> tuple[CredlyOrganization, Pace]:
    rows = CredlyOrganization.objects.select_for_update().only("uuid", "name", "rate_limit", "wait_until")
    organization = rows.get(pk=organization_id)
    return organization, Pace.objects.select_for_update().get_or_create(organization=organization)[0]


def _close(organization: CredlyOrganization, pace: Pace) -> None:
    if organization.wait_until is not None and organization.wait_until == pace.probe_at:
        _set_wait(organization, None)
    pace.failures, pace.opened_at, pace.probe_at = 0, None, None
    pace.save(update_fields=["failures", "opened_at", "probe_at"])


def _wait(failed_probes: int) -> timedelta:
    """How long nothing is sent: twice as long with each probe that failed."""
    return min(conf.breaker_wait() * (1 << min(max(failed_probes, 0), 16)), conf.longest_wait())


def _have_wait(organization: CredlyOrganization, until: datetime, *, instead_of: datetime | None) -> None:
    """Have the whole queue wait, unless Credly itself has asked for longer."""
    theirs = organization.wait_until
    if theirs is None or theirs == instead_of or theirs < until:
        _set_wait(organization, until)


def _set_wait(organization: CredlyOrganization, until: datetime | None) -> None:
    organization.wait_until = until
    CredlyOrganization.objects.filter(pk=organization.pk).update(wait_until=until)
