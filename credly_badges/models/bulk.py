"""Many badges issued at once: a list that is looked through, then carried out."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class BulkIssue(models.Model):
    """A list of learners who are to be issued a badge: previewed, then carried out row by row in a worker.

    .. pii: Who asked for it.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        """How far it has come."""

        PREVIEW = "preview", _("preview")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    uuid = models.UUIDField(_("list ID"), default=uuid.uuid4, unique=True, editable=False)
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate", on_delete=models.CASCADE, related_name="+", verbose_name=_("badge template")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PREVIEW)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    requested_with = models.ForeignKey(
        "credly_badges.ApiKey",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested with the API key"),
    )
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name = _("list of awards")
        verbose_name_plural = _("lists of awards")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["state", "leased_until"], name="credly_bulk_by_state")]

    def __str__(self) -> str:
        return str(self.uuid)


class BulkRow(models.Model):
    """One row of such a list, as it was given, and what came of it.

    .. pii: Learners as they were named in the list, by user name or e-mail address.
    .. pii_types: username, email_address, id
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        """What came of it."""

        READY = "ready", _("ready")
        WRONG = "wrong", _("wrong")
        HELD = "held", _("has the badge already")
        ISSUED = "issued", _("issued")
        REFUSED = "refused", _("refused")
        UNDONE = "undone", _("undone")
        SENT = "sent", _("sent before it could be undone")

    bulk = models.ForeignKey(BulkIssue, on_delete=models.CASCADE, related_name="rows", verbose_name=_("list of awards"))
    number = models.PositiveIntegerField(_("row"))
    entry = models.CharField(_("as given"), max_length=255)
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("learner"),
    )
    earned_at = models.DateTimeField(_("earned at"), null=True, blank=True)
    evidence = models.JSONField(_("evidence"), default=list, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.READY)
    said = models.CharField(_("what was said"), max_length=500, blank=True)
    award = models.ForeignKey(
        "credly_badges.BadgeAward",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("badge award"),
    )

    class Meta:
        ordering = ["number"]
        verbose_name = _("row of a list")
        verbose_name_plural = _("rows of lists")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["bulk", "number"], name="one_row_per_list_and_number")]
        indexes = [models.Index(fields=["bulk", "state", "number"], name="credly_bulk_row_by_state")]

    def __str__(self) -> str:
        return str(self.number)
