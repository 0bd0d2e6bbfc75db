"""When keys expire, and who is told of it how long before."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import subscribers
from ..models import ApiKey, CredlyOrganization
from ..subscribers import Event

log = logging.getLogger(__name__)

LIFE = timedelta(days=180)
"""How long Credly's keys live, by its help center."""
THRESHOLDS = (30, 14, 7, 1)
"""How many days before its end a key is warned of."""
OVER = 0


class Level(StrEnum):
    """How a warning is to be taken. What is only reckoned never is an error: it stops nothing."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Warning:  # noqa: A001  # Read as keys.Warning.
    """That an organization's key is about to expire, or has; ``days_left`` is 0 or less once it has."""

    organization: CredlyOrganization
    days_left: int
    level: Level
    sentence: str


def warnings(now: datetime | None = None) -> list[Warning]:
    """Every key that expires within 30 days or has expired, the most urgent first. Asks the database alone."""
    now = now or timezone.now()
    soon = now + timedelta(days=THRESHOLDS[0])
    found = CredlyOrganization.objects.filter(key_expires_at__lte=soon).order_by("key_expires_at", "pk")
    return [warning for each in found if (warning := warning_of(each, now))]


def warning_of(organization: CredlyOrganization, now: datetime | None = None) -> Warning | None:
    """The warning for one organization, if its key is old enough for one."""
    now = now or timezone.now()
    if organization.key_expires_at is None:
        return None
    days = days_left(organization.key_expires_at, now)
    if days > THRESHOLDS[0]:
        return None
    over = days <= OVER and organization.key_expiry_is_known
    if over:
        sentence = _(
            "The API key of %(organization)s has expired. Make a new one at Credly and enter it; what waits is sent "
            "then."
        )
    elif days <= OVER:
        sentence = _(
            "The API key of %(organization)s is as old as Credly's keys get, and may stop working any day. Rotate it, "
            "or make a new one at Credly and enter it."
        )
    else:
        sentence = _(
            "The API key of %(organization)s expires %(when)s. Rotate it, or make a new one at Credly and enter it."
        )
    words = {"organization": organization, "when": expiry_in_words(organization, now)}
    return Warning(organization, days, Level.ERROR if over else Level.WARNING, sentence % words)


def expiry_in_words(organization: CredlyOrganization, now: datetime | None = None) -> str:
    """When the key expires, how far off that is, and who says so; "" where nothing is known."""
    at = organization.key_expires_at
    if at is None:
        return ""
    days = days_left(at, now or timezone.now())
    day = date_format(timezone.localtime(at), "DATE_FORMAT")
    if days <= OVER:
        words = _("on %(day)s, which is past")
    elif organization.key_expiry_is_known:
        words = ngettext("on %(day)s, in %(days)d day", "on %(day)s, in %(days)d days", days)
    else:
        words = ngettext("about %(day)s, in %(days)d day", "about %(day)s, in %(days)d days", days)
    source = _("as Credly says") if organization.key_expiry_is_known else _("reckoned from when it was entered")
    return f"{words % {'day': day, 'days': days}} ({source})"


def days_left(at: datetime, now: datetime) -> int:
    """How many days have begun before a key's end: 1 on its last day, 0 or less once it is over."""
    return math.ceil((at - now) / timedelta(days=1))


def log_new(now: datetime) -> int:
    """Log each warning once for each threshold that it has passed, whichever process comes first; how many."""
    logged = 0
    for warning in warnings(now):
        threshold = next((each for each in reversed((*THRESHOLDS, OVER)) if warning.days_left <= each), None)
        mine = CredlyOrganization.objects.filter(
            Q(key_warned_days__isnull=True) | Q(key_warned_days__gt=threshold),
            pk=warning.organization.pk,
            key_expires_at=warning.organization.key_expires_at,
        )
        with transaction.atomic():
            if not mine.update(key_warned_days=threshold):
                continue
            _tell(warning)
        level = logging.ERROR if warning.level is Level.ERROR else logging.WARNING
        log.log(level, "Organization %s: %s", warning.organization.uuid, warning.sentence)
        logged += 1
    return logged


def _tell(warning: Warning) -> None:
    organization = warning.organization
    if organization.key_expires_at is None:
        return
    subscribers.tell(
        Event.KEY_EXPIRING,
        template=None,
        organization_id=organization.pk,
        subject=f"organization:{organization.pk}",
        data=subscribers.key_data(
            key="credly",
            name=organization.name,
            issuer_id=organization.uuid,
            expires_at=organization.key_expires_at,
            days_left=max(warning.days_left, OVER),
        ),
    )


def tell_of_api_keys(now: datetime) -> int:
    """Tell of each key of another system that expires soon, once for each threshold that it has passed; how many."""
    told = 0
    soon = now + timedelta(days=THRESHOLDS[0])
    found = ApiKey.objects.filter(revoked_at=None, expires_at__gt=now, expires_at__lte=soon)
    for key in found.select_related("organization", "program__organization").order_by("expires_at", "pk"):
        days = days_left(key.expires_at or now, now)
        threshold = min(each for each in THRESHOLDS if days <= each)
        fresh = Q(warned_days=None) | Q(warned_days__gt=threshold)
        with transaction.atomic():
            if ApiKey.objects.filter(fresh, pk=key.pk).update(warned_days=threshold):
                _tell_of(key, days)
                told += 1
    return told


def _tell_of(key: ApiKey, days: int) -> None:
    if key.expires_at is None:
        return
    # A program's key concerns those who look after its organization, too.
    organization = key.program.organization if key.program else key.organization
    subscribers.tell(
        Event.KEY_EXPIRING,
        template=None,
        organization_id=organization.pk if organization else None,
        subject=f"api-key:{key.pk}",
        data=subscribers.key_data(
            key="api",
            name=key.name,
            issuer_id=organization.uuid if organization else None,
            expires_at=key.expires_at,
            days_left=days,
        ),
    )
