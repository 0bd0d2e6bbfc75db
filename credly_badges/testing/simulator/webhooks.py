"""Tells an organization's ``webhook_url`` what happened, again and again until it answers 200 or the time is over."""

from __future__ import annotations

import heapq
import json
import urllib.error
import urllib.request
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException
from threading import Condition, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from . import events
from .records import Event
from .store import Store
from .wire import Wire

LOOPBACK = ("127.0.0.1", "localhost", "::1")
KEPT = 10_000


@dataclass(slots=True)
class Attempt:
    """One try to deliver an event; ``status`` is None when nobody answered."""

    event_id: str
    event_type: str
    number: int
    status: int | None
    time: datetime
    delivered: bool


@dataclass(order=True, slots=True)
class Due:
    """A delivery that waits for its time."""

    at: float
    order: int
    url: str = field(compare=False, repr=False)
    event: Event = field(compare=False)
    body: bytes = field(compare=False, repr=False)
    last_try_at: float = field(compare=False)
    number: int = field(compare=False, default=1)


class Webhooks:
    """The deliveries of one simulator, made by a thread that starts with the first of them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.attempts: deque[Attempt] = deque(maxlen=KEPT)
        self._due: list[Due] = []
        self._busy = 0
        self._changed = Condition()
        self._generation = 0
        self._thread: Thread | None = None
        store.listeners.append(self.heard)

    def heard(self, event: Event) -> None:
        """Queue the delivery of a new event, if its organization wants it."""
        settings, organization = self.store.settings, event.organization
        url = organization.webhook_url
        chosen = organization.fields.get("allowed_webhooks") or []
        if not url or (settings.webhook_selected_only and event.event_type not in chosen):
            return
        if urlsplit(url).scheme not in ("http", "https"):
            return
        if settings.webhook_loopback_only and urlsplit(url).hostname not in LOOPBACK:
            return
        scale, now = settings.webhook_interval_scale, monotonic()
        last_try_at = now + settings.webhook_retry_days * 86_400 * scale
        due = Due(now, event.sequence, url, event, self._body(event), last_try_at)
        with self._changed:
            heapq.heappush(self._due, due)
            if self._thread is None:
                self._thread = Thread(target=self._run, args=(self._generation,), name="credly-webhooks", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait(self, timeout: float = 10.0) -> bool:
        """Wait until every delivery was made or given up; False when the time ran out."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._busy, timeout)

    def stop(self) -> None:
        """Forget what is due and end the thread."""
        with self._changed:
            self._generation += 1
            self._due.clear()
            self._thread = None
            self.attempts.clear()
            self._changed.notify_all()

    def _run(self, generation: int) -> None:
        with ThreadPoolExecutor(max_workers=4, thread_name_prefix="credly-webhook") as pool:
            while (due := self._next(generation)) is not None:
                pool.submit(self._deliver, due, generation)

    def _next(self, generation: int) -> Due | None:
        with self._changed:
            while generation == self._generation:
                if self._due and self._due[0].at <= monotonic():
                    self._busy += 1
                    return heapq.heappop(self._due)
                self._changed.wait(self._due[0].at - monotonic() if self._due else None)
            return None

    def _deliver(self, due: Due, generation: int) -> None:
        status = self._post(due) if generation == self._generation else None
        settings = self.store.settings
        wanted = range(200, 300) if settings.webhook_success == "2xx" else (200,)
        delivered = status in wanted
        pause = ((due.number - 1) ** 4 + 15) * settings.webhook_interval_scale
        with self._changed:
            self._busy -= 1
            if generation == self._generation:
                now = self.store.now()
                event = due.event
                self.attempts.append(Attempt(event.uuid, event.event_type, due.number, status, now, delivered))
                due.at, due.number = monotonic() + pause, due.number + 1
                if not delivered and due.at <= due.last_try_at:
                    heapq.heappush(self._due, due)
            self._changed.notify_all()

    def _post(self, due: Due) -> int | None:
        headers = {"Content-Type": "application/json", "User-Agent": "Credly simulator"}
        request = urllib.request.Request(due.url, due.body, headers, method="POST")  # noqa: S310 - heard() lets http pass
        handlers: list[Any] = [urllib.request.ProxyHandler({})]
        if not self.store.settings.webhook_redirects:
            handlers.append(_NoRedirect())
        try:
            opener = urllib.request.build_opener(*handlers)
            with opener.open(request, timeout=self.store.settings.webhook_timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except (OSError, HTTPException, ValueError):
            return None

    def _body(self, event: Event) -> bytes:
        wire = Wire(self.store.settings, self.store.settings.link_origin or self.store.origin)
        body = wire.notice(event)
        if self.store.settings.webhook_subject:
            body = events.dump(self.store, event, wire)
        return json.dumps(body).encode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Leave a redirect as the answer that it is."""
