"""The keys by which other systems use the REST API, and what was answered to whom already."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .encryption import EncryptedTextField
from .placed import Placed


class ApiKey(Placed):
    """A key of another system. One that is sent is kept as a hash; one that signs, encrypted.

    .. pii: Who made the key.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    class Kind(models.TextChoices):
        """How a request shows that it comes from the key's owner."""

        BEARER = "bearer", _("sent with each request")
        SIGNING = "signing", _("signs each request, and is never sent")

    uuid = models.UUIDField(_("key ID"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, help_text=_("Which system it is for."))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.BEARER)
    # Of a key that is sent, its beginning; of one that signs, what the requests call it. Not secret.
    prefix = models.CharField(_("begins with"), max_length=40, unique=True, editable=False)
    hashed_key = models.CharField(max_length=255, blank=True, default="", editable=False)
    secret = EncryptedTextField(_("secret"), blank=True, default="", editable=False)
    scopes = models.JSONField(_("scopes"), default=list, blank=True, help_text=_("What it may do."))
    rate_limit = models.PositiveIntegerField(
        _("requests per minute"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty for the limit that the settings give every key."),
    )
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, help_text=_("Empty: never."))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    # How many days before its end those who subscribed were last told of it.
    warned_days = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("made by"),
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name

    def is_valid(self, now: datetime | None = None) -> bool:
        """Whether it opens anything: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > (now or timezone.now()))


class SpentSignature(models.Model):
    """A signed request that was taken already, kept for as long as its signature would be valid.

    .. no_pii:
    """

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("spent signature")
        verbose_name_plural = _("spent signatures")
        default_permissions = ()

    def __str__(self) -> str:
        return self.digest


class IdempotentAnswer(models.Model):
    """What was answered to a request that carried an Idempotency-Key, for when it is sent again.

    .. pii: The answer may name a learner and their badge.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    caller = models.CharField(_("caller"), max_length=80)
    key = models.CharField(_("idempotency key"), max_length=255)
    # Of method, path and body: the same key for another request is a mistake of the caller's.
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    body = models.JSONField(_("body"), default=dict, blank=True)
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("answer to a repeated request")
        verbose_name_plural = _("answers to repeated requests")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="one_answer_per_caller_and_key")]

    def __str__(self) -> str:
        return self.key
