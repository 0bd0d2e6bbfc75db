"""What comes in and goes out as JSON: in UTF-8, not too deep, and nothing that another program would read otherwise."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from .errors import Invalid, NotTaken, TooLarge

DEEPEST = 32
LARGEST_NUMBER = 2**63
"""What a column for whole numbers holds ends here."""


class Json(JSONRenderer):
    """An answer always has the same bytes, whatever indentation is asked for: its ETag is a mark of them."""

    def get_indent(self, accepted_media_type: str, renderer_context: Mapping[str, Any]) -> int | None:  # noqa: ARG002
        """None."""
        return None


class JsonParser(BaseParser):
    """A body in JSON. Raises Invalid for what is none, and for what only looks like it."""

    media_type = "application/json"
    renderer_class = Json

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002 (as DRF has it)
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """What the body says."""
        try:
            text = stream.read().decode("utf-8")
            found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_each_once)
            _check(found)
        except RecursionError:
            raise Invalid(_("The body is nested too deeply.")) from None
        except UnicodeDecodeError:
            raise Invalid(_("The body is not in UTF-8.")) from None
        except ValueError as error:
            raise Invalid(_("The body cannot be read as JSON: %(why)s.") % {"why": str(error)[:200]}) from None
        return found


def check_size(request: Request, most: int) -> None:
    """Refuse a body by its announced length, before any of it is read. Raises TooLarge."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
        raise TooLarge(_("At most %(most)d bytes are taken at once.") % {"most": most}, most=most)


def keep(request: Request) -> None:
    """Read a body before anything parses it: its bytes tell one request from another, and are what is signed.

    Of somebody with a session, DRF's check against forged requests parses it, and then they are gone. What comes in
    parts is left alone, and what is larger than Django holds in memory.
    """
    http = request._request  # noqa: SLF001 (Django's)
    announced, most = request.META.get("CONTENT_LENGTH") or "0", settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    is_small = announced.isascii() and announced.isdigit() and (most is None or int(announced[:20]) <= most)
    if is_small and not (http.content_type or "").startswith("multipart/"):
        _read = http.body


def check_charset(request: Request) -> None:
    """Refuse another encoding than UTF-8; Django would read even the address in it. Raises NotTaken."""
    charset = (request._request.content_params or {}).get("charset", "")  # noqa: SLF001 (Django's)
    if charset and charset.strip("\"'").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise NotTaken(_("Send what you send in UTF-8, not in “%(charset)s”.") % {"charset": charset[:50]})


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Of a name that is there twice, one program takes the first and another one the last."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(_("“%(name)s” is there twice in one object") % {"name": name[:100]})
        found[name] = value
    return found


def _no_number(name: str) -> None:
    raise ValueError(_("“%(name)s” is no number in JSON") % {"name": name})


def _check(body: Any) -> None:
    """Look through all of it, without recursion. Raises ValueError, RecursionError."""
    level, depth = [body], 0
    while level:
        if depth > DEEPEST:
            raise RecursionError
        below: list[Any] = []
        for each in level:
            _check_one(each)
            if isinstance(each, dict):
                below += each.keys()
                below += each.values()
            elif isinstance(each, list):
                below += each
        level, depth = below, depth + 1


def _check_one(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError(_("a text holds the character NUL"))
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(_("a text holds half of a character (an unpaired surrogate)")) from None
    elif (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and not -LARGEST_NUMBER <= value < LARGEST_NUMBER
    ):
        raise ValueError(_("a number is too large"))
