"""A stand-in for Credly that tests, demos and benchmarks can hold in one hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from .content import Content
from .faults import FaultSchedule
from .server import Server
from .settings import SimulatorSettings
from .store import Store
from .webhooks import Attempt, Webhooks


class Simulator(Content):
    """Credly in memory: seed it, serve it, let it fail, and read back what it was told.

    Everything here is safe to call from any thread while requests are served.
    """

    def __init__(self, settings: SimulatorSettings | None = None) -> None:
        self.settings = settings or SimulatorSettings()
        self.store = Store(self.settings)
        self.schedule = FaultSchedule()
        self.webhooks = Webhooks(self.store)
        self._first_settings = dataclasses.asdict(self.settings)
        self._server: Server | None = None

    def start(self, port: int = 0, host: str = "127.0.0.1") -> Simulator:
        """Listen in a thread; port 0 takes a free one."""
        if self._server is None:
            server = Server(self, host, port)
            server.start()
            self._server = server
            self.store.origin = server.origin
        return self

    def stop(self) -> None:
        """Stop listening; what is remembered stays."""
        self.webhooks.stop()
        if self._server is not None:
            self._server.stop()
            self._server = None

    @contextmanager
    def serve(self, port: int = 0, host: str = "127.0.0.1") -> Iterator[Simulator]:
        """Listen for as long as the block runs."""
        self.start(port, host)
        try:
            yield self
        finally:
            self.stop()

    @property
    def origin(self) -> str:
        """Scheme, host and port, where the page for people is; raises RuntimeError when not serving."""
        if self._server is None:
            raise RuntimeError("The simulator is not serving: call start(), or use it as `with simulator.serve():`.")
        return self._server.origin

    @property
    def url(self) -> str:
        """The base URL of the API, to be configured where Credly's would be."""
        return f"{self.origin}/v1"

    def reset(self) -> None:
        """Forget all content and faults and return to the first settings."""
        self.webhooks.stop()
        with self.store.lock:
            self.settings.change(**self._first_settings)
            self.schedule.clear()
            self.store.clear()

    def configure(self, **changes: Any) -> None:
        """Change settings until the next reset; raises SettingsError."""
        with self.store.lock:
            self.settings.change(**changes)

    def advance(self, **duration: float) -> None:
        """Move the simulator's clock on, for example ``days=181``."""
        with self.store.lock:
            self.store.offset += timedelta(**duration)

    def before_acting(
        self,
        where: str,
        status: int | None = 503,
        times: int | None = 1,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        latency: float | None = None,
        reset: bool = False,
        timeout_seconds: float | None = None,
    ) -> None:
        """Answer ``status`` instead of acting, or reset the connection, or hold it and then drop it.

        ``where`` is a method and the end of a path (``"POST /badges"``), ``*`` standing for anything. With a status of
        None and a latency the request only waits, then Credly acts. ``times`` None is for ever.
        """
        self.schedule.before_acting(
            where,
            status=status,
            times=times,
            headers=headers,
            body=body,
            latency=latency,
            reset=reset,
            timeout_seconds=timeout_seconds,
        )

    def after_acting(
        self,
        where: str,
        lose_the_answer: bool | str = False,
        times: int | None = 1,
        *,
        truncate: bool = False,
        malformed: bool = False,
        timeout_seconds: float = 1.0,
    ) -> None:
        """Act, then reset the line (True or ``"reset"``), hold and drop it (``"timeout"``), or spoil the JSON."""
        self.schedule.after_acting(
            where,
            lose_the_answer=lose_the_answer,
            times=times,
            truncate=truncate,
            malformed=malformed,
            timeout_seconds=timeout_seconds,
        )

    def fail_randomly(
        self,
        share: float = 0.2,
        kinds: Sequence[str] = ("500", "429", "timeout_before", "timeout_after"),
        seed: int = 1,
        timeout_seconds: float = 1.0,
    ) -> None:
        """Let a share of all API calls fail; a share of 0 ends it."""
        self.schedule.fail_randomly(share, kinds, seed, timeout_seconds)

    def always(self, latency: float) -> None:
        """Make every answer late by some seconds."""
        self.schedule.always(latency)

    def repeat_page_item(self, times: int = 1) -> None:
        """Let the next later page of a list begin with the last item of the page before."""
        self.schedule.repeat_page_item(times)

    def clear_faults(self) -> None:
        """Nothing goes wrong from here on."""
        self.schedule.clear()

    def faults_happened(self) -> dict[str, int]:
        """How often each fault was met since the last reset or clear."""
        return dict(self.schedule.happened)

    def wait_for_webhooks(self, timeout: float = 10.0) -> bool:
        """Wait until every webhook was delivered or given up; False when the time ran out."""
        return self.webhooks.wait(timeout)

    def deliveries(self) -> list[Attempt]:
        """Every try to deliver a webhook, oldest first."""
        return list(self.webhooks.attempts)
