"""The settings of a host that finds the plugin by its entry point alone, as an LMS does.

``python -m demo`` starts the stand-in Credly and says in the environment where it is, and where the database goes.
Secrets are made anew at every start.
"""

import os
import secrets

from cryptography.fernet import Fernet
from edx_django_utils.plugins import add_plugins, get_plugin_apps

LMS = "lms.djangoapp"

SECRET_KEY = secrets.token_urlsafe(50)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
SITE_ID = 1
ROOT_URLCONF = "demo.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        "ENGINE": "demo.sqlite",
        "NAME": os.environ["CREDLY_DEMO_DATABASE"],
        # As in the LMS, where a request is one transaction.
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"timeout": 20},
    }
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "rest_framework",
    "demo.apps.DemoConfig",
    *get_plugin_apps(LMS),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

LOGIN_URL = "demo_login"
LOGIN_REDIRECT_URL = "demo"
STATIC_URL = "/static/"
# Cookies know no ports: another Django on this computer must not log people out here, nor this one there.
SESSION_COOKIE_NAME = "credly_demo_session"
CSRF_COOKIE_NAME = "credly_demo_csrf"
LOGGING_CONFIG = None  # demo.log shows what nobody expected, and nothing else.

OPENEDX_TELEMETRY = []  # Nobody measures this host.

CELERY_BROKER_URL = "memory://localhost/"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True

add_plugins(__name__, LMS, "common")

# What an operator would write into the LMS's configuration file. The waits are short: somebody is watching.
CREDLY_BADGES_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
CREDLY_BADGES_API_URLS = {"simulator": os.environ["CREDLY_DEMO_API_URL"]}
CREDLY_BADGES_FIRST_WAIT = 1
CREDLY_BADGES_LONGEST_WAIT = 60
CREDLY_BADGES_SWEEP_SECONDS = 2
CREDLY_BADGES_BREAKER_SECONDS = 3
CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1"]  # The receiver of the story is on this computer, too.
CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 0  # The stand-in Credly's search is never behind.

# There is no edx-platform here; this answers in its place.
CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"

add_plugins(__name__, LMS, "production")
