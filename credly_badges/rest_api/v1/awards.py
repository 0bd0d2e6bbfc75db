"""Awards: issued one at a time, listed, revoked, restored and sent again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import awards, conf, evidence, lms, slugs
from ...access import ANYWHERE, Caller, Scope
from ...awards import given, sharing
from ...models import BadgeAward, BadgeTemplate, DeliveryAttempt, OutboxMessage
from . import idempotency
from .authentication import caller_of
from .award_forms import IssueSerializer
from .badges import ISSUER
from .errors import Conflict, Forbidden, Invalid, NotFound
from .parameters import PAGE, UPDATED_SINCE, choice, identifier, known, moment, updated
from .serializers import ApiSerializer
from .views import ApiView


class AwardEvidenceSerializer(ApiSerializer):
    """A page that shows what the learner did."""

    name = serializers.CharField()
    url = serializers.CharField()
    description = serializers.CharField()


class AwardSerializer(ApiSerializer):
    """A badge that was awarded to a learner, from the decision to Credly's last word on it. It names nobody."""

    id = serializers.UUIDField(source="uuid")
    badge_id = serializers.UUIDField(source="template.uuid")
    learner_id = serializers.IntegerField(allow_null=True, help_text="The learner's user ID; null once they have left.")
    state = serializers.ChoiceField(choices=BadgeAward.State.choices)
    source = serializers.ChoiceField(choices=BadgeAward.Source.choices)  # type: ignore[assignment]
    earned_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField(allow_null=True, help_text="When Credly confirmed it.")
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    revocation_reason = serializers.CharField()
    reason = serializers.CharField()
    evidence = serializers.SerializerMethodField()
    narrative = serializers.SerializerMethodField()
    badge_url = serializers.CharField()
    accept_url = serializers.SerializerMethodField(
        help_text="Where its learner accepts it. Told to the learner, and to those who may issue the badge."
    )
    image_url = serializers.CharField()
    is_public = serializers.BooleanField(allow_null=True, help_text="Whether it is public at Credly; null: not known.")
    verification_url = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="created")
    updated_at = serializers.DateTimeField(source="modified")

    @extend_schema_field(AwardEvidenceSerializer(many=True))
    def get_evidence(self, award: BadgeAward) -> list[dict[str, str]]:
        links = [item for item in award.evidence if item.get("url")]
        return [{name: item.get(name, "") for name in ("name", "url", "description")} for item in links]

    def get_narrative(self, award: BadgeAward) -> str:
        return evidence.text_of(award)

    def get_accept_url(self, award: BadgeAward) -> str:
        # Whoever opens it accepts the badge, whoever they are.
        return award.accept_url if award.accept_url and _may_accept(award, self.context) else ""

    def get_verification_url(self, award: BadgeAward) -> str | None:
        if not sharing.is_shown(award):
            return None
        path = slugs.award_path(award)
        request = self.context.get("request")
        if conf.site_url() or request is None:
            return conf.site_url() + path
        return str(request.build_absolute_uri(path))


class TrySerializer(ApiSerializer):
    """One try to tell Credly."""

    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(choices=DeliveryAttempt.Outcome.choices)
    status = serializers.IntegerField(allow_null=True, help_text="Of Credly's answer.")
    said = serializers.CharField()


class AttemptsSerializer(ApiSerializer):
    """What Credly was asked to do about an award, and every time that was tried."""

    order = serializers.ChoiceField(choices=OutboxMessage.Kind.choices, source="kind")
    state = serializers.ChoiceField(choices=OutboxMessage.State.choices)
    waiting_for = serializers.CharField()
    error = serializers.CharField()
    next_at = serializers.DateTimeField(source="not_before")
    ordered_at = serializers.DateTimeField(source="created")
    finished_at = serializers.DateTimeField(allow_null=True)
    tries = TrySerializer(many=True, source="delivery_attempts.all")


