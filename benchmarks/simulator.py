"""The simulator in a process of its own, so that what it does is not measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen


class RemoteSimulator:
    """A Credly in another process; ``url`` is its API."""

    def __init__(self, url: str, control: str) -> None:
        self.url = url
        self._control = control

    def ask(self, path: str, **values: Any) -> Any:
        """Tell the simulator to do something; its answer."""
        address = f"{self._control}/{path}"
        request = Request(address, json.dumps(values).encode(), {"Content-Type": "application/json"})  # noqa: S310
        with urlopen(request) as answer:  # noqa: S310  # It is this machine.
            return json.load(answer)

    def counts(self) -> dict[str, Any]:
        """How much there is of everything."""
        with urlopen(f"{self._control}/state") as answer:  # noqa: S310
            return dict(json.load(answer))


@contextmanager
def simulator() -> Iterator[RemoteSimulator]:
    """A simulator for as long as the block runs."""
    command = [sys.executable, "-m", "credly_badges.testing.simulator"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101
        told = {}
        for line in process.stdout:
            if not line.strip():
                break
            name, address = line.split()
            told[name] = address
        try:
            yield RemoteSimulator(told["API"], told["Control"].removesuffix("/state"))
        finally:
            process.terminate()
