"""Lists of badges: sent as JSON or as a CSV file, looked through, committed, followed, and undone while they wait."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from ... import awards, bulk
from ...access import Scope
from ...models import BulkIssue, BulkRow
from ...reports.spreadsheets import cell
from . import idempotency
from .badges import ISSUER
from .bodies import JsonParser
from .bulk_shapes import (
    BulkRowSerializer,
    BulkSerializer,
    CommitSerializer,
    ListSerializer,
    PreviewSerializer,
    UndoSerializer,
)
from .errors import Conflict, Invalid, NotFound, TooLarge
from .parameters import PAGE, choice, known
from .serializers import ApiSerializer
from .views import ApiView, ByAccept

AT_ONCE = 500
RESULT = ("row", "learner", "state", "said", "award_id", "award_state", "badge_url")


class CsvParser(BaseParser):
    """A file, as it was sent."""

    media_type = "text/csv"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002 (as DRF has it)
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """Its bytes."""
        return stream.read()


class Whatever(ByAccept):
    """A file is sent whatever was asked for, and a refusal is JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:  # noqa: ARG002
        """The only one."""
        return renderers[0], renderers[0].media_type


class BulkView(ApiView):
    """What all addresses of lists have in common."""

    serializer_class: type[ApiSerializer] = BulkSerializer

    def bulk(self, bulk_id: UUID) -> BulkIssue:
        """The list with this ID. Raises NotFound, also where the caller may not issue its badge."""
        found = BulkIssue.objects.select_related("template__organization").filter(uuid=bulk_id).first()
        if found is None or not self.caller.may(Scope.AWARDS_ISSUE, found.template):
            raise NotFound(_("There is no such list here."))
        return found

    def data(self, found: BulkIssue) -> Any:
        """A list, as it is now."""
        return BulkSerializer(found, context=self.get_serializer_context()).data

    def shown(self, found: BulkIssue, status: int = 200) -> Response:
        """The answer with a list."""
        return Response(self.data(found), status=status)


class BulkIssues(BulkView):
    """Where a list is sent to."""

    scopes = {"POST": Scope.AWARDS_ISSUE}
    longest_body = 5_000_000
    parser_classes = (JsonParser, CsvParser)

    @extend_schema(
        operation_id="previewBulkIssue",
        parameters=[
            ISSUER,
            OpenApiParameter("reason", str, description="Why they are issued, where a CSV file is sent."),
        ],
        request={"application/json": ListSerializer, "text/csv": OpenApiTypes.STR},
        responses={201: PreviewSerializer},
    )
    def post(self, request: Request, badge_id: UUID) -> Response:
        """Send a list of learners. It is looked through, and nothing is issued until it is committed.

        A CSV file is in UTF-8 and begins with a row of the names of its columns: learner, earned_at, evidence_name,
        evidence_url, narrative. Only the first of them has to be there.
        """
        known(request, {"issuer", "reason"})
        template = self.badge(badge_id, Scope.AWARDS_ISSUE)
        rows, reason = _rows(request)
        try:
            made = bulk.preview(template, rows, reason=reason, by=self.caller.user, key=self.caller.key)
        except awards.NotGrantable as refusal:
            raise Conflict(refusal.sentence) from None
        return Response(PreviewSerializer(made, context=self.get_serializer_context()).data, status=201)


class Bulk(BulkView):
    """One list."""

    scopes = {"GET": Scope.AWARDS_ISSUE, "DELETE": Scope.AWARDS_ISSUE}

    @extend_schema(operation_id="getBulkIssue")
    def get(self, request: Request, bulk_id: UUID) -> Response:
        """Get a list, with how many of its rows are in which state."""
        known(request)
        return self.shown(self.bulk(bulk_id))

    @extend_schema(operation_id="deleteBulkIssue", responses={204: None})
    def delete(self, request: Request, bulk_id: UUID) -> Response:
        """Remove a list that was not committed."""
        known(request)
        found = self.bulk(bulk_id)
        self.check_match(request, self.data(found))
        if not bulk.discard(found, by=self.caller.user, key=self.caller.key):
            raise Conflict(_("This list was committed, so it stays. You can undo what Credly has not heard of yet."))
        return Response(status=204)


