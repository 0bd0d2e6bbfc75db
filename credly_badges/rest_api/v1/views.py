"""What all addresses have in common: who may come in, in what shape they are answered, and how often they may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page
from drf_spectacular.openapi import AutoSchema
from edx_rest_framework_extensions.permissions import NotJwtRestrictedApplication
from rest_framework import exceptions
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...access import Caller, Scope
from ...models import BadgeTemplate
from . import throttling
from .authentication import CLASSES, caller_of
from .errors import Conflict, Forbidden, NotFound, handle
from .pagination import Pages

PUBLIC = "public"
"""In ``scopes``: for anybody, known or not."""
KNOWN = "known"
"""In ``scopes``: for any caller who has shown who they are; the view says what they see."""


class Allowed(BasePermission):
    """Nobody, unless the view says what its method takes and the caller has that somewhere."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller has it at any level; which things they may touch is for the view."""
        wanted = getattr(view, "scopes", {}).get(request.method or "")
        if wanted is None or wanted == PUBLIC:
            return wanted == PUBLIC
        caller = caller_of(request)
        if not caller.is_known:
            raise exceptions.NotAuthenticated(_("Log in, or send an API key as “Authorization: Bearer …”."))
        if wanted == KNOWN or caller.has(Scope(wanted)):
            return True
        raise Forbidden(_("Your log-in or key does not allow “%(scope)s”.") % {"scope": str(wanted)}, scope=str(wanted))


@method_decorator(conditional_page, name="dispatch")
class ApiView(GenericAPIView[Any]):
    """One address.

    ``scopes`` says what each method takes: a Scope, ``KNOWN`` or ``PUBLIC``. A method that is not in it is refused.
    """

    scopes: ClassVar[Mapping[str, Scope | str]] = {}
    authentication_classes = CLASSES
    permission_classes = (NotJwtRestrictedApplication, Allowed)
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser,)
    pagination_class = Pages
    filter_backends = ()
    throttle_classes = ()
    schema = AutoSchema()

    def get_exception_handler(self) -> Any:
        """Refusals in the API's shape."""
        return handle

    @property
    def caller(self) -> Caller:
        """Who is asking."""
        return caller_of(self.request)

    def check_throttles(self, request: Request) -> None:
        """Count the request; the answer says what is left."""
        counted = throttling.turn(request)
        request.credly_turn = counted  # type: ignore[attr-defined]
        if counted.is_one_too_many:
            raise exceptions.Throttled(wait=counted.wait)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """The answer, with what is left of the caller's requests; nobody else may keep it."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if counted := getattr(request, "credly_turn", None):
            for name, value in counted.headers().items():
                answer[name] = value
        answer.setdefault("Cache-Control", "private, no-cache")
        return answer

    def paged(self, rows: QuerySet[Any], **context: Any) -> Response:
        """A page of rows in this view's shape."""
        page = self.paginate_queryset(rows)
        serializer = self.get_serializer_class()(page, many=True, context={**self.get_serializer_context(), **context})
        return self.get_paginated_response(serializer.data)

    def badge(self, badge_id: UUID, scope: Scope = Scope.BADGES_READ) -> BadgeTemplate:
        """The badge with this ID, with which the caller may do this.

        Raises NotFound where they may not know of it, Forbidden where they may see it and not do this.
        """
        rows = BadgeTemplate.objects.select_related("organization").filter(uuid=badge_id)
        if template := the_one(rows.filter(self.visible(scope)), self.request):
            return template
        if scope is not Scope.BADGES_READ and rows.filter(self.visible()).exists():
            raise Forbidden(_("You may see this badge, and not do this with it."), scope=scope.value)
        raise NotFound(_("There is no such badge here."))

    def visible(self, scope: Scope = Scope.BADGES_READ) -> Q:
        """Which badges the caller may see: those of their levels and courses, and as a user what can be earned now."""
        mine = self.caller.templates(scope)
        return mine | EARNABLE if self.caller.user is not None and scope is Scope.BADGES_READ else mine


EARNABLE = Q(status=BadgeTemplate.Status.ACTIVE, credly_state=BadgeTemplate.CredlyState.ACTIVE)
"""Badges that any learner may know of."""


def the_one(rows: QuerySet[BadgeTemplate], request: Request) -> BadgeTemplate | None:
    """The badge of these rows; two organizations may have been given the same template at Credly."""
    found = list(rows[:2])
    if len(found) > 1:
        if issuer := request.query_params.get("issuer"):
            found = [each for each in rows if str(each.organization.uuid) == issuer]
        else:
            raise Conflict(
                _("Two organizations here have this template. Say which with “?issuer=”."),
                issuers=[str(each.organization.uuid) for each in rows],
            )
    return found[0] if found else None
