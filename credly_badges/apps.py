"""How an LMS finds the plugin: its addresses, its settings and its receivers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _
from edx_django_utils.plugins.constants import PluginSettings, PluginURLs

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
                PluginURLs.REGEX: r"^",
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
    }

    def ready(self) -> None:
        """Register the system checks, and hear of what learners do and of new addresses."""
        from . import (  # noqa: PLC0415
            checks,  # noqa: F401 (it needs the models, which are loaded by now)
            lms,
            retirement,
        )
        from .awards import moves  # noqa: PLC0415
        from .events import receivers  # noqa: PLC0415

        # Not by ``PluginSignals``: that list is read before the settings are, cannot be added to by other plugins, and
        # stops the LMS where its release of openedx-events lacks one of the signals.
        receivers.connect()

        for signal in lms.retirement_signals():
            signal.connect(retirement.on_retirement, dispatch_uid="credly_badges.retirement")

        post_save.connect(
            moves.on_user_saved, sender=settings.AUTH_USER_MODEL, dispatch_uid="credly_badges.awards.moves"
        )
