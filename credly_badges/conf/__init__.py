"""The ``CREDLY_BADGES_*`` settings, typed and read when they are needed.

Nothing here runs at import time: an LMS loads plugins before it has finished its own settings. What each setting means
is written at its default, in ``credly_badges/settings/common.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, Storage, storages
from django.utils.module_loading import import_string

PRODUCTION = "production"
SANDBOX = "sandbox"

CREDLY_URLS = {
    # Hosts and version prefix: Credly developer documentation, "Web service API".
    PRODUCTION: "https://api.credly.com/v1",
    SANDBOX: "https://sandbox-api.credly.com/v1",
}

MOST_IN_A_BATCH = 50
"""As many as any public client sends; Credly has not written down how many it takes."""

API_RATES = {"key": 600, "user": 120, "anonymous": 60, "claim": 10}
"""How many requests are taken in a minute where the settings say nothing else."""

SHORTEST_MASTER_SECRET = 32

T = TypeVar("T")


def encryption_keys() -> list[str]:
    """The key ring, newest first; empty where the operator set none."""
    keys: Sequence[str] = _read("ENCRYPTION_KEYS", [], (list, tuple))
    return [str(key) for key in keys]


def api_keys() -> Mapping[Any, Any] | Callable[[UUID], str] | str:
    """Where the settings say that API keys are; ``given_keys`` knows how to read it."""
    keys: Mapping[Any, Any] | Callable[[UUID], str] | str = _read("API_KEYS", {}, (Mapping, str, Callable))
    return keys


def api_urls() -> dict[str, str]:
    """Every environment an organization may be in, and the base URL of its API."""
    custom: Mapping[str, str] = _read("API_URLS", {}, Mapping)
    return {**{str(name): str(url) for name, url in custom.items()}, **CREDLY_URLS}


def api_url(environment: str) -> str:
    """The base URL of an environment; ImproperlyConfigured where the settings no longer name it."""
    try:
        return api_urls()[environment]
    except KeyError:
        raise ImproperlyConfigured(
            f"The environment '{environment}' is not in CREDLY_BADGES_API_URLS. "
            "Add it there, or choose another environment for the organization."
        ) from None


def lms_backend() -> str:
    """The dotted path of the class through which the plugin asks the LMS about learners and courses."""
    return _read("LMS_BACKEND", "credly_badges.lms.EdxPlatform", str)


def celery_queue() -> str:
    """The Celery queue for this plugin's tasks; empty where the LMS is to route them."""
    queue: str | None = _read("CELERY_QUEUE", None, (str, type(None)))
    return queue or ""


def task_options() -> dict[str, Any]:
    """How tasks are sent."""
    return {"queue": celery_queue()} if celery_queue() else {}


def timeouts() -> tuple[float, float]:
    """Seconds to wait for a connection to Credly, and then for its answer."""
    return float(_read("CONNECT_TIMEOUT", 5, (int, float))), float(_read("READ_TIMEOUT", 20, (int, float)))


def max_attempts() -> int:
    """How often a message is tried before it waits for a person."""
    return _read("MAX_ATTEMPTS", 12, int)


def first_wait() -> timedelta:
    """The pause after a first failed attempt; each further one doubles it."""
    return timedelta(seconds=_read("FIRST_WAIT", 30, (int, float)))


def longest_wait() -> timedelta:
    """The longest pause between two attempts."""
    return timedelta(seconds=_read("LONGEST_WAIT", 6 * 3600, (int, float)))


def lease() -> timedelta:
    """How long a worker may hold a message before others take it for lost."""
    return timedelta(seconds=_read("LEASE_SECONDS", 120, (int, float)))


def longest_follow_up() -> timedelta:
    """The longest countdown that a worker gives a task of its own."""
    return timedelta(seconds=_read("FOLLOW_UP_SECONDS", 900, (int, float)))


def sweep_every() -> timedelta:
    """How often the scheduled sweep looks for work that nobody was woken for."""
    return timedelta(seconds=_read("SWEEP_SECONDS", 300, (int, float)))


