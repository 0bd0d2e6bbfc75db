"""The host's own app; like edx-platform's, it connects the receivers that plugins declare."""

from django.apps import AppConfig
from edx_django_utils.plugins import connect_plugin_receivers


class HostConfig(AppConfig):
    """Stands where ``openedx.core.djangoapps.plugins`` stands in an LMS."""

    name = "tests.host"
    label = "host"

    def ready(self) -> None:
        """Connect the receivers of every plugin."""
        connect_plugin_receivers("lms.djangoapp")
