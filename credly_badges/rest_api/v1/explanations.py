"""How far a learner is, and why they have a badge or not: the tree of ``reports.why``, as it travels."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ... import reports
from ...models import BadgeProgress
from ...reports.answer import Status
from .serializers import ApiSerializer


class RequirementInWordsSerializer(ApiSerializer):
    """One thing to do, in a sentence."""

    description = serializers.CharField()
    sentence = serializers.CharField()


class GroupInWordsSerializer(ApiSerializer):
    """Some things to do, and how many of them are needed."""

    name = serializers.CharField()
    needs = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    takes_back = serializers.BooleanField()
    requirements = RequirementInWordsSerializer(many=True)


class BadgeInShortSerializer(ApiSerializer):
    """Which badge it is."""

    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    image_url = serializers.CharField()
    issuer_id = serializers.UUIDField(source="organization.uuid")
    issuer_name = serializers.CharField(source="organization.name")


class ProgressSerializer(ApiSerializer):
    """How far a learner is towards a badge, by which version of its requirements, and what these ask for."""

    badge = BadgeInShortSerializer(source="template")
    percent = serializers.IntegerField()
    completed_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    groups = serializers.SerializerMethodField()
    started_at = serializers.DateTimeField(source="created")
    updated_at = serializers.DateTimeField(source="modified")

    @extend_schema_field(GroupInWordsSerializer(many=True))
    def get_groups(self, progress: BadgeProgress) -> Any:
        groups = self.context.get("groups", {}).get(progress.pk, [])
        return GroupInWordsSerializer(groups, many=True).data


class RuleSeenSerializer(ApiSerializer):
    """One rule, and what it saw."""

    holds = serializers.BooleanField()
    sentence = serializers.CharField()


class OccurrenceSerializer(ApiSerializer):
    """One thing that the learner did, and what it means for one requirement."""

    status = serializers.ChoiceField(choices=[(each.value, each.value) for each in Status])
    outcome = serializers.CharField()
    sentence = serializers.CharField()
    subject = serializers.CharField()
    title = serializers.CharField()
    at = serializers.DateTimeField()
    rules = RuleSeenSerializer(many=True)
    details = serializers.ListField(child=serializers.CharField())


class RequirementWhySerializer(ApiSerializer):
    """One requirement: how far it is met, what counted, and what is missing."""

    key = serializers.CharField()
    name = serializers.CharField()
    sentence = serializers.CharField()
    met = serializers.BooleanField()
    met_at = serializers.DateTimeField(allow_null=True)
    count = serializers.IntegerField()
    needed = serializers.IntegerField()
    said = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField())
    occurrences = OccurrenceSerializer(many=True)


class GroupWhySerializer(ApiSerializer):
    """One group of requirements, and how far it is."""

    key = serializers.CharField()
    name = serializers.CharField()
    needs = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    met = serializers.BooleanField()
    met_at = serializers.DateTimeField(allow_null=True)
    waits = serializers.BooleanField()
    said = serializers.CharField()
    requirements = RequirementWhySerializer(many=True)


class StepSerializer(ApiSerializer):
    """One step on the badge's way to the learner. ``done`` is null for what is no step, but a note."""

    done = serializers.BooleanField(allow_null=True)
    sentence = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    details = serializers.ListField(child=serializers.CharField())


class WhySerializer(ApiSerializer):
    """Why a learner has a badge, or not."""

    badge_id = serializers.CharField(source="template_id")
    badge_name = serializers.CharField(source="template")
    learner_id = serializers.IntegerField()
    headline = serializers.CharField()
    complete = serializers.BooleanField()
    completed_at = serializers.DateTimeField(allow_null=True)
    percent = serializers.IntegerField()
    version = serializers.IntegerField()
    is_current_version = serializers.BooleanField()
    groups = GroupWhySerializer(many=True)
    penalties = RequirementWhySerializer(many=True)
    path = StepSerializer(many=True)
    hints = serializers.ListField(child=serializers.CharField())


def shown(why: reports.Why) -> Any:
    """The tree, as it travels."""
    return WhySerializer(why).data
