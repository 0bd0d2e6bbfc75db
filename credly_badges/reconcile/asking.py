"""Asking Credly on behalf of a run: with patience where requests are held back, and without forgetting the lease."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from .. import conf
from ..connections import connect
from ..credly import wire
from ..credly.client import Client
from ..credly.errors import CredlyError, Garbled, NotFound, Refused, Throttled, Unavailable
from ..models import BadgeTemplate, CredlyOrganization
from ..sync.listing import TRIES, UNNAMED_WAIT
from ..sync.organizations import CANNOT_CONNECT
from .causes import Cause
from .runs import Hold

T = TypeVar("T")

LONGEST_SILENCE = 60.0
"""Seconds of waiting after which the lease is renewed."""


class Stopped(Exception):
    """Credly, or our way there, does not let the run go on; the message says why. It goes on later where it was."""


class PlaceLost(Exception):
    """Credly no longer takes the place where the search was left; the message says what it said."""


class OutOfTime(Exception):
    """The time that the run was given is over; it goes on with the next slice."""


class Asking:
    """Credly as one run asks it.

    ``patience`` is the longest single wait where requests are held back, by Credly or by ourselves; ``until`` is when,
    by ``time.monotonic()``, this process has to leave the run, or None.
    """

    def __init__(
        self, hold: Hold | None, organization: CredlyOrganization, *, patience: timedelta, until: float | None
    ):
        self.organization = organization
        self._hold = hold
        self._patience = patience.total_seconds()
        self._until = until
        self._reachable = False
        self.mends_records = hold is not None and Cause.STATE in hold.run.fixes
        try:
            self._client: Client = connect(organization)
        except CANNOT_CONNECT as fault:
            raise Stopped(str(fault)) from None

    def page(self, template: BadgeTemplate, cursor: str) -> wire.BulkPage:
        """Many badges of a template, and where to go on. Raises PlaceLost where ``cursor`` leads nowhere any more."""
        try:
            page = self._ask(
                lambda: self._client.badges_in_bulk(template_id=template.uuid, cursor=cursor), told=(Refused, Garbled)
            )
        except (Refused, Garbled, ValueError) as fault:
            if cursor:
                raise PlaceLost(str(fault)) from None
            if not isinstance(fault, NotFound):
                raise Stopped(str(fault)) from None
            # Of a template that is gone, nothing can be listed; what we know of is looked at one by one then.
            self._check_organization()
            return wire.BulkPage((), (), "")
        self._reachable = self._reachable or bool(page.items)
        return page

    def badge(self, credly_id: UUID) -> wire.Badge | None:
        """One badge as it is now, or None where Credly has none."""
        try:
            return self._ask(lambda: self._client.badge(credly_id), told=(NotFound,))
        except NotFound:
            self._check_organization()
            return None

    def left_out_since(self) -> datetime:
        """What was changed later than this is left out: Credly's index may not have it yet."""
        return timezone.now() - conf.reconcile_grace()

    def is_late(self) -> bool:
        """Whether the time of this slice is over."""
        return self._until is not None and time.monotonic() >= self._until

    def _check_organization(self) -> None:
        # To a key of another organization, Credly says of everything that it does not have it. Before a badge counts as
        # deleted, the organization itself has to be there.
        if self._reachable:
            return
        self._ask(self._client.organization)
        self._reachable = True

    def _ask(self, question: Callable[[], T], *, told: tuple[type[CredlyError], ...] = ()) -> T:
        """The answer; of what Credly may say instead, ``told`` are for the caller, and anything else stops the run."""
        tried = 1
        while True:
            if self._hold is not None:
                self._hold.show_life()
            try:
                return question()
            except Throttled as error:
                self._wait(UNNAMED_WAIT if error.retry_after is None else error.retry_after, error)
            except Unavailable as error:
                if tried == TRIES:
                    if isinstance(error, told):
                        raise
                    raise Stopped(str(error)) from None
                tried += 1
            except CredlyError as error:
                if isinstance(error, told):
                    raise
                raise Stopped(str(error)) from None

    def _wait(self, seconds: float, error: Throttled) -> None:
        if seconds > self._patience:
            raise Stopped(str(error))
        if self._until is not None and time.monotonic() + seconds > self._until:
            raise OutOfTime
        while seconds > 0:
            time.sleep(min(seconds, LONGEST_SILENCE))
            seconds -= LONGEST_SILENCE
            if self._hold is not None:
                self._hold.show_life()
