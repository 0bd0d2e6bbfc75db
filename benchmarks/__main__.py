"""``python -m benchmarks``: measure, print a table, write JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .measure import PARTS, USUAL
from .report import aims, table

DATABASES = ("sqlite", "mysql")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; 1 where a part could not be measured or an aim was missed."""
    options = _parser().parse_args(arguments)
    if options.badges:
        os.environ["CREDLY_BENCHMARK_BADGES"] = str(options.badges)
    if options.rows:
        os.environ["CREDLY_BENCHMARK_ROWS"] = str(options.rows)
    chosen = DATABASES if options.database == "both" else (options.database,)
    figures: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "quick": options.quick,
        "databases": {},
    }
    for database in chosen:
        figures["databases"][database] = {
            part: _measure(part, database, quick=options.quick) for part in options.part or USUAL
        }
    figures["aims"] = aims(figures["databases"])
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
        print(f"\nWritten to {options.json}.")
    return 0 if options.quick or all(aim["reached"] for aim in figures["aims"]) else 1


def _measure(part: str, database: str, *, quick: bool) -> Any:
    print(f"{database}: {part} ...", file=sys.stderr, flush=True)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "CREDLY_TEST_DATABASE": database,
    }
    environment.pop("CREDLY_TEST_DATABASE_NAME", None)
    command = [sys.executable, "-m", "benchmarks.measure", part, *(["--quick"] if quick else [])]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return json.loads(done.stdout.splitlines()[-1])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both", help="which database (both)")
    parser.add_argument(
        "--part",
        choices=PARTS,
        action="append",
        help="only this part; may be given again (all but api)",
    )
    parser.add_argument("--badges", type=int, metavar="N", help="reconcile: with so many badges as well, say 1000000")
    parser.add_argument("--rows", type=int, metavar="N", help="history: of so many rows instead of 100,000")
    parser.add_argument("--quick", action="store_true", help="few samples, to see that it runs; figures mean little")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures and ratios there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
