"""Who did what to which thing, and the seals that show whether anybody changed that afterwards."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class WrittenOnce(Exception):
    """What is in the audit log is written once: nobody changes or deletes it."""

    def __str__(self) -> str:
        """The docstring is the message."""
        return self.__doc__ or ""


class WrittenOnceQuerySet(models.QuerySet[Any]):
    """Rows that are only ever read and added."""

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        """Refused."""
        raise WrittenOnce

    def delete(self) -> NoReturn:
        """Refused."""
        raise WrittenOnce


class WrittenOnceModel(models.Model):
    """A row that is never changed."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row; one that is written is never changed."""
        if not self._state.adding:
            raise WrittenOnce
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        """Refused."""
        raise WrittenOnce


class AuditEntryQuerySet(WrittenOnceQuerySet):
    """Entries of the log. Django does not come by here when it empties ``actor`` because a user is deleted."""

    def forget(self, user_id: int) -> int:
        """Take a person's name off what they did, as when they retire; what was done stays. How many entries."""
        return models.QuerySet.update(self.filter(actor_id=user_id), actor=None)


class AuditEntry(WrittenOnceModel):
    """One change that somebody, or the system, made. Written once, never changed.

    .. pii: Who made a change, and the learner whom it concerned (by key only).
    .. pii_types: id
    .. pii_retirement: retained
    """

    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    action = models.CharField(_("action"), max_length=50)
    object_type = models.CharField(_("kind of thing"), max_length=50)
    object_id = models.CharField(_("ID"), max_length=64)
    object_label = models.CharField(_("thing"), max_length=255, blank=True)
    because = models.CharField(_("because"), max_length=500, blank=True)
    before = models.JSONField(_("before"), default=dict, blank=True)
    after = models.JSONField(_("after"), default=dict, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="credly_audit_by_object"),
            models.Index(fields=["action"], name="credly_audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label}".strip()


class AuditSeal(WrittenOnceModel):
    """A digest of some entries of the log and of the seal before it. Whoever changes an entry cannot make it anew.

    .. no_pii: Digests that nobody can read anything from, and who acted is no part of them.
    """

    number = models.PositiveIntegerField(_("number"), unique=True)
    # Keys, and no relations: a seal outlasts whatever is done to the entries, and tells of it.
    first_entry = models.PositiveBigIntegerField(_("first entry"))
    last_entry = models.PositiveBigIntegerField(_("last entry"))
    count = models.PositiveIntegerField(_("entries"))
    digest = models.CharField(_("digest"), max_length=64)
    previous = models.CharField(_("digest of the seal before"), max_length=64, blank=True, default="")
    key_mark = models.CharField(_("mark of the key"), max_length=16)
    sealed_at = models.DateTimeField(_("sealed at"))

    objects = WrittenOnceQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.number)
