"""What a badge template says of its badges: when they expire, when they are renewed, and how often they are earned.

Everything here is worked out from values: no clock, no query.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from django.utils.translation import gettext as _

from .models import BadgeTemplate

Expiry = BadgeTemplate.Expiry
Repeat = BadgeTemplate.Repeat

END_OF_DAY = time(23, 59, 59, tzinfo=UTC)
"""Until when on its last day a badge is good that expires on a date."""

_A_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


def expiry(
    template: BadgeTemplate, earned_at: datetime, *, certificate_at: datetime | None = None
) -> datetime | Literal[False] | None:
    """When a badge expires: a time, False for never, None to leave it to what the template says at Credly.

    Without a certificate, the days after it are counted from when the badge was earned.
    """
    if template.expiry == Expiry.NEVER:
        return False
    if template.expiry == Expiry.DATE and template.expiry_date:
        return datetime.combine(template.expiry_date, END_OF_DAY)
    if template.expiry in (Expiry.PERIOD, Expiry.CERTIFICATE) and template.expiry_days:
        begins_at = certificate_at if template.expiry == Expiry.CERTIFICATE and certificate_at else earned_at
        return begins_at + timedelta(days=template.expiry_days)
    return None


def may_renew(template: BadgeTemplate, expires_at: datetime | None, qualified_at: datetime) -> bool:
    """Whether who qualifies again at that time has the badge renewed: in the last days before it expires, or after."""
    if template.renewal_days is None or expires_at is None:
        return False
    if qualified_at < expires_at - timedelta(days=template.renewal_days):
        return False
    until = expiry(template, qualified_at)
    return not until or until > expires_at  # Of a fixed date, once somebody has moved it.


def occasion(template: BadgeTemplate, earned_at: datetime, last_earned_at: datetime | None) -> str | None:
    """What tells a badge from the last one of the learner's that stands; None where it is too early for a further one.

    The first has no occasion. Those after it are told apart by the moment at which they were earned, so two workers
    that award the same one collide.
    """
    if last_earned_at is None:
        return ""
    if template.repeat == Repeat.ONCE or earned_at <= last_earned_at:
        return None
    if template.repeat == Repeat.PERIOD and earned_at < last_earned_at + timedelta(days=template.repeat_days or 0):
        return None
    return earned_at.astimezone(UTC).strftime(_A_MOMENT)


def comes_again(template: BadgeTemplate) -> bool:
    """Whether somebody who holds the badge gains anything by qualifying again."""
    return template.repeat != Repeat.ONCE or template.renewal_days is not None


def faults(template: BadgeTemplate, *, today: date) -> list[str]:
    """What is missing from the template's terms, as sentences that say what to do; empty where nothing is."""
    return list(_faults(template, today))


def _faults(template: BadgeTemplate, today: date) -> Iterator[str]:
    if template.expiry == Expiry.DATE and template.expiry_date is None:
        yield _("Its badges expire on a date, and no date is given. Give the expiry date.")
    elif template.expiry == Expiry.DATE and template.expiry_date and template.expiry_date < today:
        yield _("Its badges would have expired when they are issued. Give an expiry date that is yet to come.")
    elif template.expiry in (Expiry.PERIOD, Expiry.CERTIFICATE) and not template.expiry_days:
        yield _("Its badges expire after a number of days, and none is given. Give the days until it expires.")
    if template.expiry == Expiry.NEVER and template.renewal_days is not None:
        yield _("Its badges never expire, so there is nothing to renew. Leave the renewal window empty.")
    if template.repeat == Repeat.PERIOD and not template.repeat_days:
        yield _("It may be earned once in a number of days, and none is given. Give the days between two badges.")
    if template.release == BadgeTemplate.Release.DATE and template.release_on is None:
        yield _("Its badges are sent on a date, and no date is given. Give the release date.")
