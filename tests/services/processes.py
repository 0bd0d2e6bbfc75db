"""The other processes of a site, started and ended by a test."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


class Process:
    """A process in a group of its own, its log in a file."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], folder: Path) -> None:
        self.name, self.log = name, folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "tests.services.settings"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                text=True,
            )

    def kill(self) -> None:
        """``kill -9``, children and all: nothing in it gets to say a last word."""
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
        self._let_go()

    def _let_go(self) -> None:
        self.popen.wait(10)
        for pipe in (self.popen.stdin, self.popen.stdout):
            pipe.close()

    def tail(self) -> str:
        """The end of its log, for a failure's message."""
        return f"--- {self.name}\n{self.log.read_text(errors='replace')[-3000:]}"


class Worker(Process):
    """A Celery worker of two pool processes, or as many as are said, that listens to one queue."""

    def __init__(self, name: str, queue: str, environment: dict[str, str], folder: Path, *, pool: int = 2) -> None:
        self._ready = folder / f"{name}.ready"
        arguments = [
            "celery",
            "-A",
            "tests.host",
            "worker",
            "--pool",
            "prefork",
            "--concurrency",
            str(pool),
            "-Q",
            queue,
        ]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
        ready = {"CREDLY_TEST_READY_FILE": str(self._ready)}
        super().__init__(name, [*arguments, *quiet, "--hostname", f"{name}@{queue}"], {**environment, **ready}, folder)

    def kill_pool(self) -> None:
        """``kill -9`` of the processes that do the work; the one that gives it to them lives on."""
        for child in psutil.Process(self.popen.pid).children():
            child.kill()

    def wait_until_ready(self) -> None:
        """Return once it takes tasks."""
        end = time.monotonic() + START_SECONDS
        while not self._ready.exists():
            assert self.popen.poll() is None, f"The worker ended at once.\n{self.tail()}"
            assert time.monotonic() < end, f"The worker was not ready after {START_SECONDS} s.\n{self.tail()}"
            time.sleep(0.05)


class LMS(Process):
    """A web process of the LMS, in which learners do things."""

    def __init__(self, name: str, environment: dict[str, str], folder: Path) -> None:
        super().__init__(name, ["tests.services.lms"], environment, folder)

    def wait_until_ready(self) -> None:
        """Return once it serves."""
        self.answer()

    def begin(self, happenings: list[list[Any]]) -> None:
        """Let things happen, without waiting for them."""
        self.popen.stdin.write(json.dumps(happenings) + "\n")
        self.popen.stdin.flush()

    def answer(self) -> Any:
        """What it says once they have happened."""
        line = self.popen.stdout.readline()
        assert line, f"The process of the LMS has ended.\n{self.tail()}"
        return json.loads(line)


class Web(Process):
    """A web server of the LMS: two processes of gunicorn's, each with so many threads."""

    def __init__(self, name: str, environment: dict[str, str], folder: Path, *, threads: int = 16) -> None:
        arguments = ["gunicorn", "tests.services.web:application", "--bind", "127.0.0.1:0", "--no-control-socket"]
        size = ["--workers", "2", "--worker-class", "gthread", "--threads", str(threads)]
        super().__init__(name, [*arguments, *size], environment, folder)
        self.address = ""

    def wait_until_ready(self) -> None:
        """Return once both of its processes serve."""
        end = time.monotonic() + START_SECONDS
        while not self.address:
            assert self.popen.poll() is None, f"The web server ended at once.\n{self.tail()}"
            assert time.monotonic() < end, f"The web server was not ready after {START_SECONDS} s.\n{self.tail()}"
            time.sleep(0.05)
            said = self.log.read_text(errors="replace")
            listens = re.search(r"Listening at: (http://\S+)", said)
            if listens and said.count("Booting worker") == 2:
                self.address = listens[1]