class BulkRows(BulkView):
    """The rows of a list."""

    scopes = {"GET": Scope.AWARDS_ISSUE}
    serializer_class = BulkRowSerializer

    @extend_schema(
        operation_id="listBulkIssueRows",
        parameters=[OpenApiParameter("state", str, enum=BulkRow.State.values, description="Only those in this state.")],
    )
    def get(self, request: Request, bulk_id: UUID) -> Response:
        """List the rows, in their order."""
        known(request, PAGE | {"state"})
        rows = BulkRow.objects.filter(bulk=self.bulk(bulk_id))
        if state := choice(request, "state", BulkRow.State.values):
            rows = rows.filter(state=state)
        return self.paged(rows.select_related("award").order_by("number"))


class BulkCommit(BulkView):
    """Where a list is committed."""

    scopes = {"POST": Scope.AWARDS_ISSUE}

    @extend_schema(
        operation_id="commitBulkIssue",
        parameters=[idempotency.PARAMETER],
        request=CommitSerializer,
        responses={202: BulkSerializer},
    )
    @idempotency.idempotent
    def post(self, request: Request, bulk_id: UUID) -> Response:
        """Have the rows that are ready issued. It is done by a worker; ask for the list to see how far it is."""
        known(request)
        found = self.bulk(bulk_id)
        body = CommitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            made = bulk.commit(
                found, skip_wrong=body.validated_data["skip_wrong"], by=self.caller.user, key=self.caller.key
            )
        except bulk.NotNow as refusal:
            raise Conflict(refusal.sentence, **refusal.details) from None
        except awards.NotGrantable as refusal:
            raise Conflict(refusal.sentence) from None
        return self.shown(made, 202)


class BulkUndo(BulkView):
    """Where a list is undone."""

    scopes = {"POST": Scope.AWARDS_ISSUE}

    @extend_schema(
        operation_id="undoBulkIssue",
        parameters=[idempotency.PARAMETER],
        request=UndoSerializer,
        responses={202: BulkSerializer},
    )
    @idempotency.idempotent
    def post(self, request: Request, bulk_id: UUID) -> Response:
        """Take back what Credly has not heard of yet, and issue nothing more. What Credly has is marked as sent."""
        known(request)
        found = self.bulk(bulk_id)
        body = UndoSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        reason = body.validated_data.get("reason", "")
        try:
            return self.shown(bulk.undo(found, reason=reason, by=self.caller.user, key=self.caller.key), 202)
        except bulk.NotNow as refusal:
            raise Conflict(refusal.sentence, **refusal.details) from None


class BulkResult(BulkView):
    """What came of a list, as a file."""

    scopes = {"GET": Scope.AWARDS_ISSUE}
    content_negotiation_class = Whatever

    @extend_schema(operation_id="getBulkIssueResult", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, bulk_id: UUID) -> Any:
        """Get what came of each row, as a CSV file in UTF-8 that a spreadsheet can open."""
        known(request)
        found = self.bulk(bulk_id)
        answer = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="list-{found.uuid}.csv"'
        return answer


class _Line:
    """What the csv module writes to: it gives back what was written."""

    def write(self, text: str) -> str:
        """As it is."""
        return text


def _lines(found: BulkIssue) -> Iterator[str]:
    line = csv.writer(_Line())
    # The mark by which spreadsheets know UTF-8.
    yield "\N{BYTE ORDER MARK}" + line.writerow(RESULT)
    for row in found.rows.select_related("award").order_by("number").iterator(AT_ONCE):
        award = row.award
        of_award = (award.uuid, award.state, award.badge_url) if award else ("", "", "")
        yield line.writerow([cell(each) for each in (row.number, row.entry, row.state, row.said, *of_award)])


def _rows(request: Request) -> tuple[list[bulk.Given], str]:
    sent = request.data
    try:
        if isinstance(sent, bytes):
            reason = UndoSerializer(data={"reason": request.query_params.get("reason", "")})
            reason.is_valid(raise_exception=True)
            return bulk.from_csv(sent, now=timezone.now()), reason.validated_data["reason"]
        if "reason" in request.query_params:
            raise Invalid(_("Say the reason in the body. The parameter is for CSV files."), parameter="reason")
        body = ListSerializer(data=sent)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        return bulk.from_json(said["rows"], now=timezone.now()), said.get("reason", "")
    except bulk.NotReadable as refusal:
        if refusal.too_long:
            raise TooLarge(refusal.sentence, most=bulk.MOST_ROWS) from None
        raise Invalid(refusal.sentence) from None
