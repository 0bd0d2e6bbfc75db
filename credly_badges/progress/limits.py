"""How many badges of a template may be awarded by requirements, in an hour and in all; past that, it is paused."""

from __future__ import annotations

from ..models import BadgeTemplate


def reached(template: BadgeTemplate) -> str:
    """Why no further badge may be awarded now, in a sentence that says what to do; empty where one may.

    Without a limit this asks the database nothing.
    """
    raise NotImplementedError
