"""The host's own app; like edx-platform's, it connects the receivers that plugins declare."""

from django.apps import AppConfig
from edx_django_utils.plugins import connect_plugin_receivers

# Loaded with the apps, and not before Django's settings are known: else Celery does not take it for a Django
# project's, and it would not be the app of the threads that answer requests.
from demo.celery import app as celery_app

__all__ = ["DemoConfig", "celery_app"]


class DemoConfig(AppConfig):
    """Stands where ``openedx.core.djangoapps.plugins`` stands in an LMS."""

    name = "demo"

    def ready(self) -> None:
        """Connect the receivers of every plugin."""
        connect_plugin_receivers("lms.djangoapp")
