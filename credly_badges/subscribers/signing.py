"""How a subscriber knows that it is us: Standard Webhooks, and BadgeKit's header for those who expect that."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jwt
from standardwebhooks import Webhook

from ..models import Subscriber, SubscriberMessage

BEGINS = "whsec_"
BYTES = 32
BADGEKIT_VALID = timedelta(minutes=1)


def new_secret() -> str:
    """A secret as Standard Webhooks spells it."""
    return BEGINS + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def headers(message: SubscriberMessage, body: str, now: datetime) -> dict[str, str]:
    """The headers that show whose message this is. The ID stays the same however often it is sent.

    Raises UndecryptableSecret.
    """
    found = {
        "webhook-id": str(message.uuid),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(str(message.uuid), now, body) for secret in valid_secrets(message.subscriber, now)
        ),
    }
    if message.subscriber.signs_like_badgekit:
        found["Authorization"] = f'JWT token="{_badgekit_token(message.subscriber, body, now)}"'
    return found


def valid_secrets(subscriber: Subscriber, now: datetime) -> list[str]:
    """The secret, and the one before it until its overlap is over."""
    found = [subscriber.secret.reveal()]
    if subscriber.previous_secret and subscriber.previous_until and subscriber.previous_until > now:
        found.append(subscriber.previous_secret.reveal())
    return found


def _badgekit_token(subscriber: Subscriber, body: str, now: datetime) -> str:
    """What Mozilla's BadgeKit sends with its webhooks: ``body``, and the claims that its API has in requests."""
    address = urlsplit(subscriber.url)
    claims = {
        "key": str(subscriber.uuid),
        "exp": int((now + BADGEKIT_VALID).timestamp()),
        "method": "POST",
        "path": (address.path or "/") + (f"?{address.query}" if address.query else ""),
        "body": {"alg": "sha256", "hash": hashlib.sha256(body.encode()).hexdigest()},
    }
    return jwt.encode(claims, subscriber.secret.reveal(), algorithm="HS256")
