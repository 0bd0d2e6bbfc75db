"""The levels below the site: Credly organizations, groups of their badges, and who does what at which of them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .placed import Placed


class BadgeProgram(models.Model):
    """A group of an organization's badges: those of a program of the LMS, or any that belong together.

    .. no_pii: The address is the program's.
    """

    uuid = models.UUIDField(_("program ID"), default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        "credly_badges.CredlyOrganization",
        on_delete=models.CASCADE,
        related_name="programs",
        verbose_name=_("organization"),
    )
    slug = models.SlugField(_("slug"), max_length=255, help_text=_("Its name in addresses."))
    name = models.CharField(_("name"), max_length=255)
    url = models.URLField(_("URL"), max_length=500, blank=True)
    description = models.TextField(_("description"), blank=True, validators=[MaxLengthValidator(5000)])
    email = models.EmailField(_("contact"), blank=True, help_text=_("Whom to ask about the program's badges."))
    image_url = models.URLField(_("image URL"), max_length=500, blank=True)
    lms_program = models.UUIDField(
        _("program of the LMS"), null=True, blank=True, help_text=_("The ID of the program that these badges are for.")
    )
    templates = models.ManyToManyField(
        "credly_badges.BadgeTemplate", related_name="programs", blank=True, verbose_name=_("badge templates")
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        constraints = [
            models.UniqueConstraint(fields=["organization", "slug"], name="one_program_per_organization_and_slug"),
        ]

    def __str__(self) -> str:
        return self.name


class LevelRole(Placed):
    """What somebody may do by the REST API at a level and at all below it.

    .. pii: Who may do what.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    class Role(models.TextChoices):
        """``credly_badges.access`` says what each of them may do."""

        ADMINISTRATOR = "administrator", _("administrator")
        ISSUER = "issuer", _("issuer")
        REVIEWER = "reviewer", _("reviewer")
        VIEWER = "viewer", _("viewer")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="credly_roles", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=15, choices=Role.choices)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return str(self.get_role_display())