def suppress_credly_email() -> bool:
    """Whether Credly is asked not to write to learners about their badges."""
    return _read("SUPPRESS_CREDLY_EMAIL", False, bool)


def api_key_cache() -> timedelta:
    """How long a process remembers an API key that a function of the settings gave it."""
    return timedelta(seconds=_read("API_KEY_CACHE_SECONDS", 60, (int, float)))


def webhook_secret_required() -> bool:
    """Whether Credly's notices are only taken at the address that holds the organization's secret."""
    return _read("WEBHOOK_SECRET_REQUIRED", False, bool)


def webhook_rate() -> int:
    """How many notices of an organization are taken in a minute from one sender."""
    return _read("WEBHOOK_RATE", 120, int)


def kept_notices() -> timedelta:
    """How long notices from Credly are kept once they are finished."""
    return timedelta(days=_read("NOTICE_DAYS", 90, (int, float)))


def kept_events() -> timedelta | None:
    """How long events are kept that decide nothing; None for ever."""
    days = _read("EVENT_DAYS", 365, (int, float))
    return timedelta(days=days) if days else None


def breaker_failures() -> int:
    """After how many failures in a row nothing is sent to Credly for a while; 0 for never."""
    return _read("BREAKER_FAILURES", 5, int)


def breaker_wait() -> timedelta:
    """For how long nothing is sent then; each further failure doubles it."""
    return timedelta(seconds=_read("BREAKER_SECONDS", 60, (int, float)))


def reconcile_every() -> timedelta:
    """How often each organization's badges are compared with Credly's by themselves; zero for never."""
    return timedelta(hours=_read("RECONCILE_HOURS", 24, (int, float)))


def reconcile_fixes() -> list[str]:
    """Which kinds of differences are mended by themselves."""
    causes: Sequence[str] = _read("RECONCILE_FIX", ["state", "replaced", "deleted"], (list, tuple))
    return [str(cause) for cause in causes]


def reconcile_slice() -> timedelta:
    """How long one round of the scheduled work compares badges before it leaves the rest to the next."""
    return timedelta(seconds=_read("RECONCILE_SLICE_SECONDS", 120, (int, float)))


def reconcile_grace() -> timedelta:
    """How long after a change an award is left out of comparisons."""
    return timedelta(seconds=_read("RECONCILE_GRACE_SECONDS", 900, (int, float)))


def feed_every() -> timedelta:
    """How often Credly's events feed is read, for what no webhook has told us."""
    return timedelta(minutes=_read("FEED_MINUTES", 15, (int, float)))


def batch_size() -> int:
    """How many badges one request to Credly may issue; 1 where each is to go alone."""
    return min(max(_read("BATCH_SIZE", 25, int), 1), MOST_IN_A_BATCH)


def sync_every() -> timedelta:
    """How often each organization's badge templates are synced in whole by themselves; zero for never."""
    return timedelta(hours=_read("SYNC_HOURS", 24, (int, float)))


def deletes_at_credly() -> bool:
    """Whether Credly is asked to delete the badges of a learner whom the LMS retires."""
    return _read("RETIREMENT_DELETES_AT_CREDLY", True, bool)


def erases_awards() -> bool:
    """Whether the awards of a retired learner are erased; else they stay, without anything that tells whose."""
    return _read("RETIREMENT_ERASES_AWARDS", False, bool)


def review_required() -> bool:
    """Whether a badge has to be reviewed before learners can earn it."""
    return _read("REVIEW_REQUIRED", False, bool)


def separate_approver() -> bool:
    """Whether whoever lets learners earn a badge has to be somebody else than who submitted or wrote it."""
    return _read("SEPARATE_APPROVER", False, bool)


def events() -> list[str]:
    """The dotted paths of further kinds of events that requirements can listen to."""
    paths: Sequence[str] = _read("EVENTS", [], (list, tuple))
    return [str(path) for path in paths]


