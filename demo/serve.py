"""Leaving the LMS running: its pages, and the clock that stands in for a Celery beat."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import reverse

from credly_badges import lms
from demo.cast import FIRST_AID
from demo.credly import simulator
from demo.telling import Teller
from demo.world import tick

HOST = "127.0.0.1"
TICK_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LogIns:
    """Who may do everything in the admin, who may only look, and the staff of a course; passwords of this run alone."""

    admin: Any
    viewer: Any
    trainer: Any
    admin_password: str = field(repr=False)
    viewer_password: str = field(repr=False)
    trainer_password: str = field(repr=False)


def log_ins() -> LogIns:
    """Make all three."""
    passwords = [secrets.token_urlsafe(9) for _ in range(3)]
    users = get_user_model().objects
    admin = users.create_superuser("admin", "admin@example.org", passwords[0])
    viewer = users.create_user("viewer", "viewer@example.org", passwords[1], is_staff=True)
    viewer.user_permissions.set(
        Permission.objects.filter(content_type__app_label="credly_badges", codename__startswith="view_")
    )
    trainer = users.create_user("trainer", "trainer@example.org", passwords[2])
    backend: Any = lms.backend()
    backend.add_staff(trainer.pk, FIRST_AID.key)
    return LogIns(admin, viewer, trainer, *passwords)


def listen(port: int | None, *, usual: int) -> ThreadedWSGIServer:
    """Take a port, before the story is told; raises OSError where it is taken.

    None is the usual port, or a free one where that is taken; 0 is a free one.
    """
    if port is None:
        try:
            return listen(usual, usual=usual)
        except OSError:
            port = 0
    return ThreadedWSGIServer((HOST, port), QuietRequests)


@contextmanager
def answering(server: ThreadedWSGIServer) -> Iterator[str]:
    """Answer requests for as long as the block runs: Credly's notices, and visitors; gives the address."""
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = Thread(target=server.serve_forever, name="lms", daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def stay(address: str, people: LogIns, teller: Teller) -> None:
    """Leave everything running until somebody presses Ctrl-C."""
    ended = Event()
    beat = Thread(target=_beat, args=(ended,), name="beat", daemon=True)
    beat.start()
    _tell_addresses(f"{address}/", people, teller)
    try:
        ended.wait()
    except KeyboardInterrupt:
        teller.title("")
        teller.say("Stopped. Nothing is left behind.")
    finally:
        ended.set()
        beat.join(10)


class QuietRequests(WSGIRequestHandler):
    """Requests are not written to the terminal; what fails in them is logged by Django."""

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


def _beat(ended: Event) -> None:
    while not ended.wait(TICK_SECONDS):
        try:
            tick()
        except Exception:
            log.exception("A round over the waiting work failed; the next one comes in %s seconds.", TICK_SECONDS)
        finally:
            connections.close_all()


def _tell_addresses(address: str, people: LogIns, teller: Teller) -> None:
    teller.title("")
    teller.title("Everything is still running:")
    teller.table(
        [
            ("Start here", address),
            ("The admin", f"{address}admin/"),
            ("  may do everything", f"admin / {people.admin_password}"),
            ("  may only look", f"viewer / {people.viewer_password}"),
            (
                "A course's badges",
                f"{address.rstrip('/')}{reverse('credly_badges:course_badges', args=[FIRST_AID.key])}",
            ),
            ("  for its staff", f"trainer / {people.trainer_password}"),
            ("Health", f"{address.rstrip('/')}{reverse('credly_badges:health')}"),
            ("Credly's side", f"{simulator().origin}/"),
        ]
    )
    teller.title("")
    teller.say("Press Ctrl-C to stop. Everything is then forgotten.")
