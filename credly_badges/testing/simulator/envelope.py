"""The shape of every answer: ``data`` and ``metadata``, pages, and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from .records import Organization, Token
from .settings import SimulatorSettings
from .store import Store
from .wire import Wire

Item = TypeVar("Item")


class ApiError(Exception):
    """An answer that refuses; it travels in Credly's envelope."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        form: str = "json",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.data = dict(data or {})
        self.metadata = metadata
        self.headers = dict(headers or {})
        self.form = form


@dataclass(slots=True)
class Answer:
    """A status, a JSON body (None for an empty one) and headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One authorized request: who asks whom for what."""

    store: Store
    settings: SimulatorSettings
    token: Token
    organization: Organization
    ids: Mapping[str, Any]
    query: Sequence[tuple[str, str]]
    values: dict[str, Any]
    wire: Wire
    path: str
    repeat_item: Callable[[], bool] = lambda: False

    def link(self, path: str) -> str:
        """The absolute URL of an API path, as answers carry it."""
        return f"{self.wire.api}{path}"

    def asked(self, *names: str) -> str | None:
        """The last value of a query parameter under any of its names."""
        return next((value for name, value in reversed(self.query) if name in names), None)


def one(data: Any, status: int = 200, **headers: str) -> Answer:
    """An answer that carries one object."""
    return Answer(status, {"data": data, "metadata": {}}, headers)


def error_answer(error: ApiError) -> Answer:
    """The answer for a refusal, as JSON, plain text or nothing."""
    if error.form != "json":
        return Answer(error.status, error.message if error.form == "text" else None, error.headers)
    body = {"data": {"message": error.message, **error.data}, "metadata": error.metadata}
    return Answer(error.status, body, error.headers)


def unprocessable(settings: SimulatorSettings, message: str, *, field_name: str = "", **data: Any) -> ApiError:
    """The 422 for a value that Credly does not take."""
    if settings.error_list and field_name:
        data["errors"] = [{"field": field_name, "message": message}]
    if settings.validation_prefix and not message.startswith("Validation failed: "):
        message = f"Validation failed: {message}"
    return ApiError(422, message, data=data)


def not_found(settings: SimulatorSettings) -> ApiError:
    """The 404 for an id that is unknown, or another organization's."""
    return ApiError(404, settings.not_found_message)


def page(
    call: Call, items: Sequence[Item], dump: Callable[[Item], Any], *, old_style: bool = False, size: int = 0
) -> Answer:
    """One page of a list, with the counts and the neighbors that Credly sends along; ``size`` if it has its own."""
    per = _page_size(call, size)
    total_pages = -(-len(items) // per) or call.settings.empty_total_pages
    number = _page_number(call)
    if number > max(total_pages, 1):
        if call.settings.page_past_end == "404":
            raise not_found(call.settings)
        if call.settings.page_past_end == "last":
            number = max(total_pages, 1)
    start = (number - 1) * per
    chosen = list(items[start : start + per])
    # Credly pages by offset: an item created while somebody reads pushes the last of one page onto the next.
    if 0 < start <= len(items) and call.repeat_item():
        chosen.insert(0, items[start - 1])
    metadata: dict[str, Any] = {
        "count": len(chosen),
        "current_page": number,
        "total_count": len(items),
        "total_pages": total_pages,
        "per": per,
        "previous_page_url": _page_url(call, number - 1) if number > 1 else None,
        "next_page_url": _page_url(call, number + 1) if number < total_pages else None,
    }
    if old_style and call.settings.empty_metadata:
        metadata = {}
    return Answer(200, {"data": [dump(item) for item in chosen], "metadata": metadata})


def page_url(call: Call, **changes: Any) -> str:
    """The URL of another page of the same list; whether it keeps the question is a setting."""
    kept: list[tuple[str, str]] = []
    if call.settings.next_page_url_keeps_query:
        kept = [(name, value) for name, value in call.query if name not in changes]
    return f"{call.link(call.path)}?{urlencode([*kept, *changes.items()])}"


def _page_url(call: Call, number: int) -> str:
    return page_url(call, page=number)


def _page_number(call: Call) -> int:
    text = call.asked("page") or "1"
    return max(int(text), 1) if text.isdecimal() and len(text) < 10 else 1


def _page_size(call: Call, size: int) -> int:
    text = call.asked("per", "page_size") or ""
    if call.settings.per_honored and text.isdecimal() and 0 < len(text) < 10:
        return min(max(int(text), 1), call.settings.per_maximum)
    return max(size or call.settings.page_size, 1)
