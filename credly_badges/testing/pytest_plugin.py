"""Fixtures for tests that need a Credly. Name this module in ``pytest_plugins`` to have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .simulator import Simulator


@pytest.fixture(scope="session")
def credly_simulator() -> Iterator[Simulator]:
    """One served simulator for the whole run; tests want ``credly``."""
    with Simulator().serve() as simulator:
        yield simulator


@pytest.fixture
def credly(credly_simulator: Simulator) -> Iterator[Simulator]:
    """A Credly that knows nothing and never fails, until the test says otherwise."""
    credly_simulator.reset()
    yield credly_simulator
    credly_simulator.clear_faults()
