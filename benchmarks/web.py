"""The host behind gunicorn, in processes of its own; ``gunicorn benchmarks.web:application`` serves it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil
import redis
from django.core.wsgi import get_wsgi_application
from django.db import connection

REDIS = os.environ.get("CREDLY_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
WORKERS = 2
START_SECONDS = 60


@dataclass(frozen=True)
class Web:
    """A web server that answers."""

    address: str
    pid: int
    log: Path

    def tail(self) -> str:
        """The end of what its processes logged."""
        return self.log.read_text(errors="replace")[-3000:]

    def computing(self) -> float:
        """The seconds for which its processes have used the processor so far."""
        return sum(sum(each.cpu_times()[:2]) for each in psutil.Process(self.pid).children())


@contextmanager
def serving(*, threads: int) -> Iterator[Web]:
    """A web server of two processes on the database that is connected; with 1 thread each, gunicorn's sync workers."""
    mark = f"credly-benchmark-{uuid4().hex}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.host",
        "CREDLY_BENCHMARK_DATABASE": str(connection.settings_dict["NAME"]),
        "CREDLY_BENCHMARK_REDIS": REDIS,
        "CREDLY_BENCHMARK_MARK": mark,
    }
    kind = ["--worker-class", "gthread", "--threads", str(threads)] if threads > 1 else ["--worker-class", "sync"]
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener, TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "gunicorn", "benchmarks.web:application()"),
            *("--workers", str(WORKERS), *kind, "--bind", f"fd://{listener.fileno()}", "--log-level", "error"),
            *("--worker-tmp-dir", folder, "--no-control-socket"),
        ]
        log = Path(folder) / "log"
        with (
            log.open("wb") as written,
            subprocess.Popen(  # noqa: S603
                command, env=environment, pass_fds=[listener.fileno()], stdout=written, stderr=written
            ) as process,
        ):
            try:
                _wait(listener.getsockname(), process, log)
                yield Web(f"http://127.0.0.1:{listener.getsockname()[1]}", process.pid, log)
            finally:
                process.terminate()
                process.wait(30)
                _forget(mark)


def application() -> object:
    """The host, as a web server asks for it."""
    return get_wsgi_application()


def _wait(at: tuple[str, int], process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once it answers."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(at, timeout=START_SECONDS) as client:
                client.sendall(b"GET /api/badges/v1/badges HTTP/1.0\r\nHost: localhost\r\n\r\n")
                if client.recv(12).endswith(b" 401"):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"The web server does not answer as it should.\n{log.read_text()[-3000:]}")


def _forget(mark: str) -> None:
    """Take out of Redis what was left there."""
    with redis.Redis.from_url(REDIS) as server:
        for key in server.scan_iter(f"*{mark}*", count=10_000):
            server.delete(key)
