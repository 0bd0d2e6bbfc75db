"""What has to be told to Credly, and every time it was tried."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxMessageQuerySet(models.QuerySet["OutboxMessage"]):
    """Messages, by whether their time has come."""

    def due(self, now: datetime) -> OutboxMessageQuerySet:
        """Those a worker may take now: waiting or abandoned, and of an organization that may be spoken for."""
        may_send = models.Q(organization__paused="") & (
            models.Q(organization__wait_until=None) | models.Q(organization__wait_until__lte=now)
        )
        return self.filter(may_send, open=True, state__in=OutboxMessage.TAKEABLE, not_before__lte=now)


class OutboxMessage(models.Model):
    """One order to Credly, kept until Credly has confirmed it or a person has dropped it.

    While a worker delivers it, ``not_before`` is the end of its lease: if the worker dies, the message is due again
    then, and ``look_first`` says that Credly may already have done it.

    .. no_pii:
    """

    class Kind(models.TextChoices):
        """What Credly is asked to do."""

        ISSUE = "issue", _("issue the badge")
        REVOKE = "revoke", _("revoke the badge")
        REPLACE = "replace", _("replace the badge")
        DELETE = "delete", _("delete the badge")

    class State(models.TextChoices):
        """How far a message has come."""

        WAITING = "waiting", _("waiting")
        DELIVERING = "delivering", _("being delivered")
        DELIVERED = "delivered", _("delivered")
        DEAD = "dead", _("needs a person")
        DROPPED = "dropped", _("dropped")

    TAKEABLE = (State.WAITING, State.DELIVERING)

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    award = models.ForeignKey(
        "credly_badges.BadgeAward", on_delete=models.CASCADE, related_name="messages", verbose_name=_("badge award")
    )
    organization = models.ForeignKey(
        "credly_badges.CredlyOrganization",
        on_delete=models.PROTECT,
        related_name="messages",
        verbose_name=_("organization"),
    )
    details = models.JSONField(
        _("details"),
        default=dict,
        blank=True,
        help_text=_("For a replacement: what is to change, and why. No name, no address."),
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    # True until delivered or dropped, then NULL for ever; see BadgeAward.live.
    open = models.BooleanField(_("open"), null=True, default=True, editable=False)
    not_before = models.DateTimeField(_("not before"))
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    lease = models.UUIDField(_("lease"), null=True, blank=True, editable=False)
    look_first = models.BooleanField(
        _("look first"), default=False, help_text=_("Whether Credly may have done it without our hearing of it.")
    )
    waiting_for = models.CharField(_("waiting for"), max_length=255, blank=True)
    error = models.TextField(_("last error"), blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = OutboxMessageQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        constraints = [
            models.UniqueConstraint(fields=["award", "kind", "open"], name="one_open_message_per_award_and_kind"),
        ]
        indexes = [models.Index(fields=["open", "state", "not_before"], name="credly_message_due")]
        permissions = [("redrive_outboxmessage", "Can send dead letters again or drop them")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"


class DeliveryAttempt(models.Model):
    """One try at delivering a message, and what came of it.

    .. no_pii:
    """

    class Outcome(models.TextChoices):
        """What came of an attempt; the failures carry the names of what the caller should do."""

        STARTED = "started", _("started, and never heard of again")
        DELIVERED = "delivered", _("delivered")
        FOUND = "found", _("found at Credly")
        UNAVAILABLE = "unavailable", _("Credly was unavailable")
        UNANSWERED = "unanswered", _("no answer came")
        THROTTLED = "throttled", _("Credly asked us to slow down")
        UNAUTHORIZED = "unauthorized", _("Credly rejected the key")
        REFUSED = "refused", _("Credly refused")
        BLOCKED = "blocked", _("could not be sent")

    message = models.ForeignKey(
        OutboxMessage, on_delete=models.CASCADE, related_name="delivery_attempts", verbose_name=_("outbox message")
    )
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=15, choices=Outcome.choices, default=Outcome.STARTED)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    said = models.TextField(_("what was said"), blank=True)

    class Meta:
        ordering = ["started_at", "pk"]
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")

    def __str__(self) -> str:
        return str(self.get_outcome_display())


class Pulse(models.Model):
    """When each of the things that are done again and again was last heard from.

    .. no_pii:
    """

    class Source(models.TextChoices):
        """Who did a round of the waiting work, or which round it was."""

        BEAT = "beat", _("the scheduled task")
        COMMAND = "command", _("the command credly_outbox")
        WORKER = "worker", _("a worker's own follow-up")
        FEED = "feed", _("the reading of Credly's events feed")
        KEYS = "keys", _("the check of the keys")
        RECONCILE = "reconcile", _("the reconciliation")
        PURGE = "purge", _("the removal of old notices")
        NOTICES = "notices", _("the processing of what Credly told us")
        TEMPLATES = "templates", _("the sync of badge templates")
        SEALS = "seals", _("the sealing of the audit log")
        LOSSES = "losses", _("the revoking of badges whose time to decide is over")
        PLACES = "places", _("the look at which courses programs have")
        FAULTS = "faults", _("the check of all requirements")
        HISTORY = "history", _("rehearsals and backfills")
        EVENTS = "events", _("the removal of old events")
        SUBSCRIBERS = "told", _("the telling of subscribers")
        EXPIRIES = "expiries", _("the telling of badges that expired")
        LISTS = "lists", _("the issuing of lists")
        ANSWERS = "answers", _("the removal of what was answered to other systems")

    source = models.CharField(_("source"), max_length=10, choices=Source.choices, unique=True)
    heard_at = models.DateTimeField(_("heard at"))
    failure = models.CharField(
        _("last failure"), max_length=255, blank=True, default="", help_text=_("Empty once it went well again.")
    )

    class Meta:
        verbose_name = _("pulse")
        verbose_name_plural = _("pulses")

    def __str__(self) -> str:
        return str(self.get_source_display())
