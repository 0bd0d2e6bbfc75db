"""Read one HTTP answer of Credly's: its content, or the error that says what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, NoReturn
from uuid import UUID

from . import errors, quirks
from .reading import Data

# 503 and 429 say that the request was turned away before anyone looked at it, 408 and 425
# that it was not taken in. Any other 5xx may come after Credly acted: the facts only say
# that clients met 500 and 503 [C], and a 502 or 504 is a word of the gateway, not of Credly.
_BY_STATUS: Final[Mapping[int, type[errors.CredlyError]]] = {
    401: errors.Unauthorized,
    403: errors.Unauthorized,
    404: errors.NotFound,
    408: errors.Unavailable,
    410: errors.NotFound,
    425: errors.Unavailable,
    429: errors.Throttled,
    503: errors.Unavailable,
}
_CONTROL = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_TOKEN = re.compile(rb'"(?:access_token|secret|token)"\s*:\s*"([!#-~]{4,500})')
_EMAIL = re.compile(r"[^\s@\"'<>(),;:\[\]]{1,64}@[^\s@\"'<>(),;:\[\]]{1,255}")


def is_fine(status: int) -> bool:
    """Tell whether an answer with this status carries what was asked for."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: ``request`` as in ``POST /badges``; ``acts`` where it may have changed something at Credly.

    ``problem`` is a sentence where the body could not be taken in whole. ``secrets`` are
    taken out of every text before it becomes part of an error.
    """

    request: str
    acts: bool
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    problem: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def content(self) -> tuple[Any, Data]:
        """Return what stands under ``data`` and ``metadata``, or raise the ``CredlyError`` that fits."""
        if not is_fine(self.status):
            raise self._refusal()
        reason = "The answer has no “data”."
        document: Any = None
        try:
            document = self._json()
        except ValueError as error:
            reason = str(error)
        if not isinstance(document, dict) or "data" not in document:
            self.unreadable(reason)
        metadata = document.get("metadata")
        return document["data"], metadata if isinstance(metadata, dict) else {}

    def items(self) -> tuple[list[Any], Data]:
        """Return the list that stands under ``data``, and ``metadata``."""
        data, metadata = self.content()
        if not isinstance(data, list):
            self.unreadable("“data” is not a list.")
        return data, metadata

    @property
    def is_empty(self) -> bool:
        """Whether this says no more than that it was done."""
        return is_fine(self.status) and not self.body and not self.problem

    def unreadable(self, reason: str) -> NoReturn:
        """Raise what an answer means that cannot be read: for a question ask again, for an order look first."""
        kind = errors.Unanswered if self.acts else errors.Garbled
        raise kind(self._hushed(reason), status=self.status, request=self.request)

    def _refusal(self) -> errors.CredlyError:
        try:
            document, readable = self._json(), True
        except ValueError:
            document, readable = None, self._is_prose()
        said = self._hushed(_message(document) if document is not None else self._prose())
        common: dict[str, Any] = {"status": self.status, "request": self.request, "said": said}
        kind = _BY_STATUS.get(self.status)
        if kind is errors.Throttled:
            return errors.Throttled(**common, retry_after=_retry_after(self.headers))
        if kind is not None and kind is not errors.NotFound:
            return kind(**common)
        if HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            if self.acts and not readable:
                # Half a 422 may be half a duplicate: the badge may be there.
                return errors.Unanswered(self.problem or "Credly's reason could not be read.", **common)
            return _no(document, kind or errors.Refused, common)
        return self._strange(common)

    def _strange(self, common: dict[str, Any]) -> errors.CredlyError:
        if HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST:
            sentence = (
                "Credly points to another address. The API key is never sent on; check the organization's environment."
            )
            return (errors.Unanswered if self.acts else errors.Garbled)(sentence, **{**common, "said": ""})
        if self.acts:
            return errors.Unanswered("Credly failed while it worked on the request.", **common)
        failed = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return (errors.Unavailable if failed else errors.Garbled)(**common)

    def _json(self) -> Any:
        if self.problem:
            raise ValueError(self.problem)
        kind = self._content_type()
        if kind != "application/json" and not kind.endswith("+json"):
            raise ValueError(f"The answer is {kind or 'of no stated kind'} where JSON was expected.")
        try:
            return json.loads(self.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise ValueError("The answer is not complete, valid JSON.") from None

    def _content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()[:80]

    def _is_prose(self) -> bool:
        # An answer in text or HTML is a whole answer in its way, from Credly or a gate before it.
        # A 422 without a word is not: only its words tell a duplicate from the others.
        wordless = not self.body and self.status != HTTPStatus.UNPROCESSABLE_ENTITY
        return not self.problem and (wordless or self._content_type().startswith("text/"))

    def _prose(self) -> str:
        if self.problem or self._content_type() != "text/plain":
            return ""
        return self.body.decode("utf-8", "replace").strip()

    def _hushed(self, words: str) -> str:
        # Cut first: what follows may be megabytes. A key astride the cut is caught by the margin.
        words = words[: 4 * errors.LONGEST_MESSAGE]
        for secret in (*self.secrets, *self._tokens_told()):
            words = words.replace(secret, "[key]")
        # One line, and nothing that a terminal obeys: these words go into logs and lists.
        return _CONTROL.sub(" ", _EMAIL.sub("[e-mail]", words)).strip().encode("utf-8", "replace").decode()

    def _tokens_told(self) -> list[str]:
        # Credly tells tokens in full. Looked for in the bytes, so that half an answer gives none away either.
        return sorted({told.decode("ascii") for told in _TOKEN.findall(self.body)}, key=len, reverse=True)


def _no(document: Any, kind: type[errors.CredlyError], common: dict[str, Any]) -> errors.CredlyError:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    current = metadata.get("current_badge_id") if isinstance(metadata, dict) else None
    data = document.get("data") if isinstance(document, dict) else None
    if isinstance(data, dict) and "error_index" in data:
        return errors.BatchRefused(**common, index=_index(data["error_index"]))
    if current is not None or quirks.says_replaced(common["said"]):
        return errors.AlreadyReplaced(**common, current_badge_id=_uuid(current))
    if common["status"] == HTTPStatus.UNPROCESSABLE_ENTITY and quirks.says_duplicate(common["said"]):
        return errors.Duplicate(**common)
    return kind(**common)


def _message(document: Any) -> str:
    """Credly's words: ``data.message`` in every recorded answer; lists of errors only by hearsay."""
    if not isinstance(document, dict):
        return document if isinstance(document, str) else ""
    data = document.get("data")
    places = (data, document) if isinstance(data, dict) else (document,)
    for place in places:
        if isinstance(place.get("message"), str) and place["message"].strip():
            return str(place["message"]).strip()
    if isinstance(data, str):
        return data.strip()
    return "; ".join(words for place in places for words in _listed(place.get("errors")))


def _listed(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        found = [found]
    pairs = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for field_name, item in pairs:
        if isinstance(item, dict):
            words = [item.get("field"), item.get("message")]
        else:
            words = [field_name, *(item if isinstance(item, list) else [item])]
        sentence = " ".join(word for word in words if isinstance(word, str) and word)
        if sentence:
            yield sentence


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from seconds or a date; a date is measured against the answer's own ``Date``."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        until, now = (parsedate_to_datetime(text) for text in (value, headers.get("Date", "")))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _index(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")
