"""Beginning a run, holding it so that one process at a time works on it, and leaving it where another can go on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import BadgeTemplate, CredlyOrganization, ReconcileRun

State = ReconcileRun.State

LEASE = timedelta(minutes=5)
"""How long nothing is heard of a run before others take its process for dead."""
RENEWED_AFTER = timedelta(seconds=30)
KEPT = 10
"""How many runs of an organization are kept, with their differences."""


class Busy(Exception):
    """Another process is comparing this organization's badges at this moment."""

    @property
    def sentence(self) -> str:
        """What to do about it."""
        return _(
            "This organization's badges are being compared at this moment. Wait until that is done. If its process "
            "died, the run is free again after %(minutes)d minutes, and can be resumed."
        ) % {"minutes": LEASE // timedelta(minutes=1)}

    def __str__(self) -> str:
        return self.sentence


class Lost(Exception):
    """Another process has taken the run over, because nothing was heard of this one for too long."""


@transaction.atomic
def begin(
    organization: CredlyOrganization,
    *,
    fixes: Collection[str] = (),
    only_template: BadgeTemplate | None = None,
    by: AbstractBaseUser | None = None,
) -> ReconcileRun:
    """Begin a new run; one that was left unfinished ends here. Raises Busy while another one is being worked on."""
    CredlyOrganization.objects.select_for_update().get(pk=organization.pk)  # Two who begin at once do it in turn.
    if _held(organization).exists():
        raise Busy
    organization.reconcile_runs.filter(state=State.RUNNING).update(
        state=State.STOPPED, error=_("It was left unfinished, and another run was begun.")
    )
    run = ReconcileRun.objects.create(
        organization=organization,
        fixes=sorted(fixes),
        only_template=only_template,
        started_by_id=getattr(by, "pk", None),
    )
    _prune(organization)
    return run


def unfinished(organization: CredlyOrganization) -> ReconcileRun | None:
    """The newest run of an organization, if it was left before its end."""
    newest = organization.reconcile_runs.order_by("-pk").first()
    return None if newest is None or newest.state == State.DONE else newest


class Hold:
    """A run in the hands of this process, which holds it as long as it finds ``heard_at``, its lease, unchanged."""

    def __init__(self, run: ReconcileRun) -> None:
        self.run = run

    @classmethod
    @transaction.atomic
    def take(cls, run: ReconcileRun) -> Hold:
        """Take a run up. Raises Busy while another process works on this organization, and Lost if it is no more."""
        organization = CredlyOrganization.objects.select_for_update().get(pk=run.organization_id)
        if _held(organization).exists():
            raise Busy
        found = ReconcileRun.objects.select_related("organization", "only_template").filter(pk=run.pk).first()
        if found is None or found.state == State.DONE:
            raise Lost
        hold = cls(found)
        hold._write(state=State.RUNNING, error="", finished_at=None)
        return hold

    def keep(self, **changes: Any) -> None:
        """Show that this process lives, and write ``changes`` of the run down. Raises Lost where it is not ours now."""
        self._write(**changes)

    def show_life(self) -> None:
        """As :meth:`keep`, where nothing was written for a while."""
        if self.run.heard_at is None or timezone.now() - self.run.heard_at > RENEWED_AFTER:
            self.keep()

    def let_go(self) -> None:
        """Leave the run to whoever goes on."""
        ReconcileRun.objects.filter(pk=self.run.pk, heard_at=self.run.heard_at).update(heard_at=None)

    def _write(self, **changes: Any) -> None:
        now = _later(self.run.heard_at)
        mine = ReconcileRun.objects.filter(pk=self.run.pk, heard_at=self.run.heard_at)
        if not mine.update(**changes, heard_at=now):
            raise Lost
        for name, value in {**changes, "heard_at": now}.items():
            setattr(self.run, name, value)


def _later(heard_at: datetime | None) -> datetime:
    # Two moments of one process can be the same to a coarse clock, and the lease has to change with every writing.
    now = timezone.now()
    return now if heard_at is None or now > heard_at else heard_at + timedelta(microseconds=1)


def _held(organization: CredlyOrganization) -> QuerySet[ReconcileRun]:
    return organization.reconcile_runs.filter(state=State.RUNNING, heard_at__gt=timezone.now() - LEASE)


def _prune(organization: CredlyOrganization) -> None:
    kept = list(organization.reconcile_runs.order_by("-pk").values_list("pk", flat=True)[:KEPT])
    organization.reconcile_runs.filter(~Q(pk__in=kept)).delete()
