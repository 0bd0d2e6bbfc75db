"""How every question is put: through the gate, over the transport, and with an answer that fits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from . import errors, wire
from .answer import Answer
from .gate import Gate
from .reading import Data
from .transport import Transport

T = TypeVar("T")
log = logging.getLogger(__name__)

MOST_PAGES_SEARCHED = 200


class Asking:
    """What the methods of ``Client`` have in common."""

    organization_id: UUID
    _transport: Transport
    _gate: Gate | None

    def _one(
        self,
        label: str,
        method: str,
        path: str,
        parse: Callable[[Data], T],
        is_it: Callable[[T], bool],
        *,
        body: dict[str, Any] | None = None,
        secrets: tuple[str, ...] = (),
    ) -> T:
        """Ask for one thing; an answer about anything else is not taken."""

        def read(answer: Answer) -> T:
            data, _ = answer.content()
            try:
                found = parse(data if isinstance(data, dict) else {})
                reason = "" if is_it(found) else "The answer does not fit what was asked."
            except ValueError as error:
                reason = str(error)
            if reason:
                answer.unreadable(reason)
            return found

        return self._ask(label, method, path, read, body=body, secrets=secrets)

    def _page(self, label: str, path: str, parse: Callable[[Data], T], page: int) -> wire.Page[T]:
        """Ask for one page of a list."""

        def read(answer: Answer) -> wire.Page[T]:
            data, metadata = answer.items()
            return wire.Page.parse(data, metadata, parse, asked=page)

        return self._ask(label, "GET", path, read)

    def _remove(self, label: str, path: str) -> None:
        """Have one thing deleted; Credly answers with nothing, or with what it was."""

        def read(answer: Answer) -> None:
            if not answer.is_empty:
                answer.content()

        self._ask(label, "DELETE", path, read)

    def _ask(
        self,
        label: str,
        method: str,
        path: str,
        read: Callable[[Answer], T],
        *,
        body: dict[str, Any] | None = None,
        secrets: tuple[str, ...] = (),
    ) -> T:
        if self._gate is None:
            return read(self._transport.ask(label, method, path, body, secrets))
        self._gate.enter()
        # Whatever breaks in from outside, such as the end of a task's time, leaves the answer unknown.
        outcome: errors.CredlyError | None = errors.Unanswered("The request was broken off here.", request=label)
        try:
            found = read(self._transport.ask(label, method, path, body, secrets))
        except errors.CredlyError as error:
            outcome = error
            raise
        else:
            outcome = None
            return found
        finally:
            self._leave(self._gate, outcome)

    @staticmethod
    def _leave(gate: Gate, outcome: errors.CredlyError | None) -> None:
        try:
            gate.leave(outcome)
        except Exception:
            # The badge may just have been issued: its answer must not be lost over a counter.
            log.exception("What became of a request to Credly could not be counted.")
