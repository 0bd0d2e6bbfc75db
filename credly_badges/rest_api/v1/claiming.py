"""Claiming a badge with a code: by a learner for themselves, or by another system for a learner."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import awards, claims, lms
from ...access import Scope
from ...models import BadgeTemplate
from . import idempotency
from .award_forms import NOBODY
from .awards import AwardSerializer
from .errors import Conflict, Forbidden, Invalid
from .parameters import known
from .serializers import ApiSerializer
from .views import KNOWN, ApiView


class RedeemSerializer(ApiSerializer):
    """A code that somebody was given."""

    code = serializers.CharField(
        max_length=claims.LONGEST, help_text="In upper or lower case, with or without its dashes."
    )
    learner = serializers.CharField(
        required=False, max_length=254,
        help_text="For API keys: who claims it, a user name or an e-mail address. Users claim for themselves.",
    )  # fmt: skip


class TooOften(exceptions.Throttled):
    """Too many codes were tried."""

    extra_detail_singular = extra_detail_plural = ""


# Not one transaction: where the database takes back one of two that got in each other's way, it is done again.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ClaimingView(ApiView):
    """What both addresses have in common."""

    scopes = {"POST": KNOWN}
    serializer_class = AwardSerializer
    concerns: int | None = None
    """The learner, for ``idempotency``."""

    def claim(self, request: Request, badge_id: UUID | None = None) -> Response:
        """Count the try, and claim."""
        known(request)
        if self.caller.user is None and not self.caller.has(Scope.AWARDS_ISSUE):
            said = _("Your log-in or key does not allow “%(scope)s”.")
            raise Forbidden(said % {"scope": Scope.AWARDS_ISSUE.value}, scope=Scope.AWARDS_ISSUE.value)
        _kept = request._request.body  # noqa: SLF001 (for ``idempotency``: once DRF has read it, it is gone)
        body = RedeemSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        learner = self._learner(body.validated_data.get("learner"))
        self.concerns = learner.id
        # The same as on the page: nobody tries twice as often by two doors.
        origin = self.caller.name if self.caller.user is None else request.META.get("REMOTE_ADDR", "")
        try:
            with claims.Attempt(learner_id=learner.id, origin=origin):
                return claims.undisturbed(lambda: self.once(request, body.validated_data["code"], learner, badge_id))
        except claims.TooManyAttempts as refusal:
            raise TooOften(wait=refusal.wait, detail=refusal.sentence) from None
        except (claims.NotClaimable, awards.NotGrantable) as refusal:
            raise Conflict(refusal.sentence) from None

    @idempotency.idempotent
    def once(self, _request: Request, code: str, learner: lms.Learner, badge_id: UUID | None) -> Response:
        """Claim, unless that was done before with the same Idempotency-Key."""

        def may_be(template: BadgeTemplate) -> bool:
            """Whether it is the badge that was named, and one that the system may issue. Users may have any."""
            is_it = badge_id is None or template.uuid == badge_id
            return is_it and (self.caller.user is not None or self.caller.may(Scope.AWARDS_ISSUE, template))

        claimed = claims.redeem(code, learner=learner, now=timezone.now(), among=may_be, key=self.caller.key)
        shown = AwardSerializer(claimed.award, context=self.get_serializer_context())
        return Response(shown.data, status=201 if claimed.created else 200)

    def _learner(self, named: str | None) -> lms.Learner:
        user: Any = self.caller.user
        if user is not None:
            found = lms.learner(user.pk)
            if named is not None:
                raise Invalid.of("learner", _("You claim a code for yourself. Leave “learner” out."))
        elif named is None:
            raise Invalid.of("learner", _("Say for whom: “learner” is a user name or an e-mail address."))
        else:
            found = lms.find_learners([named])[named]
        if found is None:
            raise serializers.ValidationError({"learner": [NOBODY]})
        return found


SCHEMA: dict[str, Any] = {
    "parameters": [idempotency.PARAMETER],
    "request": RedeemSerializer,
    "responses": {201: AwardSerializer, 200: AwardSerializer},
}


class Claim(ClaimingView):
    """A claim of a badge by a code."""

    @extend_schema(operation_id="claimCode", **SCHEMA)
    def post(self, request: Request) -> Response:
        """Claim a badge with a code. Where the learner has the badge already, the answer is 200, with its award."""
        return self.claim(request)


class BadgeClaim(ClaimingView):
    """A claim of a certain badge by a code."""

    @extend_schema(operation_id="claimBadge", **SCHEMA)
    def post(self, request: Request, badge_id: UUID) -> Response:
        """Claim this badge with a code. Where the learner has it already, the answer is 200, with its award."""
        return self.claim(request, badge_id)
