"""The feed of events, which is also where a webhook's word is checked."""

from __future__ import annotations

from functools import partial

from .. import events, filters
from ..envelope import Answer, Call, not_found, one, page
from ._door import Door

SCOPE = "events"
TESTS: dict[str, filters.Test] = {
    "event_type": filters.one_of(lambda event: event.event_type),
    **filters.dates("occurred_at", lambda event: event.occurred_at),
}


SORTS: dict[str, filters.SortKey] = {"occurred_at": lambda event: (event.occurred_at, event.sequence)}


def list_events(call: Call) -> Answer:
    """A page of events."""
    found = [event for event in call.store.events.values() if event.organization is call.organization]
    if call.settings.event_filters:
        found = filters.apply(call, found, filters.asked_filters(call), TESTS)
    if call.settings.event_order == "newest":
        found.reverse()
    if call.settings.event_filters and call.asked("sort"):
        found = filters.order(call, found, SORTS, "")
    dump = partial(events.dump, call.store, wire=call.wire)
    return page(call, found, dump, size=call.settings.event_page_size)


def read_event(call: Call) -> Answer:
    """One event with its subject."""
    event = call.store.events.get(call.ids["event"])
    if event is None or event.organization is not call.organization:
        raise not_found(call.settings)
    return one(events.dump(call.store, event, call.wire))


ROUTES = [
    Door("GET", "/organizations/{organization}/events", list_events, SCOPE),
    Door("GET", "/organizations/{organization}/events/{event}", read_event, SCOPE),
]
