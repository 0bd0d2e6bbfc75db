"""When two badges are the same one, by Credly's rule.

Same template, and the same address, the same user or the same ``issuer_earner_id``. What still counts (revoked,
rejected, expired, replaced) is not known, so each is a setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from .records import Badge, Template
from .store import Store


def find(
    store: Store, template: Template, email: str, issuer_earner_id: str | None, ahead: Iterable[Badge] = ()
) -> Badge | None:
    """The badge that a new one would duplicate; ``ahead`` are earlier items of the same batch."""
    now = store.now()
    for badge in _candidates(store, email, issuer_earner_id, ahead):
        same_earner = issuer_earner_id is not None and badge.issuer_earner_id == issuer_earner_id
        in_the_way = badge.template is template and counts(store, badge, now)
        if in_the_way and (same_earner or _same_person(store, badge.recipient_email, email)):
            return badge
    return None


def counts(store: Store, badge: Badge, now: datetime) -> bool:
    """Whether a badge still stands in the way of another."""
    settings = store.settings
    if badge.replacement is not None and not settings.duplicate_replaced:
        return False
    if badge.state == "revoked":
        return settings.duplicate_revoked
    if badge.state == "rejected":
        return settings.duplicate_rejected
    if badge.expires_at is not None and badge.expires_at <= now:
        return settings.duplicate_expired
    return True


def _candidates(store: Store, email: str, issuer_earner_id: str | None, ahead: Iterable[Badge]) -> Iterator[Badge]:
    user = store.user_of(email)
    for address in user.emails | {email.casefold()} if user else {email}:
        yield from store.badges_to(address)
    if issuer_earner_id:
        yield from store.badges_of_earner(issuer_earner_id)
    yield from ahead


def _same_person(store: Store, one: str, other: str) -> bool:
    user = store.user_of(one)
    if user is not None and user is store.user_of(other):
        return True
    if store.settings.duplicate_email_case == "distinguish":
        return one == other
    return one.casefold() == other.casefold()
