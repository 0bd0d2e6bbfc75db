"""A stand-in for Credly: its API in memory, with settings for what is not known and a schedule of faults.

from credly_badges.testing.simulator import Simulator

with Simulator().serve() as credly:
    organization = credly.add_organization(name="Example Org")
    template = credly.add_template(organization, name="Data Literacy")
    credly.after_acting("POST /badges", lose_the_answer=True)
    ...  # point the plugin at credly.url, with organization.key
    assert credly.issued_count("ana@example.org", template.uuid) == 1
"""

from .faults import FaultError
from .records import Badge, Organization, RequestRecord, Template
from .settings import SettingsError, SimulatorSettings
from .simulator import Simulator

__all__ = [
    "Badge",
    "FaultError",
    "Organization",
    "RequestRecord",
    "SettingsError",
    "Simulator",
    "SimulatorSettings",
    "Template",
]
