"""Learners apply for a badge with evidence, and reviewers decide."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.files.storage import Storage
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .. import conf


def evidence_storage() -> Storage:
    """Where the pictures are kept that learners send."""
    return conf.evidence_storage()


def evidence_name(_evidence: models.Model, _given_name: str) -> str:
    """A name that tells nothing and cannot be guessed; what the learner's file was called is not kept."""
    return f"credly_badges/evidence/{uuid.uuid4().hex}"


class ApplicationForm(models.Model):
    """That learners may apply for a badge, and by what rules that is decided.

    .. no_pii:
    """

    template = models.OneToOneField(
        "credly_badges.BadgeTemplate",
        on_delete=models.CASCADE,
        related_name="application_form",
        verbose_name=_("badge template"),
    )
    is_open = models.BooleanField(_("learners may apply"), default=False)
    instructions = models.TextField(_("instructions"), blank=True, help_text=_("What learners read before they apply."))
    reviews_needed = models.PositiveSmallIntegerField(
        _("reviewers who have to agree"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("How many different people have to find all required criteria satisfied."),
    )
    awards_at_once = models.BooleanField(
        _("award as soon as they agree"),
        default=True,
        help_text=_("Else somebody who may decide approves the application after the reviews."),
    )
    needs_evidence = models.BooleanField(_("evidence is required"), default=True)
    days_to_review = models.PositiveSmallIntegerField(
        _("days to review"),
        default=14,
        validators=[MinValueValidator(1)],
        help_text=_("After how many days an application that was assigned to somebody is free again."),
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        verbose_name = _("application form")
        verbose_name_plural = _("application forms")

    def __str__(self) -> str:
        return str(self.template)


class ApplicationCriterion(models.Model):
    """One thing that reviewers look at.

    .. no_pii:
    """

    uuid = models.UUIDField(_("criterion ID"), default=uuid.uuid4, unique=True, editable=False)
    form = models.ForeignKey(
        ApplicationForm, on_delete=models.CASCADE, related_name="criteria", verbose_name=_("application form")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    description = models.CharField(_("description"), max_length=500)
    note = models.CharField(_("note for reviewers"), max_length=500, blank=True)
    required = models.BooleanField(_("required"), default=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")

    def __str__(self) -> str:
        return self.description


class Application(models.Model):
    """A learner's application for a badge, from the first submission to the decision; a new try is a new one.

    .. pii: That a learner applied, what they wrote, and what was decided.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        """How far it has come."""

        SUBMITTED = "submitted", _("submitted")
        APPROVED = "approved", _("approved")
        DENIED = "denied", _("denied")
        WITHDRAWN = "withdrawn", _("withdrawn")

    uuid = models.UUIDField(_("application ID"), default=uuid.uuid4, unique=True, editable=False)
    template = models.ForeignKey(
        "credly_badges.BadgeTemplate",
        on_delete=models.CASCADE,
        related_name="applications",
        verbose_name=_("badge template"),
    )
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("learner")
    )
    statement = models.TextField(_("statement"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SUBMITTED)
    # True until it is decided or withdrawn, then NULL for ever; see BadgeAward.live.
    open = models.BooleanField(null=True, default=True, editable=False)
    previous = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("the application before it"),
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    assigned_until = models.DateTimeField(_("assigned until"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    feedback = models.TextField(_("feedback"), blank=True, help_text=_("What the learner reads of the decision."))
    award = models.ForeignKey(
        "credly_badges.BadgeAward",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("badge award"),
    )
    created = models.DateTimeField(_("submitted at"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["template", "learner", "open"], name="one_open_application_per_template_and_learner"
            ),
        ]
        indexes = [models.Index(fields=["template", "state", "created"], name="credly_application_by_state")]
        permissions = [
            ("submit_application", "Can submit applications for learners"),
            ("review_application", "Can review applications"),
            ("decide_application", "Can assign and decide applications"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class ApplicationEvidence(models.Model):
    """One thing that a learner showed: a link, a text or a picture, and what they think of it.

    .. pii: What a learner sent in.
    .. pii_types: image, other
    .. pii_retirement: local_api
    """

    class Kind(models.TextChoices):
        """What it is."""

        LINK = "link", _("link")
        TEXT = "text", _("text")
        IMAGE = "image", _("image")

    uuid = models.UUIDField(_("evidence ID"), default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="evidence", verbose_name=_("application")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    url = models.URLField(_("link"), max_length=1000, blank=True)
    text = models.TextField(_("text"), blank=True)
    image = models.FileField(_("image"), upload_to=evidence_name, storage=evidence_storage, blank=True)
    media_type = models.CharField(_("media type"), max_length=50, blank=True)
    reflection = models.TextField(_("reflection"), blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.get_kind_display())


class ApplicationReview(models.Model):
    """What one reviewer found, criterion by criterion.

    .. pii: Who reviewed, and what they wrote of a learner's work.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    uuid = models.UUIDField(_("review ID"), default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="reviews", verbose_name=_("application")
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("reviewer"),
    )
    api_key = models.ForeignKey(
        "credly_badges.ApiKey",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sent with the API key"),
    )
    # Who a system says has reviewed, in its own words: those whom it counts as different people.
    author = models.CharField(_("author"), max_length=255, blank=True)
    # Of reviewers who are users, by their number; of others, by key and author. One review counts for each.
    reviewed_as = models.CharField(max_length=120, editable=False)
    satisfied = models.BooleanField(_("all required criteria are satisfied"), default=False)
    comment = models.TextField(_("comment"), blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        ordering = ["created", "pk"]
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["application", "reviewed_as"], name="one_review_per_application_and_reviewer"
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class ReviewItem(models.Model):
    """What a reviewer found of one criterion. The criterion's words are kept, as they may change.

    .. pii: What a reviewer wrote of a learner's work.
    .. pii_types: other
    .. pii_retirement: local_api
    """

    review = models.ForeignKey(
        ApplicationReview, on_delete=models.CASCADE, related_name="items", verbose_name=_("review")
    )
    criterion = models.ForeignKey(
        ApplicationCriterion,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("criterion"),
    )
    description = models.CharField(_("criterion as it was"), max_length=500)
    required = models.BooleanField(_("required"), default=True)
    satisfied = models.BooleanField(_("satisfied"), default=False)
    comment = models.TextField(_("comment"), blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        default_permissions = ()

    def __str__(self) -> str:
        return self.description
