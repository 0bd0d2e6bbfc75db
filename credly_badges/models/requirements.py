"""What a learner has to do for a badge: groups of requirements, each with its data rules."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..rules.fields import FieldType
from ..rules.language import GroupNeeds


class RequirementGroup(models.Model):
    """Requirements that belong together. A badge is earned when every one of its groups is met.

    .. no_pii:
    """

    class Needs(models.TextChoices):
        """How many of a group's requirements it takes."""

        ALL = GroupNeeds.ALL.value, _("all of them")
        ANY = GroupNeeds.ANY.value, _("any one of them")
        AT_LEAST = GroupNeeds.AT_LEAST.value, _("at least a number of them")

    template = models.ForeignKey(
        "credly_badges.BadgeTemplate", on_delete=models.CASCADE, related_name="groups", verbose_name=_("badge template")
    )
    name = models.CharField(_("name"), max_length=255, blank=True)
    needs = models.CharField(_("how many are needed"), max_length=10, choices=Needs.choices, default=Needs.ALL)
    at_least = models.PositiveSmallIntegerField(
        _("number needed"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("For “at least a number of them”."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("requirement group")
        verbose_name_plural = _("requirement groups")

    def __str__(self) -> str:
        return self.name or str(self.get_needs_display())


class BadgeRequirementQuerySet(models.QuerySet["BadgeRequirement"]):
    """Requirements, by what they listen to."""

    def listening_for(self, event_type: str, scopes: Iterable[str]) -> BadgeRequirementQuerySet:
        """Those of active templates that an event of this type, within these scopes, can concern.

        A template that Credly would not issue is as good as inactive, though a sync may have yet to make it so: else
        one event could not be recorded, for other badges neither, because of a badge that cannot be awarded.
        """
        return self.filter(
            event_type=event_type,
            scope__in=list(scopes),
            group__template__is_active=True,
            group__template__credly_state="active",
        )


class BadgeRequirement(models.Model):
    """One thing to do: an event, where it has to happen, and what has to be true of it.

    ``scope`` is a course key (``course-v1:edX+DemoX+2026``), a course without its run (``edX+DemoX``), a course
    organization (``edX``), a program UUID, or empty for anywhere. It is text, not a course key column, because these
    share one index with the event type; what is typed is validated through opaque keys.

    .. no_pii:
    """

    group = models.ForeignKey(
        RequirementGroup, on_delete=models.CASCADE, related_name="requirements", verbose_name=_("group")
    )
    event_type = models.CharField(_("event"), max_length=150)
    scope = models.CharField(
        _("where"),
        max_length=255,
        blank=True,
        default="",
        help_text=_(
            "A course key, a course without its run, a course organization, a program ID, or empty for anywhere."
        ),
    )
    description = models.CharField(
        _("description"), max_length=255, blank=True, help_text=_("What learners read: “Pass the final exam”.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = BadgeRequirementQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("badge requirement")
        verbose_name_plural = _("badge requirements")
        indexes = [models.Index(fields=["event_type", "scope"], name="credly_requirement_listening")]

    def __str__(self) -> str:
        return self.description or self.event_type


class DataRule(models.Model):
    """One fact about the event that must hold: a path into it, an operator and a value, as a person typed it.

    .. no_pii:
    """

    requirement = models.ForeignKey(
        BadgeRequirement, on_delete=models.CASCADE, related_name="data_rules", verbose_name=_("requirement")
    )
    path = models.CharField(_("field"), max_length=255)
    # Kept here so that the corridor can read a rule without asking the catalogue of events.
    field_type = models.CharField(_("type of the field"), max_length=20, default=FieldType.TEXT.value, editable=False)
    operator = models.CharField(_("operator"), max_length=20)
    value = models.CharField(_("value"), max_length=1000, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("data rule")
        verbose_name_plural = _("data rules")

    def __str__(self) -> str:
        return f"{self.path} {self.operator} {self.value}".strip()
