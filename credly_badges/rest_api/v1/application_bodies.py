"""How applications, their forms, what was shown and what was found travel."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ... import applications, lms
from ...applications.assigning import LONGEST as LONGEST_ASSIGNED
from ...applications.deciding import LONGEST_FEEDBACK
from ...applications.evidence import LONGEST_REFLECTION, LONGEST_TEXT, LONGEST_URL
from ...applications.forms import MOST_CRITERIA
from ...applications.reviewing import LONGEST_COMMENT
from ...applications.submitting import LONGEST_STATEMENT
from ...models import Application, ApplicationEvidence, ApplicationReview
from .award_forms import NOBODY
from .serializers import ApiSerializer

Kind = ApplicationEvidence.Kind

LONGEST_NAME = 255
MOST_DAYS = LONGEST_ASSIGNED.days
MOST_REVIEWS = 20


class ApplicationCriterionSerializer(ApiSerializer):
    """One thing that reviewers look at. Sent with its ID it stays the same one."""

    id = serializers.UUIDField(source="uuid", required=False)
    description = serializers.CharField(max_length=500)
    note = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="For reviewers; learners do not see it."
    )
    required = serializers.BooleanField(required=False, default=True)  # type: ignore[assignment]


class ApplicationFormSerializer(ApiSerializer):
    """That learners may apply for a badge, and by what rules that is decided. What is left out is as it is at first."""

    is_open = serializers.BooleanField()
    instructions = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)
    reviews_needed = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=MOST_REVIEWS,
        help_text="How many different people have to find all required criteria satisfied.",
    )  # fmt: skip
    awards_at_once = serializers.BooleanField(
        required=False, default=True, help_text="Else somebody approves the application after the reviews."
    )
    needs_evidence = serializers.BooleanField(required=False, default=True)
    days_to_review = serializers.IntegerField(
        required=False, default=14, min_value=1, max_value=MOST_DAYS,
        help_text="For how many days an application is assigned where nothing else is said.",
    )  # fmt: skip
    criteria = ApplicationCriterionSerializer(many=True, max_length=MOST_CRITERIA)  # type: ignore[call-arg]
    updated_at = serializers.DateTimeField(source="modified", read_only=True, allow_null=True)


class ApplicationEvidenceSerializer(ApiSerializer):
    """One piece of evidence. A picture is at ``applications/{id}/evidence/{evidenceId}``."""

    id = serializers.UUIDField(source="uuid")
    kind = serializers.ChoiceField(choices=Kind.choices)
    url = serializers.CharField()
    text = serializers.CharField()
    media_type = serializers.CharField()
    reflection = serializers.CharField()


class ApplicationSerializer(ApiSerializer):
    """A learner's application. Who looks after it is not told to the learner themselves."""

    id = serializers.UUIDField(source="uuid")
    badge_id = serializers.UUIDField(source="template.uuid")
    learner_id = serializers.IntegerField(help_text="The learner's user ID.")
    state = serializers.ChoiceField(choices=Application.State.choices)
    statement = serializers.CharField()
    evidence = ApplicationEvidenceSerializer(many=True, source="evidence.all")
    previous_id = serializers.UUIDField(
        source="previous.uuid", default=None, allow_null=True, help_text="The application that was denied before."
    )
    assigned_to = serializers.SerializerMethodField(help_text="The user ID of the only one who reviews it now.")
    assigned_until = serializers.SerializerMethodField()
    feedback = serializers.CharField()
    decided_by = serializers.SerializerMethodField(help_text="The user ID of who decided.")
    decided_at = serializers.DateTimeField(allow_null=True)
    award_id = serializers.UUIDField(source="award.uuid", default=None, allow_null=True)
    submitted_at = serializers.DateTimeField(source="created")
    updated_at = serializers.DateTimeField(source="modified")

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_assigned_to(self, application: Application) -> int | None:
        return None if is_own(self.context, application) else application.assigned_to_id

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_assigned_until(self, application: Application) -> Any:
        until = application.assigned_until
        return (
            serializers.DateTimeField().to_representation(until)
            if until and self.get_assigned_to(application)
            else None
        )

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_decided_by(self, application: Application) -> int | None:
        return None if is_own(self.context, application) else application.decided_by_id


class ReviewItemSerializer(ApiSerializer):
    """What was found of one criterion, in the words that it had then; without its ID where it is gone."""

    criterion_id = serializers.UUIDField(source="criterion.uuid", default=None, allow_null=True)
    description = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    satisfied = serializers.BooleanField()
    comment = serializers.CharField()


