"""Numbered system checks: what in the settings would keep badges from learners, said before it does.

``docs/references/checks.rst`` explains each number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils.module_loading import import_string

from . import conf
from .conf import given_keys
from .credly.address import checked_host
from .events import catalogue
from .models import CredlyOrganization
from .models.encryption import ring

APP = "credly_badges"

READINGS: tuple[Callable[[], Any], ...] = (
    conf.encryption_keys,
    conf.api_keys,
    conf.api_urls,
    conf.lms_backend,
    conf.celery_queue,
    conf.timeouts,
    conf.max_attempts,
    conf.first_wait,
    conf.longest_wait,
    conf.lease,
    conf.longest_follow_up,
    conf.sweep_every,
    conf.suppress_credly_email,
    conf.api_key_cache,
    conf.webhook_secret_required,
    conf.webhook_rate,
    conf.kept_notices,
    conf.kept_events,
    conf.breaker_failures,
    conf.breaker_wait,
    conf.reconcile_every,
    conf.reconcile_fixes,
    conf.reconcile_slice,
    conf.reconcile_grace,
    conf.feed_every,
    conf.batch_size,
    conf.sync_every,
    conf.deletes_at_credly,
    conf.erases_awards,
    conf.review_required,
    conf.separate_approver,
    conf.metrics_token,
    conf.events,
    conf.api_rates,
    conf.api_master_secret,
    conf.evidence_storage,
    conf.evidence_max_bytes,
    conf.public_pages,
    conf.subscriber_hosts,
    conf.subscriber_timeout,
    conf.subscriber_days,
)


@register(APP)
def check_settings(
    app_configs: Any,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """Everything that can be said without the database."""
    wrong_types = list(_wrong_types())
    if wrong_types:
        return wrong_types  # The rest would stumble over them.
    return [
        *_encryption(refuses=bool(databases)),
        *_addresses(),
        *_lms_backend(),
        *_key_owners(),
        *_key_functions(),
        *_lease(),
        *_numbers(),
        *_events(),
    ]


@register(APP, deploy=True)
def check_deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What matters where real learners are; runs with ``check --deploy``."""
    if conf.evidence_storage_is_chosen():
        return []
    return [
        checks.Warning(
            "Pictures that learners send with their applications go to the default storage, which often is public.",
            hint="Name one in CREDLY_BADGES_EVIDENCE_STORAGE whose files the public cannot read.",
            id="credly_badges.W005",
        )
    ]


