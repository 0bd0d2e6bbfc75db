"""What there is to tell."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Event(StrEnum):
    """One kind of thing that happens."""

    AWARD_ISSUED = "award.issued"
    AWARD_ACCEPTED = "award.accepted"
    AWARD_DECLINED = "award.declined"
    AWARD_REVOKED = "award.revoked"
    AWARD_EXPIRED = "award.expired"
    AWARD_FAILED = "award.failed"
    APPLICATION_SUBMITTED = "application.submitted"
    APPLICATION_REVIEWED = "application.reviewed"
    TEMPLATE_CHANGED = "template.changed"
    KEY_EXPIRING = "key.expiring"
    TEST = "test"


EVENTS: Mapping[Event, Any] = {
    Event.AWARD_ISSUED: _("Credly has issued a badge to a learner"),
    Event.AWARD_ACCEPTED: _("A learner has accepted a badge"),
    Event.AWARD_DECLINED: _("A learner has declined a badge"),
    Event.AWARD_REVOKED: _("A badge was revoked"),
    Event.AWARD_EXPIRED: _("A badge has expired"),
    Event.AWARD_FAILED: _("A badge could not be issued, and needs a person"),
    Event.APPLICATION_SUBMITTED: _("A learner has applied for a badge"),
    Event.APPLICATION_REVIEWED: _("An application was reviewed or decided"),
    Event.TEMPLATE_CHANGED: _("A badge has changed"),
    Event.KEY_EXPIRING: _("A key expires soon"),
    Event.TEST: _("Nothing has happened: somebody tries the connection"),
}
"""What each of them means, in words."""
