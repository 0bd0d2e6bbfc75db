"""``python -m demo``: tell the story; with ``--serve`` leave the LMS and the stand-in Credly running."""

# ruff: noqa: PLC0415
# Django reads its settings when it is imported, and they need to know where Credly and the database are.

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import django

from demo.credly import organization, simulator

USUAL_PORT, LAST_PORT = 8000, 65535


def main(arguments: Sequence[str] | None = None) -> int:
    """Give 0 where the story went as it should, 1 where a figure was wrong, 2 where it could not begin."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        # Names come from all over the world; a terminal that lacks a letter shows a question mark instead.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    # Said of both: a shell that starts this in the background has its children pass over Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        # Both sides forget everything at the end: the stand-in Credly keeps its books in memory.
        with TemporaryDirectory(prefix="credly-badges-demo-", ignore_cleanup_errors=True) as folder:
            return _run(Path(folder), options)
    except KeyboardInterrupt:
        print("\nStopped before the end.")
        return 130


def _run(folder: Path, options: argparse.Namespace) -> int:
    with simulator().serve():
        simulator().configure(web_origin=simulator().origin)  # Links to badges lead to the stand-in's own pages.
        os.environ["CREDLY_DEMO_DATABASE"] = str(folder / "lms.sqlite3")
        os.environ["CREDLY_DEMO_API_URL"] = simulator().url
        os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
        django.setup()
        from demo import cast, log, serve, story, telling, world

        listener = log.Listener()
        listener.install()
        try:
            # Also while the story is told: Credly sends its notices to the LMS.
            server = serve.listen(options.port if options.serve else 0, usual=USUAL_PORT)
        except OSError as error:
            print(f"Cannot listen on port {options.port}: {error.strerror}. Choose another one with --port.")
            return 2
        world.prepare()
        cast.settle_in()
        teller = telling.Teller(sys.stdout)
        people = serve.log_ins()
        with serve.answering(server) as address:
            story.tell(world.World(simulator(), organization(), people.admin, address), teller, listener)
            code = teller.conclude()
            if options.serve:
                serve.stay(address, people, teller)
        return code


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= LAST_PORT:
        raise ValueError(text)
    return number


_port.__name__ = "port"  # What argparse calls it: "invalid port value: '99999'".


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="A learner passes, Credly issues the badge: the whole way, told in plain lines.",
    )
    parser.add_argument("--serve", action="store_true", help="leave everything running, to be tried in a browser")
    parser.add_argument(
        "--port",
        type=_port,
        help=f"port of the LMS with --serve ({USUAL_PORT}, or a free one where that is taken; 0: a free one)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
