"""Moments as people read them: in their time zone, and with its name."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def moment(at: datetime) -> str:
    """“March 1, 2027, 1 p.m. (Europe/Berlin)”, in the time zone that is current."""
    local = timezone.localtime(at)
    words = {"moment": date_format(local, "DATETIME_FORMAT"), "zone": timezone.get_current_timezone_name()}
    return _("%(moment)s (%(zone)s)") % words
