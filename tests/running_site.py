"""A site that runs: its database in a file, its web server in a process of its own, a stand-in Credly behind it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from credly_badges.testing.simulator import Organization, Simulator

ROOT = Path(__file__).parents[1]
DATABASE, SECONDS = "site.sqlite3", 60

SEED = """
import django; django.setup()
from credly_badges.testing.factories import *
from credly_badges import slugs, versions
organization = OrganizationFactory(uuid={uuid!r}, name={name!r}, slug="example-university", environment="simulator",
                                   api_key={key!r})
for uuid, name in {templates!r}:
    badge = TemplateFactory(uuid=uuid, name=name, slug=slugs.free(name, set()), organization=organization, active=True)
    RuleFactory(requirement__group__template=badge)
    versions.seal(badge)
for name in {people!r}:
    UserFactory(username=name, email=f"{{name}}@example.org")
"""


class RunningSite:
    """A site with an organization at Credly, some badges that learners can earn, and some people."""

    def __init__(self, folder: Path, credly: Simulator | None = None, there: Organization | None = None) -> None:
        self.folder, self.credly, self.there = folder, credly, there
        self.address = ""
        self._settings: dict[str, Any] = {
            "DATABASES": {
                "default": {
                    # The server has several threads, and there a write waits for its turn when it begins.
                    "ENGINE": "demo.sqlite",
                    "NAME": str(folder / DATABASE),
                    "ATOMIC_REQUESTS": True,
                }
            },
            "CREDLY_BADGES_API_URLS": {"simulator": credly.url} if credly else {},
            "CELERY_TASK_ALWAYS_EAGER": True,
            "CREDLY_BADGES_SUBSCRIBER_HOSTS": ["127.0.0.1"],
        }

    @property
    def environment(self) -> dict[str, str]:
        """Of every process of the site."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "CREDLY_"))}
        return {
            **ours,
            "DJANGO_SETTINGS_MODULE": "tests.services.settings",
            "CREDLY_TEST_SETTINGS": json.dumps(self._settings),
            "PYTHONPATH": str(ROOT),
        }

    def fill(self, tables: Path | None, templates: list[str], people: list[str]) -> None:
        """Give it its tables, unless it has them, its badges and its people."""
        if tables is not None:
            shutil.copy(tables, self.folder / DATABASE)
        made = [(str(self.credly.add_template(self.there, name).uuid), name) for name in templates]
        facts = {"uuid": str(self.there.uuid), "name": self.there.name, "key": self.there.key}
        self.runs("-c", SEED.format(**facts, templates=made, people=people))

    def make_tables(self) -> Path:
        """A database with all tables and nothing in them; making it takes long, so that one is made for many tests."""
        self.runs("-m", "django", "migrate", "--verbosity", "0")
        return self.folder / DATABASE

    def manages(self, *arguments: str) -> str:
        """What a management command prints."""
        return self.runs("-m", "django", *arguments)

    def runs(self, *arguments: str, **environment: str) -> str:
        """What a Python process of the site's prints."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env={**self.environment, **environment},
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its web server, for as long as the block runs; gives its address."""
        with (
            (self.folder / "web.log").open("wb") as log,
            subprocess.Popen(
                [sys.executable, "-m", "tests.serving"], cwd=ROOT, env=self.environment, text=True,
                stdout=subprocess.PIPE, stderr=log,
            ) as process,
        ):  # fmt: skip
            try:
                self.address = process.stdout.readline().strip()
                assert self.address, (self.folder / "web.log").read_text()
                yield self.address
            finally:
                process.terminate()
