"""Answers in Credly's shape, and a client that asks for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import responses

from credly_badges.credly.client import Client

from .wild_server import WildServer

FIXTURES = Path(__file__).parents[2] / "fixtures" / "credly"
ORGANIZATION = UUID("0a000000-0000-4000-8000-000000000001")
KEY = "EXAMPLEtoken_0123456789"


@pytest.fixture
def credly_says() -> Callable[[str], dict[str, Any]]:
    """What Credly answers, by the name of the fixture."""
    return lambda name: json.loads((FIXTURES / f"{name}.json").read_text())


@pytest.fixture
def credly() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[Client]:
    with Client("https://api.credly.com/v1", ORGANIZATION, KEY) as made:
        yield made


@pytest.fixture
def wild_server() -> Iterator[WildServer]:
    with WildServer() as server:
        yield server


@pytest.fixture
def wild_client(wild_server: WildServer) -> Iterator[Client]:
    """A client of a server that answers byte for byte as it is told."""
    with Client(wild_server.url, ORGANIZATION, KEY, max_bytes=100_000) as made:
        yield made


@pytest.fixture
def impatient_client(wild_server: WildServer) -> Iterator[Client]:
    """The same with little time."""
    with Client(wild_server.url, ORGANIZATION, KEY, timeout=(1, 0.15), deadline=0.3) as made:
        yield made
