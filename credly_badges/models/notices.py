"""What Credly told us, by webhook or by its events feed, and what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CredlyNotice(models.Model):
    """One event at Credly. Until it is fetched with our own key, all that is known of it is a hint anybody could send.

    .. no_pii: Ids only. Credly's events hold names and addresses; these are not kept.
    """

    class Source(models.TextChoices):
        """How we heard of it."""

        WEBHOOK = "webhook", _("webhook")
        FEED = "feed", _("events feed")

    class State(models.TextChoices):
        """How far a notice has come."""

        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        IGNORED = "ignored", _("nothing to do")
        REJECTED = "rejected", _("not confirmed by Credly")
        FAILED = "failed", _("needs a person")

    organization = models.ForeignKey(
        "credly_badges.CredlyOrganization",
        on_delete=models.CASCADE,
        related_name="notices",
        verbose_name=_("organization"),
    )
    event_id = models.UUIDField(_("event ID at Credly"))
    event_type = models.CharField(
        _("type"), max_length=100, blank=True, help_text=_("As Credly confirmed it, else as the notice said.")
    )
    occurred_at = models.DateTimeField(_("occurred at"), null=True, blank=True)
    subject_id = models.UUIDField(_("about"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.WEBHOOK)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    outcome = models.CharField(_("outcome"), max_length=500, blank=True)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    # While a worker has it, the end of its lease; see OutboxMessage.not_before.
    not_before = models.DateTimeField(_("not before"))
    lease = models.UUIDField(_("lease"), null=True, blank=True, editable=False)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    repeated = models.PositiveIntegerField(_("times received again"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name = _("notice from Credly")
        verbose_name_plural = _("notices from Credly")
        constraints = [
            models.UniqueConstraint(fields=["organization", "event_id"], name="one_notice_per_organization_and_event"),
        ]
        indexes = [
            models.Index(fields=["state", "not_before"], name="credly_notice_due"),
            models.Index(fields=["organization", "received_at"], name="credly_notice_received"),
            models.Index(fields=["subject_id", "occurred_at"], name="credly_notice_subject"),
        ]
        permissions = [("process_credlynotice", "Can process notices from Credly again")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}".strip()
