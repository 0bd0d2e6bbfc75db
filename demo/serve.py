"""Leaving the LMS running: its pages, and the clock that stands in for a Celery beat."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections

from demo.credly import simulator
from demo.telling import Teller
from demo.world import tick

HOST = "127.0.0.1"
TICK_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LogIns:
    """Somebody who may do everything in the admin, and somebody who may only look; passwords of this run alone."""

    admin: Any
    viewer: Any
    admin_password: str = field(repr=False)
    viewer_password: str = field(repr=False)


def log_ins() -> LogIns:
    """Make both."""
    passwords = secrets.token_urlsafe(9), secrets.token_urlsafe(9)
    users = get_user_model().objects
    admin = users.create_superuser("admin", "admin@example.org", passwords[0])
    viewer = users.create_user("viewer", "viewer@example.org", passwords[1], is_staff=True)
    viewer.user_permissions.set(
        Permission.objects.filter(content_type__app_label="credly_badges", codename__startswith="view_")
    )
    return LogIns(admin, viewer, *passwords)


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


def run(server: ThreadedWSGIServer, people: LogIns, teller: Teller) -> None:
    """Serve until somebody presses Ctrl-C."""
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    ended = Event()
    threads = [
        Thread(target=server.serve_forever, name="lms", daemon=True),
        Thread(target=_beat, args=(ended,), name="beat", daemon=True),
    ]
    for thread in threads:
        thread.start()
    _tell_addresses(f"http://{HOST}:{server.server_port}/", people, teller)
    try:
        ended.wait()
    except KeyboardInterrupt:
        teller.title("")
        teller.say("Stopped. Nothing is left behind.")
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        for thread in threads:
            thread.join(10)


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
            ("Credly's side", f"{simulator().origin}/"),
        ]
    )
    teller.title("")
    teller.say("Press Ctrl-C to stop. Everything is then forgotten.")
