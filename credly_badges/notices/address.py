"""The address that Credly sends an organization's notices to, and the secret in it that nobody can guess."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from .. import audit, conf, connections
from ..credly.errors import CredlyError
from ..models import CredlyOrganization
from ..sync.organizations import CANNOT_CONNECT

PURPOSE = "credly_badges.webhook"


def webhook_path(organization: CredlyOrganization) -> str:
    """The path to paste into Credly. It holds the organization's secret, so only who may change it may see it."""
    return reverse("credly_badges:webhook_with_secret", args=[_secret(organization, settings.SECRET_KEY)])


def plain_path() -> str:
    """The path without a secret, the same for every organization; empty where the settings ask for one."""
    return "" if conf.webhook_secret_required() else reverse("credly_badges:webhook")


@sensitive_variables()
def is_secret_of(organization: CredlyOrganization, given: str) -> bool:
    """Whether this is the organization's secret, told in a time that gives nothing away."""
    return any(constant_time_compare(given, secret) for secret in _secrets(organization))


@transaction.atomic
def renew_address(organization: CredlyOrganization, *, by: AbstractBaseUser | None) -> None:
    """Make a new secret. What Credly still sends to the old address is dropped, and comes through the events feed."""
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    row.webhook_salt = organization.webhook_salt = uuid4()
    row.save(update_fields=["webhook_salt", "modified"])
    audit.record("organization.webhook_renewed", organization, actor=by)


def set_at_credly(organization: CredlyOrganization, url: str, *, by: AbstractBaseUser | None) -> str:
    """Have Credly send its notices to an address; what went wrong in a sentence, empty where nothing did."""
    try:
        connections.connect(organization).set_webhook_url(url)
    except (CredlyError, *CANNOT_CONNECT) as problem:
        return str(problem)
    audit.record("organization.webhook_set", organization, actor=by)
    return ""


def _secrets(organization: CredlyOrganization) -> Iterator[str]:
    # A site that changes its SECRET_KEY keeps the old one as a fallback until nothing depends on it.
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield _secret(organization, key)


def _secret(organization: CredlyOrganization, key: str | bytes) -> str:
    told_apart_by = f"{organization.uuid}:{organization.webhook_salt}"
    return salted_hmac(PURPOSE, told_apart_by, secret=key, algorithm="sha256").hexdigest()
