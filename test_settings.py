"""A host project for the tests: it loads the plugin through its entry point, as an LMS does.

``CREDLY_TEST_DATABASE=mysql`` runs on a MySQL or MariaDB server at 127.0.0.1 instead of SQLite;
``CREDLY_TEST_DATABASE_NAME`` names the database, ``CREDLY_TEST_BROKER_URL`` a broker for a real Celery worker.
"""

import os

from edx_django_utils.plugins import add_plugins, get_plugin_apps

LMS = "lms.djangoapp"

SECRET_KEY = "not-a-secret-only-for-tests"
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
SITE_ID = 1
ROOT_URLCONF = "tests.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if os.environ.get("CREDLY_TEST_DATABASE") == "mysql":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.mysql",
            "HOST": os.environ.get("CREDLY_TEST_DATABASE_HOST", "127.0.0.1"),
            "PORT": os.environ.get("CREDLY_TEST_DATABASE_PORT", "3306"),
            "USER": os.environ.get("CREDLY_TEST_DATABASE_USER", "root"),
            "PASSWORD": os.environ.get("CREDLY_TEST_DATABASE_PASSWORD", ""),
            "NAME": os.environ.get("CREDLY_TEST_DATABASE_NAME", "test"),
            "OPTIONS": {"charset": "utf8mb4"},
            "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_general_ci"},
            "ATOMIC_REQUESTS": True,
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ.get("CREDLY_TEST_DATABASE_NAME", "test.sqlite3"),
            # As in the LMS, where a request is one transaction.
            "ATOMIC_REQUESTS": True,
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
    "tests.host.apps.HostConfig",
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

STATIC_URL = "/static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# How an LMS signs its JSON Web Tokens; read once, so it is here and not in the tests that need it.
_ISSUER = {
    "ISSUER": "https://lms.example.com/oauth2",
    "AUDIENCE": "lms",
    "SECRET_KEY": "not-a-secret-only-for-tests-of-tokens",
}
JWT_AUTH = {
    "JWT_AUTH_HEADER_PREFIX": "JWT",
    "JWT_ISSUER": _ISSUER["ISSUER"],
    "JWT_AUDIENCE": _ISSUER["AUDIENCE"],
    "JWT_SECRET_KEY": _ISSUER["SECRET_KEY"],
    "JWT_DECODE_HANDLER": "edx_rest_framework_extensions.auth.jwt.decoder.jwt_decode_handler",
    "JWT_ISSUERS": [_ISSUER],
}

CELERY_BROKER_URL = os.environ.get("CREDLY_TEST_BROKER_URL", "memory://")
CELERY_TASK_ALWAYS_EAGER = "CREDLY_TEST_BROKER_URL" not in os.environ
CELERY_TASK_EAGER_PROPAGATES = True

add_plugins(__name__, LMS, "common")
add_plugins(__name__, LMS, "test")

# Newest first; made for the tests, and of no use anywhere else.
CREDLY_BADGES_ENCRYPTION_KEYS = [
    "dGVzdHM6IHRoZSBuZXdlciBvZiB0d28ga2V5cy4uLiE=",
    "dGVzdHM6IHRoZSBvbGRlciBvZiB0d28ga2V5cy4uLiE=",
]

# There is no edx-platform here; this answers in its place.
CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
