"""The stand-in Credly that this process serves: an organization with badge templates in every state,
and another one if a visitor asks for it.
"""

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
    there = demo(simulator())
    simulator().add_template(there, "First Aid", level="Foundational", description="Good for a year; then learn anew.")
    simulator().add_template(there, "Data Explorer", level="Intermediate", description="At home in several courses.")
    return there


@cache
def another_organization() -> Organization:
    """One more, for a visitor to connect."""
    another = simulator().add_organization("Evening School")
    simulator().add_template(another, "Top of the Class", description="Awarded for an outstanding grade.")
    return another
