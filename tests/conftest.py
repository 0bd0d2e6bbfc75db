"""What every test may ask for. What only one folder needs is in that folder's own conftest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from credly_badges import connections
from credly_badges.models import CredlyOrganization
from credly_badges.testing.factories import OrganizationFactory
from credly_badges.testing.simulator import Simulator
from credly_badges.testing.simulator.records import Organization

pytest_plugins = ["credly_badges.testing.pytest_plugin"]

# How fast examples are made depends on what else the machine does; that is no fault of what is tested.
hypothesis.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("any machine")


@pytest.fixture
def credly_address(credly: Simulator, settings) -> Iterator[str]:
    """The environment ``simulator``, which organizations can be in; gives its address."""
    settings.CREDLY_BADGES_API_URLS = {"simulator": credly.url}
    connections.forget_all()
    yield credly.url
    connections.forget_all()


@pytest.fixture
def at_credly(credly: Simulator) -> Organization:
    """An organization at Credly, with a key."""
    return credly.add_organization("Example University")


@pytest.fixture
def organization(db, credly_address: str, at_credly: Organization) -> CredlyOrganization:
    """The same organization, connected here."""
    return OrganizationFactory(
        uuid=at_credly.uuid, name="Example University", environment="simulator", api_key=at_credly.key
    )
