"""The one address that Credly posts to: read little, ask the stage, answer at once."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.db import transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from .. import notices
from ..notices.hint import MOST_BYTES

log = logging.getLogger(__name__)

SOON = 60
"""Seconds to come again after, where it is we who could not take it."""


@csrf_exempt
@transaction.non_atomic_requests
@sensitive_variables()  # Of the request as well: its path is part of how it is shown, and holds the secret.
def webhook(request: HttpRequest, secret: str = "") -> HttpResponse:
    """Take a notice of Credly's. Nobody has to be logged in, and nothing that is said is believed.

    Credly repeats for 25 days whatever is not answered with exactly 200, and the body of the answer is read by nobody.
    """
    if request.method != "POST":
        return _answer(HTTPStatus.METHOD_NOT_ALLOWED, Allow="POST")
    try:
        # One byte more than is allowed tells that it is too long; the rest is never read.
        body = request.read(MOST_BYTES + 1)
        answer = notices.receive(body, secret=secret, sender=request.META.get("REMOTE_ADDR", ""))
    except UnreadablePostError:
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": str(SOON)})
    except Exception:
        # The database, or the cache. The address must not be logged, so Django must not see this.
        log.exception("A notice from Credly could not be taken. It is asked to come again.")
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": str(SOON)})
    if answer.come_again is not None:
        return _answer(HTTPStatus.TOO_MANY_REQUESTS, **{"Retry-After": str(answer.come_again)})
    return _answer(HTTPStatus.OK)


def _answer(status: HTTPStatus, **headers: str) -> HttpResponse:
    response = HttpResponse(status=status, headers=headers)
    # Django logs the path of what it answers with 400 or more, and the path holds the secret.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response
