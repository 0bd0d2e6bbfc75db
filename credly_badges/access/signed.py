"""Requests that are signed as BadgeKit's API has them: a token that covers method, address and body.

``Authorization: JWT token="…"``, signed with HS256; claims ``key``, ``exp``, ``method``, ``path`` (with its query) and
``body`` with ``alg`` and ``hash`` (Mozilla's badgekit-api, docs/authorization.md). Unlike there, ``exp`` is required, a
token is taken once, and the signature is checked first.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from .. import conf
from ..models import ApiKey, SpentSignature
from ..models.encryption import UndecryptableSecret
from . import keys

MASTER = "master"
HEADER = re.compile(r'^JWT +token="([^"]*)" *$', re.IGNORECASE)
LONGEST = 4096
"""More than any of these tokens needs; what is longer is not even read."""
LONGEST_NAME = 40
LONGEST_VALID = timedelta(minutes=5)
LEEWAY = timedelta(seconds=10)
USED_BEFORE = "This token was used before. Sign each request anew, with another “exp” or with a “jti” of its own."
UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError)
"""What a token's parts can be that are no JSON, or one that nobody would send."""
BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class BadSignature(Exception):
    """The signed request was not taken; ``sentence`` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Signed:
    """Whose signature it is: that of a key, or None for the site's master."""

    key: ApiKey | None


def verified(token: str, *, method: str, path: str, body: bytes) -> Signed:
    """Whose request it is that carries this token. ``path`` is as it was sent, with its query. Raises BadSignature.

    Not for inside a transaction: the token is spent, whatever becomes of the request.
    """
    if len(token) > LONGEST:
        raise BadSignature("The token is too long.")
    key, secret = _secret(token)
    claims = _claims(token, secret)
    if str(claims.get("method", "")).upper() != method.upper():
        raise BadSignature("The token is for another method: its claim “method” has to be that of the request.")
    if claims.get("path") != path:
        raise BadSignature(
            "The token is for another address: its claim “path” has to be the path as it is sent, with its query."
        )
    _check_body(claims, method, body)
    expires_at = _expiry(claims)
    _spend(token, expires_at)
    if key is not None:
        keys.note_use(key)
    return Signed(key)


def _secret(token: str) -> tuple[ApiKey | None, str]:
    """The secret that the token says it is signed with; until that is shown, nothing else it says is believed."""
    try:
        name = jwt.decode(token, options={"verify_signature": False}).get("key")
    except (*UNREADABLE, jwt.InvalidTokenError):
        raise BadSignature("The token is no JSON Web Token.") from None
    if name == MASTER and conf.api_master_secret():
        return None, conf.api_master_secret()
    named = name if isinstance(name, str) and len(name) <= LONGEST_NAME else ""
    row = ApiKey.objects.filter(prefix=named, kind=ApiKey.Kind.SIGNING).first()
    if row is None or not row.is_valid():
        raise BadSignature("The token's claim “key” names no key that is valid.")
    try:
        return row, row.secret.reveal()
    except UndecryptableSecret as error:
        raise BadSignature("The secret of this key cannot be read any more. Have a new key made.") from error


def _claims(token: str, secret: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token, secret, algorithms=["HS256"], leeway=LEEWAY, options={"require": ["exp"], "verify_aud": False}
        )
    except jwt.ExpiredSignatureError:
        raise BadSignature("The token has expired. Sign each request when you send it.") from None
    except jwt.MissingRequiredClaimError:
        raise BadSignature("The token has no claim “exp”: until when it holds, in seconds since 1970.") from None
    except (*UNREADABLE, jwt.InvalidTokenError):
        raise BadSignature("The token's signature is wrong. Make it with HS256 and the key's secret.") from None
    return claims


def _expiry(claims: dict[str, Any]) -> datetime:
    try:
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (*UNREADABLE, OSError):
        raise BadSignature("The token's claim “exp” is no time.") from None
    if expires_at - timezone.now() > LONGEST_VALID:
        raise BadSignature("The token holds too long. Let “exp” be at most five minutes from now.")
    return expires_at


def _check_body(claims: dict[str, Any], method: str, body: bytes) -> None:
    said = claims.get("body")
    if said is None and method.upper() in BODILESS and not body:
        return
    if not isinstance(said, dict) or said.get("alg") != "sha256" or not isinstance(said.get("hash"), str):
        raise BadSignature("The token's claim “body” has to hold “alg”, which is “sha256”, and “hash”, in hexadecimal.")
    if not constant_time_compare(said["hash"].lower(), hashlib.sha256(body).hexdigest()):
        raise BadSignature("The token is for another body: its hash is not that of the bytes that were sent.")


def _spend(token: str, expires_at: datetime) -> None:
    """Take a token, once. Whoever sends the same twice gives them different claims, such as ``jti``."""
    # Of what is signed alone: the signature could be spelled in more ways than one.
    signed, _dot, _signature = token.rpartition(".")
    digest = hashlib.sha256(signed.encode()).hexdigest()
    try:
        with transaction.atomic():
            SpentSignature.objects.create(digest=digest, expires_at=expires_at + LEEWAY + timedelta(minutes=1))
    except IntegrityError:
        raise BadSignature(USED_BEFORE) from None


def purge() -> int:
    """Remove those whose time is over; how many."""
    return SpentSignature.objects.filter(expires_at__lt=timezone.now()).delete()[0]
