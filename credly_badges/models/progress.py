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
        indexes = [models.Index(fields=["try_again_at"], name="credly_progress_try_again")]

    def __str__(self) -> str:
        return f"{self.percent} %"


class Fulfillment(models.Model):
    """Whether one requirement is met by one subject, and the event that decided it.

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
