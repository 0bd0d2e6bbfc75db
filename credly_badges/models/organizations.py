"""The Credly organizations that badges are issued for."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from .. import conf
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
    description = models.TextField(_("description"), blank=True, help_text=_("For your own notes."))
    environment = models.CharField(
        _("environment"),
        max_length=50,
        default=conf.PRODUCTION,
        help_text=_("Which Credly this organization lives at. Sandbox badges are not real badges."),
    )
    api_key = EncryptedTextField(_("API key"), blank=True, default="")
    paused = models.CharField(_("paused"), max_length=20, blank=True, choices=Pause.choices, default=Pause.NONE)
    pause_reason = models.TextField(_("reason for the pause"), blank=True)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    wait_until = models.DateTimeField(
        _("wait until"), null=True, blank=True, help_text=_("Credly asked us to slow down until then.")
    )
    synced_at = models.DateTimeField(_("templates synced at"), null=True, blank=True)
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
        """The key in force: the one from the settings if they have one, else the stored one."""
        given = conf.api_key(self.uuid) or self.api_key
        # Until it is read back from the database, a key that was just assigned is plain text.
        return given if isinstance(given, Secret) else Secret(given)

    @property
    def key_comes_from_settings(self) -> bool:
        """Whether the operator keeps this organization's key outside the database."""
        return bool(conf.api_key(self.uuid))

    def may_send(self, now: datetime) -> bool:
        """Whether messages may go to Credly for this organization at that moment."""
        return not self.paused and (self.wait_until is None or self.wait_until <= now)