def metrics_token() -> str:
    """With which token a monitoring system reads the figures without a session; empty where none may."""
    return _read("METRICS_TOKEN", "", str)


def api_rates() -> dict[str, int]:
    """How many requests to the REST API are taken in a minute, by whose they are: key, user, anonymous, claim."""
    given: Mapping[str, Any] = _read("API_RATES", {}, Mapping)
    rates = {**API_RATES, **given}
    if unknown := sorted(set(rates) - set(API_RATES)):
        raise ImproperlyConfigured(f"CREDLY_BADGES_API_RATES knows {sorted(API_RATES)}; it has {unknown}.")
    for name, rate in rates.items():
        if not isinstance(rate, int) or isinstance(rate, bool) or rate < 1:
            raise ImproperlyConfigured(f"CREDLY_BADGES_API_RATES[{name!r}] must be a whole number of 1 or more.")
    return rates


def api_master_secret() -> str:
    """The secret of requests that are signed as BadgeKit's master; empty where none are taken."""
    secret = _read("API_MASTER_SECRET", "", str)
    if secret and len(secret) < SHORTEST_MASTER_SECRET:
        raise ImproperlyConfigured(
            f"CREDLY_BADGES_API_MASTER_SECRET must have {SHORTEST_MASTER_SECRET} characters or more."
        )
    return secret


def evidence_storage() -> Storage:
    """Where the pictures are kept that learners send."""
    name = _read("EVIDENCE_STORAGE", "", str)
    try:
        if "." in name:
            storage: Storage = import_string(name)()
        else:
            storage = storages[name or "default"]
    except (ImportError, InvalidStorageError) as error:
        raise ImproperlyConfigured(f"CREDLY_BADGES_EVIDENCE_STORAGE names no storage: {error}") from error
    return storage


def evidence_storage_is_chosen() -> bool:
    """Whether the operator has said where these are kept."""
    return bool(_read("EVIDENCE_STORAGE", "", str))


def evidence_max_bytes() -> int:
    """How large a picture may be that a learner sends."""
    return _read("EVIDENCE_MAX_BYTES", 5 * 1024 * 1024, int)


def public_pages() -> bool:
    """Whether anybody may see the pages of badges that learners can earn."""
    return _read("PUBLIC_PAGES", True, bool)


def subscriber_hosts() -> list[str]:
    """Hosts and networks that subscribers may be at although their addresses are private."""
    hosts: Sequence[str] = _read("SUBSCRIBER_HOSTS", [], (list, tuple))
    return [str(host).lower() for host in hosts]


def subscriber_timeout() -> timedelta:
    """How long a subscriber has to take a message."""
    return timedelta(seconds=_read("SUBSCRIBER_TIMEOUT", 5, (int, float)))


def subscriber_days() -> timedelta:
    """For how long a finished message to a subscriber is kept."""
    return timedelta(days=_read("SUBSCRIBER_DAYS", 30, int))


def site_url() -> str:
    """The address of the LMS, without a slash at its end, as edx-platform's LMS_ROOT_URL has it; empty on a host
    that has no such setting.
    """
    return _of_the_lms("LMS_ROOT_URL").rstrip("/")


def site_name() -> str:
    """What the LMS is called, as edx-platform's PLATFORM_NAME has it."""
    return _of_the_lms("PLATFORM_NAME")


def _of_the_lms(name: str) -> str:
    """A setting of the LMS's own; empty where the host is none."""
    return str(getattr(settings, name, None) or "")


def _read(name: str, default: T, kind: Any) -> T:
    value: T = getattr(settings, f"CREDLY_BADGES_{name}", default)
    if not isinstance(value, kind):
        wanted = getattr(kind, "__name__", None) or " or ".join(each.__name__ for each in kind)
        raise ImproperlyConfigured(f"CREDLY_BADGES_{name} must be of type {wanted}; it is {type(value).__name__}.")
    return value
