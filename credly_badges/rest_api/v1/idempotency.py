"""A request that is sent again with the same Idempotency-Key does nothing, and is answered as it was the first time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from ...models import IdempotentAnswer
from .authentication import caller_of
from .errors import Conflict, Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255

PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Any text of your own, such as a UUID. Sent again with it, the same request is not done again.",
)


def idempotent(handler: Callable[..., Response]) -> Callable[..., Response]:
    """For a view's method that issues something and talks to nobody but the database.

    It is done in one transaction with the note of its answer. Whoever sends the same key at the same moment waits for
    that one, and is answered alike. A refusal is not kept: nothing was done, so the same key may be tried again.
    ``view.concerns`` is the learner whom the answer names, if any.
    """

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = _key_of(request)
        if key is None:
            return handler(view, request, *args, **kwargs)
        digest = _digest(request)
        with transaction.atomic():
            kept, is_new = _kept(caller_of(request).name, key, digest)
            if not is_new:
                return _again(kept, digest)
            answer = handler(view, request, *args, **kwargs)
            kept.status, kept.body = answer.status_code, _plain(answer.data)
            kept.learner_id = getattr(view, "concerns", None)
            kept.save(update_fields=["status", "body", "learner"])
        return answer

    return once


def noted(handler: Callable[..., Response]) -> Callable[..., Response]:
    """For a view's method that asks Credly, and so runs in no transaction.

    The request is noted first, then done, then its answer is written beside the note. Whoever sends the same key
    meanwhile is told to come again. Where it is open whether it was done, the note stays: who sends the same again
    finds when it was first asked for in ``view.begun_at``, and looks what became of that. A refusal is not kept.
    """

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = _key_of(request)
        if key is None:
            return handler(view, request, *args, **kwargs)
        digest = _digest(request)
        note, is_new = _noted(caller_of(request).name, key, digest)
        if not is_new:
            if note.request_digest != digest or note.status is not None:
                return _again(note, digest)
            view.begun_at = _go_on(note)
        try:
            answer = handler(view, request, *args, **kwargs)
        except Exception as error:
            if isinstance(error, exceptions.APIException) and not getattr(error, "may_have_happened", False):
                _mine(note).delete()
            else:
                _mine(note).update(body={**note.body, "busy": False})
            raise
        concerns = getattr(view, "concerns", None)
        _mine(note).update(status=answer.status_code, body=_plain(answer.data), learner=concerns)
        return answer

    return once


TAKEN_FOR_DEAD = timedelta(minutes=10)
"""After which time whoever noted a request, and is not heard of, is not waited for."""


def _noted(caller: str, key: str, digest: str) -> tuple[IdempotentAnswer, bool]:
    body = {"begun_at": timezone.now().isoformat(), "busy": True}
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(caller=caller, key=key, request_digest=digest, body=body), True
    except IntegrityError:
        pass
    note = IdempotentAnswer.objects.filter(caller=caller, key=key).first()
    if note is None:
        raise _wait()  # It was refused at this very moment.
    return note, False


def _go_on(note: IdempotentAnswer) -> datetime:
    """Take over a request of which nobody knows what became; when it was first made. Raises Conflict."""
    now = timezone.now()
    if note.body["busy"] and note.created > now - TAKEN_FOR_DEAD:
        raise _wait()
    body = {**note.body, "busy": True}
    # Of two that come at one moment, one finds the row as both have read it.
    if not _mine(note).filter(created=note.created, status=None).update(created=now, body=body):
        raise _wait()
    note.created, note.body = now, body
    return datetime.fromisoformat(body["begun_at"])


def _mine(note: IdempotentAnswer) -> QuerySet[IdempotentAnswer]:
    return IdempotentAnswer.objects.filter(pk=note.pk)


def _wait() -> Conflict:
    refusal = Conflict(_("A request with this Idempotency-Key is being done now. Send it again in a minute."))
    refusal.wait = 60
    return refusal


def _key_of(request: Request) -> str | None:
    """What the key that was sent is kept as, if any was. Raises Invalid."""
    key = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        said = _("The header Idempotency-Key has to be of 1 to %(longest)d printable ASCII characters.")
        raise Invalid(said % {"longest": LONGEST}, header=HEADER)
    return kept_as(key) if key else None


def kept_as(key: str) -> str:
    """A mark of a key: it may hold anything, and MySQL takes capitals and small letters for the same."""
    return hashlib.sha256(key.encode()).hexdigest()


def _kept(caller: str, key: str, digest: str) -> tuple[IdempotentAnswer, bool]:
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(caller=caller, key=key, request_digest=digest), True
    except IntegrityError:
        pass
    same = IdempotentAnswer.objects.filter(caller=caller, key=key)
    # Whoever collided holds a shared lock on the row in MySQL, so of several that want it for themselves all but one
    # would be thrown out. Only where a plain read may not see it, under REPEATABLE READ, it has to be a locking one.
    kept = same.first() or same.select_for_update().first()
    if kept is None:
        raise _wait()  # Its day was over at this very moment.
    return kept, False


def _again(kept: IdempotentAnswer, digest: str) -> Response:
    if kept.request_digest != digest:
        raise Conflict(
            _("This Idempotency-Key was used for another request. Use a new one for each thing that you want done."),
            header=HEADER,
        )
    return Response(kept.body, status=kept.status, headers={REPLAYED: "true"})


def _digest(request: Request) -> str:
    whole = hashlib.sha256()
    for part in (request.method or "", request.get_full_path()):
        whole.update(part.encode() + b"\n")
    whole.update(request._request.body)  # noqa: SLF001 (Django's, as DRF's own is gone once it was parsed)
    return whole.hexdigest()


def _plain(data: Any) -> Any:
    """The answer as JSON has it: a serializer's data may hold UUIDs and times."""
    return json.loads(JSONRenderer().render(data))
