"""The client and the stand-in Credly understand each other, over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from credly_badges.credly import errors, wire
from credly_badges.credly.client import Client

ISSUED = datetime(2026, 5, 1, 7, 59, 58, tzinfo=UTC)


@pytest.fixture
def here(credly, at_credly) -> Iterator[Client]:
    with Client(credly.url, UUID(at_credly.uuid), at_credly.key) as client:
        yield client


def order(template: UUID, number: int) -> wire.IssueOrder:
    return wire.IssueOrder(
        template_id=template,
        recipient_email=f"ana{number}@example.org",
        first_name="Ana",
        last_name="Ng",
        issued_at=ISSUED,
        issuer_earner_id=f"u-{number}",
        evidence=(wire.Evidence("Certificate number", description="12345", kind="IdEvidence"),),
    )


def test_a_batch_goes_out_without_the_one_that_was_refused(here, template):
    wanted = UUID(template.uuid)
    here.issue(order(wanted, 2))
    orders = [order(wanted, number) for number in range(50)]

    with pytest.raises(errors.BatchRefused) as refused:
        here.issue_batch(orders)
    orders.pop(refused.value.index)
    badges = here.issue_batch(orders)

    assert (refused.value.index, refused.value.is_duplicate) == (2, True)
    assert [badge.issuer_earner_id for badge in badges] == [each.issuer_earner_id for each in orders]


@pytest.mark.parametrize("keeps_query", [True, False])
def test_a_search_is_broken_off_and_goes_on_where_it_was(credly, at_credly, template, here, keeps_query):
    credly.configure(bulk_page_size=3, next_page_url_keeps_query=keeps_query)
    credly.add_badges(template, 5, earner_ids=["u-1", "u-2", "u-3", "u-4", "u-5"])
    credly.add_badges(credly.add_template(at_credly, "Another"), 2)

    first = here.badges_in_bulk(template_id=UUID(template.uuid))
    with Client(credly.url, UUID(at_credly.uuid), at_credly.key) as later:
        last = later.badges_in_bulk(template_id=UUID(template.uuid), cursor=first.next_cursor)

    assert [badge.issuer_earner_id for badge in first.items + last.items] == ["u-1", "u-2", "u-3", "u-4", "u-5"]
    assert last.next_cursor == ""


def test_a_badge_is_replaced_and_erased_once(here, template):
    badge = here.issue(order(UUID(template.uuid), 1))
    renewal = wire.ReplaceOrder(template_id=badge.template_id, issued_at=ISSUED, expires_at=False)

    renewed = here.replace(badge.id, renewal)
    with pytest.raises(errors.AlreadyReplaced) as refused:
        here.replace(badge.id, renewal)
    here.delete(renewed.id)
    with pytest.raises(errors.NotFound):
        here.delete(renewed.id)

    assert refused.value.current_badge_id == renewed.id
    assert [event.type for event in here.events().items][:2] == ["badge.deleted", "badge.created"]


@pytest.mark.parametrize("told", ["all", "without_value", "as_in_2020"])
def test_a_key_gives_way_to_its_successor(credly, at_credly, here, told):
    credly.configure(told_of_tokens=told, empty_metadata=told == "as_in_2020")

    successor = here.create_token("LMS", delete=True)
    old = next(token for token in here.tokens() if token.id != successor.id)
    with Client(credly.url, UUID(at_credly.uuid), successor.value) as new:
        new.delete_token(old.id)

        assert [token.id for token in new.tokens()] == [successor.id]
    with pytest.raises(errors.Unauthorized):
        here.organization()


def test_a_rotation_that_does_not_tell_the_new_key_is_an_open_end(credly, here):
    credly.configure(rotate_answer="empty")

    with pytest.raises(errors.Unanswered):
        here.rotate_token()


def test_notices_go_where_credly_was_told(at_credly, here):
    assert here.set_webhook_url("https://lms.example/hook/").webhook_url == "https://lms.example/hook/"
    assert here.set_webhook_url("").webhook_url == ""
    assert at_credly.webhook_url is None
