"""What a learner did, in our own words: the one thing that travels from the LMS to an award."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ANYWHERE = ""
"""The scope key of a requirement that listens to its event wherever it happens."""


@dataclass(frozen=True)
class LearningEvent:
    """One learner did one thing at one time, as one source told it.

    ``kind`` is the event type (``org.openedx.learning.course.passing.status.updated.v1``), ``subject`` what it is about
    (a course key, a program UUID, or empty), ``attributes`` the facts that rules read: JSON values only, and never a
    name or an e-mail address. ``occurred_at`` is aware. ``scopes`` are the keys under which a requirement can be
    listening: run, course, course organization, program, anywhere. ``course_key`` is the course run in which it
    happened, where that is not the subject itself: a thread of a course, an exam.
    """

    learner_id: int
    kind: str
    subject: str
    occurred_at: datetime
    attributes: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] = (ANYWHERE,)
    course_key: str = ""

    def __post_init__(self) -> None:
        """Refuse a time without a zone: an hour's doubt could reverse a pass and a fail."""
        if self.occurred_at.tzinfo is None:
            raise ValueError(f"A learning event needs a time with a time zone; {self.kind} came with a naive one.")

    @property
    def identity(self) -> tuple[int, str, str]:
        """What it is a statement about. Of several with one identity, the latest is the one that counts."""
        return (self.learner_id, self.kind, self.subject)

    @property
    def fingerprint(self) -> str:
        """What it states, as 64 hex digits: two statements with one identity and one fingerprint say the same."""
        return hashlib.sha256(canonical_json(self.attributes).encode()).hexdigest()


def canonical_json(attributes: Mapping[str, Any]) -> str:
    """The same text for the same attributes, in whatever order they were given."""
    return json.dumps(attributes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
