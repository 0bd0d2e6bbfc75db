"""Every refusal in one shape: a code for programs, a sentence for people, details for both.

The codes and their statuses are CertDirectory's where it has them (docs.credentials.certdirectory.io, "API overview").
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

log = logging.getLogger(__name__)

CODES: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "VALIDATION_ERROR",
    HTTPStatus.UNAUTHORIZED: "UNAUTHORIZED",
    HTTPStatus.FORBIDDEN: "FORBIDDEN",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    HTTPStatus.NOT_ACCEPTABLE: "NOT_ACCEPTABLE",
    HTTPStatus.CONFLICT: "CONFLICT",
    HTTPStatus.PRECONDITION_FAILED: "PRECONDITION_FAILED",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "PAYLOAD_TOO_LARGE",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
    HTTPStatus.TOO_MANY_REQUESTS: "RATE_LIMITED",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_ERROR",
    HTTPStatus.BAD_GATEWAY: "CREDLY_REFUSED",
    HTTPStatus.SERVICE_UNAVAILABLE: "UNAVAILABLE",
}
"""Every code there is, by the status that it comes with."""
SENTENCES: Mapping[int, Any] = {
    HTTPStatus.METHOD_NOT_ALLOWED: gettext_lazy(
        "This address does not take this method. The header “Allow” of this answer lists those that it takes."
    ),
    HTTPStatus.NOT_ACCEPTABLE: gettext_lazy(
        "This address does not answer in the form that the header “Accept” asks for. Ask for application/json, or "
        "leave the header out."
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: gettext_lazy(
        "The body is in a form that is not taken here. Send JSON with “Content-Type: application/json”, or what "
        "/api/badges/v1/docs names for this address."
    ),
}
"""What to do about a refusal of the framework's, which itself says only what was wrong."""


class ApiError(exceptions.APIException):
    """A refusal with a sentence that says what to do, and details for programs."""

    status_code = HTTPStatus.BAD_REQUEST

    wait: float | None = None
    """Seconds after which to come again."""

    def __init__(self, sentence: str, **details: Any) -> None:
        super().__init__(sentence)
        self.details = details


class Invalid(ApiError):
    """What was sent cannot be taken."""

    @classmethod
    def of(cls, field: str, sentence: str) -> Invalid:
        """What is wrong with one field of the body, told as of those that a form refuses."""
        return cls(sentence, **{field: [sentence]})


class NotFound(ApiError):
    """There is no such thing, or the caller may not know that there is."""

    status_code = HTTPStatus.NOT_FOUND


class Forbidden(ApiError):
    """The caller may see it, and may not do this with it."""

    status_code = HTTPStatus.FORBIDDEN


class Conflict(ApiError):
    """It stands against something that is there already."""

    status_code = HTTPStatus.CONFLICT


class PreconditionFailed(ApiError):
    """It was changed since the caller read it."""

    status_code = HTTPStatus.PRECONDITION_FAILED


class TooLarge(ApiError):
    """More was sent than is taken at once."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class NotTaken(ApiError):
    """The body is in a form or an encoding that is not taken."""

    status_code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class CredlyRefused(ApiError):
    """Credly understood, and said no."""

    status_code = HTTPStatus.BAD_GATEWAY


class Unavailable(ApiError):
    """It cannot be done now; the same request may succeed later."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE


def body_of(status: int, sentence: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of a refusal."""
    return {"error": CODES.get(status, CODES[_family(status)]), "message": sentence, "details": dict(details or {})}


def handle(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """The answer to a request that failed, or None for what nobody foresaw; DRF's ``EXCEPTION_HANDLER``."""
    error = _as_ours(error)
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    status = error.status_code
    if isinstance(error, exceptions.ValidationError):
        body = body_of(status, _("What you sent cannot be taken; “details” says what to change."), _flat(error.detail))
    elif isinstance(error, ApiError):
        body = body_of(status, str(error.detail), error.details)
    else:
        body = body_of(status, str(SENTENCES.get(status, "")) or _plain(error.detail))
    return Response(body, status=status, headers=headers)


def _as_ours(error: Exception) -> Exception:
    """What Django and the database raise, as one of the refusals above."""
    if isinstance(error, Http404):
        return NotFound(_("There is no such thing here."))
    if isinstance(error, PermissionDenied):
        return Forbidden(_("You may not do this."))
    if isinstance(error, RequestDataTooBig):
        return TooLarge(_("The body is larger than this site takes."))
    if isinstance(error, (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError)):
        return Invalid(_("The request cannot be read."))
    if isinstance(error, OperationalError):
        # A deadlock, or a lock that was waited for too long: nothing was done.
        log.error("A request failed in the database, and can be sent again: %s", error)
        unavailable = Unavailable(_("This cannot be done at this moment. Send the same request again in a second."))
        unavailable.wait = 1
        return unavailable
    return error


def _family(status: int) -> HTTPStatus:
    """The status that stands for one that has no code of its own."""
    is_theirs = status < HTTPStatus.INTERNAL_SERVER_ERROR
    return HTTPStatus.BAD_REQUEST if is_theirs else HTTPStatus.INTERNAL_SERVER_ERROR


def _plain(detail: Any) -> str:
    if isinstance(detail, Mapping):
        return _plain(next(iter(detail.values()), ""))
    if isinstance(detail, (list, tuple)):
        return " ".join(map(_plain, detail))
    return str(detail)


def _flat(detail: Any) -> dict[str, Any]:
    """Sentences by the field they are about; what is about none is under ``body``."""
    if isinstance(detail, Mapping):
        return {
            ("body" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name)): _tidy(said)
            for name, said in detail.items()
        }
    return {"body": _tidy(detail)}


def _tidy(said: Any) -> Any:
    if isinstance(said, Mapping):
        return _flat(said)
    if isinstance(said, (list, tuple)):
        return [_tidy(each) for each in said]
    return str(said)
