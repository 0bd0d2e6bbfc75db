"""Other systems that are told what happens: set up, tried, looked into."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ... import conf, subscribers
from ...access import Level, Scope, level_of
from ...models import BadgeProgram, CredlyOrganization, Subscriber, SubscriberMessage
from . import subscriber_shapes as shapes
from .errors import Conflict, Forbidden, Invalid, NotFound
from .parameters import PAGE, UPDATED_SINCE, choice, identifier, known, truth, updated
from .views import ApiView

READ, WRITE = Scope.SUBSCRIBERS_READ, Scope.SUBSCRIBERS_WRITE


class SubscribersView(ApiView):
    """What all addresses of subscribers have in common."""

    serializer_class: Any = shapes.SubscriberSerializer

    def visible_subscribers(self) -> QuerySet[Subscriber]:
        """Those of the levels at which the caller may see subscribers."""
        rows = Subscriber.objects.select_related("organization", "program")
        if self.caller.everywhere(READ):
            return rows
        organizations = [each.organization_id for each in self.caller.levels(READ) if each.organization_id]
        programs = BadgeProgram.objects.filter(self.caller.programs(READ))
        return rows.filter(Q(organization__in=organizations, program=None) | Q(program__in=programs.values("pk")))

    def subscriber(self, subscriber_id: UUID, scope: Scope = READ) -> Subscriber:
        """The subscriber with this ID, with which the caller may do this. Raises NotFound, Forbidden."""
        found = self.visible_subscribers().filter(uuid=subscriber_id).first()
        if found is None:
            raise NotFound(_("There is no such subscriber here."))
        if scope is not READ and not self.caller.at(scope, level_of(found)):
            raise Forbidden(_("You may see this subscriber, and not do this with it."), scope=scope.value)
        return found

    def check_fields(self, fields: list[str], level: Level) -> None:
        """Refuse to have learners' data sent where the caller could not read them. Raises Forbidden."""
        if fields and not self.caller.at(Scope.LEARNERS_READ, level):
            raise Forbidden(
                _("Only who may read learners' data may have them sent. Leave “fields” empty."),
                scope=Scope.LEARNERS_READ.value,
            )

    def shown(self, subscriber: Subscriber) -> Any:
        """A subscriber, as it is now."""
        row = Subscriber.objects.select_related("organization", "program").get(pk=subscriber.pk)
        return shapes.SubscriberSerializer(row, context=self.get_serializer_context()).data

    def shown_with_secret(self, made: subscribers.Made, status: int) -> Response:
        """A subscriber and its secret, which nobody on the way may keep."""
        body = {**self.shown(made.subscriber), "secret": made.secret}
        return Response(body, status=status, headers={"Cache-Control": "no-store"})


