"""How far a learner has come towards a badge."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class BadgeProgress(models.Model):
    """One learner's way to one badge.

    .. pii: The learner (by key only) and how far they have come towards a badge.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("learner")
    )
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate",
        on_delete=models.CASCADE,
        related_name="progress",
        verbose_name=_("badge template"),
    )
    # The version of the requirements by which the learner is judged.
    version = models.PositiveIntegerField(_("version of the requirements"), default=1)
    percent = models.PositiveSmallIntegerField(_("percent"), default=0)
    completed_at = models.DateTimeField(
        _("completed at"), null=True, blank=True, help_text=_("When the deciding event happened.")
    )
    withheld = models.CharField(
        _("why it was not awarded"),
        max_length=500,
        blank=True,
        default="",
        help_text=_("What stood in the way of the badge when all requirements were met."),
    )
    # Of a badge that is withheld: when it was earned, which for a further one is later than ``completed_at``, and when
    # to try to award it again.
    earned_at = models.DateTimeField(_("earned at"), null=True, blank=True, editable=False)
    try_again_at = models.DateTimeField(_("tried again at"), null=True, blank=True, editable=False)
    created = models.DateTimeField(_("started"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["-modified"]
        verbose_name = _("badge progress")
        verbose_name_plural = _("badge progress")
        constraints = [
            models.UniqueConstraint(fields=["learner", "template"], name="one_progress_per_learner_and_template"),
        ]
        indexes = [
            models.Index(fields=["template", "try_again_at"], name="credly_progress_due"),
            models.Index(fields=["template", "version", "learner"], name="credly_progress_by_version"),
            models.Index(fields=["template", "completed_at", "version"], name="credly_progress_on_the_way"),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"


class Fulfillment(models.Model):
    """Whether one requirement is met by one subject, and the event that decided it; of a penalty, whether it applies.

    A requirement that listens anywhere can be met in several courses; failing one of them does not undo another, so
    each subject has a row of its own.

    .. pii: What a learner (through their progress) achieved, with the values that decided it.
    .. pii_types: other
    .. pii_retirement: local_api
    """

    progress = models.ForeignKey(
        BadgeProgress, on_delete=models.CASCADE, related_name="fulfillments", verbose_name=_("badge progress")
    )
    requirement = models.ForeignKey(
        "credly_badges.BadgeRequirement",
        on_delete=models.CASCADE,
        related_name="fulfillments",
        verbose_name=_("requirement"),
    )
    subject = models.CharField(_("about"), max_length=255, blank=True)
    # The course without its run, so that two runs of one course can count once.
    course = models.CharField(_("course"), max_length=255, blank=True, default="")
    holds = models.BooleanField(_("met"))
    decided_at = models.DateTimeField(_("decided at"), help_text=_("When the event that decided it happened."))
    evidence = models.JSONField(_("evidence"), default=dict, help_text=_("The values that were seen."))

    class Meta:
        ordering = ["pk"]
        verbose_name = _("fulfillment")
        verbose_name_plural = _("fulfillments")
        constraints = [
            models.UniqueConstraint(
                fields=["progress", "requirement", "subject"], name="one_fulfillment_per_requirement_and_subject"
            ),
        ]

    def __str__(self) -> str:
        return str(_("met") if self.holds else _("not met"))


class Regression(models.Model):
    """A learner who holds a badge and no longer meets its requirements: what is done about it, and who decided.

    .. pii: That a learner (through their progress) no longer meets the requirements of a badge, and why.
    .. pii_types: other
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        """What became of it."""

        HELD = "held", _("waits for a decision")
        DISMISSED = "dismissed", _("the badge is kept")
        REVOKED = "revoked", _("the badge was revoked")
        RECOVERED = "recovered", _("the learner meets the requirements again")

    progress = models.ForeignKey(
        BadgeProgress, on_delete=models.CASCADE, related_name="regressions", verbose_name=_("badge progress")
    )
    award = models.ForeignKey(
        "credly_badges.BadgeAward", on_delete=models.CASCADE, related_name="regressions", verbose_name=_("badge award")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.HELD)
    # True while it waits for a decision, then NULL for ever; see BadgeAward.live.
    open = models.BooleanField(_("open"), null=True, default=True, editable=False)
    happened_at = models.DateTimeField(_("happened at"), help_text=_("When the event that decided it happened."))
    because = models.TextField(_("because"), blank=True)
    until = models.DateTimeField(
        _("revoked at"), null=True, blank=True, help_text=_("When the badge is revoked unless somebody keeps it.")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    created = models.DateTimeField(_("noticed at"), auto_now_add=True)

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name = _("regression")
        verbose_name_plural = _("regressions")
        constraints = [
            models.UniqueConstraint(fields=["award", "open"], name="one_open_regression_per_award"),
        ]
        indexes = [models.Index(fields=["open", "until"], name="credly_regression_due")]
        permissions = [("decide_regression", "Can decide whether badges are kept")]

    def __str__(self) -> str:
        return str(self.get_state_display())
