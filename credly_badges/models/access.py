"""To whom an organization's badges, or one of them, are available."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AvailabilityQuerySet(models.QuerySet["Availability"]):
    """Availabilities, by what they are for."""

    def of(self, template: models.Model) -> AvailabilityQuerySet:
        """Those of a badge template itself, and those of its organization as a whole."""
        organization_id = template.organization_id  # type: ignore[attr-defined]
        return self.filter(models.Q(template=None) | models.Q(template=template.pk), organization=organization_id)


class Availability(models.Model):
    """A place whose learners may earn the badges of an organization, or one badge, with a limit if one is set.

    An organization or a template without any is available to all. One that has some is available to those only.

    .. no_pii:
    """

    organization = models.ForeignKey(
        "credly_badges.CredlyOrganization",
        on_delete=models.CASCADE,
        related_name="availabilities",
        verbose_name=_("organization"),
    )
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="availabilities",
        verbose_name=_("badge template"),
        help_text=_("Empty for all badges of the organization."),
    )
    scope = models.CharField(
        _("where"),
        max_length=255,
        blank=True,
        default="",
        help_text=_(
            "A course key, a course without its run, a course organization, a program ID, or empty for everywhere."
        ),
    )
    quota = models.PositiveIntegerField(
        _("quota"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("How many badges may be awarded. Empty for no limit."),
    )
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=255, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    objects = AvailabilityQuerySet.as_manager()

    class Meta:
        ordering = ["scope", "pk"]
        verbose_name = _("availability")
        verbose_name_plural = _("availability")

    def __str__(self) -> str:
        return self.scope or str(_("everywhere"))

    def is_open(self, now: datetime | None = None) -> bool:
        """Whether it has not ended."""
        return self.ends_at is None or self.ends_at > (now or timezone.now())
