"""What an LMS does for its plugins, and no more: the project that the tests run in."""

from tests.host.celery import app as celery_app

__all__ = ["celery_app"]
