"""The badge templates that Credly has and that this LMS may award."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class BadgeTemplate(models.Model):
    """A badge that learners can earn: Credly's description of it, and whether this LMS awards it.

    .. no_pii:
    """

    class Expiry(models.TextChoices):
        """When its badges expire."""

        TEMPLATE = "template", _("as the template says at Credly")
        NEVER = "never", _("never")
        DATE = "date", _("on a date")
        PERIOD = "period", _("a number of days after it was earned")
        CERTIFICATE = "certificate", _("a number of days after the course certificate")

    class Repeat(models.TextChoices):
        """Whether a learner may earn it again while they hold it."""

        ONCE = "once", _("once")
        PERIOD = "period", _("once in a number of days")
        ALWAYS = "always", _("each time they qualify")

    class OnDuplicate(models.TextChoices):
        """What to do when Credly says that the learner has this badge already."""

        ADOPT = "adopt", _("take over the badge that Credly has")
        REPLACE = "replace", _("replace the badge that Credly has")
        STOP = "stop", _("stop, and let a person decide")

    class CredlyState(models.TextChoices):
        """What Credly says of the template; ``gone`` is ours, for one that Credly no longer lists."""

        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("active")
        ARCHIVED = "archived", _("archived")
        GONE = "gone", _("gone from Credly")

    class Status(models.TextChoices):
        """Where a badge stands here; ``credly_badges.activation`` says who may move it to what."""

        DRAFT = "draft", _("draft")
        REVIEW = "review", _("in review")
        SHADOW = "shadow", _("shadow: recorded, not sent")
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        RETIRED = "retired", _("retired")

    LISTENING = (Status.ACTIVE, Status.SHADOW, Status.PAUSED)
    """In these, what learners do is kept; only an active one is awarded."""

    class OnLoss(models.TextChoices):
        """What to do with a badge whose learner no longer meets its requirements."""

        KEEP = "keep", _("keep the badge")
        HOLD = "hold", _("hold it for a person to decide, then revoke it")
        REVOKE = "revoke", _("revoke it at once")

    class OnChange(models.TextChoices):
        """By which version of changed requirements those learners are judged who are on their way already."""

        MOVE = "move", _("by the new requirements")
        KEEP = "keep", _("by those that they began with")

    class Release(models.TextChoices):
        """When a badge that was earned is sent."""

        AT_ONCE = "at_once", _("at once")
        DATE = "date", _("on a date")
        COURSE_END = "course_end", _("when the course ends")
        CERTIFICATE = "certificate", _("on the date of the course certificate")

    uuid = models.UUIDField(_("template ID"), help_text=_("The template's ID at Credly."))
    organization = models.ForeignKey(
        "credly_badges.CredlyOrganization",
        on_delete=models.PROTECT,
        related_name="templates",
        verbose_name=_("organization"),
    )
    name = models.CharField(_("name"), max_length=255)
    # NULL, not an empty text, where it has none yet: several may have none.
    slug = models.SlugField(  # noqa: DJ001
        _("slug"),
        max_length=80,
        null=True,
        blank=True,
        editable=False,
        help_text=_("Its name in addresses of this LMS. It stays when the badge is given another name."),
    )
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
    expiry = models.CharField(_("expires"), max_length=20, choices=Expiry.choices, default=Expiry.TEMPLATE)
    expiry_date = models.DateField(_("expiry date"), null=True, blank=True, help_text=_("For “on a date”."))
    expiry_days = models.PositiveIntegerField(
        _("days until it expires"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("For “a number of days after …”."),
    )
    renewal_days = models.PositiveIntegerField(
        _("renewal window in days"),
        null=True,
        blank=True,
        help_text=_(
            "From how many days before it expires a learner who qualifies again has it renewed. Empty: not renewed."
        ),
    )
    repeat = models.CharField(_("may be earned"), max_length=10, choices=Repeat.choices, default=Repeat.ONCE)
    repeat_days = models.PositiveIntegerField(
        _("days between two badges"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("For “once in a number of days”."),
    )
    on_duplicate = models.CharField(
        _("if Credly has it already"), max_length=10, choices=OnDuplicate.choices, default=OnDuplicate.ADOPT
    )
    evidence_certificate = models.BooleanField(
        _("link to the certificate"), default=False, help_text=_("Evidence is public on the badge.")
    )
    evidence_course = models.BooleanField(_("link to the course"), default=False)
    evidence_grade = models.BooleanField(
        _("show the grade"), default=False, help_text=_("The learner's grade becomes public on the badge.")
    )
    evidence_note = models.CharField(
        _("note"), max_length=350, blank=True, help_text=_("Shown as evidence on each badge.")
    )
    suppress_email = models.BooleanField(
        _("Credly's e-mail"),
        null=True,
        blank=True,
        choices=((None, _("as the site has it")), (False, _("Credly writes to the learner")), (True, _("no e-mail"))),
        help_text=_("Whether Credly tells learners by e-mail that a badge is theirs."),
    )
    credly_state = models.CharField(
        _("state at Credly"), max_length=10, choices=CredlyState.choices, default=CredlyState.ACTIVE
    )
    credly_updated_at = models.DateTimeField(_("changed at Credly"), null=True, blank=True)
    synced_at = models.DateTimeField(_("synced at"), null=True, blank=True)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=Status.choices,
        default=Status.DRAFT,
        help_text=_("Learners of this LMS earn it while it is active."),
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
    # Of a paused one: where it goes when it is resumed. Empty: to where learners earn it.
    paused_from = models.CharField(max_length=10, blank=True, default="", editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("submitted for review by"),
    )
    requirements_changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requirements last changed by"),
    )
    # The version of the requirements by which learners who begin now are judged.
    version = models.PositiveIntegerField(_("version of the requirements"), default=1, editable=False)
    on_change = models.CharField(
        _("when the requirements change, learners on their way are judged"),
        max_length=10,
        choices=OnChange.choices,
        default=OnChange.MOVE,
    )
    on_loss = models.CharField(
        _("when a learner no longer meets the requirements"),
        max_length=10,
        choices=OnLoss.choices,
        default=OnLoss.KEEP,
    )
    hold_days = models.PositiveSmallIntegerField(
        _("days to decide"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("For “hold it”: after this many days it is revoked, unless somebody keeps it."),
    )
    limit_per_hour = models.PositiveIntegerField(
        _("most badges in an hour"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Past it, the badge is paused and what was earned is kept unsent. Empty for no limit."),
    )
    limit_total = models.PositiveIntegerField(
        _("most badges in all"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    release = models.CharField(_("sent to learners"), max_length=12, choices=Release.choices, default=Release.AT_ONCE)
    release_on = models.DateField(_("release date"), null=True, blank=True, help_text=_("For “on a date”."))
    faults = models.JSONField(_("faults of the requirements"), default=list, blank=True, editable=False)
    checked_at = models.DateTimeField(_("requirements checked at"), null=True, blank=True, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("badge template")
        verbose_name_plural = _("badge templates")
        indexes = [
            models.Index(fields=["credly_state", "status"], name="credly_template_by_status"),
            models.Index(fields=["organization", "name"], name="credly_template_by_name"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["organization", "uuid"], name="one_row_per_organization_and_template"),
            models.UniqueConstraint(fields=["organization", "slug"], name="one_template_per_organization_and_slug"),
        ]
        permissions = [
            ("sync_badgetemplate", "Can sync badge templates from Credly"),
            ("activate_badgetemplate", "Can activate and deactivate badge templates"),
            ("submit_badgetemplate", "Can submit badges for review"),
            ("approve_badgetemplate", "Can approve badges in review"),
            ("pause_badgetemplate", "Can pause and resume badges"),
            ("rehearse_badgetemplate", "Can rehearse the requirements of badges"),
            ("backfill_badgetemplate", "Can award badges for what learners did before"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        """Whether learners of this LMS earn it when they meet its requirements."""
        return self.status == self.Status.ACTIVE

    @property
    def is_listening(self) -> bool:
        """Whether what learners do is kept for it, awarded or not."""
        return self.status in self.LISTENING