class ReviewSerializer(ApiSerializer):
    """What one reviewer found. Who that is is not told to the learner."""

    id = serializers.UUIDField(source="uuid")
    application_id = serializers.UUIDField(source="application.uuid")
    reviewer_id = serializers.SerializerMethodField(help_text="The reviewer's user ID; null for who is no user here.")
    author = serializers.SerializerMethodField(help_text="Who has reviewed, in the words of the system that sent it.")
    satisfied = serializers.BooleanField(help_text="Whether all criteria are satisfied that were required then.")
    comment = serializers.CharField()
    items = ReviewItemSerializer(many=True, source="items.all")
    created_at = serializers.DateTimeField(source="created")
    updated_at = serializers.DateTimeField(source="modified")

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_reviewer_id(self, review: ApplicationReview) -> int | None:
        return None if is_own(self.context, review.application) else review.reviewer_id

    @extend_schema_field(serializers.CharField())
    def get_author(self, review: ApplicationReview) -> str:
        return "" if is_own(self.context, review.application) else review.author


class FindingSerializer(ApiSerializer):
    """What a reviewer finds of one criterion."""

    criterion_id = serializers.UUIDField()
    satisfied = serializers.BooleanField()
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_COMMENT)


class ChangedReviewSerializer(ApiSerializer):
    """What a reviewer finds, in the place of all that they found before."""

    items = FindingSerializer(many=True, max_length=MOST_CRITERIA)  # type: ignore[call-arg]
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_COMMENT)


class GivenReviewSerializer(ChangedReviewSerializer):
    """What a reviewer finds. Another system says who that is."""

    author = serializers.CharField(
        required=False, max_length=LONGEST_NAME,
        help_text="For API keys: who has reviewed. A user name or e-mail address of a user here counts as that user.",
    )  # fmt: skip


class EvidenceSubmissionSerializer(ApiSerializer):
    """One piece of evidence that is sent."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    url = serializers.CharField(required=False, max_length=LONGEST_URL, help_text="Of a link.")
    text = serializers.CharField(required=False, max_length=LONGEST_TEXT, trim_whitespace=False, help_text="Of a text.")
    file = serializers.CharField(
        required=False, max_length=100, help_text="Of a picture: the name of the part of this request that holds it."
    )
    reflection = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_REFLECTION)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What its kind needs, and nothing else."""
        needed = {Kind.LINK: "url", Kind.TEXT: "text", Kind.IMAGE: "file"}[Kind(attrs["kind"])]
        if needed not in attrs:
            raise serializers.ValidationError({needed: [_("This is needed for this kind of evidence.")]})
        for name in {"url", "text", "file"} & set(attrs) - {needed}:
            raise serializers.ValidationError({name: [_("This does not belong to this kind of evidence.")]})
        return attrs


class ResubmissionSerializer(ApiSerializer):
    """What is sent to apply again."""

    statement = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_STATEMENT)
    evidence = EvidenceSubmissionSerializer(  # type: ignore[call-arg]
        many=True, required=False, default=list, max_length=applications.MOST_EVIDENCE
    )


class ApplicationSubmissionSerializer(ResubmissionSerializer):
    """What is sent to apply for a badge."""

    learner = serializers.CharField(
        required=False, max_length=LONGEST_NAME,
        help_text="Who applies: a user name or an e-mail address. Learners leave it out.",
    )  # fmt: skip

    def validate_learner(self, said: str) -> lms.Learner:
        """Who is meant."""
        return somebody(said)


class ResubmissionWithPicturesSerializer(ApiSerializer):
    """The same with pictures, each in a part of its own that a piece of evidence names as its ``file``."""

    statement = serializers.CharField(required=False)
    evidence = serializers.CharField(required=False, help_text="The list of evidence, as JSON.")
    picture = serializers.FileField(required=False, help_text="Any name will do, and there may be several.")


class SubmissionWithPicturesSerializer(ResubmissionWithPicturesSerializer):
    """An application with pictures, each in a part of its own that a piece of evidence names as its ``file``."""

    learner = serializers.CharField(required=False)


class AssignmentSerializer(ApiSerializer):
    """Who reviews an application, until when."""

    to = serializers.CharField(
        allow_null=True, max_length=LONGEST_NAME, help_text="A user name or an e-mail address; null: anybody again."
    )
    until = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Left out: for the days that the badge's form says."
    )

    def validate_to(self, said: str | None) -> lms.Learner | None:
        """Who is meant."""
        return None if said is None else somebody(said)


class ApprovalSerializer(ApiSerializer):
    """What the learner reads of an approval."""

    feedback = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_FEEDBACK)


class DenialSerializer(ApiSerializer):
    """What the learner reads of a denial."""

    feedback = serializers.CharField(max_length=LONGEST_FEEDBACK)


def is_own(context: Any, application: Application) -> bool:
    """Whether an application is that of who asks."""
    user_id = context.get("asked_by")
    return user_id is not None and user_id == application.learner_id


def somebody(said: str) -> lms.Learner:
    """The user of this name or address. Raises ValidationError."""
    found = lms.find_learners([said])[said]
    if found is None:
        raise serializers.ValidationError(NOBODY)
    return found
