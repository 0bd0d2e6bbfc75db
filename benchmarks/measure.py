"""One part on one database, in a process of its own: ``python -m benchmarks.measure PART [--quick]`` prints JSON."""

from __future__ import annotations

import importlib
import json
import logging
import sys

import django

USUAL = ("events", "sync", "deliveries", "reconcile", "history", "memory")
PARTS = (*USUAL, "api")


def main() -> None:
    """Measure and print."""
    django.setup()
    logging.disable(logging.WARNING)
    part = importlib.import_module(f"benchmarks.{sys.argv[1]}")
    from .world import empty_database  # noqa: PLC0415 (it needs the models)

    with empty_database():
        print(json.dumps(part.measure(quick="--quick" in sys.argv)))


if __name__ == "__main__":
    main()
