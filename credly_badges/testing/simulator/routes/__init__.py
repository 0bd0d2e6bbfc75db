"""Every endpoint of the API, by subject."""

from __future__ import annotations

from ._door import Door
from .badges import ROUTES as BADGES
from .events import ROUTES as EVENTS
from .organizations import ROUTES as ORGANIZATIONS
from .templates import ROUTES as TEMPLATES
from .tokens import ROUTES as TOKENS

ROUTES: list[Door] = [*ORGANIZATIONS, *TEMPLATES, *BADGES, *TOKENS, *EVENTS]

__all__ = ["ROUTES", "Door"]
