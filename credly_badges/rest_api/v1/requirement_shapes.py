"""How the description of the API has what a badge asks for. It is read and checked by the schema of the files."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ... import lint
from ...models import RequirementGroup
from ...rules.criteria import Distinct
from ...rules.operators import Operator

Serializer = serializers.Serializer[Any]
OFTEN = "A whole number, or “every”: in each of the places that are listed."
MOST = 32_767


class RuleShape(Serializer):
    """One fact about the event, or about what the LMS knows of the learner."""

    field = serializers.CharField(max_length=255)
    about = serializers.CharField(max_length=255, required=False)
    operator = serializers.ChoiceField(choices=[each.value for each in Operator])
    value = serializers.CharField(max_length=1000, required=False)


class RequirementShape(Serializer):
    """One thing to do, or for a penalty, one thing that must not happen."""

    key = serializers.CharField(max_length=50, required=False, help_text="Chosen for a new one if it is left out.")
    event = serializers.CharField(max_length=150)
    places = serializers.ListField(child=serializers.CharField(max_length=255), required=False)
    description = serializers.CharField(max_length=255, required=False)
    times = serializers.JSONField(required=False, help_text=OFTEN)
    distinct = serializers.ChoiceField(choices=[each.value for each in Distinct], required=False)
    weight = serializers.IntegerField(min_value=1, max_value=MOST, required=False)
    undoes = serializers.ListField(child=serializers.CharField(max_length=50), required=False)
    same_course = serializers.BooleanField(required=False)
    rules = RuleShape(many=True, required=False)


class GroupShape(Serializer):
    """Requirements that belong together."""

    key = serializers.CharField(max_length=50, required=False, help_text="Chosen for a new one if it is left out.")
    name = serializers.CharField(max_length=255, required=False)
    needs = serializers.ChoiceField(choices=RequirementGroup.Needs.choices, required=False)
    at_least = serializers.IntegerField(min_value=1, max_value=MOST, required=False)
    after = serializers.CharField(max_length=50, required=False)
    opens_on = serializers.DateField(required=False)
    closes_on = serializers.DateField(required=False)
    time_zone = serializers.CharField(max_length=63, required=False)
    within_days = serializers.IntegerField(min_value=1, max_value=MOST, required=False)
    within_of = serializers.ChoiceField(choices=RequirementGroup.Within.choices, required=False)
    before_course_end = serializers.BooleanField(required=False)
    requirements = RequirementShape(many=True)


class FaultShape(Serializer):
    """What the lint finds wrong, or worth a look; an error stands in the way of activating the badge."""

    code = serializers.CharField()
    level = serializers.ChoiceField(choices=["error", "hint"])
    sentence = serializers.CharField()
    where = serializers.CharField(help_text="Such as groups[0].requirements[1]; empty for all of it.")


class RequirementsForm(Serializer):
    """What a badge is to ask for, in the form of the files of ``credly_requirements``."""

    organization = serializers.UUIDField(required=False)
    template = serializers.UUIDField(required=False)
    groups = GroupShape(many=True)
    despite = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(lint.CAN_BE_MEANT)),
        required=False,
        help_text="The codes of faults that are meant.",
    )


class RequirementsShape(Serializer):
    """What a badge asks for: as the files have it, in words, and what is wrong with it."""

    organization = serializers.UUIDField()
    template = serializers.UUIDField()
    groups = GroupShape(many=True)
    version = serializers.IntegerField()
    criteria = serializers.ListField(child=serializers.CharField())
    faults = FaultShape(many=True)
