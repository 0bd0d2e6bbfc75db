"""One POST to one checked address, with one deadline for all of it.

Without what a browser or ``requests`` would bring along: no redirects, cookies, proxies of the environment, or netrc.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import certifi
import urllib3
from django.utils.translation import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.exceptions import SSLError as BadCertificate

from .addresses import BadAddress, NotFound, Place, Resolve, check

MOST_READ = 64 * 1024
"""How much of an answer is read, and thrown away: some servers take it ill if nobody listens to them."""
PIECE = 8 * 1024


@dataclass(frozen=True)
class Answer:
    """What came of it: the HTTP status, or none and a sentence; and how many seconds it asked to be left alone."""

    status: int | None
    said: str = ""
    retry_after: float | None = None
    for_good: bool = False
    """Whether nothing was sent, as the address is not allowed."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, resolve: Resolve | None = None
) -> Answer:
    """Send this and say what came of it, within so many seconds in all; never raises for what the other side does."""
    end = time.monotonic() + seconds
    try:
        place = check(url, seconds=seconds, resolve=resolve)
    except NotFound as error:
        return Answer(None, error.sentence)
    except BadAddress as error:
        return Answer(None, error.sentence, for_good=True)
    answer = Answer(None, _("It could not be connected to."))
    for ip in place.ips:
        left = end - time.monotonic()
        if left <= 0:
            return Answer(None, _("It took too long."))
        try:
            return _post_to(ip, place, body, headers, left)
        except (NewConnectionError, ConnectTimeoutError):
            continue  # Nothing was sent. Another of its addresses may be there.
        except BadCertificate:
            answer = Answer(None, _("Its certificate could not be verified, or it speaks no TLS."))
        except (HTTPError, OSError, ValueError):
            answer = Answer(None, _("The connection broke off before it answered."))
        return Answer(None, _("It took too long.")) if time.monotonic() >= end else answer
    return Answer(None, _("It took too long.")) if time.monotonic() >= end else answer


def _post_to(ip: str, place: Place, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    with _ended_in(seconds) as watch:
        pool = _pool(ip, place, watch)
        try:
            answer = pool.urlopen(
                "POST",
                place.path,
                body=body,
                headers={**headers, "Host": place.named, "Accept-Encoding": "identity", "Connection": "close"},
                redirect=False,
                retries=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=seconds, read=seconds),
                preload_content=False,
                decode_content=False,
            )
            # The status is what counts. Whatever becomes of the rest, it has taken the message or not.
            with contextlib.suppress(HTTPError, OSError, ValueError):
                _read_some(answer)
            answer.close()
            return Answer(answer.status, retry_after=_seconds(answer.headers.get("Retry-After")))
        finally:
            pool.close()


def _read_some(answer: Any) -> None:
    left = MOST_READ
    while left > 0 and (piece := answer.read(min(left, PIECE), decode_content=False)):
        left -= len(piece)


class _Watch:
    """Ends whatever connection is open when its time is up: one that drips would never let a time-out come."""

    def __init__(self) -> None:
        self._handle: socket.socket | None = None
        self._is_over = False
        self._lock = threading.Lock()

    def over(self, connection: socket.socket) -> None:
        """Watch over a connection. By a handle of its own, as TLS takes the first one for itself."""
        with self._lock:
            self.let_go()
            self._handle = connection.dup()
            if self._is_over:
                self._shut()

    def end(self) -> None:
        """Its time is up."""
        with self._lock:
            self._is_over = True
            self._shut()

    def let_go(self) -> None:
        """Close the handle."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _shut(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _ended_in(seconds: float) -> Iterator[_Watch]:
    watch = _Watch()
    timer = threading.Timer(seconds, watch.end)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        watch.let_go()


class _Watched:
    """A connection that its watch knows of from its first moment on."""

    watch: _Watch

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        self.watch.over(made)
        return made


class _WatchedHTTP(_Watched, HTTPConnection):
    pass


class _WatchedHTTPS(_Watched, HTTPSConnection):
    pass


def _pool(ip: str, place: Place, watch: _Watch) -> HTTPConnectionPool:
    """A connection to this very address, which has to show the certificate of the host that was meant."""
    if place.scheme == "http":
        pool: Any = HTTPConnectionPool(ip, place.port, maxsize=1)
        plain: Any = _WatchedHTTP
    else:
        pool = HTTPSConnectionPool(
            ip,
            place.port,
            maxsize=1,
            ssl_context=_trust(),
            server_hostname=place.host,
            assert_hostname=place.host,
            cert_reqs="CERT_REQUIRED",
        )
        plain = _WatchedHTTPS
    pool.ConnectionCls = type(plain.__name__, (plain,), {"watch": watch})
    return pool  # type: ignore[no-any-return]


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whom we trust: the machine's own authorities, which SSL_CERT_FILE may add to, and Mozilla's."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    return context


def _seconds(retry_after: str | None) -> float | None:
    """What Retry-After says, as seconds from now; None where it says nothing that can be read."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004  # Three hundred years will do.
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (when - datetime.now(UTC)).total_seconds()
