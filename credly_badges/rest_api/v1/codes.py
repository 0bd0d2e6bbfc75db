"""Claim codes: made, listed, changed and closed; who claimed them, and their QR codes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import claims, lms
from ...access import Scope
from ...models import ClaimCode, CodeClaim
from . import idempotency
from .badges import ISSUER
from .claiming import TooOften
from .errors import Conflict, Invalid, NotFound
from .parameters import PAGE, UPDATED_SINCE, known, truth, updated
from .serializers import ApiSerializer, camel
from .views import ApiView, ByAccept

MOST = 1_000_000_000


class CodeSerializer(ApiSerializer):
    """A code that learners claim a badge with."""

    id = serializers.UUIDField(source="uuid")
    badge_id = serializers.UUIDField(source="template.uuid")
    code = serializers.CharField()
    claim_url = serializers.SerializerMethodField(help_text="The page on which a learner claims it.")
    note = serializers.CharField()
    most = serializers.IntegerField(allow_null=True, help_text="How many learners may claim it; null for any number.")
    claimed = serializers.IntegerField(help_text="How many have.")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    email = serializers.CharField(help_text="The e-mail address of the only one who may claim it.")
    course = serializers.CharField(help_text="The key of the course run whose learners may claim it.")
    cohort = serializers.CharField(help_text="The cohort of that course run whose learners may claim it.")
    is_open = serializers.BooleanField(help_text="Whether somebody can claim it now.")
    closed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField(source="created")
    updated_at = serializers.DateTimeField(source="modified")

    def get_claim_url(self, code: ClaimCode) -> str:
        return claims.url_of(code, self.context.get("request"))


class NewCodeSerializer(ApiSerializer):
    """A code to be made: for one learner, unless it says something else."""

    code = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=claims.LONGEST,
        help_text="A code of your own, of 8 letters and digits at least; left out, a random one is made.",
    )  # fmt: skip
    most = serializers.IntegerField(required=False, allow_null=True, default=1, min_value=1, max_value=MOST)
    starts_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    email = serializers.EmailField(required=False, allow_blank=True, default="", max_length=254)
    course = serializers.CharField(required=False, allow_blank=True, default="", max_length=255)
    cohort = serializers.CharField(required=False, allow_blank=True, default="", max_length=255)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=255)


class ChangedCodeSerializer(ApiSerializer):
    """What can be changed of a code that was given out; what is left out stays."""

    note = serializers.CharField(required=False, allow_blank=True, max_length=255)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    most = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MOST)


class ClaimSerializer(ApiSerializer):
    """That a learner claimed a code."""

    learner_id = serializers.IntegerField(help_text="The learner's user ID.")
    award_id = serializers.UUIDField(source="award.uuid", default=None, allow_null=True)
    claimed_at = serializers.DateTimeField()


OPEN = OpenApiParameter("open", bool, description="Only those that somebody can claim now, or only the others.")


class CodesView(ApiView):
    """What all addresses of codes have in common."""

    serializer_class: type[ApiSerializer] = CodeSerializer
    concerns: int | None = None
    """The learner for whom a code is, for ``idempotency``."""

    def code(self, badge_id: UUID, code_id: UUID, scope: Scope) -> ClaimCode:
        """The code with this ID of this badge, with which the caller may do this. Raises NotFound, Forbidden."""
        template = self.badge(badge_id, scope)
        found = ClaimCode.objects.filter(template=template, uuid=code_id).first()
        if found is None:
            raise NotFound(_("There is no such claim code here."))
        found.template = template
        return found

    def shown(self, code: ClaimCode) -> Any:
        """A code, as it is now."""
        return CodeSerializer(code, context=self.get_serializer_context()).data


class Codes(CodesView):
    """The codes of a badge."""

    scopes = {"GET": Scope.CODES_READ, "POST": Scope.CODES_WRITE}

    @extend_schema(operation_id="listCodes", parameters=[ISSUER, OPEN, UPDATED_SINCE])
    def get(self, request: Request, badge_id: UUID) -> Response:
        """List the claim codes of a badge; the newest come first."""
        known(request, PAGE | {"issuer", "open", "updatedSince"})
        template = self.badge(badge_id, Scope.CODES_READ)
        return self.paged(_chosen(ClaimCode.objects.filter(template=template), request))

    @extend_schema(
        operation_id="makeCode",
        parameters=[ISSUER, idempotency.PARAMETER],
        request=NewCodeSerializer,
        responses={201: CodeSerializer},
    )
    @idempotency.idempotent
    def post(self, request: Request, badge_id: UUID) -> Response:
        """Make a claim code for a badge."""
        known(request, {"issuer"})
        template = self.badge(badge_id, Scope.CODES_WRITE)
        body = NewCodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        if said["email"] and (learner := lms.find_learners([said["email"]])[said["email"]]):
            self.concerns = learner.id
        try:
            with claims.OwnSpelling(said["code"], by=self.caller.name):
                made = claims.make(template, by=self.caller.user, key=self.caller.key, **said)
        except claims.TooManyAttempts as refusal:
            raise TooOften(wait=refusal.wait, detail=refusal.sentence) from None
        except claims.CannotMake as refusal:
            raise _refused(refusal) from None
        return Response(self.shown(made), status=201)


class Code(CodesView):
    """One code."""

    scopes = {"GET": Scope.CODES_READ, "PATCH": Scope.CODES_WRITE, "DELETE": Scope.CODES_WRITE}

    @extend_schema(operation_id="getCode", parameters=[ISSUER])
    def get(self, request: Request, badge_id: UUID, code_id: UUID) -> Response:
        """Get a claim code."""
        known(request, {"issuer"})
        return Response(self.shown(self.code(badge_id, code_id, Scope.CODES_READ)))

    @extend_schema(
        operation_id="changeCode", parameters=[ISSUER], request=ChangedCodeSerializer, responses={200: CodeSerializer}
    )
    def patch(self, request: Request, badge_id: UUID, code_id: UUID) -> Response:
        """Change a claim code. It cannot be for fewer learners than have claimed it."""
        known(request, {"issuer"})
        code = self.code(badge_id, code_id, Scope.CODES_WRITE)
        body = ChangedCodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        code = claims.locked(code)
        self.check_match(request, self.shown(code))
        try:
            changed = claims.change(code, by=self.caller.user, key=self.caller.key, **body.validated_data)
        except claims.CannotMake as refusal:
            raise _refused(refusal) from None
        return self.changed(self.shown(changed))

    @extend_schema(operation_id="closeCode", parameters=[ISSUER], responses={204: None})
    def delete(self, request: Request, badge_id: UUID, code_id: UUID) -> Response:
        """Close a claim code. Nobody can claim it any more; it stays in the list, with who claimed it."""
        known(request, {"issuer"})
        code = self.code(badge_id, code_id, Scope.CODES_WRITE)
        self.check_match(request, self.shown(code))
        claims.close(code, by=self.caller.user, key=self.caller.key)
        return Response(status=204)


class CodeClaims(CodesView):
    """Who claimed a code."""

    scopes = {"GET": Scope.CODES_READ}
    serializer_class = ClaimSerializer

    @extend_schema(operation_id="listCodeClaims", parameters=[ISSUER])
    def get(self, request: Request, badge_id: UUID, code_id: UUID) -> Response:
        """List who claimed a code; the newest come first."""
        known(request, PAGE | {"issuer"})
        code = self.code(badge_id, code_id, Scope.CODES_READ)
        return self.paged(CodeClaim.objects.filter(code=code).select_related("award"))


class AnyForm(ByAccept):
    """A picture is answered whatever is accepted, as <img> asks for any; a refusal is JSON."""

    def select_renderer(self, _request: Any, renderers: Any, _format_suffix: Any = None) -> Any:
        """The first."""
        return renderers[0], renderers[0].media_type


class CodeQr(CodesView):
    """The QR code of a code."""

    scopes = {"GET": Scope.CODES_READ}
    content_negotiation_class = AnyForm

    @extend_schema(operation_id="getCodeQr", parameters=[ISSUER], responses={(200, "image/svg+xml"): OpenApiTypes.STR})
    def get(self, request: Request, badge_id: UUID, code_id: UUID) -> HttpResponse:
        """Get a picture (SVG) that leads a telephone to the page on which the code is claimed."""
        known(request, {"issuer"})
        code = self.code(badge_id, code_id, Scope.CODES_READ)
        return HttpResponse(claims.qr(code, request), content_type="image/svg+xml; charset=utf-8")


def _chosen(rows: QuerySet[ClaimCode], request: Request) -> QuerySet[ClaimCode]:
    can_be_claimed = claims.open_at(timezone.now())
    if (wanted := truth(request, "open")) is not None:
        rows = rows.filter(can_be_claimed) if wanted else rows.exclude(can_be_claimed)
    return updated(rows, request).select_related("template").order_by("-pk")


def _refused(refusal: claims.CannotMake) -> Invalid | Conflict:
    kind = Conflict if isinstance(refusal, claims.CodeTaken) else Invalid
    return kind(refusal.sentence, **{camel(refusal.field): [refusal.sentence]})
