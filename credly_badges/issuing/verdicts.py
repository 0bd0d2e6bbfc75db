"""What a failed attempt means for its message. Pure: the clock, chance and the settings come from the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..credly import errors
from ..models import CredlyOrganization, DeliveryAttempt
from .results import Blocked, Broken, Failed, Hopeless, NoAccess, Setback
from .retry import wait_as_told, wait_before

Outcome = DeliveryAttempt.Outcome


@dataclass(frozen=True)
class Circumstances:
    """What a verdict depends on beside the result: the message's history, the time, chance, and the waits in force."""

    attempts: int
    look_first: bool
    now: datetime
    spread: float
    first_wait: timedelta
    longest_wait: timedelta

    @property
    def next_wait(self) -> timedelta:
        """The pause before the next attempt."""
        return wait_before(self.attempts + 1, self.spread, first=self.first_wait, longest=self.longest_wait)


@dataclass(frozen=True)
class Verdict:
    """What to write down. ``wait`` None: it needs a person. ``organization``: columns to change for all of it."""

    outcome: DeliveryAttempt.Outcome
    said: str
    wait: timedelta | None
    look_first: bool
    uses_attempt: bool = True
    status: int | None = None
    organization: Mapping[str, Any] = field(default_factory=dict)


def judge(result: Setback, at: Circumstances) -> Verdict:
    """What a result that is no confirmation means."""
    what = result.error if isinstance(result, Failed) else result
    judgment = next(by for kind, by in _JUDGMENTS if isinstance(what, kind))
    return judgment(what, at)


def _broken(result: Broken, at: Circumstances) -> Verdict:
    # We can't tell how far it came, so the next attempt looks first.
    return Verdict(Outcome.BLOCKED, f"Unforeseen {result.kind}; see the log.", at.next_wait, look_first=True)


def _blocked(result: Blocked, at: Circumstances) -> Verdict:
    wait = result.until - at.now if result.until else at.longest_wait
    return Verdict(Outcome.BLOCKED, result.sentence, wait, at.look_first, uses_attempt=False)


def _hopeless(result: Hopeless, at: Circumstances) -> Verdict:
    return Verdict(Outcome.BLOCKED, result.sentence, None, at.look_first, uses_attempt=False)


def _no_access(result: NoAccess, at: Circumstances) -> Verdict:
    return _until_there_is_a_key(Outcome.BLOCKED, result.sentence, None, at)


def _throttled(error: Any, at: Circumstances) -> Verdict:
    wait = wait_as_told(error.retry_after, at.spread, first=at.first_wait, longest=at.longest_wait)
    return Verdict(
        Outcome.BLOCKED if error.ours else Outcome.THROTTLED,
        str(error),
        wait,
        at.look_first,
        uses_attempt=False,
        status=error.status,
        organization={"wait_until": at.now + wait},
    )


def _unavailable(error: errors.CredlyError, at: Circumstances) -> Verdict:
    return Verdict(Outcome.UNAVAILABLE, str(error), at.next_wait, at.look_first, status=error.status)


def _unanswered(error: errors.CredlyError, at: Circumstances) -> Verdict:
    return Verdict(Outcome.UNANSWERED, str(error), at.next_wait, look_first=True, status=error.status)


def _unauthorized(error: errors.CredlyError, at: Circumstances) -> Verdict:
    return _until_there_is_a_key(Outcome.UNAUTHORIZED, str(error), error.status, at)


def _until_there_is_a_key(
    outcome: DeliveryAttempt.Outcome, said: str, status: int | None, at: Circumstances
) -> Verdict:
    return Verdict(
        outcome,
        said,
        timedelta(0),
        at.look_first,
        uses_attempt=False,
        status=status,
        organization={
            "paused": CredlyOrganization.Pause.KEY_REJECTED,
            "pause_reason": said,
            "paused_at": at.now,
        },
    )


def _refused(error: errors.CredlyError, at: Circumstances) -> Verdict:
    return Verdict(Outcome.REFUSED, str(error), None, at.look_first, status=error.status)


# The first that fits: what is named earlier is the narrower one.
_JUDGMENTS: tuple[tuple[type, Callable[[Any, Circumstances], Verdict]], ...] = (
    (Broken, _broken),
    (Blocked, _blocked),
    (Hopeless, _hopeless),
    (NoAccess, _no_access),
    (errors.Throttled, _throttled),
    (errors.Unavailable, _unavailable),
    (errors.Unanswered, _unanswered),
    (errors.Unauthorized, _unauthorized),
    (errors.CredlyError, _refused),
)
