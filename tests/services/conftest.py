"""A whole site: MariaDB or MySQL, Redis, Celery workers and web processes, each in a process of its own."""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.db import connection
from django.utils import timezone

from credly_badges import tasks
from credly_badges.connections import forget_all
from credly_badges.models import BadgeAward, BadgeTemplate, OutboxMessage, Pulse, ReceivedEvent
from credly_badges.testing.factories import OrganizationFactory, RuleFactory, TemplateFactory, UserFactory
from credly_badges.testing.simulator import Simulator
from tests.host.celery import app

from .processes import LMS, Process, Web, Worker

BROKER = os.environ.get("CREDLY_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
FIRST, SECOND = "course-v1:edX+First+2026", "course-v1:edX+Second+2026"

# As in production, but quicker: what is minutes there is a second here.
WAITS = {
    "CREDLY_BADGES_FIRST_WAIT": 0.2,
    "CREDLY_BADGES_LONGEST_WAIT": 2,
    "CREDLY_BADGES_CONNECT_TIMEOUT": 1,
    "CREDLY_BADGES_READ_TIMEOUT": 1,
    "CREDLY_BADGES_LEASE_SECONDS": 5,
    "CREDLY_BADGES_SWEEP_SECONDS": 3600,  # Of a sweep the test decides.
    "CREDLY_BADGES_RECONCILE_HOURS": 0,
}
HEARD = (Pulse.Source.WORKER, Pulse.Source.FEED, Pulse.Source.KEYS, Pulse.Source.PURGE)
"""What was done just before the test began, so that Credly hears of nothing but the test's own doing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.services)


@pytest.fixture(scope="session", autouse=True)
def _servers() -> None:
    if os.environ.get("CREDLY_TEST_DATABASE") != "mysql":
        pytest.fail("These tests need CREDLY_TEST_DATABASE=mysql in the environment. Run them by `make test-services`.")
    database = (
        os.environ.get("CREDLY_TEST_DATABASE_HOST", "127.0.0.1"),
        os.environ.get("CREDLY_TEST_DATABASE_PORT", "3306"),
    )
    at = urlsplit(BROKER)
    for name, (host, port) in {"MariaDB or MySQL": database, "Redis": (at.hostname, at.port or 6379)}.items():
        try:
            socket.create_connection((host, int(port)), 2).close()
        except OSError:
            pytest.fail(f"{name} does not answer at {host}:{port}. Start it, then run these tests again.")


@pytest.fixture(scope="package")
def _broker(_servers) -> Iterator[dict[str, Any]]:
    """Redis as the broker, of this process too; every key of this run begins with a prefix of its own."""
    options = {"global_keyprefix": f"credly-tests-{uuid.uuid4().hex}:", "visibility_timeout": 3600}
    before = {name: app.conf[name] for name in ("broker_url", "broker_transport_options", "task_always_eager")}
    app.conf.update(broker_url=BROKER, broker_transport_options=options, task_always_eager=False)
    app._after_fork()  # Tests that ran before have opened connections to a broker in memory. This lets go of them.
    yield {"CELERY_BROKER_URL": BROKER, "CELERY_BROKER_TRANSPORT_OPTIONS": options}
    app.conf.update(before)
    app._after_fork()
    with redis.Redis.from_url(BROKER) as server:
        for key in server.scan_iter(f"{options['global_keyprefix']}*"):
            server.delete(key)


@pytest.fixture
def site(credly: Simulator, settings, transactional_db, _broker, tmp_path) -> Iterator[Site]:
    """An LMS with a connected Credly organization, and no process yet but this one."""
    queue = f"credly-{uuid.uuid4().hex}"
    chosen = {**WAITS, "CREDLY_BADGES_API_URLS": {"simulator": credly.url}, "CREDLY_BADGES_CELERY_QUEUE": queue}
    for name, value in chosen.items():
        setattr(settings, name, value)
    forget_all()
    there = credly.add_organization(name="Example University")
    here = OrganizationFactory(uuid=there.uuid, name=there.name, environment="simulator", api_key=there.key)
    Pulse.objects.bulk_create(Pulse(source=source, heard_at=timezone.now()) for source in HEARD)
    site = Site(credly, there, here, queue, {**_broker, **chosen}, tmp_path)
    yield site
    for process in site.processes:
        process.kill()
    forget_all()


class Site:
    """The places and people of a test, and the processes that serve them."""

    def __init__(
        self, credly: Simulator, there: Any, here: Any, queue: str, settings: dict[str, Any], folder: Path
    ) -> None:
        self.credly, self.there, self.here = credly, there, here
        self.queue, self.settings, self.folder = queue, settings, folder
        self.processes: list[Process] = []

    def set(self, **settings: Any) -> None:
        """Settings of the processes that are started from here on."""
        self.settings.update(settings)

    def start_workers(self, number: int = 2, *, pool: int = 2) -> list[Worker]:
        """So many Celery workers, ready."""
        return self._start([Worker(self._name("worker"), self.queue, *self._place(), pool=pool) for _ in range(number)])

    def start_lms(self, number: int = 1) -> list[LMS]:
        """So many web processes of the LMS, ready."""
        return self._start([LMS(self._name("lms"), *self._place()) for _ in range(number)])

    def start_web(self) -> Web:
        """A web server, ready; its processes count requests in one cache."""
        mark = self.settings["CELERY_BROKER_TRANSPORT_OPTIONS"]["global_keyprefix"]
        redis_cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": BROKER, "KEY_PREFIX": mark}
        self.set(CACHES={"default": redis_cache})
        (web,) = self._start([Web(self._name("web"), *self._place())])
        return web

    def badge_for_passing(self, *course_keys: str, **fields: Any) -> BadgeTemplate:
        """An active badge that takes passing every one of these courses, each a group of its own."""
        remote = self.credly.add_template(self.there, name="Scholar", **fields)
        badge = TemplateFactory(uuid=remote.uuid, name=remote.name, organization=self.here, active=True)
        for key in course_keys:
            RuleFactory(requirement__group__template=badge, requirement__scope=key)
        return badge

    def learners(self, number: int) -> list[Any]:
        """So many learners."""
        return UserFactory.create_batch(number)

    def sweep(self) -> None:
        """What a Celery beat does."""
        tasks.sweep.apply_async(queue=self.queue)

    def wait_until(self, what: str, holds: Callable[[], bool], *, seconds: float = 30, sweep_every: float = 0) -> None:
        """Wait for something to come true; with ``sweep_every`` as on a site that has a beat, at that pace."""
        now = time.monotonic()
        end, next_sweep = now + seconds, now + sweep_every
        while not holds():
            now = time.monotonic()
            assert now < end, f"After {seconds} s it was still not so that {what}.\n{self._told()}"
            if sweep_every and now > next_sweep:
                self.sweep()
                next_sweep = now + sweep_every
            time.sleep(0.1)

    def wait_until_quiet(self, *, seconds: float = 30, sweep_every: float = 0) -> None:
        """Wait until no event and no message is left that time alone would finish."""
        self.wait_until("nothing waits", is_quiet, seconds=seconds, sweep_every=sweep_every)

    def _start(self, processes: list[Any]) -> list[Any]:
        self.processes += processes
        for process in processes:
            process.wait_until_ready()
        return processes

    def _name(self, kind: str) -> str:
        return f"{kind}-{uuid.uuid4().hex[:8]}"

    def _place(self) -> tuple[dict[str, str], Path]:
        environment = {
            "CREDLY_TEST_DATABASE_NAME": connection.settings_dict["NAME"],
            "CREDLY_TEST_SETTINGS": json.dumps(self.settings),
        }
        return environment, self.folder

    def _told(self) -> str:
        rows = OutboxMessage.objects.filter(open=True).values_list("state", "attempts", "not_before", "error")[:5]
        return "\n".join([*map(str, rows), *(process.tail() for process in self.processes)])


def is_quiet() -> bool:
    """Whether every event is held against the requirements and every message delivered, or waits for a person."""
    busy = OutboxMessage.objects.filter(open=True, state__in=OutboxMessage.TAKEABLE, organization__paused="")
    return not ReceivedEvent.objects.filter(waiting=True).exists() and not busy.exists()


def offered() -> int:
    """How many badges Credly has confirmed, as this site knows it."""
    return BadgeAward.objects.filter(state=BadgeAward.State.OFFERED, credly_id__isnull=False).count()
