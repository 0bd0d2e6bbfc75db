"""Ask Credly, one method for each thing that can be asked. The only HTTP with Credly is in here."""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import date
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn, Self, TypeVar
from uuid import UUID

import requests
import urllib3
from requests.adapters import HTTPAdapter

from credly_badges import __version__

from . import address, errors, wire
from .answer import Answer, is_fine
from .page import follow
from .reading import Data

T = TypeVar("T")

MOST_PAGES_SEARCHED = 200
_MOUTHFUL = 16_384
_REFUSAL_BYTES = 65_536


class Client:
    """Credly, as one organization may use it.

    ``base_url`` includes the version, as in ``https://api.credly.com/v1``, and has to be https
    unless the host is this machine. ``timeout`` is (connect, silence while reading) and
    ``deadline`` the longest time for a whole body, in seconds; ``max_bytes`` bounds the body.
    One client may be shared by threads, not across a fork. Every method raises ``CredlyError``
    (``errors`` draws the tree), and ``ValueError`` for an id or a filter that must not leave.
    """

    def __init__(
        self,
        base_url: str,
        organization_id: UUID,
        key: str,
        *,
        timeout: tuple[float, float] = (5, 20),
        pool: int = 8,
        max_bytes: int = 5_000_000,
        deadline: float = 60,
        user_agent: str = f"openedx-credly-badges/{__version__}",
        session: requests.Session | None = None,
    ) -> None:
        self.organization_id = address.checked_id(organization_id)
        self._host, loopback = address.checked_host(base_url)
        self._root = f"{base_url.rstrip('/')}/organizations/{self.organization_id}"
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._deadline = deadline
        if not key or not key.isascii() or not key.isprintable() or " " in key or ":" in key:
            raise ValueError("This is no Credly API key: paste it again, without spaces or line breaks.")
        basic = base64.b64encode(f"{key}:".encode()).decode()
        self._secrets = (key, basic)
        self._headers = {"Accept": "application/json", "User-Agent": user_agent}
        self._authorize = _BasicKey(basic)
        self._owned = session is None
        self._session = session or _Session(pool, loopback=loopback)

    def __repr__(self) -> str:
        return f"<Client of organization {self.organization_id} at {self._host}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back, unless the session was handed in."""
        if self._owned:
            self._session.close()

    def organization(self) -> wire.Organization:
        """Return the organization itself: the cheapest way to find out whether the key works."""
        return self._one(
            "GET /organizations/{id}",
            "GET",
            "",
            wire.Organization.parse,
            lambda found: found.id == self.organization_id,
        )

    def templates(
        self,
        *,
        states: Iterable[str] = ("draft", "active", "archived"),
        sort: str = "created_at",
        page: int = 1,
        updated_since: date | None = None,
        query: str = "",
        name: str = "",
    ) -> wire.Page[wire.Template]:
        """Return one page of badge templates; ``query`` is part of a name or description, ``name`` a whole name.

        ``updated_since`` is a day in UTC; an aware time counts as its day. A template in a state that
        was not asked for is left out, for Credly may pass over a filter.
        """
        wanted = address.TemplateQuery(states, sort, updated_since, query, name)
        path = f"/badge_templates?{wanted.spelled(page)}"
        found = self._page("GET /badge_templates", path, wire.Template.parse, page)
        return replace(found, items=tuple(item for item in found.items if item.state in wanted.states))

    def template(self, template_id: UUID) -> wire.Template:
        """Return one badge template."""
        label = "GET /badge_templates/{id}"
        wanted = address.checked_id(template_id)
        return self._one(label, "GET", f"/badge_templates/{wanted}", wire.Template.parse, lambda it: it.id == wanted)

    def issue(self, order: wire.IssueOrder) -> wire.Badge:
        """Issue a badge. After ``Unanswered`` look with ``find_badges`` before asking again."""
        return self._one(
            "POST /badges",
            "POST",
            "/badges",
            wire.Badge.parse,
            lambda badge: badge.template_id == order.template_id,
            body=order.dump(),
        )

    def badge(self, badge_id: UUID) -> wire.Badge:
        """Return one issued badge as it is now."""
        wanted = address.checked_id(badge_id)
        return self._one("GET /badges/{id}", "GET", f"/badges/{wanted}", wire.Badge.parse, lambda it: it.id == wanted)

    def find_badges(self, *, template_id: UUID, issuer_earner_id: str = "", email: str = "") -> list[wire.Badge]:
        """Return the badges of a template that one learner holds, in every state, by earner id, e-mail or both.

        What Credly returns is checked again here, since it may pass over a filter. An empty list
        is a promise, so it raises ``Garbled`` where an item that might be the one could not be read.
        """
        if not issuer_earner_id and not email:
            raise ValueError("Name a learner to look for: an issuer_earner_id, an e-mail address, or both.")
        wanted_template = address.checked_id(template_id)
        wanted = {
            "badge_template_id": str(wanted_template),
            "issuer_earner_id": issuer_earner_id if address.can_be_filtered(issuer_earner_id) else "",
            "recipient_email": email if address.can_be_filtered(email) else "",
        }

        def page(number: int) -> wire.Page[wire.Badge]:
            path = f"/badges?{address.query(wanted, sort='created_at', page=number)}"
            return self._page("GET /badges", path, wire.Badge.parse, number)

        found: dict[UUID, wire.Badge] = {}
        broken: list[str] = []
        for each in follow(page, 1, MOST_PAGES_SEARCHED, "GET /badges"):
            broken.extend(each.broken)
            for badge in each.items:
                if (
                    badge.template_id == wanted_template
                    and (not issuer_earner_id or badge.issuer_earner_id == issuer_earner_id)
                    and (not email or badge.recipient_email.casefold() == email.casefold())
                ):
                    found[badge.id] = badge
        if broken and not found:
            raise errors.Garbled(
                f"A badge could not be read, so none can be ruled out. {broken[0]}", request="GET /badges"
            )
        return list(found.values())

    def revoke(self, badge_id: UUID, reason: str, *, suppress_notification: bool = False) -> wire.Badge:
        """Revoke a badge and let Credly keep ``reason``. After ``Unanswered`` look with ``badge`` first."""
        wanted = address.checked_id(badge_id)
        if not reason.strip():
            raise ValueError("Credly wants to know why a badge is revoked: give a reason.")
        return self._one(
            "PUT /badges/{id}/revoke",
            "PUT",
            f"/badges/{wanted}/revoke",
            wire.Badge.parse,
            lambda badge: badge.id == wanted and badge.state == "revoked",
            body={"reason": reason, "suppress_revoke_notification_email": suppress_notification},
        )

    def event(self, event_id: UUID) -> wire.Event:
        """Return one event: what a webhook only hints at, in Credly's own words."""
        wanted = address.checked_id(event_id)
        return self._one(
            "GET /events/{id}",
            "GET",
            f"/events/{wanted}",
            wire.Event.parse,
            lambda event: event.id == wanted and event.organization_id == self.organization_id,
        )

    def _one(
        self,
        label: str,
        method: str,
        path: str,
        parse: Callable[[Data], T],
        is_it: Callable[[T], bool],
        *,
        body: dict[str, Any] | None = None,
    ) -> T:
        answer = self._ask(label, method, path, body)
        data, _ = answer.content()
        try:
            found = parse(data if isinstance(data, dict) else {})
            reason = "" if is_it(found) else "The answer does not fit what was asked."
        except ValueError as error:
            reason = str(error)
        if reason:
            answer.unreadable(reason)
        return found

    def _page(self, label: str, path: str, parse: Callable[[Data], T], page: int) -> wire.Page[T]:
        answer = self._ask(label, "GET", path)
        data, metadata = answer.content()
        if not isinstance(data, list):
            answer.unreadable("“data” is not a list.")
        return wire.Page.parse(data, metadata, parse, asked=page)

    def _ask(self, label: str, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
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
            content, problem = self._take_in(response, began + self._deadline, fine=is_fine(status))
        return Answer(label, acts, status, response.headers, content, problem, self._secrets)

    def _no_answer(self, label: str, failure: Exception, *, acts: bool) -> NoReturn:
        kind = type(failure).__name__
        if _never_left(failure):
            raise errors.Unavailable(f"No connection to {self._host} could be made ({kind}).", request=label)
        raise (errors.Unanswered if acts else errors.Unavailable)(
            f"The connection to {self._host} ended without an answer ({kind}).", request=label
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
