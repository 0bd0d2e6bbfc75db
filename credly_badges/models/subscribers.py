"""Other systems that are told what happens to badges, and every time it was tried."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .encryption import EncryptedTextField
from .placed import Placed


class Subscriber(Placed):
    """An address of another system that is told what happens, at a level and at all below it.

    .. pii: Who set it up.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    uuid = models.UUIDField(_("subscriber ID"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100)
    url = models.URLField(_("URL"), max_length=500, help_text=_("Where it is told. It has to begin with https://."))
    events = models.JSONField(_("events"), default=list, blank=True, help_text=_("Empty for all of them."))
    fields = models.JSONField(
        _("personal data"),
        default=list,
        blank=True,
        help_text=_("What it is told of learners beside their badge; empty for nothing."),
    )
    secret = EncryptedTextField(_("secret"), blank=True, default="", editable=False)
    # The secret before it, with which messages are signed as well until the receiver knows the new one.
    previous_secret = EncryptedTextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(_("the old secret is valid until"), null=True, blank=True, editable=False)
    signs_like_badgekit = models.BooleanField(
        _("BadgeKit's header as well"),
        default=False,
        help_text=_("Sends Authorization: JWT token=… beside the headers of Standard Webhooks."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    wait_until = models.DateTimeField(
        _("wait until"), null=True, blank=True, editable=False, help_text=_("Nothing is sent before then.")
    )
    # While a worker sends something there, who and until when: one message at a time.
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_delivered_at = models.DateTimeField(_("last delivered at"), null=True, blank=True, editable=False)
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
        ordering = ["name", "pk"]
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")

    def __str__(self) -> str:
        return self.name


class SubscriberMessageQuerySet(models.QuerySet["SubscriberMessage"]):
    """Messages, by whether their time has come."""

    def due(self, now: datetime) -> SubscriberMessageQuerySet:
        """Those that may be sent now."""
        ready = models.Q(subscriber__wait_until=None) | models.Q(subscriber__wait_until__lte=now)
        return self.filter(ready, open=True, not_before__lte=now, subscriber__is_active=True)


class SubscriberMessage(models.Model):
    """One thing that one subscriber is told, kept until it has taken it or three days have passed.

    .. pii: What the subscriber is told of a learner.
    .. pii_types: id, name, email_address, other
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        """How far a message has come."""

        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        DEAD = "dead", _("given up")
        DROPPED = "dropped", _("dropped")

    uuid = models.UUIDField(_("message ID"), default=uuid.uuid4, unique=True, editable=False)
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, related_name="messages", verbose_name=_("subscriber")
    )
    event = models.CharField(_("event"), max_length=50)
    # What the message is about, such as "award:12": messages about one thing arrive in order.
    subject = models.CharField(_("about"), max_length=80)
    award = models.ForeignKey(
        "credly_badges.BadgeAward", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    occurred_at = models.DateTimeField(_("happened at"))
    payload = models.JSONField(_("payload"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    # True while it waits, then NULL for ever; see BadgeAward.live.
    open = models.BooleanField(null=True, default=True, editable=False)
    not_before = models.DateTimeField(_("not before"))
    give_up_at = models.DateTimeField(_("given up at"), help_text=_("Until then it is tried again and again."))
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    error = models.CharField(_("last error"), max_length=500, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = SubscriberMessageQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("message to a subscriber")
        verbose_name_plural = _("messages to subscribers")
        default_permissions = ("view",)
        permissions = [("redrive_subscribermessage", "Can send messages to subscribers again")]
        indexes = [
            models.Index(fields=["subscriber", "open", "subject"], name="credly_told_in_order"),
            models.Index(fields=["open", "not_before"], name="credly_told_due"),
        ]

    def __str__(self) -> str:
        return self.event


class SubscriberAttempt(models.Model):
    """One try at telling a subscriber, and what came of it.

    .. no_pii: What the receiver answered is not kept.
    """

    message = models.ForeignKey(
        SubscriberMessage, on_delete=models.CASCADE, related_name="delivery_attempts", verbose_name=_("message")
    )
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    succeeded = models.BooleanField(_("taken"), default=False)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    said = models.CharField(_("what was said"), max_length=500, blank=True)

    class Meta:
        ordering = ["started_at", "pk"]
        verbose_name = _("attempt to tell a subscriber")
        verbose_name_plural = _("attempts to tell subscribers")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.status or "")
