"""Who lets a request to Credly out, and hears what became of it."""

from __future__ import annotations

from typing import Protocol

from .errors import CredlyError


class Gate(Protocol):
    """A rate limit, a circuit breaker, or both: ``Client`` asks it before each request, of each page alike."""

    def enter(self) -> None:
        """Let one request out, or raise a ``CredlyError`` such as ``Throttled(ours=True)``: then nothing is sent."""

    def leave(self, error: CredlyError | None) -> None:
        """Hear, once for each request that entered, what it raised: None for an answer that was of use.

        Credly's own no (``Refused``, ``NotFound``, ``Unauthorized``) is passed as well; what it means is for the
        gate to decide. What this raises is logged and goes no further, for the answer counts more.
        """
