"""What can only be settled once the LMS has read its configuration file; no operator's value is changed here."""

from __future__ import annotations

from typing import Any

# edx-platform reads Celery's settings without a namespace, so it goes by the first name. A host whose Celery
# app has the namespace CELERY goes by the second. Either ignores the other's.
SCHEDULES = ("CELERYBEAT_SCHEDULE", "CELERY_BEAT_SCHEDULE")


def plugin_settings(settings: Any) -> None:
    """Add the sweep to whatever the site's Celery beat already runs."""
    entry = {"task": "credly_badges.sweep", "schedule": settings.CREDLY_BADGES_SWEEP_SECONDS}
    for name in SCHEDULES:
        setattr(settings, name, {"credly_badges.sweep": entry, **getattr(settings, name, {})})
