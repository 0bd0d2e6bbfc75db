"""What is sent with applications, read: in JSON, or in parts with pictures; and what it is refused for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request

from ... import applications
from ...models import ApplicationEvidence
from .bodies import JsonParser
from .errors import Conflict, Forbidden, Invalid
from .serializers import ApiSerializer

Kind = ApplicationEvidence.Kind
MULTIPART = "multipart/form-data"


def read(serializer: type[ApiSerializer], request: Request) -> dict[str, Any]:
    """What a request sends, in JSON or in parts. Raises ValidationError, Invalid."""
    body = serializer(data=_joined(request) if request.content_type.startswith(MULTIPART) else request.data)
    body.is_valid(raise_exception=True)
    found: dict[str, Any] = body.validated_data
    return found


def pieces(
    said: list[dict[str, Any]], request: Request
) -> list[applications.Link | applications.Text | applications.Picture]:
    """The evidence that a request sends. Raises Invalid."""
    files = {name: request.FILES[name] for name in request.FILES} if request.content_type.startswith(MULTIPART) else {}
    found: list[Any] = []
    for each in said:
        reflection = each["reflection"]
        if each["kind"] == Kind.LINK:
            found.append(applications.Link(each["url"], reflection))
        elif each["kind"] == Kind.TEXT:
            found.append(applications.Text(each["text"], reflection))
        else:
            file = files.pop(each["file"], None)
            if file is None:
                wanted = _("There is no file “%(name)s” here. Send it as multipart/form-data, in a part of this name.")
                raise Invalid.of("evidence", wanted % {"name": each["file"]})
            found.append(applications.Picture(applications.read_picture(file), reflection))
    if files:
        unused = _('No evidence names the file “%(name)s”. Add {"kind": "image", "file": …} for it, or leave it out.')
        raise Invalid.of("evidence", unused % {"name": min(files)[:100]})
    return found


@contextmanager
def refusals() -> Iterator[None]:
    """Refusals of an application, as the API has them."""
    try:
        yield
    except applications.NotAllowed as error:
        raise Forbidden(error.sentence, **error.details) from None
    except applications.Unfit as error:
        details = dict(error.details)
        if field := details.pop("field", ""):
            details[field] = [error.sentence]
        raise Invalid(error.sentence, **details) from None
    except applications.ApplicationError as error:
        raise Conflict(error.sentence, **error.details) from None


def _joined(request: Request) -> dict[str, Any]:
    """The fields of a request in parts, as JSON would have them."""
    body = {name: request.POST[name] for name in request.POST}
    if "evidence" in body:
        body["evidence"] = JsonParser().parse(io.BytesIO(body["evidence"].encode()))
    return body
