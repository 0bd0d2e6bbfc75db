"""What an entry of the catalogue of events says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from ...rules.evaluate import OCCURRED_AT
from ...rules.fields import Field, FieldType
from ..readings import Reading


class ScopeKind(StrEnum):
    """Where an event happens, and with it what a requirement can be narrowed to."""

    COURSE = "course"
    """A course run: that run, for a CCX also its original course run, the course in any run, the organization."""
    PROGRAM = "program"
    """A program, by its UUID."""
    BADGE = "badge"
    """A badge, by the UUID of its template at Credly."""
    SITE = "site"
    """The LMS as a whole: there is nothing to narrow a requirement to."""


class NamedBy(StrEnum):
    """How an event says whom it is about."""

    USER_ID = "user id"
    """By the LMS user id: nothing has to be looked up."""
    ANONYMOUS_ID = "anonymous id"
    """By the id that a course knows them by; the LMS has to say whose it is."""
    REQUEST = "request"
    """Not at all: it is about whoever made the request that the LMS is answering."""


@dataclass(frozen=True)
class Fact:
    """A field that rules can ask about, where openedx-events carries it (``grade.percent_grade``), how it is read."""

    field: Field
    source: str
    read: Reading


WHEN = Field(OCCURRED_AT, _("Time of the event"), FieldType.DATE, sample="2026-03-01T12:00:00+00:00")
"""Every event has a time, and rules can ask about it although it is no fact of its own."""


TOLD = _("The moment at which the LMS stated it.")


@dataclass(frozen=True)
class EventType:
    """One kind of event.

    ``learner``, ``subject``, ``place`` and ``time`` are paths into the signal's data:

    - ``learner`` is the LMS user id, or what ``named_by`` says;
    - ``subject`` is what the statement is about: of one learner's statements about one subject the latest counts.
      Empty where a learner can make only one, such as registering;
    - ``place`` is the course key (or a key of something within the course), program UUID or badge template UUID;
      empty where that is the subject;
    - ``time`` is when it happened; empty for the time that the event is stamped with.

    ``daily`` has each day be a subject of its own: for what learners do over and over, such as logging in. ``ends``
    names the kinds that this one is the opposite of: once it was stated, the same words said again are news.
    ``signal`` is the dotted path of the openedx-events signal. ``label``, ``description`` and ``time_meaning`` are
    shown to people and translated when shown.
    """

    kind: str
    signal: str
    label: Any
    description: Any
    learner: str
    subject: str
    scope_kind: ScopeKind
    facts: tuple[Fact, ...]
    time_meaning: Any = TOLD
    time: str = ""
    place: str = ""
    named_by: NamedBy = NamedBy.USER_ID
    daily: bool = False
    ends: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """What a rule can ask about, in the order in which it is offered."""
        return (*(fact.field for fact in self.facts), WHEN)

    @property
    def sample(self) -> dict[str, Any]:
        """An event of this kind as rules see it, made of the samples of its fields."""
        return nested({fact.field.path: fact.field.sample for fact in self.facts})


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by their paths (``grade.percent``), laid into one another along these."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        *folders, name = path.split(".")
        here = found
        for folder in folders:
            here = here.setdefault(folder, {})
        here[name] = value
    return found
