"""The badge templates that Credly has and that this LMS may award."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class BadgeTemplate(models.Model):
    """A badge that learners can earn: Credly's description of it, and whether this LMS awards it.

    .. no_pii:
    """

    class CredlyState(models.TextChoices):
        """What Credly says of the template; ``gone`` is ours, for one that Credly no longer lists."""

        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("active")
        ARCHIVED = "archived", _("archived")
        GONE = "gone", _("gone from Credly")

    uuid = models.UUIDField(_("template ID"), help_text=_("The template's ID at Credly."))
    organization = models.ForeignKey(
        "credly_badges.CredlyOrganization",
        on_delete=models.PROTECT,
        related_name="templates",
        verbose_name=_("organization"),
    )
    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    image_url = models.URLField(_("image URL"), max_length=500, blank=True)
    criteria_url = models.URLField(_("criteria URL"), max_length=500, blank=True)
    public_url = models.URLField(_("page at Credly"), max_length=500, blank=True)
    level = models.CharField(_("level"), max_length=50, blank=True)
    cost = models.CharField(_("cost"), max_length=50, blank=True)
    time_to_earn = models.CharField(_("time to earn"), max_length=50, blank=True)
    type_category = models.CharField(_("type"), max_length=50, blank=True)
    skills = models.JSONField(_("skills"), default=list, blank=True)
    activities = models.JSONField(_("activities"), default=list, blank=True)
    alignments = models.JSONField(_("alignments"), default=list, blank=True)
    allow_duplicates = models.BooleanField(_("a learner may hold it more than once"), default=False)
    default_expiry = models.CharField(
        _("default expiry"), max_length=100, blank=True, help_text=_("In Credly's own words.")
    )
    credly_state = models.CharField(
        _("state at Credly"), max_length=10, choices=CredlyState.choices, default=CredlyState.ACTIVE
    )
    credly_updated_at = models.DateTimeField(_("changed at Credly"), null=True, blank=True)
    synced_at = models.DateTimeField(_("synced at"), null=True, blank=True)
    is_active = models.BooleanField(
        _("active"), default=False, help_text=_("Whether learners of this LMS earn it when they meet its requirements.")
    )
    activation_changed_at = models.DateTimeField(_("activated or deactivated at"), null=True, blank=True)
    activation_changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("activated or deactivated by"),
    )
    deactivated_because = models.CharField(_("why it was deactivated"), max_length=255, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("badge template")
        verbose_name_plural = _("badge templates")
        indexes = [models.Index(fields=["credly_state", "is_active"], name="credly_template_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["organization", "uuid"], name="one_row_per_organization_and_template"),
        ]
        permissions = [
            ("sync_badgetemplate", "Can sync badge templates from Credly"),
            ("activate_badgetemplate", "Can activate and deactivate badge templates"),
        ]

    def __str__(self) -> str:
        return self.name
