"""The lint as a whole: of one badge when somebody looks at it, of all that count every night."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from ..models import BadgeTemplate
from . import badge, groups, logic, penalties, places, requirements
from .fault import Fault
from .reading import read

log = logging.getLogger(__name__)

WATCHED = (*BadgeTemplate.LISTENING, BadgeTemplate.Status.REVIEW)
"""In these, a badge is checked every night: a course ends, a program loses its courses, Credly archives a template."""


def faults(template: BadgeTemplate) -> list[Fault]:
    """What is wrong with a badge, errors first; empty where nothing is. A constant number of queries."""
    return sorted(_faults(template), key=lambda fault: not fault.is_error)


def _faults(template: BadgeTemplate) -> Iterator[Fault]:
    subject = read(template)
    for part in (badge, groups, requirements, places, logic, penalties):
        yield from part.faults(subject)


def check(template: BadgeTemplate) -> list[Fault]:
    """The same, kept with the badge for those who look at many."""
    found = faults(template)
    template.faults, template.checked_at = [fault.as_data() for fault in found], timezone.now()
    # Not ``modified``: nobody changed the badge.
    BadgeTemplate.objects.filter(pk=template.pk).update(faults=template.faults, checked_at=template.checked_at)
    return found


def check_all(*, until: float | None = None) -> int:
    """Check every badge that learners earn or that waits for review, the one checked longest ago first; how many.

    ``until`` is a moment of the monotonic clock; what is left by then comes first the next time.
    """
    watched = BadgeTemplate.objects.filter(status__in=WATCHED).select_related("organization")
    done = 0
    for template in watched.order_by("checked_at", "pk").iterator(chunk_size=100):
        if until is not None and time.monotonic() >= until:
            log.warning("The time of this round is up; the badges that were not checked come first in the next one.")
            break
        try:
            check(template)
        except SoftTimeLimitExceeded:
            raise  # The time of the whole round is up; that is nothing about this badge.
        except Exception:
            log.exception("The requirements of badge %s could not be checked.", template.pk)
            continue
        done += 1
    return done
