"""Credly's events feed: the second way by which we hear, for what no webhook brought."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import connections
from ..credly import wire
from ..credly.client import Client
from ..credly.errors import CredlyError
from ..models import CredlyNotice, CredlyOrganization
from ..sync.organizations import CANNOT_CONNECT
from . import confirm, settle

log = logging.getLogger(__name__)

FIRST_READING = timedelta(days=7)
"""How far back the first reading of an organization goes: a site may have 100,000 events from before."""
OVERLAP = timedelta(hours=1)
"""How much of what was read is read again: Credly does not promise that an event shows in the feed at once."""
MOST_WITH_NEWS = 20
"""How many pages with something new are worked off in one run: a thousand events."""
MOST_PAGES = 2_000
"""Where a run stops in any case: after 100,000 events."""
KNOWN_PAGES = 3
"""After so many pages with nothing new, all from before the last reading, the overlap counts as read."""

State = CredlyNotice.State
EventPage = wire.Page[wire.Event]


@dataclass
class FeedResult:
    """What a reading brought: events that were new and known, pages asked for, and sentences on what went wrong."""

    new: int = 0
    known: int = 0
    pages: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything that Credly has to tell was read."""
        return not self.problems


def read_feed(organization: CredlyOrganization) -> FeedResult:
    """Read what happened at Credly since the last reading, and do what the webhook has not had done.

    It never raises for what Credly or the organization's settings do: ``problems`` say what could not be read.
    """
    result = FeedResult()
    began = timezone.now()
    organization.refresh_from_db()
    if not organization.may_send(began):
        result.problems.append(_("Nothing is asked of Credly for this organization now: it is paused, or has to wait."))
        return result
    # Before anything can go wrong, so that one that fails each time does not come before the others each time.
    CredlyOrganization.objects.filter(pk=organization.pk).update(feed_tried_at=began)
    try:
        client = connections.connect(organization)
    except CANNOT_CONNECT as fault:
        result.problems.append(str(fault))
        return result
    reading = _Reading(organization, client, began, result)
    try:
        reading.run()
    except CredlyError as error:
        result.problems.append(_("The events feed could not be read. %(error)s") % {"error": error})
        settle.hold_back(organization, error)
    if reading.complete:
        _remember(organization, began, reading.newest)
    return result


def _remember(organization: CredlyOrganization, began: datetime, newest: datetime | None) -> None:
    organization.feed_read_at = began
    CredlyOrganization.objects.filter(pk=organization.pk).update(feed_read_at=began)
    if newest is not None:
        # An event of the future would hide all others until then.
        until = min(newest, began)
        earlier = Q(feed_seen_until=None) | Q(feed_seen_until__lt=until)
        CredlyOrganization.objects.filter(earlier, pk=organization.pk).update(feed_seen_until=until)


