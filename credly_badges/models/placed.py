"""What is at a level: the site as a whole, a Credly organization, or a program."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Placed(models.Model):
    """Something that is at one level: at that of its program, else of its organization, else of the site."""

    organization = models.ForeignKey(
        "credly_badges.CredlyOrganization",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organization"),
        help_text=_("Empty for the whole site."),
    )
    program = models.ForeignKey(
        "credly_badges.BadgeProgram",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("program"),
        help_text=_("Empty for all badges of the organization."),
    )

    class Meta:
        abstract = True
