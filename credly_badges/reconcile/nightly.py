"""The comparison that comes round by itself, in slices; and the tasks behind the buttons of the admin."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from .. import conf, waking
from ..models import CredlyOrganization, Pulse, ReconcileDifference, ReconcileRun
from . import causes, fixes, runs, work
from .asking import Asking, OutOfTime, Stopped
from .runs import Busy, Lost

log = logging.getLogger(__name__)

State = ReconcileRun.State


def nightly(source: Pulse.Source | str) -> int:
    """Compare for one slice of time what is due, or was left unfinished; how many organizations were worked on.

    ``source`` is who does the round, for the log. What went wrong with an organization is raised once all others have
    had their turn.
    """
    until = time.monotonic() + conf.reconcile_slice().total_seconds()
    worked, failed = 0, None
    for organization in CredlyOrganization.objects.filter(paused="").order_by("pk"):
        if time.monotonic() >= until:
            break
        try:
            run = _due(organization, timezone.now())
            if run is not None:
                run = work.go_on(run, patience=_one_wait(), until=until, unattended=True)
                worked += 1
                if run.state == State.STOPPED:
                    log.warning("Comparing badges of organization %s stopped: %s", organization.uuid, run.error)
        except (Busy, Lost):
            continue  # Another process has it.
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.exception("Badges of organization %s could not be compared (%s).", organization.uuid, source)
            failed = error
    if failed is not None:
        raise failed
    return worked


def goes_on_by_itself(run: ReconcileRun, now: datetime) -> bool:
    """Whether the scheduled work goes on with a run that was left before its end.

    Not where it is to mend what the site does not let it mend: whoever broke it off at a terminal meant to stop it.
    """
    if not set(run.fixes) <= set(conf.reconcile_fixes()):
        return False
    # One that stopped is not worth it any more once the next is due; and of one template, somebody looks at it.
    is_fresh = run.only_template_id is None and now - run.started_at < conf.reconcile_every()
    return run.state == State.RUNNING or (run.state == State.STOPPED and is_fresh)


def _due(organization: CredlyOrganization, now: datetime) -> ReconcileRun | None:
    """The run to work on now: the newest one, if it was left before its end, else a new one if it is time."""
    if not organization.may_send(now):
        return None
    newest = organization.reconcile_runs.order_by("-pk").first()
    if newest is not None and goes_on_by_itself(newest, now):
        return newest
    every = conf.reconcile_every()
    # A template's comparison is begun by hand, and says nothing of the others.
    whole = organization.reconcile_runs.filter(only_template=None).order_by("-pk").first()
    if not every or (whole is not None and now - whole.started_at < every):
        return None
    return runs.begin(organization, fixes=_fixes())


def _fixes() -> list[str]:
    try:
        return causes.checked(conf.reconcile_fixes())
    except ValueError as wrong:
        raise ImproperlyConfigured(f"CREDLY_BADGES_RECONCILE_FIX: {wrong}") from None


@shared_task(name="credly_badges.reconcile.compare", ignore_result=True, soft_time_limit=540, time_limit=570)
def compare(run_id: int) -> None:
    """Compare for one slice, and have a worker go on with the next."""
    # One that stopped waits for the scheduled work, and one whose place another took is not to take it back.
    run = ReconcileRun.objects.filter(pk=run_id, state=State.RUNNING).first()
    if run is None:
        return
    try:
        run = work.go_on(run, patience=_one_wait(), until=time.monotonic() + conf.reconcile_slice().total_seconds())
    except (Busy, Lost):
        return
    if run.state == State.RUNNING:
        waking.send(compare, run.pk)


@shared_task(name="credly_badges.reconcile.mend", ignore_result=True, soft_time_limit=540, time_limit=570)
def mend(difference_ids: Sequence[int], user_id: int | None) -> None:
    """Mend single differences that somebody chose, all of one organization."""
    found = ReconcileDifference.objects.filter(pk__in=difference_ids, cause__in=list(causes.FIXES))
    chosen = list(
        found.exclude(fix__in=MENDED).select_related("run__organization", *fixes.NEEDED).order_by("pk"),
    )
    if not chosen:
        return
    by = get_user_model().objects.filter(pk=user_id or 0).first()
    left = [each.pk for each in chosen]
    try:
        until = time.monotonic() + conf.reconcile_slice().total_seconds()
        asking = Asking(None, chosen[0].run.organization, patience=_one_wait(), until=until)
        for difference in chosen:
            fixes.mend(difference, asking, by=by)
            left.remove(difference.pk)
            if left and asking.is_late():
                raise OutOfTime  # noqa: TRY301  # As where a wait would be too long.
    except OutOfTime:
        waking.send(mend, left, user_id)
    except Stopped as why:
        # Written at each that is left, so that whoever pressed the button reads why.
        ReconcileDifference.objects.filter(pk__in=left).update(fix_said=str(why)[: fixes.LONGEST_SAID])


def _one_wait() -> timedelta:
    """The longest single wait: one that fits into the next slice where it does not fit into what is left of this."""
    return min(LONGEST_WAIT, conf.reconcile_slice() / 2)


LONGEST_WAIT = timedelta(seconds=60)
MENDED = (ReconcileDifference.Fix.FIXED, ReconcileDifference.Fix.ORDERED)
