"""The simulator as an ASGI application: faults first, then Credly, then what becomes of the answer."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from .auth import RateLimit, authorize, organization_for
from .envelope import Answer, ApiError, Call, error_answer, not_found
from .faults import Fault, FaultSchedule
from .records import RequestRecord
from .routes import ROUTES, Door, oauth
from .store import Store
from .wire import Wire

PREFIXES = ("/api/v1", "/v1")
MALFORMED = b'{"data": {"id": "'
log = logging.getLogger(__name__)


class Connections:
    """The open connections by the client's address, so that a fault can cut one."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a connection."""
        self._transports[transport.get_extra_info("peername")[:2]] = transport

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        self._transports.pop(transport.get_extra_info("peername")[:2], None)

    def reset(self, client: tuple[str, int]) -> None:
        """End a connection at once, the way a crashed peer does (TCP RST)."""
        transport = self._transports.get(client)
        if transport is not None:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    def close(self, client: tuple[str, int]) -> None:
        """End a connection once what was written has left."""
        transport = self._transports.get(client)
        if transport is not None:
            transport.close()


class Front:
    """The outermost application: sends API calls through the fault schedule, everything else to the site."""

    def __init__(self, store: Store, schedule: FaultSchedule, connections: Connections, site: ASGIApp) -> None:
        self.store = store
        self.schedule = schedule
        self.connections = connections
        self.site = site
        self.api = Api(store, schedule)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = self._api_path(scope["path"]) if scope["type"] == "http" else None
        if path is None:
            await self.site(scope, receive, send)
            return
        try:
            await self._serve(scope, receive, send, path)
        except (
            asyncio.CancelledError
        ):  # The simulator stops: whoever still waits gets no answer, as from a dead server.
            await self._cut(scope, receive)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        body = await _read(receive)
        plan = self.schedule.take(scope["method"], path)
        if plan.latency:
            await asyncio.sleep(plan.latency)
        fault = plan.fault
        if fault is not None and not fault.after:
            response = _fault_response(fault)
        else:
            response = self.api.answer(scope, path, body)
        lost = fault is not None and (fault.drop or fault.broken == "truncate")
        self._log(scope, None if lost else response.status_code, fault)
        await self._send(scope, receive, send, response, fault)

    async def _send(self, scope: Scope, receive: Receive, send: Send, response: Response, fault: Fault | None) -> None:
        if fault is not None and fault.drop:
            if fault.drop == "timeout":
                await asyncio.sleep(fault.timeout_seconds)
            await self._cut(scope, receive)
            return
        body = bytes(response.body)
        broken = fault.broken if fault is not None else ""
        if broken == "malformed":
            body = MALFORMED
            response.headers["Content-Length"] = str(len(body))
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        if broken == "truncate":
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            self.connections.close(tuple(scope["client"]))
            await receive()
            return
        await send({"type": "http.response.body", "body": body})

    async def _cut(self, scope: Scope, receive: Receive) -> None:
        self.connections.reset(tuple(scope["client"]))
        await receive()

    def _api_path(self, path: str) -> str | None:
        """The path after the prefix and without the last slash, or None when it is not the API's."""
        if path.rstrip("/") == oauth.PATH:
            return oauth.PATH
        for prefix in PREFIXES:
            if path == prefix or path.startswith(f"{prefix}/"):
                rest = path.removeprefix(prefix).rstrip("/") or "/"
                # The token endpoint belongs to another host of Credly's, which has no prefix.
                return "/" if rest == oauth.PATH and not self.store.settings.oauth_under_prefix else rest
        return None

    def _log(self, scope: Scope, status: int | None, fault: Fault | None) -> None:
        query = scope["query_string"].decode("latin-1")
        name = fault.name if fault is not None else ""
        with self.store.lock:
            self.store.log(RequestRecord(scope["method"], scope["path"], query, status, self.store.now(), name))


class Api:
    """Credly's endpoints, without their faults."""

    def __init__(self, store: Store, schedule: FaultSchedule) -> None:
        self.store = store
        self.schedule = schedule
        self.rates = RateLimit(store)
        self.doors = [(door, compile_path(door.path)[0]) for door in ROUTES]

    def answer(self, scope: Scope, path: str, body: bytes) -> Response:
        """The response to a request whose path has lost its prefix."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        accepted = headers.get("accept", "")
        if self.store.settings.html_when_asked and scope["method"] == "GET" and _only_html(accepted):
            return HTMLResponse("<!doctype html><title>Credly</title><p>This page is for people.</p>")
        try:
            with self.store.lock:
                answer = self._act(scope, path, headers, body)
        except ApiError as error:
            answer = error_answer(error)
        except Exception:
            log.exception("The simulator failed to answer %s %s", scope["method"], path)
            answer = Answer(500, {"data": {"message": "Internal Server Error"}, "metadata": None})
        return to_response(answer)

    def _act(self, scope: Scope, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        authorization = headers.get("authorization", "")
        if path == oauth.PATH:
            if scope["method"] != "POST":
                raise not_found(self.store.settings)
            return oauth.give_token(self.store, _values(headers, query, body), authorization)
        door, ids = self._door(scope["method"], path)
        token = authorize(self.store, scope["method"], authorization, door.scope if door else None)
        rate_headers = self.rates.check(token)
        if door is None:
            raise not_found(self.store.settings)
        organization = organization_for(self.store, token, ids.get("organization"))
        settings = self.store.settings
        origin = settings.link_origin or f"http://{headers.get('host', '127.0.0.1')}"
        wire = Wire(settings, origin)
        values = _values(headers, query, body)
        repeat_item = self.schedule.take_repeat
        call = Call(self.store, settings, token, organization, ids, query, values, wire, path, repeat_item)
        answer = door.handle(call)
        answer.headers.update(rate_headers)
        return answer

    def _door(self, method: str, path: str) -> tuple[Door | None, dict[str, str]]:
        # Rails, which Credly runs on, knows no 405: a method without a route is a page that does not exist.
        wanted = "GET" if method == "HEAD" else method
        for door, pattern in self.doors:
            if door.method == wanted and (match := pattern.match(path)):
                return door, match.groupdict()
        return None, {}


def to_response(answer: Answer) -> Response:
    """An answer on the wire."""
    if answer.body is None:
        return Response(status_code=answer.status, headers=answer.headers)
    if isinstance(answer.body, str):
        return PlainTextResponse(answer.body, answer.status, answer.headers)
    return JSONResponse(answer.body, answer.status, answer.headers)


def _values(headers: Mapping[str, str], query: Sequence[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """What a request says, in its query, a form or JSON; raises ApiError 400 for JSON that is none."""
    values: dict[str, Any] = dict(query)
    if not body.strip():
        return values
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return values | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        sent = json.loads(body)
    except ValueError:
        raise ApiError(400, "The request body is not valid JSON.") from None
    if not isinstance(sent, dict):
        raise ApiError(400, "The request body must be a JSON object.")
    return values | sent


def _fault_response(fault: Fault) -> Response:
    status = fault.status or 500
    body = fault.body
    if body is None:
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
        body = {"data": {"message": phrase}, "metadata": None}
    if isinstance(body, (str, bytes)):
        return Response(body, status, fault.headers, media_type="application/json")
    return JSONResponse(body, status, fault.headers)


def _only_html(accepted: str) -> bool:
    return "text/html" in accepted and "json" not in accepted


async def _read(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)