class WholeAwardSerializer(AwardSerializer):
    """An award; with what Credly was asked to do, for those who may issue the badge."""

    attempts = serializers.SerializerMethodField()

    @extend_schema_field(AttemptsSerializer(many=True, allow_null=True))
    def get_attempts(self, award: BadgeAward) -> Any:
        if not self.context.get("shows_attempts"):
            return None
        orders = award.messages.order_by("pk").prefetch_related(
            Prefetch("delivery_attempts", DeliveryAttempt.objects.order_by("started_at", "pk"))
        )
        return AttemptsSerializer(orders, many=True).data


LEARNER = OpenApiParameter("learner", str, description="Only those of this learner: a user name or an e-mail address.")
STATE = OpenApiParameter("state", str, enum=BadgeAward.State.values, description="Only those in this state.")
BADGE = OpenApiParameter("badge", UUID, description="Only those of this badge.")
PERIOD = [
    OpenApiParameter("earnedFrom", OpenApiTypes.DATETIME, description="Only those earned at this time or later."),
    OpenApiParameter("earnedTo", OpenApiTypes.DATETIME, description="Only those earned before this time."),
]
FILTERS = [STATE, LEARNER, *PERIOD, UPDATED_SINCE]


class AwardsView(ApiView):
    """What all addresses of awards have in common."""

    serializer_class = AwardSerializer
    concerns: int | None = None
    """The learner whom the answer names, for ``idempotency``."""

    def award(self, award_id: UUID, scope: Scope = Scope.AWARDS_READ) -> BadgeAward:
        """The award with this ID, with which the caller may do this.

        Raises NotFound where they may not know of it, Forbidden where they may see it and not do this.
        """
        found = BadgeAward.objects.select_related("template__organization").filter(uuid=award_id).first()
        if found is None or not may_know(self.caller, found.template, scope):
            raise NotFound(_("There is no such award here."))
        if not self.caller.may(scope, found.template):
            raise Forbidden(_("You may see this award, and not do this with it."), scope=scope.value)
        return found

    def shown(self, award: BadgeAward, status: int = 200) -> Response:
        """An award, as it is now."""
        return Response(AwardSerializer(award, context=self.get_serializer_context()).data, status=status)


class Awards(AwardsView):
    """All awards that the caller may see."""

    scopes = {"GET": Scope.AWARDS_READ}

    @extend_schema(operation_id="listAwards", parameters=[BADGE, *FILTERS])
    def get(self, request: Request) -> Response:
        """List awards; the newest come first."""
        known(request, PAGE | {"badge"} | _NAMES)
        rows = BadgeAward.objects.all()
        mine = self.caller.templates(Scope.AWARDS_READ)
        if mine != ANYWHERE:
            rows = rows.filter(template__in=BadgeTemplate.objects.filter(mine))
        if badge := identifier(request, "badge"):
            rows = rows.filter(template__uuid=badge)
        return self.paged(chosen(rows, request))


class BadgeAwards(AwardsView):
    """The awards of one badge."""

    scopes = {"GET": Scope.AWARDS_READ, "POST": Scope.AWARDS_ISSUE}

    @extend_schema(operation_id="listBadgeAwards", parameters=[ISSUER, *FILTERS])
    def get(self, request: Request, badge_id: UUID) -> Response:
        """List the awards of a badge; the newest come first."""
        known(request, PAGE | {"issuer"} | _NAMES)
        template = self.badge(badge_id, Scope.AWARDS_READ)
        return self.paged(chosen(BadgeAward.objects.filter(template=template), request))

    @extend_schema(
        operation_id="issueBadge",
        parameters=[ISSUER, idempotency.PARAMETER],
        request=IssueSerializer,
        responses={201: AwardSerializer, 200: AwardSerializer},
    )
    @idempotency.idempotent
    def post(self, request: Request, badge_id: UUID) -> Response:
        """Issue the badge to a learner. Where they hold it and it is renewed by this, the answer is 200."""
        known(request, {"issuer"})
        template = self.badge(badge_id, Scope.AWARDS_ISSUE)
        wanted = IssueSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        self.concerns = said["learner"].id
        try:
            grant = awards.grant(
                learner_id=said["learner"].id,
                template=template,
                earned_at=said.get("earned_at") or timezone.now(),
                source=source_of(self.caller),
                reason=said.get("reason", ""),
                evidence=[*said.get("evidence", ()), *given.narrative(said.get("narrative"))],
                granted_by=self.caller.user,
                granted_with=self.caller.key,
            )
        except awards.NotGrantable as refusal:
            raise Conflict(refusal.sentence) from None
        if not (grant.created or grant.renewed):
            raise Conflict(_("The learner has this badge already."), awardId=str(grant.award.uuid))
        return self.shown(grant.award, 201 if grant.created else 200)