class _Reading:
    """One run through the feed, from the newest event back to what is known."""

    def __init__(self, organization: CredlyOrganization, client: Client, began: datetime, result: FeedResult) -> None:
        self.organization = organization
        self.client = client
        self.result = result
        self.seen_until = organization.feed_seen_until
        self.floor = (self.seen_until or max(organization.created, began - FIRST_READING)) - OVERLAP
        self.newest: datetime | None = None
        self.complete = False
        self._sorted = True
        self._with_news = 0
        self._known_in_a_row = 0

    def run(self) -> None:
        """Go page by page until the pages hold nothing that is recent enough, or nothing new for a while."""
        for page in self._newest_first():
            self._keep_broken(page.broken)
            recent = [event for event in page.items if event.occurred_at >= self.floor]
            latest = max((event.occurred_at for event in page.items), default=None)
            if latest is not None:
                self.newest = max(self.newest or latest, latest)
            news = self._take(recent)
            if self._sorted and self._is_far_enough(latest, bool(recent), news):
                break
            self._with_news += news
            if self._with_news >= MOST_WITH_NEWS or self.result.pages >= MOST_PAGES:
                self.result.problems.append(_("There is more in the events feed; the next reading goes on."))
                return
        self.complete = True

    def _keep_broken(self, lines: Sequence[str]) -> None:
        """Tell of an event that cannot be read, and keep it for a person; told once, it is known."""
        for line in lines:
            name, _colon, why = line.partition(": ")
            try:
                event_id = UUID(name)
            except ValueError:
                self.result.problems.append(_("An event cannot be read. %(line)s") % {"line": line})
                continue
            now = timezone.now()
            _row, is_new = CredlyNotice.objects.get_or_create(
                organization=self.organization,
                event_id=event_id,
                defaults={
                    "source": CredlyNotice.Source.FEED,
                    "state": State.FAILED,
                    "outcome": why[: settle.LONGEST_OUTCOME],
                    "not_before": now,
                    "finished_at": now,
                },
            )
            if is_new:
                self.result.problems.append(_("An event cannot be read. %(line)s") % {"line": line})

    def _is_far_enough(self, latest: datetime | None, has_recent: bool, news: bool) -> bool:
        if latest is None:
            return False
        was_read = self.seen_until is not None and latest <= self.seen_until and not news
        self._known_in_a_row = self._known_in_a_row + 1 if was_read else 0
        return not has_recent or self._known_in_a_row >= KNOWN_PAGES

    def _newest_first(self) -> Iterator[EventPage]:
        """The pages, the one with the newest events first, whichever way round Credly lists them.

        Credly documents no order, and keeps adding at the end that we begin with: what moves to the next page
        meanwhile is seen twice, never missed.
        """
        first = self._page(1)
        if first.next_page is None:
            yield first
            return
        last = first.total_pages
        order = _order(first.items)
        if order == 0 and last:
            order = _order([*first.items[:1], *self._page(last).items[-1:]])
        if order > 0 and last:
            for number in range(last, 1, -1):
                yield self._page(number)
            yield first
            return
        # Where the newest cannot be found, all of it has to be read.
        self._sorted = order < 0
        yield first
        yield from self._onward(first)

    def _onward(self, page: EventPage) -> Iterator[EventPage]:
        number = 1
        while page.next_page is not None and page.next_page > number:
            number, before = page.next_page, page
            page = self._page(number)
            if page.repeats(before):
                return  # Past its end, Credly may give its last page again.
            yield page

    def _page(self, number: int) -> EventPage:
        self.result.pages += 1
        return self.client.events(page=number)

    def _take(self, events: Sequence[wire.Event]) -> bool:
        """Store and do what is new on a page, the oldest first; whether anything was."""
        there = _rows(self.organization, events)
        fresh = [event for event in events if not _is_settled(there.get(event.id))]
        self.result.known += len(events) - len(fresh)
        self.result.new += len(fresh)
        now = timezone.now()
        CredlyNotice.objects.bulk_create(
            [
                CredlyNotice(
                    organization=self.organization,
                    event_id=event.id,
                    event_type=event.type[: settle.LONGEST_TYPE],
                    source=CredlyNotice.Source.FEED,
                    not_before=now,
                )
                for event in fresh
                if event.id not in there
            ],
            ignore_conflicts=True,  # The webhook may have been faster by a moment.
        )
        rows = _rows(self.organization, fresh)
        for event in sorted(fresh, key=lambda each: each.occurred_at):
            _do(rows[event.id], event)
        return bool(fresh)


def _do(notice: CredlyNotice, event: wire.Event) -> None:
    """Act on an event of the feed at once: it came whole, and asked for with our own key."""
    now = timezone.now()
    is_leased = notice.lease is not None and notice.not_before > now
    notice.attempts = 0
    if _is_settled(notice) or is_leased or not confirm.take(notice, now):
        return
    notice.source = CredlyNotice.Source.FEED
    try:
        again_at = confirm.try_to(notice, lambda _client: event)
    except OperationalError:
        # The row is there, and its lease runs out: the sweep goes on with it.
        log.exception("Notice %s of the events feed could not be written.", notice.pk)
        return
    if again_at is not None:
        confirm.wake(notice.pk, at=again_at)


def _rows(organization: CredlyOrganization, events: Sequence[wire.Event]) -> dict[UUID, CredlyNotice]:
    rows = CredlyNotice.objects.filter(organization=organization, event_id__in=[event.id for event in events])
    found = {row.event_id: row for row in rows}
    for row in found.values():
        row.organization = organization
    return found


def _is_settled(notice: CredlyNotice | None) -> bool:
    """Whether nothing is left to do; what was only hinted at is not, whatever had been made of the hint."""
    return notice is not None and notice.occurred_at is not None


def _order(events: Sequence[wire.Event]) -> int:
    """1 where the oldest comes first, -1 where the newest does, 0 where these events don't tell."""
    if not events:
        return 0
    first, last = events[0].occurred_at, events[-1].occurred_at
    return (first < last) - (first > last)
