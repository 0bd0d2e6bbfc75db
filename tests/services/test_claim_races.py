"""Many claim at the same moment, on MariaDB: a code brings as many badges as it may, and nobody an error."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from credly_badges import awards, claims, lms, retirement
from credly_badges.models import AuditEntry, Availability, BadgeAward, ClaimCode, CodeClaim, OutboxMessage
from credly_badges.testing.factories import TemplateFactory, UserFactory

AT_ONCE = 25
URL = "/api/badges/v1/codes/claim"


@pytest.fixture(autouse=True, params=["read committed", "repeatable read"])
def _site(request, transactional_db, _broker, settings, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", request.param)
    connection.close()
    settings.CREDLY_BADGES_API_RATES = {"claim": 100_000, "user": 100_000}
    cache.clear()
    yield
    connection.close()


@pytest.fixture
def badge():
    return TemplateFactory(active=True)


def at_once(deeds: Iterable[Callable[[], Any]]) -> Counter[Any]:
    """Have each of these done, so many at the same moment as there are threads; how often came what."""
    waiting = list(deeds)
    together = Barrier(min(AT_ONCE, len(waiting)))
    came: list[Any] = []

    def work(mine: list[Callable[[], Any]]) -> None:
        try:
            connection.ensure_connection()
            together.wait(timeout=60)
            came.extend(map(_outcome, mine))
        finally:
            connection.close()

    threads = [Thread(target=work, args=(waiting[at :: together.parties],)) for at in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(came)


def _outcome(deed: Callable[[], Any]) -> Any:
    try:
        return deed()
    except Exception as error:  # noqa: BLE001  # Whatever it is, the test says that it was not to be.
        return f"{type(error).__name__}: {error}"


def claiming(code: ClaimCode, learner: Any) -> Callable[[], str]:
    def claim() -> str:
        try:
            claimed = claims.redeem(code.code, learner=lms.learner(learner.pk), now=timezone.now())
        except claims.NotClaimable:
            return "refused"
        except awards.NotGrantable:
            return "not available"
        return "awarded" if claimed.created else "had it"

    return claim


def asking(code: ClaimCode, learner: Any, **headers: str) -> Callable[[], int]:
    browser = Client(raise_request_exception=False)
    browser.force_login(learner)
    body = json.dumps({"code": code.code})
    return lambda: browser.post(URL, body, "application/json", headers=headers).status_code


def assert_in_order(code: ClaimCode, awarded: int) -> None:
    """As many of everything, and nothing of what was refused."""
    code.refresh_from_db()
    claimed = CodeClaim.objects.filter(code=code)
    assert code.claimed == claimed.count() == awarded
    assert not claimed.filter(award=None).exists()
    assert BadgeAward.objects.count() == OutboxMessage.objects.count() == awarded
    assert AuditEntry.objects.filter(action="claim_code.claimed").count() == awarded


def test_fifty_learners_claim_a_code_for_one_and_one_is_awarded(badge):
    code = claims.make(badge)

    came = at_once(claiming(code, each) for each in UserFactory.create_batch(50))

    assert came == {"awarded": 1, "refused": 49}
    assert_in_order(code, 1)


def test_two_hundred_claim_a_code_for_ten_and_ten_are_awarded(badge):
    code = claims.make(badge, most=10)

    came = at_once(claiming(code, each) for each in UserFactory.create_batch(200))

    assert came == {"awarded": 10, "refused": 190}
    assert_in_order(code, 10)


def test_the_same_learner_twenty_times_at_once_has_one_award(badge):
    code, learner = claims.make(badge, most=None), UserFactory()

    came = at_once(claiming(code, learner) for _ in range(20))

    assert came == {"awarded": 1, "had it": 19}
    assert_in_order(code, 1)


def test_also_with_a_code_that_is_used_up_by_it(badge):
    code, learner = claims.make(badge), UserFactory()

    came = at_once(claiming(code, learner) for _ in range(20))

    assert came == {"awarded": 1, "had it": 19}
    assert_in_order(code, 1)


def test_one_learner_with_many_codes_of_one_badge_uses_one_up(badge):
    codes, learner = [claims.make(badge) for _ in range(20)], UserFactory()

    came = at_once(claiming(code, learner) for code in codes)

    assert came == {"awarded": 1, "had it": 19}
    assert BadgeAward.objects.count() == CodeClaim.objects.count() == 1
    assert sum(ClaimCode.objects.values_list("claimed", flat=True)) == 1


def test_codes_of_a_badge_of_which_so_many_may_be_awarded_bring_no_more(badge):
    Availability.objects.create(organization=badge.organization, template=badge, quota=5)
    codes = [claims.make(badge, most=None) for _ in range(2)]

    came = at_once(claiming(codes[number % 2], each) for number, each in enumerate(UserFactory.create_batch(40)))

    assert came == {"awarded": 5, "not available": 35}
    assert sum(ClaimCode.objects.values_list("claimed", flat=True)) == 5


def test_over_http_everybody_is_answered_clearly(badge):
    code = claims.make(badge, most=10)

    came = at_once(asking(code, each) for each in UserFactory.create_batch(60))

    assert came == {201: 10, 409: 50}
    assert_in_order(code, 10)


def test_over_http_the_same_learner_has_one_award(badge):
    code, learner = claims.make(badge), UserFactory()

    came = at_once(asking(code, learner) for _ in range(20))

    assert came == {201: 1, 200: 19}
    assert_in_order(code, 1)


def test_over_http_the_same_request_twenty_times_is_answered_alike(badge):
    code, learner = claims.make(badge), UserFactory()

    came = at_once(asking(code, learner, **{"Idempotency-Key": "once"}) for _ in range(20))

    assert came == {201: 20}
    assert_in_order(code, 1)


def test_codes_are_closed_and_learners_leave_while_others_claim(badge):
    code, learners = claims.make(badge, most=None), UserFactory.create_batch(40)

    def close() -> str:
        claims.close(code)
        return "closed"

    def leave(learner: Any) -> Callable[[], str]:
        def go() -> str:
            retirement.forget(learner.pk)
            return "left"

        return go

    came = at_once([*(claiming(code, each) for each in learners), *(leave(each) for each in learners[:10]), close])

    code.refresh_from_db()
    assert came["left"] == 10
    assert came["awarded"] + came["refused"] == 40
    assert code.claimed == came["awarded"]
    assert not CodeClaim.objects.filter(award=None).exists()
