"""What was looked at, and how it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.timesince import timesince


class Level(StrEnum):
    """How a finding is to be taken; only what is bad keeps badges from learners."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


class Finding(NamedTuple):
    """One thing that was looked at, how it is, and what to do if it is not as it should be.

    ``id`` says what was found to a monitoring, in every language and release the same.
    """

    id: str
    topic: str
    level: Level
    sentence: str
    advice: str = ""

    def as_data(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {**self._asdict(), "level": self.level.value}


def ago(at: datetime, now: datetime | None = None) -> str:
    """How long ago something was: “3 hours”."""
    return timesince(at, now or timezone.now())


def in_words(length: timedelta) -> str:
    """A length of time: “3 hours”."""
    now = timezone.now()
    return timesince(now - length, now)
