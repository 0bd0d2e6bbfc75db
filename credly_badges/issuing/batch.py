"""Issuing several badges of one organization in one request, as Credly takes them: all of them or none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import lms
from ..credly import errors, wire
from ..credly.client import Client
from ..models import OutboxMessage
from .finding import look
from .issue import is_guarded, issue, learner_of, order_for, paused
from .orders import attempted, client_of
from .results import Blocked, Confirmed, Failed, Hopeless, NoAccess, Result

LONGEST = 30
"""For how many seconds a batch is sent again without those that Credly objects to, one after the other."""


@dataclass(frozen=True)
class Item:
    """One message of a batch, and what it asks for."""

    message: OutboxMessage
    learner: lms.Learner
    order: wire.IssueOrder


def carry_out_together(messages: Sequence[tuple[OutboxMessage, str]]) -> dict[int, Result]:
    """Issue the badges of several messages of one organization; what came of each, by its number.

    Each message comes with its learner's earner ID, and none may have been tried before. Where Credly objects to one of
    them, its result says so, and the others go without it.
    """
    if not messages:
        return {}
    client = client_of(messages[0][0].organization)
    if isinstance(client, NoAccess):
        return {message.pk: client for message, _earner_id in messages}
    return _Batch(client).carry_out(messages)


def may_go_in_one(message: OutboxMessage, now: datetime) -> bool:
    """Whether a message is due, Credly has never been asked for its badge, and would refuse a second one.

    That Credly issues nothing of a batch that it refuses is not promised. Of what is sent again, it is Credly's own
    rule against duplicates that keeps it from being issued twice, and some badges are exempt from that.
    """
    organization = message.organization
    is_new = message.state == OutboxMessage.State.WAITING and bool(message.open) and not message.look_first
    is_due = message.not_before <= now and organization.may_send(now)
    return is_new and is_due and message.kind == OutboxMessage.Kind.ISSUE and is_guarded(message.award)


class _Batch:
    """What is known of each message of a batch so far."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.results: dict[int, Result] = {}
        self.until = time.monotonic() + LONGEST
        # What Credly said to one of them that goes for all: to slow down, or that the key does not work.
        self.stop: errors.Throttled | errors.Unauthorized | None = None

    def carry_out(self, messages: Sequence[tuple[OutboxMessage, str]]) -> dict[int, Result]:
        items = []
        for message, earner_id in messages:
            item = attempted(message, lambda: _item(message, earner_id))  # noqa: B023  # called here and now
            if isinstance(item, Item):
                items.append(item)
            else:
                self.results[message.pk] = item
        while len(items) > 1 and self.stop is None and time.monotonic() < self.until:
            self._send(items)
            items = [item for item in items if item.message.pk not in self.results]
        for item in items:
            self._send_alone(item)
        return self.results

    def _send(self, items: Sequence[Item]) -> None:
        """Ask Credly for all of them. Those that have no result afterwards were not issued."""
        try:
            badges = self.client.issue_batch([item.order for item in items])
        except errors.BatchRefused as refusal:
            self._take_out(items, refusal)
        except errors.NotFound:
            for item in items:
                self._send_alone(item)  # Whatever Credly does not have here, each will find out for itself.
        except errors.CredlyError as error:
            self.results.update({item.message.pk: Failed(error) for item in items})
        else:
            self.results.update(
                {item.message.pk: _confirmed(item, badge) for item, badge in zip(items, badges, strict=True)}
            )

    def _take_out(self, items: Sequence[Item], refusal: errors.BatchRefused) -> None:
        if refusal.index is None:
            for item in items:
                self._send_alone(item)  # One of them is in the way, and Credly does not say which.
            return
        refused, before = items[refusal.index], items[: refusal.index]
        if refusal.is_duplicate:
            self._send_alone(refused)
        else:
            alone = errors.Refused(status=refusal.status, request=refusal.request, said=refusal.said)
            self.results[refused.message.pk] = Failed(alone)
        # That nothing of a refused batch is issued is what others have seen, and nothing that Credly promises. What
        # stood before the refused one would be issued then, so the first tells of the rest.
        for item in before:
            if not self._was_issued(item):
                break

    def _was_issued(self, item: Item) -> bool:
        """Whether Credly has the badge of an item already, or could not be asked."""
        try:
            if self.stop is not None or time.monotonic() >= self.until:
                raise errors.Unavailable("Whether Credly has issued it could not be looked for any more.")
            badge = look(self.client, item.message.award, item.order.issuer_earner_id).badge
        except errors.CredlyError as error:
            self._heed(error)
            unknown = errors.Unanswered(str(error), status=error.status, request=error.request)
            self.results[item.message.pk] = Failed(unknown)  # So that the next attempt looks first.
            return True
        if badge is None:
            return False
        self.results[item.message.pk] = _confirmed(item, badge, found=True)
        return True

    def _send_alone(self, item: Item) -> None:
        if self.stop is not None:
            self.results[item.message.pk] = Failed(self.stop)
        elif time.monotonic() < self.until:
            earner_id = item.order.issuer_earner_id
            result = attempted(item.message, lambda: issue(item.message, self.client, earner_id))
            if isinstance(result, Failed):
                self._heed(result.error)
            self.results[item.message.pk] = result
        else:
            waiting = Blocked(_("There was no time left for it; it is sent next."), until=timezone.now())
            self.results[item.message.pk] = waiting

    def _heed(self, error: errors.CredlyError) -> None:
        if isinstance(error, errors.Throttled | errors.Unauthorized):
            self.stop = error


def _item(message: OutboxMessage, earner_id: str) -> Item | Result:
    learner = learner_of(message.award)
    if isinstance(learner, Hopeless):
        return learner
    order = paused(message.award) or order_for(message.award, learner, earner_id)
    return Item(message, learner, order) if isinstance(order, wire.IssueOrder) else order


def _confirmed(item: Item, badge: wire.Badge, *, found: bool = False) -> Confirmed:
    return Confirmed(badge, item.learner, item.order.issuer_earner_id, found=found)
