"""What can only be settled once the LMS has read its configuration file; no operator's value is changed here."""

from __future__ import annotations

from typing import Any

# edx-platform reads Celery's settings without a namespace, so it goes by the first name. A host whose Celery
# app has the namespace CELERY goes by the second. Either ignores the other's.
SCHEDULES = ("CELERYBEAT_SCHEDULE", "CELERY_BEAT_SCHEDULE")

# What ``/heartbeat?extended`` of edx-platform asks: dotted paths of functions.
HEALTH_CHECKS = "HEARTBEAT_EXTENDED_CHECKS"
HEARTBEAT = "credly_badges.diagnosis.heartbeat"


def plugin_settings(settings: Any) -> None:
    """Add the sweep to whatever the site's Celery beat already runs, and how we are to the LMS's own health check."""
    entry = {"task": "credly_badges.sweep", "schedule": settings.CREDLY_BADGES_SWEEP_SECONDS}
    for name in SCHEDULES:
        setattr(settings, name, {"credly_badges.sweep": entry, **getattr(settings, name, {})})
    others = getattr(settings, HEALTH_CHECKS, ())
    if HEARTBEAT not in others:
        setattr(settings, HEALTH_CHECKS, (*others, HEARTBEAT))
