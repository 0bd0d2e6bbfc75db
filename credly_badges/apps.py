"""How an LMS finds the plugin: its addresses, its settings and its receivers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _
from edx_django_utils.plugins.constants import PluginSettings, PluginSignals, PluginURLs

from .events.catalogue import CATALOGUE

# The names that edx-platform gives its kinds of project and of settings. They live inside
# edx-platform (openedx/core/djangoapps/plugins/constants.py), which tests run without.
LMS = "lms.djangoapp"
COMMON, PRODUCTION, TEST = "common", "production", "test"


class CredlyBadgesConfig(AppConfig):
    """The LMS plugin that issues Credly badges."""

    name = "credly_badges"
    verbose_name = _("Credly badges")
    default_auto_field = "django.db.models.BigAutoField"

    plugin_app: ClassVar[dict[str, Any]] = {
        PluginURLs.CONFIG: {
            LMS: {
                PluginURLs.NAMESPACE: "credly_badges",
                PluginURLs.REGEX: r"^badges/",
                PluginURLs.RELATIVE_PATH: "urls",
            },
        },
        PluginSettings.CONFIG: {
            LMS: {
                COMMON: {PluginSettings.RELATIVE_PATH: "settings.common"},
                PRODUCTION: {PluginSettings.RELATIVE_PATH: "settings.production"},
                TEST: {PluginSettings.RELATIVE_PATH: "settings.test"},
            },
        },
        # An LMS loads this class before its settings, so the catalogue holds names of signals and no signals.
        PluginSignals.CONFIG: {
            LMS: {
                PluginSignals.RELATIVE_PATH: "events.receivers",
                PluginSignals.RECEIVERS: [
                    {
                        PluginSignals.RECEIVER_FUNC_NAME: "on_event",
                        PluginSignals.SIGNAL_PATH: event_type.signal,
                        PluginSignals.DISPATCH_UID: "credly_badges.events.receivers.on_event",
                    }
                    for event_type in CATALOGUE.values()
                ],
            },
        },
    }

    def ready(self) -> None:
        """Register the system checks, and hear of new addresses. The host connects the receivers above."""
        from . import checks  # noqa: F401, PLC0415 (it needs the models, which are loaded by now)
        from .awards import moves  # noqa: PLC0415

        post_save.connect(
            moves.on_user_saved, sender=settings.AUTH_USER_MODEL, dispatch_uid="credly_badges.awards.moves"
        )
