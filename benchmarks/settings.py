"""The host's settings for measuring: those of the tests, on a database and a broker that a site might have."""

import os
import tempfile
from pathlib import Path

from test_settings import *  # noqa: F403
from test_settings import DATABASES

if os.environ.get("CREDLY_TEST_DATABASE") != "mysql":
    name = str(Path(tempfile.gettempdir()) / f"credly-benchmark-{os.getpid()}.sqlite3")
    DATABASES["default"] |= {
        "NAME": name,
        "TEST": {"NAME": name},
        "OPTIONS": {
            # What a host on SQLite that writes from several threads has to choose: readers and one writer side by side,
            # and a writer that waits for its turn when it begins, not halfway.
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
else:
    DATABASES["default"]["TEST"]["NAME"] = f"credly_benchmark_{os.getpid()}"

# Tasks are sent, as on a site, and nobody takes them: what a worker does is called and timed by itself.
CELERY_BROKER_URL = "memory://"
CELERY_TASK_ALWAYS_EAGER = False
