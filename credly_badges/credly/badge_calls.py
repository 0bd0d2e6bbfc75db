"""What Credly can be asked about issued badges."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from . import address, cursors, errors, wire
from .answer import Answer
from .asking import MOST_PAGES_SEARCHED, Asking
from .page import follow, read_items

MOST_IN_A_BATCH = 50


class BadgeCalls(Asking):
    """Issue, find, read, replace, revoke and delete."""

    def issue(self, order: wire.IssueOrder) -> wire.Badge:
        """Issue a badge. After ``Unanswered`` look with ``find_badges`` before asking again."""
        return self._one(
            "POST /badges",
            "POST",
            "/badges",
            wire.Badge.parse,
            lambda badge: badge.template_id == order.template_id,
            body=order.dump(),
        )

    def issue_batch(self, orders: Sequence[wire.IssueOrder]) -> list[wire.Badge]:
        """Issue up to 50 badges in one request, and return them in the order asked.

        ``BatchRefused`` names the order that Credly objects to: in every account of it nothing of the batch was
        issued then, but Credly does not promise it, so look for those before. After ``Unanswered`` look for all.
        """
        if len(orders) > MOST_IN_A_BATCH:
            raise ValueError(f"Credly takes at most {MOST_IN_A_BATCH} badges in one batch.")
        if not orders:
            return []

        def read(answer: Answer) -> list[wire.Badge]:
            data, _ = answer.items()
            badges, broken = read_items(data, wire.Badge.parse)
            if broken:
                answer.unreadable(broken[0])
            if len(badges) != len(orders) or not all(map(_is_for, badges, orders)):
                answer.unreadable("The badges in the answer are not the ones that were asked for.")
            return list(badges)

        body = {"badges": [order.dump() for order in orders]}
        try:
            return self._ask("POST /badges/batch", "POST", "/badges/batch", read, body=body)
        except errors.NotFound:
            raise
        except errors.Refused as error:
            refusal = error
        raise errors.BatchRefused(
            status=refusal.status,
            request=refusal.request,
            said=refusal.said,
            index=_within(refusal, len(orders)),
        )

    def badge(self, badge_id: UUID) -> wire.Badge:
        """Return one issued badge as it is now."""
        wanted = address.checked_id(badge_id)
        return self._one("GET /badges/{id}", "GET", f"/badges/{wanted}", wire.Badge.parse, lambda it: it.id == wanted)

    def find_badges(self, *, template_id: UUID, issuer_earner_id: str = "", email: str = "") -> list[wire.Badge]:
        """Return the badges of a template that one learner holds, in every state, by earner id, e-mail or both.

        What Credly returns is checked again here, since it may pass over a filter. An empty list
        is a promise, so it raises ``Garbled`` where an item that might be the one could not be read.
        """
        if not issuer_earner_id and not email:
            raise ValueError("Name a learner to look for: an issuer_earner_id, an e-mail address, or both.")
        wanted_template = address.checked_id(template_id)
        wanted = {
            "badge_template_id": str(wanted_template),
            "issuer_earner_id": issuer_earner_id if address.can_be_filtered(issuer_earner_id) else "",
            "recipient_email": email if address.can_be_filtered(email) else "",
        }

        def page(number: int) -> wire.Page[wire.Badge]:
            path = f"/badges?{address.query(wanted, sort='created_at', page=number)}"
            return self._page("GET /badges", path, wire.Badge.parse, number)

        found: dict[UUID, wire.Badge] = {}
        broken: list[str] = []
        for each in follow(page, 1, MOST_PAGES_SEARCHED, "GET /badges"):
            broken.extend(each.broken)
            for badge in each.items:
                if (
                    badge.template_id == wanted_template
                    and (not issuer_earner_id or badge.issuer_earner_id == issuer_earner_id)
                    and (not email or badge.recipient_email.casefold() == email.casefold())
                ):
                    found[badge.id] = badge
        if broken and not found:
            raise errors.Garbled(
                f"A badge could not be read, so none can be ruled out. {broken[0]}", request="GET /badges"
            )
        return list(found.values())

    def badges_in_bulk(self, *, template_id: UUID, cursor: str = "") -> wire.BulkPage:
        """Return many badges of one template at once, in every state, and where to go on.

        ``cursor`` is the ``next_cursor`` of the page before; it can be kept, and given back to another client.
        """
        wanted = address.checked_id(template_id)
        path = f"/high_volume_issued_badge_search?{cursors.query(wanted, cursor)}"

        def read(answer: Answer) -> wire.BulkPage:
            data, metadata = answer.items()
            badges, broken = read_items(data, wire.Badge.parse)
            following = ""
            try:
                following = cursors.following(metadata, cursor, is_last=not data)
            except ValueError as error:
                answer.unreadable(str(error))
            return wire.BulkPage(tuple(badge for badge in badges if badge.template_id == wanted), broken, following)

        return self._ask("GET /high_volume_issued_badge_search", "GET", path, read)

    def replace(self, badge_id: UUID, order: wire.ReplaceOrder) -> wire.Badge:
        """Put a new badge in the place of one, and return the new one, which has an id of its own.

        ``AlreadyReplaced`` names the badge to replace instead. After ``Unanswered`` look with ``badge`` whether
        the old one has a ``replacement_badge_id``.
        """
        wanted = address.checked_id(badge_id)
        return self._one(
            "POST /badges/{id}/replace",
            "POST",
            f"/badges/{wanted}/replace",
            wire.Badge.parse,
            lambda badge: (
                badge.template_id == order.template_id
                and badge.id != wanted
                and badge.replaces_badge_id in {None, wanted}
            ),
            body=order.dump(),
        )

    def revoke(self, badge_id: UUID, reason: str, *, suppress_notification: bool = False) -> wire.Badge:
        """Revoke a badge and let Credly keep ``reason``. After ``Unanswered`` look with ``badge`` first."""
        wanted = address.checked_id(badge_id)
        if not reason.strip():
            raise ValueError("Credly wants to know why a badge is revoked: give a reason.")
        return self._one(
            "PUT /badges/{id}/revoke",
            "PUT",
            f"/badges/{wanted}/revoke",
            wire.Badge.parse,
            lambda badge: badge.id == wanted and badge.state == "revoked",
            body={"reason": reason, "suppress_revoke_notification_email": suppress_notification},
        )

    def delete(self, badge_id: UUID) -> None:
        """Erase a badge for good, as when a learner asks to be forgotten; revoking leaves a record, this does not.

        The key needs the permission to delete, else ``Unauthorized``. ``NotFound`` says that it is gone already.
        """
        self._remove("DELETE /badges/{id}", f"/badges/{address.checked_id(badge_id)}")


def _is_for(badge: wire.Badge, order: wire.IssueOrder) -> bool:
    same_address = badge.recipient_email.casefold() == order.recipient_email.casefold()
    same_earner = badge.issuer_earner_id == order.issuer_earner_id
    return badge.template_id == order.template_id and (same_address or same_earner)


def _within(refusal: errors.Refused, length: int) -> int | None:
    index = refusal.index if isinstance(refusal, errors.BatchRefused) else None
    return index if index is not None and index < length else None
