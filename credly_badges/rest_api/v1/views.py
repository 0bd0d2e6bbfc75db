"""What all addresses have in common: who may come in, in what shape they are answered, and how often they may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page
from edx_rest_framework_extensions.permissions import NotJwtRestrictedApplication
from rest_framework import exceptions
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...access import Caller, Scope
from ...models import BadgeTemplate
from . import bodies, matching, throttling
from .authentication import CLASSES, KNOWN, PUBLIC, caller_of, sends_key
from .errors import Conflict, Forbidden, NotFound, handle
from .pagination import Pages
from .parameters import identifier
from .schema import Described

__all__ = ["EARNABLE", "KNOWN", "PUBLIC", "ApiView", "the_one"]


class Allowed(BasePermission):
    """Nobody, unless the view says what its method takes and the caller has that somewhere."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller has it at any level; which things they may touch is for the view."""
        method = "GET" if request.method == "HEAD" else request.method or ""
        wanted = getattr(view, "scopes", {}).get(method)
        if wanted is None or wanted == PUBLIC:
            return wanted == PUBLIC
        caller = caller_of(request)
        if not caller.is_known:
            raise exceptions.NotAuthenticated(_("Log in, or send an API key as “Authorization: Bearer …”."))
        if wanted == KNOWN or caller.has(Scope(wanted)):
            return True
        raise Forbidden(_("Your log-in or key does not allow “%(scope)s”.") % {"scope": str(wanted)}, scope=str(wanted))


class ByAccept(DefaultContentNegotiation):
    """In which form to answer, by the header Accept alone: ``format`` is a parameter like any other."""

    class settings:  # noqa: N801 (as DRF calls it)
        """Instead of the host's."""

        URL_FORMAT_OVERRIDE = None


@method_decorator(conditional_page, name="dispatch")
class ApiView(GenericAPIView[Any]):
    """One address.

    ``scopes`` says what each method takes: a Scope, ``KNOWN`` or ``PUBLIC``. A method that is not in it is refused.
    A method is one transaction, which an error takes back; who asks is found out before it begins, so that a signature
    is spent whatever comes of its request. Where ``dispatch`` is marked by Django's ``non_atomic_requests`` there is
    none: that is for what talks to Credly.
    """

    scopes: ClassVar[Mapping[str, Scope | str]] = {}
    longest_body: ClassVar[int] = 1_000_000
    """How many bytes of a body are taken."""
    authentication_classes = CLASSES
    permission_classes = (NotJwtRestrictedApplication, Allowed)
    renderer_classes: Any = (bodies.Json,)
    parser_classes: Any = (bodies.JsonParser,)
    content_negotiation_class: Any = ByAccept
    pagination_class = Pages
    filter_backends = ()
    throttle_classes = ()
    schema: Any = Described()
    versioning_class = None
    # What OPTIONS would tell is in the description of the API.
    metadata_class = None
    http_method_names = ("get", "head", "post", "put", "patch", "delete")

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view; its transaction is its own affair, and not the host's."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def get_exception_handler(self) -> Any:
        """Refusals in the API's shape."""
        return handle

    @property
    def caller(self) -> Caller:
        """Who is asking."""
        return caller_of(self.request)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """As DRF does it, with the transaction around the method alone."""
        self.args, self.kwargs = args, kwargs
        request = self.initialize_request(request, *args, **kwargs)
        self.request = request
        self.headers = self.default_response_headers
        try:
            self.initial(request, *args, **kwargs)
            answer = self._handled(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 (what nobody foresaw is raised again)
            answer = self.handle_exception(error)
        self.response = self.finalize_response(request, answer, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who asks and count it, and refuse what does not get as far as the method."""
        self.format_kwarg = None
        request.version, request.versioning_scheme = self.determine_version(request, *args, **kwargs)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        bodies.check_charset(request)
        bodies.check_size(request, self.longest_body)
        bodies.keep(request)
        self.perform_authentication(request)
        self.check_throttles(request)
        if self._method(request) is None:
            self.http_method_not_allowed(request, *args, **kwargs)
        self.check_permissions(request)

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks. Whoever has guessed keys too often is not even told whether this one was right.

        A token of the LMS that is right is always taken: those of a whole class behind one address expire at once.
        """
        if sends_key(request):
            left = throttling.guesses(request)
            if left.is_one_too_many:
                request.credly_turn = left  # type: ignore[attr-defined]
                raise exceptions.Throttled(wait=left.wait)
        try:
            super().perform_authentication(request)
        except exceptions.AuthenticationFailed:
            counted = throttling.guess(request)
            request.credly_turn = counted  # type: ignore[attr-defined]
            if counted.is_one_too_many:
                raise exceptions.Throttled(wait=counted.wait) from None
            raise

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
        answer.setdefault("X-Content-Type-Options", "nosniff")
        return answer

    def check_match(self, request: Request, current: Any) -> None:
        """Refuse a change of what is no longer as the caller read it: ``current`` is what a GET would answer now.

        Call it with the row locked. Raises PreconditionFailed; without the header If-Match it does nothing.
        """
        matching.check(request, current)

    def changed(self, data: Any) -> Response:
        """The answer to a change, with what there is now and the ETag that a GET would give it."""
        return Response(data, headers={"ETag": matching.etag_of(data)})

    def _method(self, request: Request) -> Any:
        name = (request.method or "").lower()
        return getattr(self, name, None) if name in self.http_method_names else None

    def _handled(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        method = self._method(request)
        if getattr(type(self).dispatch, "_non_atomic_requests", None):
            return method(request, *args, **kwargs)
        with transaction.atomic():
            return method(request, *args, **kwargs)

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
    if issuer := identifier(request, "issuer"):
        rows = rows.filter(organization__uuid=issuer)
    found = list(rows)
    if len(found) > 1:
        raise Conflict(
            _("Two organizations here have this template. Say which with “?issuer=”."),
            issuers=[str(each.organization.uuid) for each in found],
        )
    return found[0] if found else None
