"""Requirements held against what learners did before: to see what would happen, or to award the badges."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class HistoryRun(models.Model):
    """One reading of the LMS's history for one badge: a rehearsal, which writes nothing else, or a backfill.

    It goes through the learners in the order of their numbers, so ``cursor`` is all that it takes to go on.

    .. pii: In the sample of a rehearsal, learners by their number, and what they achieved.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    class Kind(models.TextChoices):
        """What is done with those who qualify."""

        REHEARSAL = "rehearsal", _("rehearsal")
        BACKFILL = "backfill", _("backfill")
        REPLAY = "replay", _("replay of what happened during a pause")

    class State(models.TextChoices):
        """How far it has come."""

        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate", on_delete=models.CASCADE, related_name="runs", verbose_name=_("badge template")
    )
    version = models.PositiveIntegerField(_("version of the requirements"), default=1)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    # True while it runs, then NULL for ever; see BadgeAward.live.
    open = models.BooleanField(null=True, default=True, editable=False)
    cursor = models.PositiveBigIntegerField(_("learners up to"), default=0)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    sample = models.JSONField(_("sample"), default=list, blank=True)
    error = models.TextField(_("error"), blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    created = models.DateTimeField(_("requested at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name = _("reading of history")
        verbose_name_plural = _("readings of history")
        constraints = [
            models.UniqueConstraint(fields=["template", "kind", "open"], name="one_open_run_per_template_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"
