"""What the LMS told us: the latest of each statement."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from opaque_keys.edx.django.models import CourseKeyField


class ReceivedEvent(models.Model):
    """The latest word on one learner, one kind of event and one subject.

    An LMS repeats itself at every grade recalculation. So a repetition only moves ``confirmed_at``, and a newer
    statement takes the place of an older one: rows grow with learners times courses, not with recalculations.

    .. pii: The learner (by key only) and what they achieved in a course. No name, no e-mail address.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("learner")
    )
    kind = models.CharField(_("event"), max_length=150)
    subject = models.CharField(_("about"), max_length=255, blank=True)
    course_key = CourseKeyField(_("course"), max_length=255, null=True, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"), help_text=_("When it was first stated like this."))
    confirmed_at = models.DateTimeField(_("last stated at"), help_text=_("When it was last stated like this."))
    attributes = models.JSONField(_("attributes"), default=dict)
    scopes = models.JSONField(_("scopes"), default=list)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    received_at = models.DateTimeField(_("received at"))
    waiting = models.BooleanField(
        _("waiting"), default=True, help_text=_("Whether it has yet to be held against the requirements.")
    )
    # Whether the opposite was stated since (a certificate was revoked): then the same words said once more are news.
    ended = models.BooleanField(_("ended"), default=False, editable=False)
    failure = models.TextField(_("last failure"), blank=True)

    class Meta:
        ordering = ["-received_at"]
        verbose_name = _("received event")
        verbose_name_plural = _("received events")
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "kind", "subject"], name="one_latest_event_per_learner_kind_and_subject"
            ),
        ]
        indexes = [models.Index(fields=["waiting", "received_at"], name="credly_event_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()