class Award(AwardsView):
    """One award."""

    scopes = {"GET": Scope.AWARDS_READ}
    serializer_class = WholeAwardSerializer

    @extend_schema(operation_id="getAward")
    def get(self, request: Request, award_id: UUID) -> Response:
        """Get an award. Who may issue the badge also sees what Credly was asked to do, and what came of it."""
        known(request)
        award = self.award(award_id)
        context = {
            **self.get_serializer_context(),
            "shows_attempts": self.caller.may(Scope.AWARDS_ISSUE, award.template),
        }
        return Response(WholeAwardSerializer(award, context=context).data)


_NAMES = frozenset({"state", "learner", "earnedFrom", "earnedTo", "updatedSince"})


def chosen(rows: QuerySet[BadgeAward], request: Request) -> QuerySet[BadgeAward]:
    """Those of the awards that the request asks for, with what an answer shows of them. Raises Invalid."""
    if state := choice(request, "state", BadgeAward.State.values):
        rows = rows.filter(state=state)
    if (learner := request.query_params.get("learner")) is not None:
        learner_id = id_of_learner(learner)
        rows = rows.filter(learner_id=learner_id) if learner_id else rows.none()
    for name, column in (("earnedFrom", "earned_at__gte"), ("earnedTo", "earned_at__lt")):
        if (at := moment(request, name)) is not None:
            rows = rows.filter(**{column: at})
    # By number, which is the order in which they were made and the one that a database has at hand.
    return updated(rows, request).select_related("template").order_by("-pk")


def may_know(caller: Caller, template: BadgeTemplate, scope: Scope) -> bool:
    """Whether somebody may know of an award of this badge: by reading awards, or by what they are about to do."""
    return caller.may(Scope.AWARDS_READ, template) or caller.may(scope, template)


def source_of(caller: Caller) -> BadgeAward.Source:
    """By whom it was issued: a person, or another system."""
    return BadgeAward.Source.SYSTEM if caller.user is None else BadgeAward.Source.BY_HAND


def _may_accept(award: BadgeAward, context: Any) -> bool:
    """Whether the link for accepting an award is for who asks. Of a list, one query at most."""
    if (request := context.get("request")) is None:
        return False
    caller = caller_of(request)
    if caller.user is not None and caller.user.pk == award.learner_id:
        return True
    if caller.everywhere(Scope.AWARDS_ISSUE) or not caller.has(Scope.AWARDS_ISSUE):
        return caller.has(Scope.AWARDS_ISSUE)
    if "issuable" not in context:
        mine = BadgeTemplate.objects.filter(caller.templates(Scope.AWARDS_ISSUE)).order_by()
        context["issuable"] = set(mine.values_list("pk", flat=True))
    return award.template_id in context["issuable"]


def id_of_learner(said: str) -> int | None:
    """The number of whom the parameter “learner” names, if that is somebody. Raises Invalid."""
    try:
        entry = given.text(said, longest=given.LONGEST_ENTRY)
    except given.NotTaken as refusal:
        raise Invalid(refusal.sentence, parameter="learner") from None
    found = lms.find_learners([entry])[entry]
    return found.id if found else None
