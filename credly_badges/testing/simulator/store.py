"""The simulator's memory: every organization, token, template, badge, event and request, behind one lock."""

from __future__ import annotations

import uuid as uuids
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from .bulk import Bulk, Texts
from .records import (
    Authorization,
    Badge,
    Event,
    OAuthApplication,
    Organization,
    RequestRecord,
    Template,
    Token,
    User,
)
from .settings import SimulatorSettings
from .shelf import Shelf


class Store:
    """What Credly would have in its database; hold ``lock`` around everything that reads or writes it."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self.settings = settings
        self.lock = RLock()
        self.listeners: list[Callable[[Event], None]] = []
        self.offset = timedelta()
        self.origin = "http://127.0.0.1"
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.organizations: dict[str, Organization] = {}
        self.tokens: dict[str, Token] = {}
        self.applications: dict[int, OAuthApplication] = {}
        self.authorizations: dict[str, Authorization] = {}
        self.templates: dict[str, Template] = {}
        self.badges = Shelf(self._take_out)
        self.events: OrderedDict[str, Event] = OrderedDict()
        self.users: dict[str, User] = {}
        self.requests: deque[RequestRecord] = deque(maxlen=max(self.settings.request_log_size, 1))
        self.request_count = 0
        self.request_times: dict[str, deque[float]] = {}
        self.offset = timedelta()
        self._last_number = 0
        self._templates_of: dict[str, dict[str, Template]] = {}
        self._badges_of: dict[str, Shelf] = {}
        self._by_template: dict[str, Shelf] = {}
        self._bulks: list[Bulk] = []
        self._by_email: dict[str, list[Badge]] = {}
        self._by_earner: dict[str, list[Badge]] = {}
        self._issued: dict[tuple[str, str], tuple[str, int]] = {}

    def now(self) -> datetime:
        """The simulator's own time, which tests may move."""
        return datetime.now(UTC) + self.offset

    def number(self) -> int:
        """A number greater than every earlier one: the order in which things were made."""
        self._last_number += 1
        return self._last_number

    def templates_of(self, organization: Organization) -> dict[str, Template]:
        """An organization's templates by id, oldest first."""
        return self._templates_of.get(organization.uuid, {})

    def badges_of(self, organization: Organization) -> Shelf:
        """An organization's badges."""
        return self._badges_of[organization.uuid]

    def badges_from(self, template: Template) -> Shelf:
        """The badges of one template."""
        return self._by_template[template.uuid]

    def badges_to(self, email: str) -> list[Badge]:
        """The badges of one address, whatever its case, oldest first."""
        for bulk in self._bulks:
            self._take_out_all(bulk, bulk.to(email))
        return sorted(self._by_email.get(email.casefold(), ()), key=lambda badge: badge.sequence)

    def badges_of_earner(self, issuer_earner_id: str) -> list[Badge]:
        """The badges that carry an issuer's id of its earner, oldest first."""
        for bulk in self._bulks:
            self._take_out_all(bulk, bulk.of_earner(issuer_earner_id))
        return sorted(self._by_earner.get(issuer_earner_id, ()), key=lambda badge: badge.sequence)

    def user_of(self, email: str) -> User | None:
        """The account that owns an address."""
        return self.users.get(email.casefold())

    def add_organization(self, organization: Organization) -> None:
        """Keep a new organization."""
        self.organizations[organization.uuid] = organization
        self._templates_of[organization.uuid] = {}
        self._badges_of[organization.uuid] = Shelf(self._take_out)

    def add_template(self, template: Template) -> None:
        """Keep a new template."""
        self.templates[template.uuid] = template
        self._templates_of[template.organization.uuid][template.uuid] = template
        # A template that was deleted and is brought back finds its badges again.
        self._by_template.setdefault(template.uuid, Shelf(self._take_out))

    def drop_template(self, template: Template) -> None:
        """Forget a template; its badges stay."""
        del self.templates[template.uuid]
        del self._templates_of[template.organization.uuid][template.uuid]

    def add_badge(self, badge: Badge) -> None:
        """Keep a new badge and count it."""
        self._put(badge)
        badge.template.badges_count += 1
        key = (badge.recipient_email.casefold(), badge.template.uuid)
        spelled, times = self._issued.get(key, (badge.recipient_email, 0))
        self._issued[key] = (spelled, times + 1)

    def add_bulk(
        self,
        template: Template,
        number: int,
        state: str,
        emails: Iterable[str] | None,
        earner_ids: Iterable[str] | None,
    ) -> None:
        """Keep many new badges of one template and count them; raises ValueError."""
        bulk = Bulk(template, number, first=self._last_number + 1, now=self.now(), state=state)
        if emails is not None:
            bulk.emails = Texts(emails, number)
        if earner_ids is not None:
            bulk.earner_ids = Texts(earner_ids, number)
        self._last_number += number
        self._bulks.append(bulk)
        for shelf in (self.badges, self._badges_of[template.organization.uuid], self._by_template[template.uuid]):
            shelf.add_bulk(bulk)
        template.badges_count += number

    def drop_badge(self, badge: Badge) -> None:
        """Forget a badge; the count of what was ever issued stays."""
        for shelf in self._shelves(badge):
            shelf.drop(badge)
        self.unindex(badge)
        badge.template.badges_count -= 1

    def index(self, badge: Badge) -> None:
        """Make a badge findable by its address and its earner id."""
        self._by_email.setdefault(badge.recipient_email.casefold(), []).append(badge)
        if badge.issuer_earner_id:
            self._by_earner.setdefault(badge.issuer_earner_id, []).append(badge)

    def unindex(self, badge: Badge) -> None:
        """Take a badge out of the indexes, before its address or earner id changes."""
        self._by_email[badge.recipient_email.casefold()].remove(badge)
        if badge.issuer_earner_id:
            self._by_earner[badge.issuer_earner_id].remove(badge)

    def issued(self) -> Iterator[tuple[str, str, int]]:
        """(e-mail, template id, how many badges were ever created), in the order of the first; bulks come last."""
        spelled = {key: email for key, (email, _) in self._issued.items()}
        counted = Counter({key: times for key, (_, times) in self._issued.items()})
        for bulk in self._bulks:
            for place in range(bulk.number):
                email = bulk.emails[place]
                key = (email.casefold(), bulk.template.uuid)
                spelled.setdefault(key, email)
                counted[key] += 1
        for key, email in spelled.items():
            yield email, key[1], counted[key]

    def issued_count(self, email: str, template: str) -> int:
        """How many badges of a template were ever created for an address."""
        in_bulk = sum(len(bulk.to(email)) for bulk in self._bulks if bulk.template.uuid == template)
        return self._issued.get((email.casefold(), template), ("", 0))[1] + in_bulk

    def tell(self, kind: str, subject: Badge | Template, snapshot: dict[str, Any] | None = None) -> Event:
        """Write an event into the feed and let the webhooks know."""
        event = Event(
            uuid=new_id(),
            sequence=self.number(),
            event_type=kind,
            organization=subject.organization,
            occurred_at=self.now(),
            subject=subject,
            snapshot=snapshot,
        )
        self.events[event.uuid] = event
        if self.settings.event_retention and len(self.events) > self.settings.event_retention:
            self.events.popitem(last=False)
        for listener in self.listeners:
            listener(event)
        return event

    def _put(self, badge: Badge) -> None:
        for shelf in self._shelves(badge):
            shelf.add(badge)
        self.index(badge)

    def _shelves(self, badge: Badge) -> tuple[Shelf, ...]:
        return self.badges, self._badges_of[badge.organization.uuid], self._by_template[badge.template.uuid]

    def _take_out(self, bulk: Bulk, place: int) -> Badge:
        badge = bulk.badge(place)
        bulk.taken.add(place)
        self._put(badge)
        return badge

    def _take_out_all(self, bulk: Bulk, places: Iterable[int]) -> None:
        for place in places:
            if place not in bulk.taken:
                self._take_out(bulk, place)

    def log(self, record: RequestRecord) -> None:
        """Remember a request, forgetting the oldest."""
        self.request_count += 1
        self.requests.append(record)


def new_id() -> str:
    """A lowercase UUID."""
    return str(uuids.uuid4())
