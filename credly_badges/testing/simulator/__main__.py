"""``python -m credly_badges.testing.simulator``: a simulator to look at and to point an LMS at."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from threading import Event

from .seeds import SEEDS
from .settings import SimulatorSettings
from .simulator import Simulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    options = _parser().parse_args(arguments)
    try:
        settings = (
            SimulatorSettings.from_file(options.settings) if options.settings else SimulatorSettings.from_environment()
        )
    except (OSError, ValueError) as error:
        print(f"The settings cannot be used: {error}", file=sys.stderr)
        return 2
    settings.web_origin = options.web_origin or settings.web_origin
    simulator = Simulator(settings)
    try:
        simulator.start(options.port, options.host)
    except OSError as error:
        print(f"Cannot listen on {options.host}, port {options.port}: {error.strerror}.", file=sys.stderr)
        return 1
    if not options.web_origin and settings.web_origin == SimulatorSettings.web_origin:
        simulator.configure(web_origin=simulator.origin)
    _tell(simulator, options.seed)
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    simulator.stop()
    return 0


def _tell(simulator: Simulator, seed: str | None) -> None:
    print(f"Page       {simulator.origin}/")
    print(f"API        {simulator.url}")
    print(f"Control    {simulator.origin}/_simulator/state")
    if seed:
        organization = SEEDS[seed](simulator)
        print(f"\nOrganization  {organization.name}")
        print(f"Id            {organization.uuid}")
        print(f"API key       {organization.key}  (made up; it works here and nowhere else)")
    print("\nPress Ctrl+C to stop.", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m credly_badges.testing.simulator", description="A stand-in for Credly, for tests and demos."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (this computer only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (a free one)")
    parser.add_argument("--seed", choices=sorted(SEEDS), help="content to start with")
    parser.add_argument("--settings", help="JSON file of settings; otherwise CREDLY_SIMULATOR_* variables are read")
    parser.add_argument("--web-origin", default="", help="scheme and host of public badge pages (the simulator's own)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