@register(APP, Tags.database)
def check_organizations(
    app_configs: Any,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """What only the stored organizations can tell; runs with ``check --database default`` and before migrations."""
    if not databases:
        return []
    try:
        stored = list(CredlyOrganization.objects.values_list("uuid", "environment"))
        has_keys = CredlyOrganization.objects.exclude(api_key="").exists()
        known = conf.api_urls()
        has_ring = bool(conf.encryption_keys())
    except (DatabaseError, ImproperlyConfigured):
        return []  # Before the first migration there is no table; wrong settings are told above.
    unreadable = [] if has_ring or not has_keys else [_unreadable()]
    return unreadable + [
        Error(
            f"The organization {uuid} is in the environment “{environment}”, which CREDLY_BADGES_API_URLS lacks.",
            hint="Add it there, or choose another environment for the organization.",
            id="credly_badges.E006",
        )
        for uuid, environment in stored
        if environment not in known
    ]


def _wrong_types() -> Iterator[CheckMessage]:
    for reading in READINGS:
        try:
            reading()
        except ImproperlyConfigured as error:
            yield Error(str(error), hint="See the reference of settings.", id="credly_badges.E001")


def _unreadable() -> CheckMessage:
    return Error(
        "API keys are stored, and CREDLY_BADGES_ENCRYPTION_KEYS is empty: none of them can be read.",
        hint="Put back the encryption keys that they were stored with.",
        id="credly_badges.E010",
    )


def _encryption(*, refuses: bool) -> Iterator[CheckMessage]:
    """``refuses``: whether this is ``migrate``, or another command that says which databases it is about.

    Elsewhere it only warns: the image of an LMS is built by commands that run the checks, and holds no secrets.
    """
    hint = (
        "Make a key with cryptography.fernet.Fernet.generate_key() and put it first in CREDLY_BADGES_ENCRYPTION_KEYS."
    )
    if not conf.encryption_keys():
        sentence = "CREDLY_BADGES_ENCRYPTION_KEYS is empty, so API keys cannot be stored."
        if settings.DEBUG or conf.api_keys() or not refuses:
            yield checks.Warning(sentence, hint=hint, id="credly_badges.W001")
        else:
            advice = f"{hint} Or have CREDLY_BADGES_API_KEYS give the API keys."
            yield Error(sentence, hint=advice, id="credly_badges.E008")
        return
    try:
        ring()
    except ImproperlyConfigured as error:
        yield Error(str(error), hint=hint, id="credly_badges.E002")


def _addresses() -> Iterator[CheckMessage]:
    custom = getattr(settings, "CREDLY_BADGES_API_URLS", {})
    for name, address in custom.items():
        if name in conf.CREDLY_URLS:
            yield checks.Warning(
                f"CREDLY_BADGES_API_URLS names “{name}”, which is Credly's own and stays as it is.",
                hint="Give the address another name.",
                id="credly_badges.W002",
            )
            continue
        try:
            checked_host(str(address))
        except ValueError:
            # The address is not shown: somebody may have put a password in it.
            yield Error(
                f"The address of “{name}” in CREDLY_BADGES_API_URLS cannot be used.",
                hint="It has to look like https://api.credly.com/v1. Names, e-mail addresses and API keys go there, so "
                "only an address of this machine may be http.",
                id="credly_badges.E003",
            )


def _lms_backend() -> Iterator[CheckMessage]:
    path = conf.lms_backend()
    try:
        import_string(path)
    except Exception as error:  # noqa: BLE001  # Whatever keeps a module from loading keeps the plugin from working.
        yield Error(
            f"CREDLY_BADGES_LMS_BACKEND, {path}, cannot be imported: {error}",
            hint="Give the dotted path of a class; in an LMS leave the setting out.",
            id="credly_badges.E004",
        )


def _key_owners() -> Iterator[CheckMessage]:
    given = conf.api_keys()
    for owner in given if isinstance(given, Mapping) else ():
        try:
            UUID(str(owner))
        except ValueError:
            # The entry is not shown: somebody may have put the key in its place.
            yield Error(
                "CREDLY_BADGES_API_KEYS has an entry whose name is not an organization ID (a UUID).",
                hint="Write {“organization ID”: “API key”}.",
                id="credly_badges.E005",
            )


def _key_functions() -> Iterator[CheckMessage]:
    for source in given_keys.functions():
        try:
            given_keys.function_of(source)
        except Exception as error:  # noqa: BLE001  # Whatever keeps a module from loading keeps its keys from us.
            # What was given is not shown: it may be a key in the wrong place.
            yield Error(
                f"What CREDLY_BADGES_API_KEYS names cannot be imported or called ({type(error).__name__}).",
                hint="Give the dotted path of a function that takes an organization's UUID and returns its API key.",
                id="credly_badges.E009",
            )


def _lease() -> Iterator[CheckMessage]:
    if conf.lease().total_seconds() <= sum(conf.timeouts()):
        yield checks.Warning(
            "CREDLY_BADGES_LEASE_SECONDS is not longer than the connect and read time-outs together.",
            hint="A message would be taken from a worker that still waits for Credly. Make it longer.",
            id="credly_badges.W003",
        )


def _numbers() -> Iterator[CheckMessage]:
    positive = {
        "CONNECT_TIMEOUT": conf.timeouts()[0],
        "READ_TIMEOUT": conf.timeouts()[1],
        "MAX_ATTEMPTS": conf.max_attempts(),
        "FIRST_WAIT": conf.first_wait().total_seconds(),
        "LONGEST_WAIT": conf.longest_wait().total_seconds(),
        "FOLLOW_UP_SECONDS": conf.longest_follow_up().total_seconds(),
        "SWEEP_SECONDS": conf.sweep_every().total_seconds(),
        "FEED_MINUTES": conf.feed_every().total_seconds() / 60,
        "WEBHOOK_RATE": conf.webhook_rate(),
        "NOTICE_DAYS": conf.kept_notices().total_seconds() / 86_400,
        "RECONCILE_SLICE_SECONDS": conf.reconcile_slice().total_seconds(),
        "EVIDENCE_MAX_BYTES": conf.evidence_max_bytes(),
        "SUBSCRIBER_TIMEOUT": conf.subscriber_timeout().total_seconds(),
        "SUBSCRIBER_DAYS": conf.subscriber_days().total_seconds() / 86_400,
    }
    for name, value in positive.items():
        if value <= 0:
            yield Error(
                f"CREDLY_BADGES_{name} is {value:g}; it has to be more than 0.",
                hint="Leave it out for the default.",
                id="credly_badges.E007",
            )


def _events() -> Iterator[CheckMessage]:
    found = catalogue.found()
    for fault in found.faults:
        yield checks.Warning(
            fault,
            hint="It is left out of what requirements can listen to. See “Add a kind of event” in the documentation.",
            id="credly_badges.W004",
        )
    if found.missing:
        names = ", ".join(event_type.kind for event_type in found.missing)
        yield checks.Info(
            f"The installed openedx-events does not have these events, so no badge can listen to them: {names}.",
            hint="Nothing has to be done. A later release of Open edX brings them.",
            id="credly_badges.I001",
        )
