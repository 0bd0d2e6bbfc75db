"""The stand-in Credly that this process serves: one organization, with badge templates in every state."""

from __future__ import annotations

from functools import cache

from credly_badges.testing.simulator import Organization, Simulator
from credly_badges.testing.simulator.seeds import demo


@cache
def simulator() -> Simulator:
    """The one of this process; whoever asks first has to serve it."""
    return Simulator()


@cache
def organization() -> Organization:
    """The organization that badges are issued for."""
    return demo(simulator())
