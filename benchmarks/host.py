"""The settings of a web process under load: those for measuring, on the database that was filled for it."""

import os

from benchmarks.settings import *  # noqa: F403
from benchmarks.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["CREDLY_BENCHMARK_DATABASE"]
# As on a site that is busy: a new connection for each request would cost more than some requests.
DATABASES["default"]["CONN_MAX_AGE"] = 60

# Requests are counted for both processes together, and workers are woken, as on a site.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["CREDLY_BENCHMARK_REDIS"],
        "KEY_PREFIX": os.environ["CREDLY_BENCHMARK_MARK"],
    }
}
CELERY_BROKER_URL = os.environ["CREDLY_BENCHMARK_REDIS"]
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{os.environ['CREDLY_BENCHMARK_MARK']}:"}

LMS_ROOT_URL = "https://lms.example.org"
# Everybody comes from one address here.
CREDLY_BADGES_API_RATES = {"key": 10_000_000, "user": 10_000_000, "anonymous": 10_000_000, "claim": 10_000_000}

OPENEDX_TELEMETRY = []
# What goes wrong is shown where the load was refused.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"log": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["log"], "level": "ERROR"},
}
