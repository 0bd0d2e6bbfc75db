"""What becomes of an award later: it is revoked, restored or sent again."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ... import awards
from ...access import Scope
from ...models import BadgeAward
from . import idempotency
from .award_forms import ReasonSerializer, reason_in
from .awards import AwardSerializer, AwardsView
from .errors import Conflict
from .parameters import known


class ChangeView(AwardsView):
    """Something that is done to one award by those who may take it back."""

    scopes = {"POST": Scope.AWARDS_REVOKE}

    def _concerned(self, award_id: UUID) -> BadgeAward:
        """The award; its learner is whom a kept answer is about."""
        award = self.award(award_id, Scope.AWARDS_REVOKE)
        self.concerns = award.learner_id
        return award


class Revocation(ChangeView):
    """The revocation of an award."""

    @extend_schema(
        operation_id="revokeAward",
        parameters=[idempotency.PARAMETER],
        request=ReasonSerializer,
        responses={200: AwardSerializer},
    )
    @idempotency.idempotent
    def post(self, request: Request, award_id: UUID) -> Response:
        """Revoke a badge. Where Credly has it, its state changes once Credly has confirmed that."""
        known(request)
        award, reason = self._concerned(award_id), reason_in(request)
        try:
            return self.shown(awards.revoke(award, reason, by=self.caller.user, key=self.caller.key))
        except awards.NotRevocable as refusal:
            raise Conflict(refusal.sentence) from None


class Restoration(ChangeView):
    """The restoration of an award."""

    @extend_schema(
        operation_id="restoreAward",
        parameters=[idempotency.PARAMETER],
        request=ReasonSerializer,
        responses={201: AwardSerializer},
    )
    @idempotency.idempotent
    def post(self, request: Request, award_id: UUID) -> Response:
        """Restore a badge that was revoked, deleted at Credly or given up: the learner gets a new award."""
        known(request)
        award, reason = self._concerned(award_id), reason_in(request)
        try:
            grant = awards.restore(award, reason=reason, by=self.caller.user, key=self.caller.key)
        except awards.NotGrantable as refusal:
            raise Conflict(refusal.sentence) from None
        return self.shown(grant.award, 201)


class Resending(ChangeView):
    """The sending anew of an award."""

    @extend_schema(
        operation_id="resendAward",
        parameters=[idempotency.PARAMETER],
        request=None,
        responses={200: AwardSerializer},
    )
    @idempotency.idempotent
    def post(self, request: Request, award_id: UUID) -> Response:
        """Order a badge anew whose order was dropped or failed, and that Credly does not have."""
        known(request)
        award = self._concerned(award_id)
        if not awards.resend(award, by=self.caller.user, key=self.caller.key):
            raise Conflict(_("Nothing is to be sent: Credly has this badge, it is on its way, or it does not stand."))
        award.refresh_from_db()
        return self.shown(award)
