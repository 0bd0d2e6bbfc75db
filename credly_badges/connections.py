"""Connections to Credly: one client per organization, kept open and shared by this process."""

from __future__ import annotations

import os
from threading import Lock
from uuid import UUID

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from . import conf, pacing
from .credly.client import Client
from .models import CredlyOrganization

MOST_KEPT = 64

_clients: dict[tuple[str, UUID, str, int | None], Client] = {}
_lock = Lock()


class NoKey(Exception):
    """The organization has no API key, neither in the settings nor stored."""

    @property
    def sentence(self) -> str:
        """What to tell the person who can mend it."""
        return _("The organization has no API key. Enter one on its page, or give it in CREDLY_BADGES_API_KEYS.")

    def __str__(self) -> str:
        return self.sentence


@sensitive_variables()
def connect(organization: CredlyOrganization) -> Client:
    """The client for an organization, with the key that is in force now.

    Raises NoKey where there is none, UndecryptableSecret where the ring has lost its key, and ImproperlyConfigured
    where the settings no longer name the organization's environment.
    """
    key = organization.key.reveal()
    if not key:
        raise NoKey
    wanted = (conf.api_url(organization.environment), organization.uuid, key, organization.pk)
    with _lock:
        client = _clients.pop(wanted, None) or _open(organization, *wanted[:3])
        _clients[wanted] = client  # The one used last stands last.
        while len(_clients) > MOST_KEPT:
            # Not closed: another thread may be in the middle of a call. Its sockets go when it does.
            _clients.pop(next(iter(_clients)))
    return client


@sensitive_variables()
def _open(organization: CredlyOrganization, url: str, uuid: UUID, key: str) -> Client:
    # One that is only being connected has no pace yet.
    gate = pacing.gate(organization) if organization.pk else None
    return Client(url, uuid, key, timeout=conf.timeouts(), gate=gate)


def forget_all() -> None:
    """Drop every connection, as when the settings changed."""
    with _lock:
        _clients.clear()


def _begin_anew() -> None:
    """In a child process: two processes must not talk over one connection, and the lock may be held by a thread that
    stayed behind.
    """
    global _lock  # noqa: PLW0603
    _lock = Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_begin_anew)
