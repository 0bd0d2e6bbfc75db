"""The Credly organizations that badges are issued for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .. import conf
from ..conf import given_keys
from .encryption import EncryptedTextField, Secret


class CredlyOrganization(models.Model):
    """An organization at Credly, with the key that lets us issue in its name.

    .. no_pii:
    """

    class Pause(models.TextChoices):
        """Why nothing is sent to Credly for an organization."""

        NONE = "", _("not paused")
        KEY_REJECTED = "key_rejected", _("the API key does not work")
        BY_HAND = "by_hand", _("paused by an administrator")

    uuid = models.UUIDField(
        _("organization ID"),
        unique=True,
        help_text=_("The organization's ID at Credly: a UUID, shown on the developer page of your Credly account."),
    )
    name = models.CharField(_("name"), max_length=255, blank=True, help_text=_("Read from Credly when you save."))
    # NULL, not an empty text, where it has none yet: several may have none.
    slug = models.SlugField(
        _("slug"),
        max_length=80,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text=_("Its name in addresses of this LMS."),
    )
    description = models.TextField(_("description"), blank=True, help_text=_("For your own notes."))
    url = models.URLField(_("website"), max_length=500, blank=True)
    email = models.EmailField(_("contact"), blank=True, help_text=_("Whom to ask about its badges; it is public."))
    image_url = models.URLField(_("image URL"), max_length=500, blank=True)
    environment = models.CharField(
        _("environment"),
        max_length=50,
        default=conf.PRODUCTION,
        help_text=_("Which Credly this organization lives at. Sandbox badges are not real badges."),
    )
    api_key = EncryptedTextField(_("API key"), blank=True, default="")
    key_entered_at = models.DateTimeField(_("key in force since"), null=True, blank=True, editable=False)
    key_expires_at = models.DateTimeField(
        _("key expires at"),
        null=True,
        blank=True,
        help_text=_("As Credly says where the key may ask, else 180 days after it was entered."),
    )
    key_expiry_is_known = models.BooleanField(_("Credly named the expiry"), default=False, editable=False)
    key_token_id = models.UUIDField(_("the key's ID at Credly"), null=True, blank=True, editable=False)
    key_warned_days = models.PositiveSmallIntegerField(
        _("last warned this many days before"), null=True, blank=True, editable=False
    )
    # The key before the one in force, kept until its overlap has passed; then it is deleted at Credly and here.
    retiring_key = EncryptedTextField(_("retiring API key"), blank=True, default="", editable=False)
    retiring_token_id = models.UUIDField(_("the retiring key's ID at Credly"), null=True, blank=True, editable=False)
    retire_at = models.DateTimeField(_("retire the old key at"), null=True, blank=True, editable=False)
    # A key that was made at Credly and is not in force yet. Its name there is stored before it is made, its value
    # before it is used, so that whoever comes after a crash finds both. While there is a time, a process is at it.
    successor_name = models.CharField(max_length=100, blank=True, default="", editable=False)
    successor_begun_at = models.DateTimeField(null=True, blank=True, editable=False)
    successor_key = EncryptedTextField(blank=True, default="", editable=False)
    # The key that was last looked at, as a one-way mark: a key from the settings changes without a word to us.
    key_mark = models.CharField(max_length=64, blank=True, default="", editable=False)
    key_checked_at = models.DateTimeField(_("key last checked at"), null=True, blank=True, editable=False)
    # Changing it changes the secret part of the address that Credly sends its notices to.
    webhook_salt = models.UUIDField(default=uuid4, editable=False)
    noticed_at = models.DateTimeField(_("last notice from Credly at"), null=True, blank=True, editable=False)
    feed_read_at = models.DateTimeField(_("events feed read at"), null=True, blank=True, editable=False)
    feed_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    feed_seen_until = models.DateTimeField(_("events feed seen until"), null=True, blank=True, editable=False)
    rate_limit = models.PositiveIntegerField(
        _("requests per minute"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("How many requests all workers together may send to Credly in a minute. Empty for no limit."),
    )
    concurrency = models.PositiveSmallIntegerField(
        _("deliveries at once"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "How many deliveries all workers together may have under way at one moment; badges that leave in one "
            "request are one. Empty for no limit."
        ),
    )
    paused = models.CharField(_("paused"), max_length=20, blank=True, choices=Pause.choices, default=Pause.NONE)
    pause_reason = models.TextField(_("reason for the pause"), blank=True)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    wait_until = models.DateTimeField(
        _("wait until"),
        null=True,
        blank=True,
        help_text=_("Nothing is sent before then. Credly asked us to slow down or kept failing, or there was no key."),
    )
    synced_at = models.DateTimeField(_("templates synced at"), null=True, blank=True)
    sync_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("Credly organization")
        verbose_name_plural = _("Credly organizations")

    def __str__(self) -> str:
        return self.name or str(self.uuid)

    @property
    def key(self) -> Secret:
        """The key in force: the one from the settings if they have one, else the stored one. Never raises."""
        given = self._given_key() or self.api_key
        # Until it is read back from the database, a key that was just assigned is plain text.
        return given if isinstance(given, Secret) else Secret(given)

    @property
    def key_comes_from_settings(self) -> bool:
        """Whether the operator keeps this organization's key outside the database."""
        return bool(self._given_key())

    def fetch_key_anew(self) -> Secret:
        """The key in force now, whatever this process remembers of it."""
        given_keys.forget(self.uuid)
        self.__dict__.pop("_key_given", None)
        return self.key

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Read the row anew, and what the settings say of its key."""
        self.__dict__.pop("_key_given", None)
        super().refresh_from_db(*args, **kwargs)

    def _given_key(self) -> Secret:
        """What the settings give. A function's answer is kept as the row is: what was read stays what was tried."""
        source = given_keys.source_for(self.uuid)
        remembered = self.__dict__.get("_key_given")
        if remembered is None or remembered[0] is not source:
            try:
                given = Secret(given_keys.key_for(self.uuid))
            except given_keys.KeyNotFetched as failure:
                given = Secret(failure=failure)
            remembered = self.__dict__["_key_given"] = (source, given)
        return remembered[1]

    def may_send(self, now: datetime) -> bool:
        """Whether messages may go to Credly for this organization at that moment."""
        return not self.paused and (self.wait_until is None or self.wait_until <= now)


class Pace(models.Model):
    """How fast an organization's requests leave, and whether Credly seems to be down: shared by all workers.

    Its own table, because it changes with every request where a limit is set, and all read the organization's row.

    .. no_pii:
    """

    organization = models.OneToOneField(
        CredlyOrganization, on_delete=models.CASCADE, related_name="pace", verbose_name=_("organization")
    )
    tokens = models.FloatField(_("requests left"), default=0)
    filled_at = models.DateTimeField(_("refilled at"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    opened_at = models.DateTimeField(
        _("stopped at"), null=True, blank=True, help_text=_("Since when nothing is sent, because Credly kept failing.")
    )
    probe_at = models.DateTimeField(_("next probe at"), null=True, blank=True)

    class Meta:
        verbose_name = _("pace")
        verbose_name_plural = _("paces")

    def __str__(self) -> str:
        return str(self.organization)
