"""Subscribers and what they are told, as they travel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from ... import subscribers
from ...access import Level, Scope
from ...models import Subscriber, SubscriberMessage
from .authentication import caller_of
from .serializers import ApiSerializer

MOST_HOURS = 30 * 24

EVENTS = [str(event) for event in subscribers.EVENTS if event is not subscribers.Event.TEST]
FIELDS = list(subscribers.PERSONAL)


class Names(serializers.ListField):
    """A list of some of a few words, each once."""

    def __init__(self, choices: list[str], **told: Any) -> None:
        super().__init__(child=serializers.ChoiceField(choices=choices), max_length=len(choices), **told)

    def to_internal_value(self, data: Any) -> list[str]:
        """Each once, in the order they were given in."""
        return list(dict.fromkeys(super().to_internal_value(data)))


class SubscriberSerializer(ApiSerializer):
    """Another system that is told what happens."""

    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    url = serializers.SerializerMethodField(help_text="Whole for those who may change it, as some hold a secret.")
    issuer = serializers.UUIDField(
        source="organization.uuid", allow_null=True, default=None, help_text="The issuer whose badges it is told of."
    )
    program = serializers.UUIDField(
        source="program.uuid",
        allow_null=True,
        default=None,
        help_text="The program whose badges it is told of. With neither, it is told of all badges of the site.",
    )
    events = serializers.ListField(child=serializers.CharField(), help_text="What it is told; empty for everything.")
    fields = serializers.ListField(  # type: ignore[assignment]  # as the API calls it; see get_fields
        child=serializers.CharField(), help_text="What it is told of learners; empty for nothing."
    )
    signs_like_badgekit = serializers.BooleanField()
    is_active = serializers.BooleanField()
    failures = serializers.IntegerField(help_text="How often in a row it did not take what it was told.")
    waits_until = serializers.DateTimeField(source="wait_until", allow_null=True)
    old_secret_until = serializers.DateTimeField(source="previous_until", allow_null=True)
    last_delivered_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField(source="created")
    updated_at = serializers.DateTimeField(source="modified")

    def get_url(self, subscriber: Subscriber) -> str:
        caller = caller_of(self.context["request"])
        program = subscriber.program
        level = Level(program.organization_id if program else subscriber.organization_id, subscriber.program_id)
        if caller.at(Scope.SUBSCRIBERS_WRITE, level):
            return subscriber.url
        return f"{subscriber.url.partition('://')[0]}://{subscribers.host_of(subscriber.url)}/…"


class SubscriberWithSecretSerializer(SubscriberSerializer):
    """A subscriber with its new secret, which is shown this once."""

    secret = serializers.CharField(help_text="What it verifies signatures with. Nobody can read it again.")


class NewSubscriberSerializer(ApiSerializer):
    """A subscriber to be."""

    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=500, help_text="An address that begins with https:// and is no private one.")
    issuer = serializers.UUIDField(required=False, allow_null=True, default=None)
    program = serializers.UUIDField(required=False, allow_null=True, default=None)
    events = Names(EVENTS, required=False, default=list)
    fields = Names(  # type: ignore[assignment]  # as above
        FIELDS, required=False, default=list, help_text="Needs `learners:read` at its level, too."
    )
    signs_like_badgekit = serializers.BooleanField(required=False, default=False)


class ChangedSubscriberSerializer(ApiSerializer):
    """What can be changed of a subscriber; what is left out stays."""

    name = serializers.CharField(max_length=100, required=False)
    url = serializers.CharField(max_length=500, required=False)
    events = Names(EVENTS, required=False)
    fields = Names(FIELDS, required=False)  # type: ignore[assignment]  # as above
    signs_like_badgekit = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)


class RotationSerializer(ApiSerializer):
    """How its secret is replaced."""

    overlap_hours = serializers.IntegerField(
        required=False,
        default=24,
        min_value=0,
        max_value=MOST_HOURS,
        help_text="For how long messages are signed with the old secret as well.",
    )


class SubscriberTestSerializer(ApiSerializer):
    """What came of a test."""

    succeeded = serializers.BooleanField(help_text="Whether it was taken: answered with a status of 200 to 299.")
    status = serializers.IntegerField(allow_null=True, help_text="The HTTP status; null where there was no answer.")
    said = serializers.CharField(help_text="What came of it in words, where it was not taken.")
    message_id = serializers.UUIDField(source="message.uuid")


class SubscriberAttemptSerializer(ApiSerializer):
    """One try at telling it."""

    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    succeeded = serializers.BooleanField()
    status = serializers.IntegerField(allow_null=True)
    said = serializers.CharField()


class SubscriberMessageSerializer(ApiSerializer):
    """One thing that it is told."""

    id = serializers.UUIDField(source="uuid", help_text="What travels as “webhook-id”.")
    event = serializers.CharField()
    award_id = serializers.UUIDField(source="award.uuid", allow_null=True, default=None)
    state = serializers.ChoiceField(choices=SubscriberMessage.State.choices)
    occurred_at = serializers.DateTimeField()
    data = serializers.SerializerMethodField(  # type: ignore[assignment]  # as above
        help_text="What is told, without who the learner is."
    )
    failed_attempts = serializers.IntegerField(source="attempts")
    error = serializers.CharField(help_text="What came of the last attempt, where it was not taken.")
    next_attempt_at = serializers.SerializerMethodField()
    tried_until = serializers.DateTimeField(source="give_up_at", help_text="When it is given up, if nobody takes it.")
    created_at = serializers.DateTimeField(source="created")
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_data(self, message: SubscriberMessage) -> dict[str, Any]:
        fields = message.subscriber.fields if self.context.get("shows_learners") else ()
        return subscribers.kept(message.payload, fields)

    def get_next_attempt_at(self, message: SubscriberMessage) -> datetime | None:
        return message.not_before if message.open else None


class SubscriberMessageWithAttemptsSerializer(SubscriberMessageSerializer):
    """One thing that it is told, with every time it was tried; the first comes first."""

    attempts = SubscriberAttemptSerializer(source="delivery_attempts", many=True)
