"""The host's settings in another process of the same site: a Celery worker, or one more web process of the LMS."""

import json
import os
from pathlib import Path

from celery.signals import worker_ready

from test_settings import *  # noqa: F403

CELERY_TASK_ALWAYS_EAGER = False
# What the test chose: the same in every process of its site.
globals().update(json.loads(os.environ["CREDLY_TEST_SETTINGS"]))


@worker_ready.connect
def say_ready(**told):
    """Leave a file for whoever started the worker."""
    Path(os.environ["CREDLY_TEST_READY_FILE"]).touch()
