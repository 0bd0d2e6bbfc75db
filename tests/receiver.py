"""Another system that is told: a real HTTP server on the loopback interface, which remembers and misbehaves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behavior = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What it heard, and what it does next; once that is used up, it takes everything."""

    port: int = 0
    scheme: str = "http"
    heard: list[Heard] = field(default_factory=list)
    next: list[int | tuple[int, dict[str, str]] | Behavior] = field(default_factory=list)
    always: int | Behavior = 204

    def url(self, path: str = "/hook") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    @property
    def types(self) -> list[str]:
        return [each.json["type"] for each in self.heard]


@contextmanager
def receiving(context: Any = None) -> Iterator[Receiver]:
    """A receiver; with an SSL context one that speaks TLS."""
    receiver = Receiver(scheme="https" if context else "http")
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                heard = {name.lower(): value for name, value in self.headers.items()}
                receiver.heard.append(Heard(self.path, heard, body))
                now = receiver.next.pop(0) if receiver.next else receiver.always
            if callable(now):
                with suppress(OSError):
                    now(self)
                self.close_connection = True
                return
            status, headers = now if isinstance(now, tuple) else (now, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_told: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_told: Any) -> None:
            pass  # Whoever breaks off is part of the tests.

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def hang(handler: BaseHTTPRequestHandler, seconds: float = 30) -> None:
    """Take the request and say nothing."""
    handler.connection.settimeout(seconds)
    handler.connection.recv(1)  # Until the other side has had enough.


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, so that no single wait is long."""
    for sign in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000:
        handler.wfile.write(bytes([sign]))
        handler.wfile.flush()
        time.sleep(0.05)


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    """Say yes at once, and then never come to an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _each in range(10_000):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def flood(handler: BaseHTTPRequestHandler) -> None:
    """Yes, and a gigabyte more."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    for _each in range(1024):
        handler.wfile.write(b"x" * 1_048_576)


def babble(handler: BaseHTTPRequestHandler) -> None:
    """Something that is not HTTP."""
    handler.wfile.write(b"Good morning.\r\n\r\n")
