"""The address that anybody can post to."""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import current_app
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client
from django.utils import timezone

from credly_badges import notices
from credly_badges.models import AuditEntry, CredlyNotice
from credly_badges.testing.factories import OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

WHERE = "/badges/credly/webhook/"
State = CredlyNotice.State


@pytest.fixture(autouse=True)
def _a_quiet_minute():
    cache.clear()


def notice(organization, **changes) -> dict[str, str]:
    return {
        "id": str(uuid4()),
        "organization_id": str(organization.uuid),
        "event_type": "badge.state.changed",
        "occurred_at": "2026-05-02T12:00:00.000Z",
        **changes,
    }


def post(body, where: str = WHERE, **more):
    browser = Client(enforce_csrf_checks=True)
    return browser.post(where, body, content_type="application/json", **more)


@pytest.fixture
def other(credly, organization):
    """One more organization that is connected."""
    there = credly.add_organization("Elsewhere College")
    return OrganizationFactory(uuid=there.uuid, environment="simulator", api_key=there.key)


@pytest.fixture
def no_broker():
    """Celery as on a site with workers, and nobody where the broker should be."""
    before = (current_app.conf.task_always_eager, current_app.conf.broker_url)
    current_app.conf.task_always_eager, current_app.conf.broker_url = False, "redis://127.0.0.1:1/0"
    yield
    current_app.conf.task_always_eager, current_app.conf.broker_url = before


def unanswered(credly) -> None:
    """Credly is away, so that what is taken waits."""
    credly.before_acting("GET /events/*", status=503, times=None)


def test_a_notice_is_answered_with_an_empty_200_and_no_cookie(organization):
    answer = post(notice(organization))

    assert (answer.status_code, answer.content) == (200, b"")
    assert not answer.cookies
    assert CredlyNotice.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_is_answered(method, organization):
    answer = getattr(Client(), method)(WHERE)

    assert (answer.status_code, answer["Allow"], answer.content) == (405, "POST", b"")


def bodies(organization):
    good = notice(organization)
    yield from (b"", b"null", b"[]", b'"text"', b"1", b"{}", b"{", b"\xff\xfe", b"\x00", b"NaN", b"[" * 16_000)
    yield json.dumps([good]).encode()
    yield json.dumps({**good, "padding": "x" * 16_384}).encode()
    yield b" " * 5_000_000
    yield b'{"id": ' + b"9" * 10_000 + b"}"
    for key in ("id", "organization_id"):
        for value in (None, 1, True, [], {}, "", "no-uuid", uuid4().hex, f"{{{uuid4()}}}", f"{uuid4()}\n", "é" * 36):
            yield json.dumps({**good, key: value}).encode()
    for value in (None, 1, [], {}, "", " ", "a" * 101, "badge created", "badge.created\n", "<script>", "é", "a." * 20):
        yield json.dumps({**good, "event_type": value}).encode()
    for key in good:
        if key != "occurred_at":
            yield json.dumps({name: value for name, value in good.items() if name != key}).encode()
    yield json.dumps(notice(OrganizationFactory.build())).encode()


def test_what_can_never_become_right_is_answered_like_the_rest_and_leaves_nothing(organization, credly):
    answers = {(post(body).status_code, post(body).content) for body in bodies(organization)}

    assert answers == {(200, b"")}
    assert not CredlyNotice.objects.exists()
    assert not credly.requests()


def test_a_form_is_no_notice(organization):
    answer = Client(enforce_csrf_checks=True).post(WHERE, notice(organization))

    assert answer.status_code == 200
    assert not CredlyNotice.objects.exists()


def test_taking_a_notice_costs_few_queries_and_dropping_one_almost_none(organization, django_assert_num_queries):
    body = notice(organization, event_type="employee.created")
    foreign = notice(OrganizationFactory.build())

    with django_assert_num_queries(0):
        post(b"no notice")
    with django_assert_num_queries(1):
        post(foreign)
    with django_assert_num_queries(7):
        post(body)


def test_the_address_with_the_secret_takes_notices_and_a_wrong_one_does_not(organization, other):
    right = notices.webhook_path(organization)
    wrong = (notices.webhook_path(other), f"{WHERE}{'0' * 64}/", f"{WHERE}x/")

    statuses = [post(notice(organization), where).status_code for where in wrong]
    dropped = not CredlyNotice.objects.exists()
    post(notice(organization), right)

    assert re.fullmatch(r"/badges/credly/webhook/[0-9a-f]{64}/", right)
    assert statuses == [200, 200, 200]
    assert dropped
    assert CredlyNotice.objects.count() == 1


def test_where_the_secret_is_required_the_plain_address_takes_nothing(organization, settings):
    settings.CREDLY_BADGES_WEBHOOK_SECRET_REQUIRED = True

    post(notice(organization))
    dropped = not CredlyNotice.objects.exists()
    post(notice(organization), notices.webhook_path(organization))

    assert dropped
    assert CredlyNotice.objects.count() == 1


def test_a_new_address_ends_the_old_one_and_is_written_into_the_log(organization):
    old, person = notices.webhook_path(organization), UserFactory()

    notices.renew_address(organization, by=person)
    post(notice(organization), old)
    dropped = not CredlyNotice.objects.exists()
    post(notice(organization), notices.webhook_path(organization))

    assert old != notices.webhook_path(organization)
    assert dropped
    assert CredlyNotice.objects.count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.before, entry.after) == ("organization.webhook_renewed", person, {}, {})


