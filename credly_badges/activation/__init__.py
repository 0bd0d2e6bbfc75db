"""The life of a badge here: the moves that it can make, what each asks before it is made, and what comes with it."""

from . import past
from .moves import (
    ACTIVATE,
    APPROVE,
    PAUSE,
    SUBMIT,
    TRANSITIONS,
    CannotActivate,
    CannotMove,
    activate,
    deactivate,
    may_move,
    move,
    reasons_not_to_activate,
    reasons_not_to_move,
    resumes_as,
    why_not_edit,
)
from .questions import Answer, Question, ask, carry_out, label, rehearsed

__all__ = [
    "ACTIVATE",
    "APPROVE",
    "PAUSE",
    "SUBMIT",
    "TRANSITIONS",
    "Answer",
    "CannotActivate",
    "CannotMove",
    "Question",
    "activate",
    "ask",
    "carry_out",
    "deactivate",
    "label",
    "may_move",
    "move",
    "past",
    "reasons_not_to_activate",
    "reasons_not_to_move",
    "rehearsed",
    "resumes_as",
    "why_not_edit",
]
