"""The host's Celery app: eager in one process, or a broker's where the settings name one."""

from celery import Celery

app = Celery("credly_badges_tests")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
