"""The badges that learners were awarded."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class EarnerIdentifier(models.Model):
    """The name by which Credly knows a learner: random, lasting, and telling nothing about them.

    It travels as ``issuer_earner_id``. Credly refuses a second badge of one template to one such id, whatever the
    e-mail address (Credly developer documentation, "Issued badges", duplicates).

    .. pii: An identifier of the learner that is shared with Credly.
    .. pii_types: id, external_service
    .. pii_retirement: local_api, third_party
    """

    learner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    value = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = _("earner identifier")
        verbose_name_plural = _("earner identifiers")

    def __str__(self) -> str:
        return str(self.value)


class BadgeAward(models.Model):
    """One badge for one learner, from the decision to Credly's last word on it.

    .. pii: That a learner holds a badge, why, and where Credly shows it. Name and address are read when it is sent.
    .. pii_types: id, external_service, other
    .. pii_retirement: local_api, third_party
    """

    class State(models.TextChoices):
        """Where the badge stands. Four are Credly's pending, accepted, rejected and revoked."""

        QUEUED = "queued", _("queued")
        OFFERED = "offered", _("offered")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        REVOKED = "revoked", _("revoked")
        DELETED = "deleted", _("deleted at Credly")
        FAILED = "failed", _("failed")

    class Source(models.TextChoices):
        """What led to the award."""

        REQUIREMENTS = "requirements", _("requirements met")
        BY_HAND = "by_hand", _("issued by hand")
        RESTORED = "restored", _("restored by hand")
        FOUND = "found", _("found at Credly")
        SYSTEM = "system", _("issued by another system")
        CLAIM = "claim", _("claimed with a code")
        APPLICATION = "application", _("application approved")

    uuid = models.UUIDField(_("award ID"), default=uuid.uuid4, unique=True, editable=False)
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="credly_badge_awards",
        verbose_name=_("learner"),
    )
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate", on_delete=models.PROTECT, related_name="awards", verbose_name=_("badge template")
    )
    # What makes a further badge of one template another one: empty where a learner holds it once, else the day or the
    # moment at which it was earned. See BadgeTemplate.Repeat.
    occasion = models.CharField(_("occasion"), max_length=40, blank=True, default="", editable=False)
    previous = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("the award before it"),
        help_text=_("Of a badge that was restored or earned again."),
    )
    # MySQL has no partial unique index, and holds NULLs to be different. So ``live`` is True while the
    # award stands and NULL for ever after: there is no limit to history.
    live = models.BooleanField(_("stands"), null=True, default=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    source = models.CharField(_("source"), max_length=20, choices=Source.choices, default=Source.REQUIREMENTS)
    # The version of the requirements that it was earned by; its words and data are in RequirementsVersion.
    version = models.PositiveIntegerField(_("version of the requirements"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("issued by"),
    )
    granted_with = models.ForeignKey(
        "credly_badges.ApiKey",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("issued with the API key"),
    )
    earned_at = models.DateTimeField(_("earned at"), help_text=_("When the deciding event happened; the issue date."))
    evidence = models.JSONField(
        _("evidence"), default=list, blank=True, help_text=_("A list of objects with name, url and description.")
    )
    issuer_earner_id = models.CharField(_("earner ID sent to Credly"), max_length=64, blank=True)
    credly_id = models.UUIDField(_("badge ID at Credly"), null=True, blank=True, unique=True)
    badge_url = models.URLField(_("badge page"), max_length=500, blank=True)
    accept_url = models.URLField(_("page to accept it"), max_length=500, blank=True)
    image_url = models.URLField(_("image URL"), max_length=500, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    issued_at = models.DateTimeField(_("confirmed by Credly at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    is_public = models.BooleanField(_("public at Credly"), null=True, blank=True)
    # The time of the newest word of Credly's on it, by Credly's clock. An older one never overturns a newer one.
    credly_updated_at = models.DateTimeField(_("changed at Credly"), null=True, blank=True)
    # A keyed hash of the e-mail address that it was sent to, to see that the learner has another one now.
    recipient_mark = models.CharField(max_length=64, blank=True, default="", editable=False)
    availability = models.ForeignKey(
        "credly_badges.Availability",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="awards",
        editable=False,
        verbose_name=_("counted against"),
    )
    # The reconcile run that last saw it at Credly.
    seen_in_run = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    revocation_reason = models.CharField(_("reason for revoking"), max_length=500, blank=True)
    # Which openedx-event has yet to be sent; emptied by the one process that sends it.
    to_announce = models.CharField(_("event to send"), max_length=10, blank=True, default="", editable=False)
    # Since when anybody may look at it on a page of this LMS, because the learner chose so; and whether it names them.
    shared_at = models.DateTimeField(_("shared by the learner at"), null=True, blank=True, editable=False)
    shows_name = models.BooleanField(_("its page shows the learner's name"), default=False, editable=False)
    # That its expiry date has come was told to those who subscribed.
    expiry_told = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name = _("badge award")
        verbose_name_plural = _("badge awards")
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "template", "live", "occasion"],
                name="one_live_award_per_learner_template_and_occasion",
            ),
        ]
        indexes = [
            models.Index(fields=["template", "state"], name="credly_award_by_template"),
            models.Index(fields=["state", "modified"], name="credly_award_by_state"),
            models.Index(fields=["expiry_told", "expires_at"], name="credly_award_expiring"),
            models.Index(fields=["to_announce"], name="credly_award_to_announce"),
            models.Index(fields=["template", "seen_in_run"], name="credly_award_seen_in_run"),
        ]
        permissions = [
            ("issue_badgeaward", "Can issue badges by hand"),
            ("revoke_badgeaward", "Can revoke badges"),
            ("resend_badgeaward", "Can send failed badges again"),
            ("replace_badgeaward", "Can send corrected badges in place of issued ones"),
            ("restore_badgeaward", "Can restore revoked badges"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class BadgeVersion(models.Model):
    """A badge at Credly that stood for an award until another took its place: by a renewal or a correction.

    .. no_pii:
    """

    award = models.ForeignKey(
        BadgeAward, on_delete=models.CASCADE, related_name="versions", verbose_name=_("badge award")
    )
    credly_id = models.UUIDField(_("badge ID at Credly"), unique=True)
    earned_at = models.DateTimeField(_("earned at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    replaced_at = models.DateTimeField(_("replaced at"))
    because = models.CharField(_("because"), max_length=255, blank=True)

    class Meta:
        ordering = ["replaced_at", "pk"]
        verbose_name = _("earlier version of a badge")
        verbose_name_plural = _("earlier versions of badges")

    def __str__(self) -> str:
        return str(self.credly_id)
