"""Who may do what: authorization tokens over Basic, OAuth access tokens over Bearer, and their limits per minute."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections import deque
from datetime import timedelta

from .envelope import ApiError
from .records import OAuthApplication, Organization, Token
from .store import Store, new_id

SCOPES = frozenset(
    {
        "authorization_tokens",
        "badge_templates",
        "events",
        "invitations",
        "issued_badges",
        "memberships",
        "recommendations",
        "workforce",
    }
)
NEEDED_FLAG = {"GET": "read_enabled", "HEAD": "read_enabled", "DELETE": "delete_enabled"}


def authorize(store: Store, method: str, header: str, scope: str | None) -> Token:
    """The token a request was sent with, if it may do this; raises ApiError 401 or 403."""
    token = store.tokens.get(_token_text(store, header))
    if token is None or token.expires_at <= store.now():
        raise unauthorized(store)
    if token.scopes is not None:
        if scope is not None and scope not in token.scopes:
            raise ApiError(store.settings.wrong_scope_status, store.settings.forbidden_message)
    elif not getattr(token, NEEDED_FLAG.get(method, "write_enabled")):
        raise ApiError(403, store.settings.forbidden_message)
    return token


def organization_for(store: Store, token: Token, organization_id: str | None) -> Organization:
    """The organization of a path, which must be the token's own; how Credly refuses another is not known."""
    if organization_id is None or organization_id == token.organization.uuid:
        return token.organization
    status = store.settings.foreign_org_status
    if status == 401:
        raise unauthorized(store)
    message = store.settings.forbidden_message if status == 403 else store.settings.not_found_message
    raise ApiError(status, message)


def unauthorized(store: Store) -> ApiError:
    """The 401 for credentials that are missing, wrong or expired."""
    return ApiError(401, store.settings.unauthorized_message, form=store.settings.unauthorized_body)


def issue_token(
    store: Store, organization: Organization, value: str | None = None, description: str = "", **flags: bool
) -> Token:
    """A new authorization token with the life that Credly gives it; ``flags`` are its ``*_enabled``."""
    now = store.now()
    expires_at = now + timedelta(days=store.settings.token_life_days)
    token = Token(new_id(), value or secrets.token_urlsafe(30), organization, now, expires_at, description)
    for flag, allowed in flags.items():
        setattr(token, flag, allowed)
    store.tokens[token.value] = token
    return token


def issue_access_token(store: Store, application: OAuthApplication, scopes: frozenset[str]) -> Token:
    """A new OAuth access token."""
    now = store.now()
    life = timedelta(seconds=store.settings.oauth_token_seconds)
    value = secrets.token_urlsafe(30)
    token = Token(new_id(), value, application.organization, now, now + life, application.name, scopes=scopes)
    store.tokens[value] = token
    return token


def basic_parts(header: str) -> tuple[str, str, str] | None:
    """User name, separator and password of Basic credentials, or None."""
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None


class RateLimit:
    """Counts the requests of each token, in the minute of the clock or in the last sixty seconds."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def check(self, token: Token) -> dict[str, str]:
        """Count one request and give the headers for its answer; raises ApiError 429 when it is one too many."""
        settings = self.store.settings
        if not settings.rate_limit:
            return {}
        now = self.store.now().timestamp()
        start = now - now % 60 if settings.rate_window == "fixed" else now - 60
        times = self.store.request_times.setdefault(token.value, deque())
        while times and times[0] < start:
            times.popleft()
        refused = len(times) >= settings.rate_limit
        if not refused:
            times.append(now)
        headers = {}
        if settings.rate_headers:
            headers["X-RateLimit-Limit"] = str(settings.rate_limit)
            headers["X-RateLimit-Remaining"] = str(settings.rate_limit - len(times))
        if not refused:
            return headers
        if settings.rate_retry_after:
            free_at = start + 60 if settings.rate_window == "fixed" else times[0] + 60
            headers["Retry-After"] = str(int(free_at - now) + 1)
        raise ApiError(429, "Too many requests", headers=headers, form=settings.rate_body)


def _token_text(store: Store, header: str) -> str:
    settings = store.settings
    kind, _, rest = header.partition(" ")
    if kind.lower() == "bearer" and settings.oauth_bearer:
        token = store.tokens.get(rest.strip())
        return rest.strip() if token is not None and token.scopes is not None else ""
    parts = basic_parts(header)
    if parts is None:
        return ""
    name, colon, password = parts
    if colon:
        text = "" if password else name
    elif name.endswith("|"):
        text = name[:-1] if settings.pipe_basic else ""
    else:
        text = name if settings.lenient_basic else ""
    token = store.tokens.get(text)
    return text if token is not None and token.scopes is None else ""
