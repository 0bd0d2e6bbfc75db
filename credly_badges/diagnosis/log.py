"""The audit log: whether it is being sealed."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import AuditEntry, AuditSeal
from .finding import Finding, Level, ago

LATE = timedelta(days=1)
"""How old an entry may be that has no seal; they are made every hour."""


def sealing() -> Finding:
    """How long ago the log was sealed. Whether it still fits takes a reading of it all: ``credly_audit verify``."""
    now = timezone.now()
    newest = AuditSeal.objects.order_by("-number").first()
    first = AuditEntry.objects.filter(pk__gt=newest.last_entry if newest else 0).order_by("pk").first()
    if first is not None and first.at < now - LATE:
        sentence = _("What was written into it %(age)s ago has not been sealed yet.") % {"age": ago(first.at, now)}
        advice = _("Look at the lines on pulse, and run: manage.py lms credly_outbox run")
        return Finding("audit_unsealed", "audit log", Level.NOTE, sentence, advice)
    if newest is None:
        return Finding("audit_sealed", "audit log", Level.OK, _("There is nothing to seal yet."))
    sentence = _("It was sealed %(age)s ago.") % {"age": ago(newest.sealed_at, now)}
    return Finding("audit_sealed", "audit log", Level.OK, sentence)
