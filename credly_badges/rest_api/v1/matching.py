"""Whether what a caller has read is still what there is: ETag and If-Match (RFC 9110, 8.8.3 and 13.1.1)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext as _
from rest_framework.request import Request

from .bodies import Json
from .errors import PreconditionFailed


def etag_of(data: Any) -> str:
    """The ETag that a GET answers with where it answers this."""
    # As Django's ConditionalGetMiddleware makes it, which marks every GET here.
    return quote_etag(hashlib.md5(Json().render(data), usedforsecurity=False).hexdigest())


def check(request: Request, current: Any) -> None:
    """Refuse a change of something that has changed since the caller read it. Raises PreconditionFailed.

    Without If-Match there is nothing to hold it against.
    """
    said = request.headers.get("If-Match")
    if said is None:
        return
    present = etag_of(current)
    # A proxy that compresses answers marks their ETags as weak; it is the same thing all the same.
    known = {each.removeprefix("W/") for each in parse_etags(said)}
    if "*" not in known and present not in known:
        raise PreconditionFailed(
            _("This was changed since you read it. Read it again, and send your change with its new ETag."),
            etag=present,
        )
