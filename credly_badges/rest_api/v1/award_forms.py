"""What is sent to issue a badge, or to change what became of it."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from ... import lms
from ...awards import given
from ...evidence import LONGEST_TEXT
from .serializers import ApiSerializer

NOBODY = gettext_lazy("Nobody here has this user name or e-mail address, or more than one person has.")


class EvidenceLinkSerializer(ApiSerializer):
    """A page that shows what the learner did. It is public on the badge."""

    name = serializers.CharField(max_length=given.LONGEST_NAME, required=False, allow_blank=True)
    url = serializers.CharField(
        max_length=given.LONGEST_URL,
        validators=[
            RegexValidator(r"^[Hh][Tt][Tt][Pp][Ss]?://", gettext_lazy("This has to begin with http:// or https://."))
        ],
    )
    description = serializers.CharField(max_length=given.LONGEST_DESCRIPTION, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        """As an award keeps it."""
        try:
            return given.link(**attrs)
        except given.NotTaken as refusal:
            raise serializers.ValidationError({"url": [refusal.sentence]}) from None


@extend_schema_field(OpenApiTypes.DATETIME)
class EarnedAtField(serializers.Field[Any, Any, Any, Any]):
    """When a badge was earned: in any zone, not in the future."""

    def to_internal_value(self, data: Any) -> Any:
        """In UTC. Raises ValidationError."""
        try:
            return given.earned_at(data, now=timezone.now())
        except given.NotTaken as refusal:
            raise serializers.ValidationError(refusal.sentence) from None

    def to_representation(self, value: Any) -> Any:
        """As all times travel."""
        return serializers.DateTimeField().to_representation(value)


class IssueSerializer(ApiSerializer):
    """One badge to be issued to one learner."""

    learner = serializers.CharField(max_length=given.LONGEST_ENTRY, help_text="A user name or an e-mail address.")
    earned_at = EarnedAtField(
        required=False, help_text="When the badge was earned; its issue date. Without a zone in UTC; left out, now."
    )
    evidence = EvidenceLinkSerializer(many=True, required=False, max_length=given.MOST_LINKS)  # type: ignore[call-arg]
    narrative = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_TEXT,
        help_text="What is told of it in words. It is public on the badge.",
    )  # fmt: skip
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=given.LONGEST_REASON,
        help_text="Why it is issued. It is kept here and not sent to Credly.",
    )  # fmt: skip

    def validate_learner(self, said: str) -> lms.Learner:
        """Who is meant."""
        found = lms.find_learners([said])[said]
        if found is None:
            raise serializers.ValidationError(NOBODY)
        return found


class ReasonSerializer(ApiSerializer):
    """Why it is done."""

    reason = serializers.CharField(max_length=given.LONGEST_REASON, help_text="The learner and others will read it.")


def reason_in(request: Request) -> str:
    """The reason that a request gives. Raises ValidationError."""
    body = ReasonSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    reason: str = body.validated_data["reason"]
    return reason
