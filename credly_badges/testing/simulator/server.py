"""Serves a simulator from a thread of this process."""

from __future__ import annotations

import asyncio
import socket
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING

import uvicorn
from starlette.routing import Router
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import Connections, Front
from .control import routes as control_routes
from .page import routes as page_routes

if TYPE_CHECKING:
    from .simulator import Simulator

START_SECONDS = 10.0
STOP_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 75


class Server:
    """One listening socket and the thread behind it."""

    def __init__(self, simulator: Simulator, host: str, port: int) -> None:
        self.socket = _listen(host, port)
        self.host, self.port = host, int(self.socket.getsockname()[1])
        connections = Connections()
        site = Router([*page_routes(simulator), *control_routes(simulator)])
        config = uvicorn.Config(
            Front(simulator.store, simulator.schedule, connections, site),
            http=_protocol(connections),
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        self.uvicorn = uvicorn.Server(config)
        self.thread = Thread(target=self._run, name="credly-simulator", daemon=True)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Serve; returns once requests are answered. Raises RuntimeError when the server does not come up."""
        self.thread.start()
        deadline = monotonic() + START_SECONDS
        while not self.uvicorn.started:
            if not self.thread.is_alive() or monotonic() > deadline:
                raise RuntimeError(f"The simulator could not be served at {self.origin}.")
            sleep(0.005)

    def stop(self) -> None:
        """Stop serving, letting go of requests that are held."""
        self.uvicorn.should_exit = True
        self.thread.join(STOP_SECONDS)
        self.socket.close()

    def _run(self) -> None:
        self.uvicorn.run(sockets=[self.socket])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Asyncio turns Nagle's delay (40 ms an answer) off only where the socket itself says that it is TCP.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


def _protocol(connections: Connections) -> type[asyncio.Protocol]:
    class Protocol(H11Protocol):
        """HTTP, on connections that a fault can cut."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """A client came."""
            connections.opened(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            """A client left."""
            connections.closed(self.transport)
            super().connection_lost(exc)

    return Protocol
