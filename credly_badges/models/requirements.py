"""What a learner has to do for a badge: groups of requirements, each with its data rules."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..rules.criteria import Distinct
from ..rules.fields import FieldType
from ..rules.language import GroupNeeds


def new_key() -> str:
    """A name for a new group or requirement, by which it is known again in later versions, in files, on other sites."""
    return secrets.token_hex(4)


class RequirementsVersion(models.Model):
    """What a badge asked for from one moment on: written down when it becomes valid, and never changed.

    .. no_pii:
    """

    template = models.ForeignKey(
        "credly_badges.BadgeTemplate",
        on_delete=models.CASCADE,
        related_name="versions",
        verbose_name=_("badge template"),
    )
    number = models.PositiveIntegerField(_("version"))
    data = models.JSONField(_("requirements"), default=dict, help_text=_("As credly_requirements exports them."))
    words = models.JSONField(_("in words"), default=list, help_text=_("One sentence an entry."))
    on_change = models.CharField(
        _("learners on their way"), max_length=10, blank=True, help_text=_("Whether they moved to this version.")
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    class Meta:
        ordering = ["template", "number"]
        verbose_name = _("version of requirements")
        verbose_name_plural = _("versions of requirements")
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="one_row_per_template_and_version"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class RequirementGroupQuerySet(models.QuerySet["RequirementGroup"]):
    """Groups, by the version that they are of."""

    def current(self) -> RequirementGroupQuerySet:
        """Those by which learners who begin now are judged."""
        return self.filter(version=models.F("template__version"))


class RequirementGroup(models.Model):
    """Requirements that belong together. A badge is earned when every one of its groups is met.

    A group that "takes back" holds penalties: each of its rows undoes requirements of other groups.

    .. no_pii:
    """

    class Needs(models.TextChoices):
        """How many of a group's requirements it takes."""

        ALL = GroupNeeds.ALL.value, _("all of them")
        ANY = GroupNeeds.ANY.value, _("any one of them")
        AT_LEAST = GroupNeeds.AT_LEAST.value, _("at least a number of them")
        UNDO = GroupNeeds.UNDO.value, _("penalties: each takes requirements back")

    class Within(models.TextChoices):
        """What a number of days is counted from."""

        ENROLLMENT = "enrollment", _("days from the enrollment in the course")
        GROUP = "group", _("days from the group before it")

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
    key = models.CharField(_("key"), max_length=50, default=new_key)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    after = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("comes after"),
        help_text=_("Only what happens after that group was met counts."),
    )
    opens_on = models.DateField(_("from"), null=True, blank=True, help_text=_("The first day that counts."))
    closes_on = models.DateField(_("until"), null=True, blank=True, help_text=_("The last day that counts."))
    time_zone = models.CharField(
        _("time zone"), max_length=63, blank=True, help_text=_("Of these days, such as Europe/Berlin. Empty: UTC.")
    )
    within_days = models.PositiveSmallIntegerField(
        _("within"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    within_of = models.CharField(_("of what"), max_length=10, choices=Within.choices, blank=True, default="")
    before_course_end = models.BooleanField(_("before the course ends"), default=False)

    objects = RequirementGroupQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("requirement group")
        verbose_name_plural = _("requirement groups")
        indexes = [models.Index(fields=["template", "version"], name="credly_group_by_version")]

    def __str__(self) -> str:
        return self.name or str(self.get_needs_display())


class BadgeRequirementQuerySet(models.QuerySet["BadgeRequirement"]):
    """Requirements, by what they listen to."""

    def listening_for(self, event_type: str, scopes: Iterable[str]) -> BadgeRequirementQuerySet:
        """Those of listening templates that an event of this type, within these scopes, can concern.

        A template that Credly would not issue is as good as retired, though a sync may have yet to make it so: else
        one event could not be recorded, for other badges neither, because of a badge that cannot be awarded.
        """
        # Not EXISTS, which SQLite answers by looking at every requirement of every badge.
        heard = ListeningPlace.objects.filter(event_type=event_type, scope__in=list(scopes)).values("requirement")
        return self.filter(
            pk__in=heard,
            group__template__status__in=("active", "shadow", "paused"),
            group__template__credly_state="active",
        )


class BadgeRequirement(models.Model):
    """One thing to do: an event, where it has to happen, and what has to be true of it.

    ``scope`` holds the places, one a line: course keys (``course-v1:edX+DemoX+2026``), courses without their run
    (``edX+DemoX``), course organizations (``edX``), program UUIDs, badge template UUIDs; empty for anywhere. It is
    text, and validated through opaque keys. Where an event finds it is in ``ListeningPlace``.

    A penalty (of a group that takes back) has in ``undoes`` the keys of the requirements that it undoes.

    .. no_pii:
    """

    group = models.ForeignKey(
        RequirementGroup, on_delete=models.CASCADE, related_name="requirements", verbose_name=_("group")
    )
    event_type = models.CharField(_("event"), max_length=150)
    scope = models.TextField(
        _("where"),
        blank=True,
        default="",
        help_text=_(
            "Course keys, courses without their run, course organizations or program IDs, one a line; "
            "empty for anywhere."
        ),
    )
    key = models.CharField(_("key"), max_length=50, default=new_key)
    times = models.PositiveSmallIntegerField(
        _("how often"),
        null=True,
        blank=True,
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("In how many different places. Empty: in every one of those that are listed, or of the program."),
    )
    distinct = models.CharField(
        _("what is counted"),
        max_length=10,
        choices=((Distinct.COURSE.value, _("courses, however many runs")), (Distinct.SUBJECT.value, _("each one"))),
        default=Distinct.COURSE.value,
    )
    weight = models.PositiveSmallIntegerField(
        _("points"), default=1, validators=[MinValueValidator(1)], help_text=_("Towards the number its group needs.")
    )
    undoes = models.JSONField(_("undoes"), default=list, blank=True)
    same_course = models.BooleanField(
        _("only in the same course"),
        default=True,
        help_text=_("Whether a penalty undoes what was met in its own course only."),
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

    def __str__(self) -> str:
        return self.description or self.event_type

    @property
    def places(self) -> tuple[str, ...]:
        """Where it was asked for; one empty text where that is anywhere."""
        return tuple(self.scope.splitlines()) or ("",)


class ListeningPlace(models.Model):
    """One place at which an event can concern a requirement. For a program, there is one for each of its course runs.

    .. no_pii:
    """

    requirement = models.ForeignKey(
        BadgeRequirement, on_delete=models.CASCADE, related_name="listening", verbose_name=_("requirement")
    )
    event_type = models.CharField(_("event"), max_length=150)
    scope = models.CharField(_("where"), max_length=255, blank=True, default="")

    class Meta:
        verbose_name = _("place of a requirement")
        verbose_name_plural = _("places of requirements")
        constraints = [
            models.UniqueConstraint(fields=["requirement", "scope"], name="one_row_per_requirement_and_place"),
        ]
        indexes = [models.Index(fields=["event_type", "scope"], name="credly_listening")]

    def __str__(self) -> str:
        return self.scope


class DataRule(models.Model):
    """One fact about the event that must hold: a path into it, an operator and a value, as a person typed it.

    .. no_pii:
    """

    requirement = models.ForeignKey(
        BadgeRequirement, on_delete=models.CASCADE, related_name="data_rules", verbose_name=_("requirement")
    )
    path = models.CharField(_("field"), max_length=255)
    about = models.CharField(
        _("about"), max_length=255, blank=True, default="", help_text=_("Which subsection, or which badge.")
    )
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
