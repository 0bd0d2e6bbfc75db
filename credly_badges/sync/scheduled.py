"""The sync that nobody has to ask for: each organization's templates, once in a while."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from .. import conf
from ..models import CredlyOrganization
from . import templates
from .results import Result

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=60)
"""How long to wait, for one organization and altogether, when Credly asks for fewer requests."""


def sync_due(*, until: float) -> int:
    """Sync, in whole, each organization that was not synced for so long; of how many that was tried.

    Webhooks and the events feed bring single changes within minutes. This finds what they missed, and what is gone.
    Begins with none ``until`` then, by the clock of ``time.monotonic``; those that are left come first the next time.
    """
    tried = 0
    for organization in _due(timezone.now()):
        if time.monotonic() >= until:
            log.warning("Not every organization's templates could be synced in this round.")
            break
        if not organization.may_send(timezone.now()):
            continue
        # Before anything can go wrong, so that one that fails each time does not come before the others each time.
        CredlyOrganization.objects.filter(pk=organization.pk).update(sync_tried_at=timezone.now())
        tried += 1
        _tell(organization, templates.sync(organization, patience=PATIENCE))
    return tried


def _due(now: datetime) -> QuerySet[CredlyOrganization]:
    every = conf.sync_every()
    if not every:
        return CredlyOrganization.objects.none()
    old = Q(synced_at=None) | Q(synced_at__lte=now - every)
    return CredlyOrganization.objects.filter(old, paused="").order_by("sync_tried_at", "pk")


def _tell(organization: CredlyOrganization, result: Result) -> None:
    for problem in (*result.plan.problems, *result.plan.broken, *result.refused):
        log.warning("Template sync of organization %s: %s", organization.uuid, problem)
    for name in result.deactivated:
        log.warning("Template “%s” was deactivated: Credly would not issue it any more.", name)
