"""Content to start with."""

from __future__ import annotations

from .records import Organization
from .simulator import Simulator

DEMO_TEMPLATES = (
    ("Data Literacy", "active", "Foundational", "Passes the two data courses."),
    ("Open Source Contributor", "active", "Intermediate", "Finishes the open source course."),
    ("Teaching Online", "active", "Advanced", "Completes the program for teachers."),
    ("Community Mentor", "draft", "Intermediate", "Not ready yet."),
    ("Data Literacy 2019", "archived", "Foundational", "No longer issued."),
)


def demo(simulator: Simulator) -> Organization:
    """One organization with templates in every state."""
    organization = simulator.add_organization(name="Example University", contact_email="badges@example.org")
    for name, state, level, description in DEMO_TEMPLATES:
        simulator.add_template(organization, name, state, level=level, description=description)
    return organization


SEEDS = {"demo": demo}
