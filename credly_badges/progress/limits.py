"""How many badges of a template may be awarded by requirements, in an hour and in all; past that, it is paused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import ngettext

from .. import audit, awards
from ..availability import COUNTED
from ..models import BadgeAward, BadgeTemplate

log = logging.getLogger(__name__)

HOUR = timedelta(hours=1)


class Reached(awards.NotGrantable):
    """A limit stands in the way; the badge is to be paused."""


class Counts(NamedTuple):
    """How many badges requirements have brought so far."""

    in_all: int
    in_an_hour: int


def are_set(template: BadgeTemplate) -> bool:
    """Whether a badge has a limit at all."""
    return template.limit_total is not None or template.limit_per_hour is not None


def locked(template: BadgeTemplate) -> BadgeTemplate:
    """The template as it is now, locked until the transaction ends, where it has a limit; else as it was read.

    Locked before the progress of a learner: of two who lock in one order, one waits for the other.
    """
    return BadgeTemplate.objects.select_for_update().get(pk=template.pk) if are_set(template) else template


def within(template: BadgeTemplate, grant: Callable[[], awards.Grant]) -> awards.Grant:
    """What ``grant`` gives, unless that is an award past a limit: then nothing is written, and Reached is raised.

    Who holds the badge already, or has it renewed, takes nobody's place.
    """
    if not are_set(template):
        return grant()
    sentence = reached(template)
    with transaction.atomic():
        granted = grant()
        if granted.created and sentence:
            raise Reached(sentence)
    return granted


def reached(template: BadgeTemplate) -> str:
    """Why no further badge may be awarded now, in a sentence that says what to do; empty where one may.

    The template stays locked until the transaction ends, so that two awards at one moment do not both take the last
    badge. Without a limit this asks the database nothing.
    """
    if not are_set(template):
        return ""
    template = locked(template)
    counts = _counts(template, timezone.now())
    if template.limit_total is not None and counts.in_all >= template.limit_total:
        said = ngettext(
            "It was paused because %(limit)d badge was awarded, the most in all. What was earned beyond is kept: "
            "raise the limit, then resume it.",
            "It was paused because %(limit)d badges were awarded, the most in all. What was earned beyond is kept: "
            "raise the limit, then resume it.",
            template.limit_total,
        )
        return said % {"limit": template.limit_total}
    if template.limit_per_hour is not None and counts.in_an_hour >= template.limit_per_hour:
        said = ngettext(
            "It was paused because %(limit)d badge was awarded within an hour, the most that is allowed. What was "
            "earned beyond is kept: see whether that is right, then resume it.",
            "It was paused because %(limit)d badges were awarded within an hour, the most that is allowed. What was "
            "earned beyond is kept: see whether that is right, then resume it.",
            template.limit_per_hour,
        )
        return said % {"limit": template.limit_per_hour}
    return ""


@transaction.atomic
def pause(template: BadgeTemplate, because: str) -> None:
    """Pause an active badge that has come to a limit; ``because`` says to which."""
    row = BadgeTemplate.objects.select_for_update().get(pk=template.pk)
    if not row.is_active:
        return
    was, row.status = row.status, BadgeTemplate.Status.PAUSED
    row.paused_from = was
    row.activation_changed_at, row.activation_changed_by = timezone.now(), None
    row.deactivated_because = because[:255]
    row.save(
        update_fields=[
            "status", "paused_from", "activation_changed_at", "activation_changed_by", "deactivated_because",
            "modified",
        ]
    )  # fmt: skip
    audit.record("template.paused", row, because=because, before={"status": was}, after={"status": row.status})
    log.warning("Badge %s was paused: %s", row.pk, because)


def _counts(template: BadgeTemplate, now: datetime) -> Counts:
    """Called under the lock of the template."""
    since = now - HOUR
    rows = BadgeAward.objects.filter(COUNTED, template=template, source=BadgeAward.Source.REQUIREMENTS).order_by()
    seen = rows.aggregate(in_all=Count("pk"), in_an_hour=Count("pk", filter=Q(created__gt=since)), newest=Max("pk"))
    # Under REPEATABLE READ that shows what there was when this transaction began. What others have awarded since then
    # lies behind the newest award that it saw, as whoever awards one holds the lock; and a locking read sees it.
    later = rows.select_for_update().filter(pk__gt=seen["newest"] or 0).order_by("pk").values_list("created", flat=True)
    dates = list(later)
    return Counts(seen["in_all"] + len(dates), seen["in_an_hour"] + sum(date > since for date in dates))
