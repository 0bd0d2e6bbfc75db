"""Carry one request to Credly and bring its answer back. The only HTTP with Credly is in here."""

from __future__ import annotations

import base64
import json
import ssl
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn
from uuid import UUID

import requests
import urllib3
from requests.adapters import HTTPAdapter

from credly_badges import __version__

from . import address, errors
from .answer import Answer, is_fine

USER_AGENT = f"openedx-credly-badges/{__version__}"
_MOUTHFUL = 16_384
_REFUSAL_BYTES = 65_536


class Transport:
    """Pooled connections to Credly with one organization's key, under the limits that ``Client`` describes."""

    def __init__(
        self,
        base_url: str,
        organization_id: UUID,
        key: str,
        *,
        timeout: tuple[float, float],
        pool: int,
        max_bytes: int,
        deadline: float,
        user_agent: str,
        session: requests.Session | None,
    ) -> None:
        self.host, loopback = address.checked_host(base_url)
        self._root = f"{base_url.rstrip('/')}/organizations/{organization_id}"
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._deadline = deadline
        if not address.can_be_key(key):
            raise ValueError("This is no Credly API key: paste it again, without spaces or line breaks.")
        basic = base64.b64encode(f"{key}:".encode()).decode()
        self._secrets = (key, basic)
        self._headers = {"Accept": "application/json", "User-Agent": user_agent}
        self._authorize = _BasicKey(basic)
        self._owned = session is None
        self._session = session or _Session(pool, loopback=loopback)
        # By how much Credly's clock was ahead of ours at the last answer; None before one, or where it tells no time.
        self.clock_difference: timedelta | None = None

    def close(self) -> None:
        """Give the connections back, unless the session was handed in."""
        if self._owned:
            self._session.close()

    def ask(
        self, label: str, method: str, path: str, body: dict[str, Any] | None = None, secrets: tuple[str, ...] = ()
    ) -> Answer:
        """Send one request and return its answer, whatever it says; raises ``CredlyError`` where none came.

        ``path`` begins where the organization's own address ends; ``secrets`` stay out of every error.
        """
        acts = method != "GET"
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        began = time.monotonic()
        failure: Exception | None = None
        try:
            response = self._session.request(
                method,
                self._root + path,
                data=None if body is None else json.dumps(body).encode(),
                headers=headers,
                auth=self._authorize,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failure = error
        if failure is not None:
            # Raised out here, and without a cause: the cause holds the address with an e-mail
            # address in it, and the request with the key.
            self._no_answer(label, failure, acts=acts)
        with closing(response):
            status = response.status_code
            self.clock_difference = _clock_difference(response.headers.get("Date", ""), datetime.now(UTC))
            content, problem = self._take_in(response, began + self._deadline, fine=is_fine(status))
        return Answer(label, acts, status, response.headers, content, problem, self._secrets + secrets)

    def _no_answer(self, label: str, failure: Exception, *, acts: bool) -> NoReturn:
        kind = type(failure).__name__
        if _never_left(failure):
            raise errors.Unavailable(f"No connection to {self.host} could be made ({kind}).", request=label)
        raise (errors.Unanswered if acts else errors.Unavailable)(
            f"The connection to {self.host} ended without an answer ({kind}).", request=label
        )

    def _take_in(self, response: requests.Response, until: float, *, fine: bool) -> tuple[bytes, str]:
        """Return the body and "", or what there is of it and a sentence why it is not whole."""
        most = self._max_bytes if fine else min(self._max_bytes, _REFUSAL_BYTES)
        content = bytearray()
        while True:
            try:
                # At most one read from the socket, so that a server that drips cannot outlast the deadline.
                mouthful = response.raw.read1(_MOUTHFUL, decode_content=True)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                return bytes(content), f"The answer broke off ({type(error).__name__})."
            if not mouthful:
                return bytes(content), ""
            content += mouthful
            if len(content) > most:
                return bytes(content[:most]), f"The answer is longer than {most:,} bytes."
            if time.monotonic() > until:
                return bytes(content), f"The answer took longer than {self._deadline:g} seconds."


class _BasicKey(requests.auth.AuthBase):
    """The key as user name without a password. Being given, it also keeps ``.netrc`` out of it."""

    def __init__(self, basic: str) -> None:
        self._basic = basic

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Basic {self._basic}"
        return request


class _Session(requests.Session):
    """Pooled connections that keep no cookies, retry nothing and look at no redirect."""

    def __init__(self, pool: int, *, loopback: bool) -> None:
        super().__init__()
        # A site's proxy and certificates come from the environment. This machine needs
        # neither, and a proxy would see a key that is sent to it without TLS.
        self.trust_env = not loopback
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=pool, max_retries=0))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow nothing: even unfollowed, requests would take in the body of a redirect, however long."""


def _clock_difference(date: str, now: datetime) -> timedelta | None:
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    return theirs - now if theirs.tzinfo else None


def _never_left(failure: Exception) -> bool:
    """Tell whether the request certainly was not sent. A TLS failure other than a bad certificate may come later."""
    if isinstance(failure, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    if isinstance(failure, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader):
        return True
    reason = getattr(failure.args[0] if failure.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
        return True
    return isinstance(reason, urllib3.exceptions.SSLError) and any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in reason.args
    )
