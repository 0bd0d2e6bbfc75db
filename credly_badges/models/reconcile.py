"""Comparisons of what we recorded with what Credly holds, and the differences they found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ReconcileRun(models.Model):
    """One comparison of an organization's badges, from its beginning to its end; one that was stopped goes on.

    .. no_pii:
    """

    class State(models.TextChoices):
        """How far a run has come."""

        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")

    organization = models.ForeignKey(
        "credly_badges.CredlyOrganization",
        on_delete=models.CASCADE,
        related_name="reconcile_runs",
        verbose_name=_("organization"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    fixes = models.JSONField(_("causes to fix"), default=list, blank=True, help_text=_("Empty where it only looks."))
    only_template = models.ForeignKey(
        "credly_badges.BadgeTemplate",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only this badge template"),
    )
    # Where to go on: the template and the step that are being worked through, and how far.
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    step = models.CharField(max_length=20, blank=True, default="", editable=False)
    cursor = models.CharField(max_length=1000, blank=True, default="", editable=False)
    compared = models.PositiveBigIntegerField(_("badges compared"), default=0)
    counts = models.JSONField(_("differences by cause"), default=dict, blank=True)
    error = models.TextField(_("why it stopped"), blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    heard_at = models.DateTimeField(_("last heard at"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        permissions = [("run_reconcilerun", "Can reconcile with Credly")]

    def __str__(self) -> str:
        return f"{self.organization} {self.started_at:%Y-%m-%d %H:%M}"


class ReconcileDifference(models.Model):
    """One thing on which the learner's standing, our record and Credly do not agree.

    .. pii: The learner (by key only) whose badge it is, where it is known.
    .. pii_types: id, external_service
    .. pii_retirement: local_api
    """

    class Cause(models.TextChoices):
        """What is the matter; the help of ``credly_reconcile`` says what the fix of each is."""

        NOT_AWARDED = "not_awarded", _("qualifies, and was never awarded")
        NOT_SENT = "not_sent", _("awarded, and nothing is on its way to Credly")
        UNKNOWN_HERE = "unknown_here", _("Credly has a badge of a learner that is not recorded here")
        STATE = "state", _("Credly has it in another state")
        REPLACED = "replaced", _("another badge took its place at Credly")
        DELETED = "deleted", _("Credly does not have it any more")
        NOT_REVOKED = "not_revoked", _("revoked here, and stands at Credly")
        ADDRESS = "address", _("waits at Credly under an address that the learner has left")
        DOUBLE = "double", _("the learner holds it twice at Credly")
        FOREIGN = "foreign", _("Credly has a badge of somebody unknown here")
        UNREADABLE = "unreadable", _("Credly describes it in a way that cannot be read")

    class Fix(models.TextChoices):
        """What was done about it."""

        NONE = "", _("nothing yet")
        FIXED = "fixed", _("fixed")
        ORDERED = "ordered", _("ordered, and on its way to Credly")
        FAILED = "failed", _("could not be fixed")

    run = models.ForeignKey(
        ReconcileRun, on_delete=models.CASCADE, related_name="differences", verbose_name=_("reconciliation")
    )
    cause = models.CharField(_("cause"), max_length=20, choices=Cause.choices)
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate", on_delete=models.CASCADE, related_name="+", verbose_name=_("badge template")
    )
    award = models.ForeignKey(
        "credly_badges.BadgeAward",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("badge award"),
    )
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("learner"),
    )
    credly_id = models.UUIDField(_("badge ID at Credly"), null=True, blank=True)
    facts = models.JSONField(_("facts"), default=dict, blank=True, help_text=_("What is here, and what is at Credly."))
    fix = models.CharField(_("what was done"), max_length=10, blank=True, choices=Fix.choices, default=Fix.NONE)
    fix_said = models.CharField(_("why it could not be fixed"), max_length=500, blank=True)
    created = models.DateTimeField(_("found at"), auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        indexes = [models.Index(fields=["run", "cause"], name="credly_difference_by_cause")]

    def __str__(self) -> str:
        return str(self.get_cause_display())
