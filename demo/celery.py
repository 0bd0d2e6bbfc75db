"""The host's Celery app. It is eager: this demonstration is one process, and needs neither broker nor worker."""

from celery import Celery

app = Celery("demo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
