"""What an application is refused for, named by what the caller should do::

ApplicationError
├── Unfit        change what you send
├── NotAllowed   have somebody else do it
└── InTheWay     look at how things stand; as they are, it cannot be done
"""

from __future__ import annotations

from typing import Any


class ApplicationError(Exception):
    """It was not done; ``sentence`` says why and what to do, ``details`` what a program wants to know."""

    def __init__(self, sentence: str, **details: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details


class Unfit(ApplicationError):
    """What was sent cannot be taken; ``details["field"]`` says which part of it."""


class NotAllowed(ApplicationError):
    """Somebody else has to do this."""


class InTheWay(ApplicationError):
    """It stands against how things are."""
