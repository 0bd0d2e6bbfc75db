"""Issued badges: issued alone or in batches, read, searched, replaced, revoked, deleted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from .. import filters, issuing
from ..envelope import Answer, ApiError, Call, not_found, one, page, page_url, unprocessable
from ..records import Badge
from ..store import Store
from ..times import write_date
from ._door import Door

SCOPE = "issued_badges"

TESTS: dict[str, filters.Test] = {
    "query": filters.part_of(
        lambda badge: f"{badge.first_name} {badge.last_name}",
        lambda badge: badge.recipient_email,
        lambda badge: badge.template.name,
    ),
    "state": filters.one_of(lambda badge: badge.state),
    "recipient_email": filters.same_text(lambda badge: badge.recipient_email),
    "badge_template_id": filters.one_of(lambda badge: badge.template.uuid),
    "badge_templates[reporting_tags]": filters.any_of(lambda badge: badge.template.fields.get("reporting_tags", [])),
    "issuer_earner_id": lambda badge, text: badge.issuer_earner_id == text,
    "public": filters.truth(lambda badge: badge.public),
    **filters.dates("expires_at_date", lambda badge: badge.expires_at),
    **filters.dates("expires_at", lambda badge: badge.expires_at),
    **filters.dates("created_at", lambda badge: badge.created_at),
    **filters.dates("updated_at", lambda badge: badge.updated_at),
    **filters.dates("issued_at", lambda badge: badge.issued_at),
}
SORTS: dict[str, filters.SortKey] = {
    "created_at": lambda badge: badge.sequence,
    "issued_at": lambda badge: (badge.issued_at, badge.sequence),
    "updated_at": lambda badge: (badge.updated_at, badge.sequence),
    "expires_at": lambda badge: (write_date(badge.expires_at) or "", badge.sequence),
}


def issue_badge(call: Call) -> Answer:
    """One new badge."""
    prepared = issuing.prepare(call.store, call.organization, call.values)
    badge = issuing.commit(call.store, prepared)
    answer = one(_dump(call)(badge), 201 if prepared.is_new else call.settings.duplicate_replace_status)
    if call.settings.location_on_issue:
        answer.headers["Location"] = call.link(f"{_path(call)}/{badge.uuid}")
    return answer


def issue_batch(call: Call) -> Answer:
    """Many badges in the order asked; one refused item refuses them all."""
    items = call.values.get("badges")
    if not isinstance(items, list) or not items or not all(isinstance(item, Mapping) for item in items):
        raise unprocessable(call.settings, "Badges can't be blank", field_name="badges")
    if call.settings.batch_maximum and len(items) > call.settings.batch_maximum:
        message = f"A batch has at most {call.settings.batch_maximum} badges"
        raise unprocessable(call.settings, message, field_name="badges")
    prepared: list[issuing.Prepared] = []
    for place, item in enumerate(items):
        try:
            ahead = [each.badge for each in prepared if each.is_new]
            prepared.append(issuing.prepare(call.store, call.organization, item, ahead))
        except ApiError as error:
            if call.settings.batch_error_index:
                error.data["error_index"] = place
            if not call.settings.batch_atomic:
                for each in prepared:
                    issuing.commit(call.store, each)
            raise
    badges = [issuing.commit(call.store, each) for each in prepared]
    return Answer(201, {"data": [_dump(call)(badge) for badge in badges], "metadata": {}})


def list_badges(call: Call) -> Answer:
    """A page of badges."""
    found = filters.order(call, list(_search(call, call.settings.list_lag)), SORTS, call.settings.badge_default_sort)
    return page(call, found, _dump(call))


def search_in_bulk(call: Call) -> Answer:
    """Many badges at once, without counts; only the address of the next page."""
    found = _search(call, call.settings.bulk_lag, _read_cursor(call.asked("after") or ""))
    chosen = list(islice(found, call.settings.bulk_page_size + 1))
    following = None
    if len(chosen) > call.settings.bulk_page_size:
        chosen.pop()
        following = page_url(call, after=_cursor(chosen[-1].sequence))
    minimal = (call.asked("badge_format") or call.settings.bulk_format) == "minimal"
    dump = _dump(call, minimal=minimal)
    return Answer(200, {"data": [dump(badge) for badge in chosen], "metadata": {"next_page_url": following}})


def read_badge(call: Call) -> Answer:
    """One badge."""
    return one(_dump(call)(_badge(call)))


def replace_badge(call: Call) -> Answer:
    """The badge that takes the place of another."""
    badge = issuing.replace(call.store, call.organization, _badge(call), call.values)
    return one(_dump(call)(badge), call.settings.replace_status)


def revoke_badge(call: Call) -> Answer:
    """The revoked badge."""
    reason = call.values.get("reason")
    return one(_dump(call)(issuing.revoke(call.store, _badge(call), str(reason) if reason else None)))


def delete_badge(call: Call) -> Answer:
    """Nothing: the badge is erased."""
    issuing.delete(call.store, _badge(call))
    return Answer(204)


def _search(call: Call, lag: float, after: int = 0) -> Iterator[Badge]:
    """The badges that the filters leave, oldest first, starting from whichever index is the shortest way."""
    store, asked = call.store, filters.asked_filters(call)
    newest = store.now() - timedelta(seconds=lag)
    found = (
        badge
        for badge in _starting_point(store, call, asked, after)
        if badge.organization is call.organization and (not lag or badge.created_at <= newest)
    )
    tests = TESTS | {
        "recipient_email_all": lambda badge, text: _same_account(store, badge.recipient_email, text),
        "user_id": lambda badge, text: getattr(store.user_of(badge.recipient_email), "uuid", None) == text,
    }
    return filters.passing(call, found, asked, tests)


def _starting_point(store: Store, call: Call, asked: Mapping[str, str], after: int) -> Iterable[Badge]:
    if "recipient_email" in asked:
        return (badge for badge in store.badges_to(asked["recipient_email"].strip()) if badge.sequence > after)
    if "issuer_earner_id" in asked:
        return (badge for badge in store.badges_of_earner(asked["issuer_earner_id"]) if badge.sequence > after)
    if (template := store.templates.get(asked.get("badge_template_id", ""))) is not None:
        return store.badges_from(template).after(after)
    return store.badges_of(call.organization).after(after)


def _same_account(store: Store, address: str, text: str) -> bool:
    user = store.user_of(text.strip())
    return address.casefold() in (user.emails if user else {text.strip().casefold()})


def _dump(call: Call, *, minimal: bool = False) -> Callable[[Badge], dict[str, Any]]:
    dump = call.wire.minimal_badge if minimal else call.wire.badge
    return lambda badge: dump(badge, call.store.user_of(badge.recipient_email))


def _badge(call: Call) -> Badge:
    badge = call.store.badges_of(call.organization).get(call.ids["badge"])
    if badge is None:
        raise not_found(call.settings)
    return badge


def _path(call: Call) -> str:
    return f"/organizations/{call.organization.uuid}/badges"


def _cursor(sequence: int) -> str:
    return base64.urlsafe_b64encode(f"after-{sequence}".encode()).decode()


def _read_cursor(text: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(text).decode().removeprefix("after-") or "0")
    except (binascii.Error, ValueError):
        return 0


ROUTES = [
    Door("GET", "/organizations/{organization}/badges", list_badges, SCOPE),
    Door("POST", "/organizations/{organization}/badges", issue_badge, SCOPE),
    Door("POST", "/organizations/{organization}/badges/batch", issue_batch, SCOPE),
    Door("GET", "/organizations/{organization}/high_volume_issued_badge_search", search_in_bulk, SCOPE),
    Door("GET", "/organizations/{organization}/badges/{badge}", read_badge, SCOPE),
    Door("DELETE", "/organizations/{organization}/badges/{badge}", delete_badge, SCOPE),
    Door("POST", "/organizations/{organization}/badges/{badge}/replace", replace_badge, SCOPE),
    Door("PUT", "/organizations/{organization}/badges/{badge}/revoke", revoke_badge, SCOPE),
]
