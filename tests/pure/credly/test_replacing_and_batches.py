"""Badges renewed, erased, or issued many at a time."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from uuid import UUID

import pytest
from responses import matchers

from credly_badges.credly import errors, wire

ORGANIZATION = UUID("0a000000-0000-4000-8000-000000000001")
TEMPLATE = UUID("11111111-0000-4000-8000-000000000001")
BADGE = UUID("55555555-0000-4000-8000-000000000001")
RENEWED = UUID("55555555-0000-4000-8000-000000000006")
ROOT = f"https://api.credly.com/v1/organizations/{ORGANIZATION}"
RENEWAL = wire.ReplaceOrder(
    template_id=TEMPLATE,
    issued_at=datetime(2026, 5, 1, 7, 59, 58, tzinfo=UTC),
    first_name="Ana",
    last_name="Ng",
    middle_name="Lu",
    issuer_earner_id="u-17",
    expires_at=datetime(2028, 5, 1, tzinfo=UTC),
    evidence=(wire.Evidence("Certificate number", description="12345", kind="IdEvidence"),),
    notification_message="Renewed for two years.",
)


def order(number: int) -> wire.IssueOrder:
    return wire.IssueOrder(
        template_id=TEMPLATE,
        recipient_email=f"ana{number}@example.org",
        first_name="Ana",
        last_name="Ng",
        issued_at=datetime(2026, 5, 1, 7, 59, 58, tzinfo=UTC),
        issuer_earner_id=f"u-{number}",
    )


@pytest.fixture
def badge_of(credly_says):
    """What Credly answers of the badge that was issued for an order."""
    issued = credly_says("badges.issued")["data"]

    def make(order: wire.IssueOrder) -> dict[str, object]:
        identity = str(UUID(int=int(order.issuer_earner_id.removeprefix("u-"))))
        who = {"recipient_email": order.recipient_email, "issuer_earner_id": order.issuer_earner_id}
        return {**copy.deepcopy(issued), **who, "id": identity}

    return make


@pytest.fixture
def renewed(credly_says):
    """What Credly answers to a replacement."""
    said = credly_says("badge.accepted")
    said["data"] |= {"id": str(RENEWED), "replaces_badge_id": str(BADGE)}
    return said


def test_a_renewal_says_everything_the_new_badge_shall_have():
    assert RENEWAL.dump() == {
        "badge_template_id": str(TEMPLATE),
        "issued_at": "2026-05-01 07:59:58 +0000",
        "issued_to_first_name": "Ana",
        "issued_to_last_name": "Ng",
        "issued_to_middle_name": "Lu",
        "issuer_earner_id": "u-17",
        "expires_at": "2028-05-01 00:00:00 +0000",
        "evidence": [{"type": "IdEvidence", "title": "Certificate number", "description": "12345"}],
        "notification_message": "Renewed for two years.",
    }


def test_a_renewal_leaves_out_what_has_no_value_and_may_say_never():
    renewal = wire.ReplaceOrder(template_id=TEMPLATE, issued_at=RENEWAL.issued_at, expires_at=False)

    assert renewal.dump() == {
        "badge_template_id": str(TEMPLATE),
        "issued_at": "2026-05-01 07:59:58 +0000",
        "expires_at": False,
    }


@pytest.mark.parametrize("wrong", [{"issued_at": datetime(2026, 5, 1)}, {"expires_at": datetime(2026, 5, 1)}])
def test_a_renewal_without_a_time_zone_is_not_made(wrong):
    with pytest.raises(ValueError, match="time zone"):
        wire.ReplaceOrder(**{"template_id": TEMPLATE, "issued_at": RENEWAL.issued_at, **wrong})


@pytest.mark.parametrize("status", [200, 201])
def test_a_replaced_badge_goes_on_under_a_new_id(credly, client, renewed, status):
    credly.post(
        f"{ROOT}/badges/{BADGE}/replace",
        json=renewed,
        status=status,
        match=[matchers.json_params_matcher(RENEWAL.dump())],
    )

    badge = client.replace(BADGE, RENEWAL)

    assert (badge.id, badge.replaces_badge_id, badge.state) == (RENEWED, BADGE, "accepted")


def test_the_badge_that_stands_in_its_place_is_named(credly, client, credly_says):
    said = credly_says("error.already_replaced")
    credly.post(f"{ROOT}/badges/{BADGE}/replace", json=said, status=422)

    with pytest.raises(errors.AlreadyReplaced) as refused:
        client.replace(BADGE, RENEWAL)

    assert refused.value.current_badge_id == UUID(said["metadata"]["current_badge_id"])


@pytest.mark.parametrize(
    "spoiled",
    [
        {"id": str(BADGE)},
        {"replaces_badge_id": str(RENEWED)},
        {"badge_template": {"id": str(BADGE)}},
        {"state": "frozen"},
    ],
)
def test_a_replacement_that_is_none_is_looked_at_before_asking_again(credly, client, renewed, spoiled):
    renewed["data"] |= spoiled
    credly.post(f"{ROOT}/badges/{BADGE}/replace", json=renewed, status=201)

    with pytest.raises(errors.Unanswered, match="before asking again"):
        client.replace(BADGE, RENEWAL)


@pytest.mark.parametrize("answer", [{"status": 204}, {"status": 200}, {"status": 200, "json": {"data": {}}}])
def test_a_badge_is_erased(credly, client, answer):
    credly.delete(f"{ROOT}/badges/{BADGE}", **answer)

    client.delete(BADGE)

    assert len(credly.calls) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 404, "json": {"message": "resource not found"}}, errors.NotFound),
        ({"status": 403, "json": {"data": {"message": "no"}}}, errors.Unauthorized),
        ({"status": 200, "body": "<html>", "content_type": "text/html"}, errors.Unanswered),
        ({"status": 500}, errors.Unanswered),
        ({"status": 302, "headers": {"Location": "https://thief.example"}}, errors.Unanswered),
    ],
)
def test_a_badge_that_was_not_erased_is_told(credly, client, answer, kind):
    credly.delete(f"{ROOT}/badges/{BADGE}", **answer)

    with pytest.raises(errors.CredlyError) as failed:
        client.delete(BADGE)

    assert type(failed.value) is kind
    assert failed.value.request == "DELETE /badges/{id}"


@pytest.mark.parametrize("wrong", ["../users", "", None])
def test_only_an_id_may_enter_these_paths(client, wrong):
    for ask in (client.delete, client.delete_token, lambda it: client.replace(it, RENEWAL)):
        with pytest.raises(ValueError, match="UUID"):
            ask(wrong)


def test_several_badges_are_issued_at_once_in_the_order_asked(credly, client, badge_of):
    orders = [order(number) for number in range(1, 4)]
    credly.post(
        f"{ROOT}/badges/batch",
        json={"data": [badge_of(each) for each in orders], "metadata": {}},
        status=201,
        match=[matchers.json_params_matcher({"badges": [each.dump() for each in orders]})],
    )

    badges = client.issue_batch(orders)

    assert [badge.issuer_earner_id for badge in badges] == ["u-1", "u-2", "u-3"]


def test_a_batch_is_never_longer_than_credly_takes(client):
    with pytest.raises(ValueError, match="at most 50"):
        client.issue_batch([order(number) for number in range(51)])


def test_no_badges_are_issued_without_asking(client):
    assert client.issue_batch([]) == []


@pytest.mark.parametrize(
    ("status", "data", "index", "is_duplicate"),
    [
        (422, {"message": "User already has this badge", "error_index": 1}, 1, True),
        (422, {"message": "Badge template is archived", "error_index": 0}, 0, False),
        (400, {"message": "Validation failed", "error_index": 0}, 0, False),
        (422, {"message": "Validation failed: user already has this badge"}, None, True),
        (422, {"message": "Badges can't be blank"}, None, False),
        (422, {"message": "odd", "error_index": 2}, None, False),
        (422, {"message": "odd", "error_index": -1}, None, False),
        (422, {"message": "odd", "error_index": "1"}, None, False),
        (422, {"message": "odd", "error_index": True}, None, False),
        (422, {"message": "odd", "error_index": None}, None, False),
    ],
)
def test_the_order_that_credly_objects_to_is_named(credly, client, status, data, index, is_duplicate):
    credly.post(f"{ROOT}/badges/batch", json={"data": data, "metadata": None}, status=status)

    with pytest.raises(errors.BatchRefused) as refused:
        client.issue_batch([order(1), order(2)])

    assert (refused.value.index, refused.value.is_duplicate) == (index, is_duplicate)
    assert refused.value.said == data["message"]
    assert refused.value.__context__ is None


def test_where_credly_has_no_batches_that_is_told(credly, client):
    credly.post(f"{ROOT}/badges/batch", json={"message": "resource not found"}, status=404)

    with pytest.raises(errors.NotFound):
        client.issue_batch([order(1)])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data[:1], id="one is missing"),
        pytest.param(lambda data: [*data, data[0]], id="one too many"),
        pytest.param(lambda data: data[::-1], id="another order"),
        pytest.param(lambda data: [data[0], {**data[1], "state": "frozen"}], id="one unreadable"),
        pytest.param(lambda data: [data[0], None], id="one is nothing"),
        pytest.param(lambda data: {"badges": data}, id="no list"),
    ],
)
def test_a_batch_whose_answer_is_another_is_looked_up_before_asking_again(credly, client, badge_of, spoil):
    orders = [order(1), order(2)]
    data = spoil([badge_of(each) for each in orders])
    credly.post(f"{ROOT}/badges/batch", json={"data": data, "metadata": {}}, status=201)

    with pytest.raises(errors.Unanswered, match="before asking again"):
        client.issue_batch(orders)


def test_a_badge_taken_over_under_an_older_address_still_fits_its_order(credly, client, badge_of):
    said = {**badge_of(order(1)), "recipient_email": "ana-before@example.org"}
    credly.post(f"{ROOT}/badges/batch", json={"data": [said], "metadata": {}}, status=201)

    assert [badge.recipient_email for badge in client.issue_batch([order(1)])] == ["ana-before@example.org"]
