"""What can come of an attempt, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .. import lms
from ..credly import errors, wire


@dataclass(frozen=True)
class Confirmed:
    """Credly has done it. ``badge`` is None where there was nothing to revoke; ``found`` if it was done before."""

    badge: wire.Badge | None
    learner: lms.Learner | None = None
    earner_id: str = ""
    found: bool = False


@dataclass(frozen=True)
class Needless:
    """There is nothing to do any more, so the message is finished."""

    sentence: str


@dataclass(frozen=True)
class Blocked:
    """It could not be sent, and that is not Credly's doing. ``until`` None: look again after the longest wait."""

    sentence: str
    until: datetime | None = None


@dataclass(frozen=True)
class Hopeless:
    """It can never be sent; a person has to see it."""

    sentence: str


@dataclass(frozen=True)
class NoAccess:
    """The organization has no key that could be used, so none of its messages can be sent."""

    sentence: str


@dataclass(frozen=True)
class Failed:
    """Credly did not do it, or we can't tell."""

    error: errors.CredlyError


@dataclass(frozen=True)
class Broken:
    """Our own side failed in a way that nobody foresaw; the log has the trace."""

    kind: str


Setback = Blocked | Hopeless | NoAccess | Failed | Broken
Result = Confirmed | Needless | Setback
