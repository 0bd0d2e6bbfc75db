"""How a request shows who sends it: a session or a JWT of the LMS, an API key, or a signature."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from edx_rest_framework_extensions.auth.jwt.authentication import JwtAuthentication
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from ... import access
from ...access import signed

PUBLIC = "public"
"""In a view's ``scopes``: for anybody, known or not."""
KNOWN = "known"
"""In a view's ``scopes``: for any caller who has shown who they are; the view says what they see."""

SCHEMES = "Bearer, JWT"
BAD_KEY = gettext_noop("The API key does not exist, was revoked, or has expired. Ask who gave it to you for a new one.")


class System(AnonymousUser):
    """Another system. It is no user of the LMS, and is known all the same."""

    def __init__(self, caller: access.Caller) -> None:
        super().__init__()
        self.caller = caller

    @property
    def is_authenticated(self) -> bool:  # type: ignore[override]
        """It has shown who it is."""
        return True

    @property
    def is_anonymous(self) -> bool:  # type: ignore[override]
        """It is known."""
        return False


class KeyAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer cbk_…``."""

    def authenticate(self, request: Request) -> tuple[System, Any] | None:
        """The key's owner, or None where no key was sent."""
        scheme, _space, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            key = access.by_bearer(sent.strip())
        except access.BadKey:
            raise exceptions.AuthenticationFailed(_(BAD_KEY)) from None
        return System(access.of_key(key)), key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """What to send."""
        return SCHEMES


class SignatureAuthentication(authentication.BaseAuthentication):
    """``Authorization: JWT token="…"``, as BadgeKit's API has it."""

    def authenticate(self, request: Request) -> tuple[System, Any] | None:
        """Whose signature it is, or None where the request is not signed."""
        match = signed.HEADER.match(request.headers.get("Authorization", ""))
        if match is None:
            return None
        try:
            found = access.verified(
                match[1],
                method=request.method or "",
                # As it was sent: what Django makes of it may be spelled in another way.
                path=_sent_path(request),
                # Django's request, as DRF would parse the body, and then it is gone.
                body=request._request.body,  # noqa: SLF001
            )
        except access.BadSignature as refusal:
            raise exceptions.AuthenticationFailed(refusal.sentence) from None
        return System(access.of_key(found.key) if found.key else access.of_master()), found.key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """What to send."""
        return SCHEMES


def sends_key(request: Request) -> bool:
    """Whether a request comes with a key or a signature of another system, right or wrong."""
    sent = request.headers.get("Authorization", "")
    return sent.partition(" ")[0].lower() == "bearer" or signed.HEADER.match(sent) is not None


def caller_of(request: Request) -> access.Caller:
    """Who sends a request; looked up once."""
    kept = getattr(request, "credly_caller", None)
    if kept is None:
        user = request.user
        if isinstance(user, System):
            kept = user.caller
        elif user is not None and user.is_authenticated:
            kept = access.of_user(user)
        else:
            kept = access.ANONYMOUS
        request.credly_caller = kept  # type: ignore[attr-defined]
    return kept


def _sent_path(request: Request) -> str:
    sent: str = request.META.get("RAW_URI") or request.META.get("REQUEST_URI") or request.get_full_path()
    return sent


# A signed request says "JWT", as one of the LMS does, so it is looked at before that one.
CLASSES = (KeyAuthentication, SignatureAuthentication, JwtAuthentication, authentication.SessionAuthentication)
