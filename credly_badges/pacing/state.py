"""What an organization's pace is at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from ..models import CredlyOrganization, Pace
from .bucket import Bucket

COLUMNS = ("rate_limit", *(f"pace__{name}" for name in ("tokens", "filled_at", "failures", "opened_at", "probe_at")))
"""What of an organization has to be read for it."""


@dataclass(frozen=True)
class PaceState:
    """Whether Credly seems to be down, and how many requests may go.

    ``open`` is the circuit breaker's: nothing is sent ``since`` then, until at ``probe_at`` a single request finds out
    how Credly is. ``tokens`` is how many may go at once now, None where there is no limit.
    """

    organization_id: int
    since: datetime | None = None
    probe_at: datetime | None = None
    failures: int = 0
    tokens: float | None = None
    rate_limit: int | None = None
    bucket: Bucket | None = None

    @property
    def open(self) -> bool:
        """Whether the circuit breaker holds everything back."""
        return self.since is not None

    @property
    def is_healthy(self) -> bool:
        """Whether Credly's last answer was one."""
        return not self.open and not self.failures


def state(organization: CredlyOrganization) -> PaceState:
    """How an organization's pace stands now, read anew."""
    return read(organization.pk, timezone.now())


def read(organization_id: int, now: datetime) -> PaceState:
    """The same, given the row alone. An organization that was deleted meanwhile has no pace to keep."""
    rows = CredlyOrganization.objects.select_related("pace").only(*COLUMNS)
    organization = rows.filter(pk=organization_id).first()
    return PaceState(organization_id) if organization is None else of(organization, now)


def of(organization: CredlyOrganization, now: datetime) -> PaceState:
    """The same from an organization that was just read together with its pace."""
    pace: Pace | None = getattr(organization, "pace", None)  # Most organizations never get one.
    bucket = None
    if organization.rate_limit:
        bucket = Bucket(organization.rate_limit, *((pace.tokens, pace.filled_at) if pace else ()))
    return PaceState(
        organization_id=organization.pk,
        since=pace.opened_at if pace else None,
        probe_at=pace.probe_at if pace else None,
        failures=pace.failures if pace else 0,
        tokens=bucket.level(now) if bucket else None,
        rate_limit=organization.rate_limit,
        bucket=bucket,
    )
