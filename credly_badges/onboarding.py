"""What is kept of a check of a Credly organization, and its pauses: how one begins, and lets go what waited."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from . import audit, notices, slugs
from .issuing import outbox
from .models import CredlyOrganization
from .sync.organizations import Check


@transaction.atomic
def accept(organization: CredlyOrganization, answer: Check, *, by: AbstractBaseUser | None) -> None:
    """Write down what a check that went well told."""
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    if row.name != answer.name:
        row.name = organization.name = answer.name[:255]
        row.save(update_fields=["name", "modified"])
    slugs.give_organization(row)
    if row.paused == CredlyOrganization.Pause.KEY_REJECTED:
        resume(organization, by=by)


@transaction.atomic
def resume(organization: CredlyOrganization, *, by: AbstractBaseUser | None) -> int:
    """End a pause and have everything that waited delivered and processed now; how many messages that is."""
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    if not row.paused:
        return 0
    before = {"paused": row.paused, "pause_reason": row.pause_reason}
    _set(organization, CredlyOrganization.Pause.NONE, "")
    audit.record("organization.resumed", organization, actor=by, before=before)
    notices.wake_all(organization)
    return outbox.wake_all(organization)


@transaction.atomic
def pause(organization: CredlyOrganization, *, by: AbstractBaseUser | None, because: str) -> None:
    """Send nothing more to Credly for an organization until somebody resumes it. What is due keeps waiting."""
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    if row.paused == CredlyOrganization.Pause.BY_HAND:
        return
    _set(organization, CredlyOrganization.Pause.BY_HAND, because)
    audit.record("organization.paused", organization, actor=by, because=because, before={"paused": row.paused})


@transaction.atomic
def hold(organization: CredlyOrganization, *, because: str) -> None:
    """Have everything wait until a key works, as a delivery does whose key Credly rejects."""
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    if row.paused:
        return
    _set(organization, CredlyOrganization.Pause.KEY_REJECTED, because)
    audit.record("organization.paused", organization, because=because)


def _set(organization: CredlyOrganization, pause: CredlyOrganization.Pause, because: str) -> None:
    organization.paused, organization.pause_reason = pause, because
    organization.paused_at = timezone.now() if pause else None
    organization.save(update_fields=["paused", "pause_reason", "paused_at", "modified"])
