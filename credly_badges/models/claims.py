"""Codes that learners claim a badge with, and who claimed which."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ClaimCode(models.Model):
    """A code for one badge: for one learner or for many, in a time, for those of a cohort or one e-mail address.

    .. pii: For whom a code is, where it is for one person.
    .. pii_types: email_address, id
    .. pii_retirement: local_api
    """

    uuid = models.UUIDField(_("code ID"), default=uuid.uuid4, unique=True, editable=False)
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate", on_delete=models.CASCADE, related_name="codes", verbose_name=_("badge template")
    )
    code = models.CharField(_("code"), max_length=255)
    # Of the code as it is compared: a look-up by a digest takes as long for a wrong guess as for a near one.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    note = models.CharField(_("note"), max_length=255, blank=True, help_text=_("What it is for."))
    most = models.PositiveIntegerField(
        _("learners at most"),
        null=True,
        blank=True,
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("How many learners may claim it; empty for any number."),
    )
    claimed = models.PositiveIntegerField(_("claimed"), default=0, editable=False)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    email = models.EmailField(_("only for"), blank=True, help_text=_("The e-mail address of the one who may claim it."))
    course = models.CharField(
        _("only for learners of"), max_length=255, blank=True, help_text=_("The key of a course run, for a cohort.")
    )
    cohort = models.CharField(_("only for the cohort"), max_length=255, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
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
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name = _("claim code")
        verbose_name_plural = _("claim codes")

    def __str__(self) -> str:
        return str(self.uuid)  # Not the note: the audit log keeps what is said here.

    def is_open(self, now: datetime | None = None) -> bool:
        """Whether somebody can claim it now."""
        now = now or timezone.now()
        started = self.starts_at is None or self.starts_at <= now
        ended = self.closed_at is not None or (self.ends_at is not None and self.ends_at <= now)
        return started and not ended and (self.most is None or self.claimed < self.most)


class CodeClaim(models.Model):
    """That a learner claimed a code, and the award that it brought.

    .. pii: Who claimed which code.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    code = models.ForeignKey(ClaimCode, on_delete=models.CASCADE, related_name="claims", verbose_name=_("claim code"))
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("learner")
    )
    award = models.ForeignKey(
        "credly_badges.BadgeAward",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("badge award"),
    )
    claimed_at = models.DateTimeField(_("claimed at"), auto_now_add=True)

    class Meta:
        ordering = ["-claimed_at", "-pk"]
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [models.UniqueConstraint(fields=["code", "learner"], name="one_claim_per_code_and_learner")]

    def __str__(self) -> str:
        return str(self.code)