# What looks up hosts runs in no transaction; what is written then is one by itself.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class Subscribers(SubscribersView):
    """The subscribers that the caller may see."""

    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="listSubscribers",
        parameters=[
            OpenApiParameter("issuer", UUID, description="Only those of this issuer and its programs."),
            OpenApiParameter("active", bool, description="Only those that are told something, or only the others."),
            UPDATED_SINCE,
        ],
    )
    def get(self, request: Request) -> Response:
        """List subscribers."""
        known(request, PAGE | {"issuer", "active", UPDATED_SINCE.name})
        rows = updated(self.visible_subscribers(), request)
        if issuer := identifier(request, "issuer"):
            rows = rows.filter(Q(organization__uuid=issuer) | Q(program__organization__uuid=issuer))
        if (active := truth(request, "active")) is not None:
            rows = rows.filter(is_active=active)
        return self.paged(rows.order_by("name", "pk"))

    @extend_schema(
        operation_id="createSubscriber",
        request=shapes.NewSubscriberSerializer,
        responses={201: shapes.SubscriberWithSecretSerializer},
    )
    def post(self, request: Request) -> Response:
        """Set up a subscriber. The answer has its secret, which nobody can read again."""
        known(request)
        body = shapes.NewSubscriberSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        level = self._level(said.pop("issuer"), said.pop("program"))
        self.check_fields(said["fields"], level)
        check_url(said["url"])
        made = subscribers.make(
            **said,
            organization_id=level.organization_id,
            program_id=level.program_id,
            by=self.caller.user,
            key=self.caller.key,
        )
        return self.shown_with_secret(made, 201)

    def _level(self, issuer: UUID | None, program: UUID | None) -> Level:
        """The level that was named, if the caller may set up subscribers there. Raises Forbidden, Invalid."""
        level = Level()
        if program is not None:
            found = BadgeProgram.objects.filter(self.caller.programs(READ), uuid=program).first()
            if found is None or (issuer is not None and found.organization.uuid != issuer):
                raise Invalid.of("program", _("There is no such program here."))
            level = Level(program_id=found.pk)
        elif issuer is not None:
            organization = CredlyOrganization.objects.filter(self.caller.organizations(READ), uuid=issuer).first()
            if organization is None:
                raise Invalid.of("issuer", _("There is no such issuer here."))
            level = Level(organization_id=organization.pk)
        if not self.caller.at(WRITE, level):
            raise Forbidden(
                _("You may not set up subscribers at this level. Name an “issuer” or a “program”."), scope=WRITE.value
            )
        return level


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class OneSubscriber(SubscribersView):
    """One subscriber."""

    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    @extend_schema(operation_id="getSubscriber")
    def get(self, request: Request, subscriber_id: UUID) -> Response:
        """Get a subscriber."""
        known(request)
        return Response(self.shown(self.subscriber(subscriber_id)))

    @extend_schema(
        operation_id="changeSubscriber",
        request=shapes.ChangedSubscriberSerializer,
        responses={200: shapes.SubscriberSerializer},
    )
    def patch(self, request: Request, subscriber_id: UUID) -> Response:
        """Change a subscriber. Set “isActive” to false to tell it nothing for a while."""
        known(request)
        subscriber = self.subscriber(subscriber_id, WRITE)
        body = shapes.ChangedSubscriberSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        # Also where they stay: another address for it would be another one who reads them.
        if said.keys() - {"is_active", "name"}:
            self.check_fields(said.get("fields", subscriber.fields), level_of(subscriber))
        if "url" in said and said["url"] != subscriber.url:
            check_url(said["url"])
        with transaction.atomic():
            row = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
            self.check_match(request, self.shown(row))
            changed = subscribers.change(row, said, by=self.caller.user, key=self.caller.key)
        return self.changed(self.shown(changed))

    @extend_schema(operation_id="deleteSubscriber", responses={204: None})
    def delete(self, request: Request, subscriber_id: UUID) -> Response:
        """Delete a subscriber, with all that it was told and is yet to be told."""
        known(request)
        subscriber = self.subscriber(subscriber_id, WRITE)
        self.check_match(request, self.shown(subscriber))
        subscribers.remove(subscriber, by=self.caller.user, key=self.caller.key)
        return Response(status=204)


class Rotation(SubscribersView):
    """The replacement of a subscriber's secret."""

    scopes = {"POST": WRITE}

    @extend_schema(
        operation_id="rotateSubscriberSecret",
        request=shapes.RotationSerializer,
        responses={200: shapes.SubscriberWithSecretSerializer},
    )
    def post(self, request: Request, subscriber_id: UUID) -> Response:
        """Replace its secret. For the hours of the overlap, messages carry the signatures of both."""
        known(request)
        subscriber = self.subscriber(subscriber_id, WRITE)
        body = shapes.RotationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        overlap = timedelta(hours=body.validated_data["overlap_hours"])
        made = subscribers.rotate(subscriber, overlap=overlap, by=self.caller.user, key=self.caller.key)
        return self.shown_with_secret(made, 200)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class Trial(SubscribersView):
    """A test of a subscriber, which is waited for."""

    scopes = {"POST": WRITE}
    serializer_class = shapes.SubscriberTestSerializer

    @extend_schema(operation_id="testSubscriber", request=None, responses={200: shapes.SubscriberTestSerializer})
    def post(self, request: Request, subscriber_id: UUID) -> Response:
        """Send it a message of the type “test” now, and tell what came of it. Nothing is retried."""
        known(request)
        subscriber = self.subscriber(subscriber_id, WRITE)
        if not subscriber.is_active:
            raise Conflict(_("It is told nothing. Set “isActive” to true first."))
        tried = subscribers.send_test(subscriber, by=self.caller.user, key=self.caller.key)
        return Response(self.get_serializer(tried).data)