def test_a_site_that_changes_its_secret_key_keeps_the_old_addresses_as_long_as_the_old_key(organization, settings):
    old, old_key = notices.webhook_path(organization), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "quite-another-one-for-tests", [old_key]

    post(notice(organization), old)
    taken = CredlyNotice.objects.count()
    settings.SECRET_KEY_FALLBACKS = []
    post(notice(organization), old)

    assert notices.webhook_path(organization) != old
    assert (taken, CredlyNotice.objects.count()) == (1, 1)


def test_a_sender_of_too_many_is_asked_to_come_again_and_others_are_taken(organization, settings, credly):
    unanswered(credly)
    settings.CREDLY_BADGES_WEBHOOK_RATE = 5

    flood = [post(notice(organization), REMOTE_ADDR="192.0.2.1") for _number in range(20)]
    disguised = post(notice(organization), REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="192.0.2.9")
    other = post(notice(organization), REMOTE_ADDR="192.0.2.2")

    assert [answer.status_code for answer in flood] == [200] * 5 + [429] * 15
    assert 1 <= int(flood[-1]["Retry-After"]) <= 61
    assert (disguised.status_code, other.status_code) == (429, 200)
    assert CredlyNotice.objects.count() == 6


def test_an_organization_takes_four_times_as_many_from_all_senders_and_does_not_hold_up_another(
    organization, other, settings, credly
):
    unanswered(credly)
    settings.CREDLY_BADGES_WEBHOOK_RATE = 5

    statuses = [post(notice(organization), REMOTE_ADDR=f"192.0.2.{number}").status_code for number in range(40)]
    others = post(notice(other), REMOTE_ADDR="192.0.2.1")

    assert statuses == [200] * 20 + [429] * 20
    assert others.status_code == 200


def test_more_than_can_be_confirmed_is_not_taken_whatever_the_cache_counts(organization, settings, credly):
    unanswered(credly)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    settings.CREDLY_BADGES_WEBHOOK_RATE = 2

    statuses = [post(notice(organization)).status_code for _number in range(30)]
    CredlyNotice.objects.update(received_at=timezone.now() - timedelta(hours=2))
    still_waiting = post(notice(organization)).status_code
    CredlyNotice.objects.update(state=State.REJECTED)
    over = post(notice(organization)).status_code

    assert statuses == [200] * 20 + [429] * 10
    assert (still_waiting, over) == (429, 200)


class CacheThatIsAway(LocMemCache):
    """A cache whose server does not answer."""

    def add(self, *args, **kwargs):
        raise ConnectionError("Nobody there.")


def test_without_a_cache_it_is_our_turn_to_be_asked_again(organization, settings):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.CacheThatIsAway"}}

    answer = post(notice(organization))

    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


def test_the_secret_stands_in_no_log(organization, settings, caplog):
    caplog.set_level(logging.DEBUG)
    settings.CREDLY_BADGES_WEBHOOK_RATE = 1
    where = notices.webhook_path(organization)
    secret = where.split("/")[-2]

    statuses = [post(notice(organization), where).status_code for _number in range(2)]
    statuses.append(Client().get(where).status_code)
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.CacheThatIsAway"}}
    statuses.append(post(notice(organization), where).status_code)

    assert statuses == [200, 429, 405, 503]
    assert "could not be taken" in caplog.text
    assert secret not in caplog.text
    assert not AuditEntry.objects.filter(because__contains=secret).exists()


def test_without_a_broker_a_notice_is_taken_and_the_sweep_finds_it(organization, credly, at_credly, no_broker):
    credly.add_template(at_credly, "Scholar")
    body = credly.notices()[-1]

    answer = post(body)
    waiting = CredlyNotice.objects.get().state
    notices.sweep()

    assert (answer.status_code, waiting) == (200, State.WAITING)
    assert CredlyNotice.objects.get().state == State.DONE


def test_ten_thousand_forged_notices_cost_few_rows_and_fewer_calls_and_hold_up_nobody(
    organization, other, credly, at_credly, settings
):
    genuine = credly.add_template(at_credly, "Scholar")
    told = credly.notices()[-1]
    browser = Client()
    statuses: dict[int, int] = {}
    answered_others = []
    began = time.time()

    for number in range(10_000):
        body = notice(organization if number % 2 else other, id=str(uuid4()))
        status = browser.post(
            WHERE, body, content_type="application/json", REMOTE_ADDR=f"192.0.2.{number % 7}"
        ).status_code
        statuses[status] = statuses.get(status, 0) + 1
        if number % 2_000 == 1_000:
            answered_others.append(Client().get("/admin/login/").status_code)
    calls, rows = len(credly.requests()), CredlyNotice.objects.count()
    feed = notices.read_feed(organization)

    most = settings.CREDLY_BADGES_WEBHOOK_RATE * 4
    assert set(statuses) == {200, 429}
    minutes = int(time.time() // 60) - int(began // 60) + 1  # That were begun while the flood lasted.
    assert rows == statuses[200] <= 2 * minutes * most  # Two organizations.
    # After twenty in a row that Credly does not know, it is asked every half minute.
    assert calls <= 2 * (20 + 2 * minutes)
    assert answered_others == [200] * 5
    assert (feed.new, feed.problems) == (1, [])  # And what is genuine arrives by the feed.
    assert CredlyNotice.objects.get(event_id=told["id"]).state == State.DONE
    assert str(CredlyNotice.objects.get(event_id=told["id"]).subject_id) == genuine.uuid
