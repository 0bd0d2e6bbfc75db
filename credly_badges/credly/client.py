"""Ask Credly, one method for each thing that can be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID

from . import address, wire
from .badge_calls import BadgeCalls
from .gate import Gate
from .template_calls import TemplateCalls
from .token_calls import TokenCalls
from .transport import USER_AGENT, Transport

if TYPE_CHECKING:
    import requests

__all__ = ["Client", "Gate"]


class Client(BadgeCalls, TemplateCalls, TokenCalls):
    """Credly, as one organization may use it.

    ``base_url`` includes the version, as in ``https://api.credly.com/v1``, and has to be https
    unless the host is this machine. ``timeout`` is (connect, silence while reading) and
    ``deadline`` the longest time for a whole body, in seconds; ``max_bytes`` bounds the body.
    ``gate`` lets each request out, or not. One client may be shared by threads, not across a
    fork. Every method raises ``CredlyError`` (``errors`` draws the tree), and ``ValueError``
    for an id, a filter or an address that must not leave.
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
        user_agent: str = USER_AGENT,
        session: requests.Session | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.organization_id = address.checked_id(organization_id)
        self._gate = gate
        self._transport = Transport(
            base_url,
            self.organization_id,
            key,
            timeout=timeout,
            pool=pool,
            max_bytes=max_bytes,
            deadline=deadline,
            user_agent=user_agent,
            session=session,
        )

    def __repr__(self) -> str:
        return f"<Client of organization {self.organization_id} at {self._transport.host}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back, unless the session was handed in."""
        self._transport.close()

    @property
    def clock_difference(self) -> timedelta | None:
        """By how much Credly's clock was ahead of ours at the last answer; None where that is not known."""
        return self._transport.clock_difference

    def organization(self) -> wire.Organization:
        """Return the organization itself: the cheapest way to find out whether the key works."""
        return self._one(
            "GET /organizations/{id}",
            "GET",
            "",
            wire.Organization.parse,
            lambda found: found.id == self.organization_id,
        )

    def set_webhook_url(self, url: str) -> wire.Organization:
        """Tell Credly where to send its notices; "" for nowhere. The address stays out of every error."""
        if url and not address.can_be_told(url):
            raise ValueError(
                "Credly is only told an address that begins with https:// and has no spaces: the secret in it could be "
                "read on the way otherwise."
            )
        return self._one(
            "PUT /organizations/{id}",
            "PUT",
            "",
            wire.Organization.parse,
            lambda found: found.id == self.organization_id and found.webhook_url == url,
            body={"webhook_url": url or None},
            secrets=(url,) if url else (),
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

    def events(self, page: int = 1) -> wire.Page[wire.Event]:
        """Return one page of what happened at Credly, in Credly's own order, which nobody has written down.

        An event of another organization is none of ours, and counted among the broken.
        """
        path = f"/events?{address.query({}, sort='', page=page)}"
        found = self._page("GET /events", path, wire.Event.parse, page)
        foreign = tuple(
            f"{event.id}: It belongs to another organization."
            for event in found.items
            if event.organization_id != self.organization_id
        )
        ours = tuple(event for event in found.items if event.organization_id == self.organization_id)
        return replace(found, items=ours, broken=found.broken + foreign)