class MessagesView(SubscribersView):
    """What all addresses of messages have in common."""

    def message(self, subscriber_id: UUID, message_id: UUID, scope: Scope = READ) -> SubscriberMessage:
        """One of them. Raises NotFound, Forbidden."""
        subscriber = self.subscriber(subscriber_id, scope)
        rows = SubscriberMessage.objects.filter(subscriber=subscriber).select_related("subscriber", "award")
        found = rows.filter(uuid=message_id).first()
        if found is None:
            raise NotFound(_("There is no such message to this subscriber."))
        return found

    def shows_learners(self, subscriber: Subscriber) -> bool:
        """Whether the caller may see what is told of learners."""
        return self.caller.at(Scope.LEARNERS_READ, level_of(subscriber))

    def shown_message(self, message: SubscriberMessage) -> Response:
        """A message with its attempts."""
        context = {**self.get_serializer_context(), "shows_learners": self.shows_learners(message.subscriber)}
        return Response(shapes.SubscriberMessageWithAttemptsSerializer(message, context=context).data)


class Messages(MessagesView):
    """What a subscriber is told."""

    scopes = {"GET": READ}
    serializer_class = shapes.SubscriberMessageSerializer

    @extend_schema(
        operation_id="listSubscriberMessages",
        parameters=[
            OpenApiParameter("state", str, enum=SubscriberMessage.State.values, description="Only those in it."),
            OpenApiParameter("event", str, enum=list(map(str, subscribers.EVENTS)), description="Only of this event."),
        ],
    )
    def get(self, request: Request, subscriber_id: UUID) -> Response:
        """List what a subscriber was told and is yet to be told; the newest comes first."""
        known(request, PAGE | {"state", "event"})
        subscriber = self.subscriber(subscriber_id)
        rows = SubscriberMessage.objects.filter(subscriber=subscriber).select_related("subscriber", "award")
        if state := choice(request, "state", SubscriberMessage.State.values):
            rows = rows.filter(state=state)
        if event := choice(request, "event", list(map(str, subscribers.EVENTS))):
            rows = rows.filter(event=event)
        return self.paged(rows.order_by("-pk"), shows_learners=self.shows_learners(subscriber))


class Message(MessagesView):
    """One message."""

    scopes = {"GET": READ}
    serializer_class = shapes.SubscriberMessageWithAttemptsSerializer

    @extend_schema(operation_id="getSubscriberMessage")
    def get(self, request: Request, subscriber_id: UUID, message_id: UUID) -> Response:
        """Get a message, with every time that it was tried."""
        known(request)
        return self.shown_message(self.message(subscriber_id, message_id))


class Redelivery(MessagesView):
    """The sending anew of a message."""

    scopes = {"POST": WRITE}
    serializer_class = shapes.SubscriberMessageWithAttemptsSerializer

    @extend_schema(
        operation_id="redeliverSubscriberMessage",
        request=None,
        responses={200: shapes.SubscriberMessageWithAttemptsSerializer},
    )
    def post(self, request: Request, subscriber_id: UUID, message_id: UUID) -> Response:
        """Send a message again, whatever came of it before, and try that for three days more. It keeps its ID."""
        known(request)
        message = self.message(subscriber_id, message_id, WRITE)
        if message.event == subscribers.Event.TEST:
            raise Conflict(_("A test is not sent again. Make another one."))
        if not message.subscriber.is_active:
            raise Conflict(_("It is told nothing. Set “isActive” to true first."))
        subscribers.redeliver(message, by=self.caller.user, key=self.caller.key)
        return self.shown_message(self.message(subscriber_id, message_id))


def check_url(url: str) -> None:
    """Refuse an address to which nothing would be sent. Waits for DNS. Raises Invalid."""
    try:
        subscribers.check(url, seconds=conf.subscriber_timeout().total_seconds())
    except subscribers.BadAddress as refusal:
        raise Invalid.of("url", refusal.sentence) from None
