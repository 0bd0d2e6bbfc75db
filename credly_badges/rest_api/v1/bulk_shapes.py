"""Lists of badges as they are sent, and as they are shown."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ... import bulk
from ...awards import given
from ...models import BulkIssue, BulkRow
from .award_forms import IssueSerializer
from .serializers import ApiSerializer


class WantedRowSerializer(IssueSerializer):
    """One row of a list: as for one badge, without the reason, which is the same for all."""

    reason = None  # type: ignore[assignment]


class ListSerializer(ApiSerializer):
    """A list of learners who are to be issued the badge."""

    rows = extend_schema_field(WantedRowSerializer(many=True))(serializers.JSONField)(
        help_text=f"1 to {bulk.MOST_ROWS} of them. What is wrong in one is said of that row."
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=given.LONGEST_REASON)


class CommitSerializer(ApiSerializer):
    """How to commit a list."""

    skip_wrong = serializers.BooleanField(default=False, help_text="Leave out the rows that are wrong.")


class UndoSerializer(ApiSerializer):
    """Why a list is undone."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=given.LONGEST_REASON)


class CountsSerializer(ApiSerializer):
    """How many rows of a list are in each state."""

    total = serializers.IntegerField()
    ready = serializers.IntegerField()
    wrong = serializers.IntegerField()
    held = serializers.IntegerField()
    issued = serializers.IntegerField()
    refused = serializers.IntegerField()
    undone = serializers.IntegerField()
    sent = serializers.IntegerField()


class BulkRowSerializer(ApiSerializer):
    """One row of a list, and what came of it."""

    row = serializers.IntegerField(source="number", help_text="In a file, as a spreadsheet numbers it.")
    learner = serializers.CharField(source="entry", help_text="As it was given.")
    learner_id = serializers.IntegerField(allow_null=True)
    earned_at = serializers.DateTimeField(allow_null=True, help_text="null: when it is issued.")
    state = serializers.ChoiceField(choices=BulkRow.State.choices)
    said = serializers.CharField()
    award_id = serializers.UUIDField(source="award.uuid", allow_null=True)


class BulkSerializer(ApiSerializer):
    """A list, and how far it has come."""

    id = serializers.UUIDField(source="uuid")
    badge_id = serializers.UUIDField(source="template.uuid")
    state = serializers.ChoiceField(choices=BulkIssue.State.choices)
    reason = serializers.CharField()
    counts = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="created")
    updated_at = serializers.DateTimeField(source="modified")
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(CountsSerializer)
    def get_counts(self, found: BulkIssue) -> dict[str, int]:
        by_state = dict(found.rows.order_by().values_list("state").annotate(rows=Count("pk")))
        return {"total": sum(by_state.values())} | {state: by_state.get(state, 0) for state in BulkRow.State.values}


class PreviewSerializer(BulkSerializer):
    """A list that was looked through, with each of its rows."""

    rows = serializers.SerializerMethodField()

    @extend_schema_field(BulkRowSerializer(many=True))
    def get_rows(self, found: BulkIssue) -> Any:
        return BulkRowSerializer(found.rows.select_related("award").order_by("number"), many=True).data
