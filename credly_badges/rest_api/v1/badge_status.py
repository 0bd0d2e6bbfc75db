"""Moving a badge to another status: submitted, approved, activated, paused, resumed, retired."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import activation, conf, lint
from ...access import Scope
from ...models import BadgeTemplate
from .badge_forms import Text
from .badge_shapes import VIEW, FullBadgeSerializer
from .badges import ISSUER, BadgesView
from .errors import Conflict, Forbidden
from .parameters import known
from .serializers import ApiSerializer
from .views import KNOWN

Status = BadgeTemplate.Status


class MoveSerializer(ApiSerializer):
    """Where a badge is to go, and why."""

    to = serializers.ChoiceField(choices=Status.choices)
    reason = Text(required=False, allow_blank=True, default="", max_length=255, help_text="To send it back, needed.")
    despite = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(lint.CAN_BE_MEANT)),
        required=False,
        default=list,
        max_length=len(lint.CAN_BE_MEANT),
        help_text="The codes of faults that are meant.",
    )
    replay = serializers.BooleanField(
        required=False, default=False, help_text="To resume it: whether what learners did meanwhile counts."
    )


class Moving(BadgesView):
    """Where a badge stands here."""

    scopes = {"POST": KNOWN}

    @extend_schema(
        operation_id="moveBadge",
        parameters=[ISSUER, VIEW],
        request=MoveSerializer,
        responses={200: FullBadgeSerializer},
    )
    def post(self, request: Request, badge_id: UUID) -> Response:
        """Move a badge to another status, as its people do in the admin: they need the same permissions."""
        known(request, {"issuer", VIEW.name})
        template = self.badge(badge_id)
        form = MoveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data
        if template.status == wanted["to"]:
            self.check_match(request, self.shown(template))
            return self.changed(self.shown(template))
        self._refuse(template, wanted["to"])
        _hold(template)
        self.check_match(request, self.shown(template))
        try:
            activation.move(
                template,
                wanted["to"],
                **self.by(),
                because=wanted["reason"],
                despite=wanted["despite"],
                replay=wanted["replay"],
            )
        except activation.CannotMove as refusal:
            raise Conflict(str(refusal), reasons=refusal.reasons) from None
        return self.changed(self.shown(self.badge(badge_id)))

    def _refuse(self, template: BadgeTemplate, to: str) -> None:
        """Raise Forbidden, or Conflict where there is no such move for anybody."""
        if (template.status, to) not in activation.TRANSITIONS:
            if not self.caller.may(Scope.BADGES_WRITE, template):
                raise Forbidden(_("You may not move this badge to another status."))
            raise Conflict(" ".join(activation.reasons_not_to_move(template, to, by=None)))
        user = self.caller.user
        if user is not None:
            if not (user.is_staff or user.is_superuser) or not activation.may_move(user, template, to):
                raise Forbidden(_("You may not move this badge there. Ask for the permission in the admin."))
        elif not self._system_may(template, to):
            raise Forbidden(
                _("On this site, or of this badge, a person has to decide this: a key or signature is not enough."),
                scope=Scope.BADGES_WRITE.value,
            )

    def _system_may(self, template: BadgeTemplate, to: str) -> bool:
        """Whether another system may do it: with its scope, unless that would take the place of a person's approval."""
        if not self.caller.may(Scope.BADGES_WRITE, template):
            return False
        if template.status == Status.REVIEW:
            return False
        begins = to in (Status.ACTIVE, Status.SHADOW) and template.status != Status.PAUSED
        return not (begins and (conf.review_required() or conf.separate_approver()))


def _hold(template: BadgeTemplate) -> None:
    """Have nobody move it meanwhile: from another status, the caller might not be allowed to. Raises Conflict."""
    now = BadgeTemplate.objects.select_for_update().values_list("status", flat=True).get(pk=template.pk)
    if now != template.status:
        raise Conflict(_("Somebody has moved this badge at this moment. Read it again, then decide."))
