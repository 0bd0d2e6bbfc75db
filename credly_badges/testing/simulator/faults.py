"""The schedule of what goes wrong: before Credly acts, after it acted, by chance, or all the time."""

from __future__ import annotations

import fnmatch
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

DROPS = ("reset", "timeout")
RANDOM_KINDS = (
    "reset_before",
    "reset_after",
    "timeout_before",
    "timeout_after",
    "truncate",
    "malformed",
    "429_without_retry_after",
)


class FaultError(ValueError):
    """A fault that makes no sense; the message says why."""


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong; ``times`` None is for ever."""

    pattern: str = "*"
    after: bool = False
    times: int | None = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    latency: float = 0.0
    drop: str = ""
    timeout_seconds: float = 1.0
    broken: str = ""

    @property
    def name(self) -> str:
        """What it is, in a word or two."""
        deed = self.drop or self.broken or (str(self.status) if self.status else "latency")
        return f"{deed} {'after' if self.after else 'before'} acting"


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one request: a wait, then at most one fault."""

    latency: float = 0.0
    fault: Fault | None = None


class FaultSchedule:
    """Which request meets which fault. Safe to change from any thread while requests are served."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        """No more faults; what happened is forgotten too."""
        with self._lock:
            self._faults: list[tuple[re.Pattern[str], Fault]] = []
            self._latency = 0.0
            self._share = 0.0
            self._kinds: Sequence[str] = ()
            self._chance = random.Random(0)
            self._timeout_seconds = 1.0
            self._repeats = 0
            self.happened: Counter[str] = Counter()

    def add(self, fault: Fault) -> None:
        """Schedule a fault behind the earlier ones; raises FaultError."""
        if fault.times is not None and fault.times < 1:
            raise FaultError("A fault happens at least once: give times as 1 or more, or None for ever.")
        with self._lock:
            self._faults.append((pattern(fault.pattern), fault))

    def before_acting(
        self,
        where: str,
        *,
        status: int | None = 503,
        times: int | None = 1,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        latency: float | None = None,
        reset: bool = False,
        timeout_seconds: float | None = None,
    ) -> None:
        """Answer ``status`` without acting; or drop the connection; or, with ``status`` None, only be late."""
        drop = "timeout" if timeout_seconds is not None else "reset" if reset else ""
        if status is None and not drop and latency is None:
            raise FaultError("Say what goes wrong before acting: a status, a latency, a reset or timeout_seconds.")
        seconds = 1.0 if timeout_seconds is None else timeout_seconds
        self.add(Fault(where, False, times, status, dict(headers or {}), body, latency or 0.0, drop, seconds))

    def after_acting(
        self,
        where: str,
        *,
        lose_the_answer: bool | str = False,
        times: int | None = 1,
        truncate: bool = False,
        malformed: bool = False,
        timeout_seconds: float = 1.0,
    ) -> None:
        """Act, then lose the answer (True is ``"reset"``), cut it short or spoil its JSON."""
        drop = "reset" if lose_the_answer is True else lose_the_answer or ""
        broken = "truncate" if truncate else "malformed" if malformed else ""
        if drop not in ("", *DROPS) or bool(drop) == bool(broken):
            raise FaultError('Choose one: lose_the_answer=True, "reset" or "timeout"; truncate=True; malformed=True.')
        self.add(Fault(where, True, times, drop=drop, broken=broken, timeout_seconds=timeout_seconds))

    def fail_randomly(self, share: float, kinds: Sequence[str], seed: int, timeout_seconds: float) -> None:
        """Let a share of all calls fail, each in one of the given ways; a share of 0 ends it."""
        if not 0 <= share <= 1 or not kinds:
            raise FaultError(
                "The share of failing calls is between 0 and 1, and there is at least one kind of failure."
            )
        for kind in kinds:
            random_fault(kind, timeout_seconds)
        with self._lock:
            self._share, self._kinds, self._timeout_seconds = share, tuple(kinds), timeout_seconds
            self._chance = random.Random(seed)

    def always(self, latency: float) -> None:
        """Make every answer late by some seconds."""
        with self._lock:
            self._latency = latency

    def repeat_page_item(self, times: int = 1) -> None:
        """Let the next page after a first one begin with the last item of the page before."""
        with self._lock:
            self._repeats += times

    def take_repeat(self) -> bool:
        """Whether this page repeats an item; asked once per page."""
        with self._lock:
            if self._repeats:
                self._repeats -= 1
                self.happened["repeated page item"] += 1
                return True
            return False

    def take(self, method: str, path: str) -> Plan:
        """What happens to a request, using up what is scheduled only so many times."""
        with self._lock:
            latency = self._latency
            for place, (where, fault) in enumerate(self._faults):
                if where.fullmatch(f"{method} {path}"):
                    self._use(place, fault)
                    return self._plan(latency, fault)
            if self._share and self._chance.random() < self._share:
                return self._plan(latency, random_fault(self._chance.choice(self._kinds), self._timeout_seconds))
            return Plan(latency)

    def waiting(self) -> list[dict[str, Any]]:
        """The faults that are still to come."""
        with self._lock:
            return [{"where": fault.pattern, "what": fault.name, "times": fault.times} for _, fault in self._faults]

    def _use(self, place: int, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                del self._faults[place]

    def _plan(self, latency: float, fault: Fault) -> Plan:
        self.happened[fault.name] += 1
        only_late = not (fault.status or fault.drop or fault.broken)
        return Plan(latency + fault.latency, None if only_late else fault)


def pattern(where: str) -> re.Pattern[str]:
    """``"POST /badges"``: a method and the end of a path; ``*`` stands for anything in either."""
    method, _, path = where.strip().partition(" ")
    if not path:
        method, path = ("*", method) if method.startswith(("/", "*")) else (method, "*")
    path = path.strip().rstrip("/") or "*"
    return re.compile(f"{fnmatch.translate(method.upper())[:-2]} .*{fnmatch.translate(path)[:-2]}", re.DOTALL)


def random_fault(kind: str, timeout_seconds: float) -> Fault:
    """The fault that a kind names: a status, or one of RANDOM_KINDS."""
    if kind == "429_without_retry_after":
        return Fault(status=429)
    if kind.isdecimal() and 100 <= int(kind) <= 599:
        return Fault(status=int(kind), headers={"Retry-After": "1"} if kind == "429" else {})
    if kind not in RANDOM_KINDS:
        raise FaultError(f"{kind!r} is not a kind of failure: give a status or one of {', '.join(RANDOM_KINDS)}.")
    if kind in ("truncate", "malformed"):
        return Fault(after=True, broken=kind)
    drop, _, moment = kind.partition("_")
    return Fault(after=moment == "after", drop=drop, timeout_seconds=timeout_seconds)
