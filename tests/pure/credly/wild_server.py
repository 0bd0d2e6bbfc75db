"""A server that sends exactly the bytes it is told to, and may break off in the middle of them."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Play = Callable[[socket.socket], None]


class WildServer:
    """Each request on any connection gets the next play; a play may close, reset or drip."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.plays: list[Play] = []
        self.requests: list[str] = []
        self.connections = 0
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # The listener was closed: the test is over.
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                while not self._stopping.is_set() and (request := self._one_request(connection)):
                    self.requests.append(request)
                    self.plays.pop(0)(connection)
            except OSError:
                return  # The client hung up, or the play did.

    def _one_request(self, connection: socket.socket) -> str:
        taken = b""
        while b"\r\n\r\n" not in taken:
            piece = connection.recv(65_536)
            if not piece:
                return ""
            taken += piece
        head, _, body = taken.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while lengths and len(body) < int(lengths[0]):
            body += connection.recv(65_536)
        return (head + b"\r\n\r\n" + body).decode()

    def drip(self, head: bytes, every: float) -> Play:
        """Send the head, then one space after another, as long as the client listens."""

        def play(connection: socket.socket) -> None:
            connection.sendall(head)
            while not self._stopping.wait(every):
                connection.sendall(b" ")

        return play

    def silence(self, connection: socket.socket) -> None:
        """Take the request and say nothing."""
        self._stopping.wait(5)


def answer(body: bytes, *, status: str = "200 OK", kind: str = "application/json", length: int | None = None) -> bytes:
    """An HTTP answer; a ``length`` beyond the body promises more than comes."""
    stated = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {stated}\r\n\r\n"
    return head.encode() + body


def send(data: bytes) -> Play:
    """Send and keep the connection open."""
    return lambda connection: connection.sendall(data)


def send_and_close(data: bytes) -> Play:
    """Send and hang up."""

    def play(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError

    return play


def reset(connection: socket.socket) -> None:
    """Break the connection the hard way (RST), as a dying load balancer does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    raise ConnectionResetError
