"""Many ask the REST API for the same thing at the same moment, over HTTP, of a web server of several processes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from credly_badges import access, claims
from credly_badges.access import Level, Scope
from credly_badges.models import AuditEntry, BadgeAward, ClaimCode, CodeClaim, IdempotentAnswer, OutboxMessage

from .conftest import offered

MANY = {"key": 100_000, "user": 100_000, "anonymous": 100_000, "claim": 100_000}
TOKEN = "t" * 32


@pytest.fixture
def api(site) -> Api:
    """The REST API of the site, which does not count how often it is asked."""
    site.set(CREDLY_BADGES_API_RATES=MANY)
    return Api(site.start_web().address)


class Api:
    """The API at an address, asked by many at once."""

    def __init__(self, address: str) -> None:
        self._at = urlsplit(address).netloc

    def post(self, path: str, body: Any, headers: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of an answer."""
        connection = HTTPConnection(self._at, timeout=60)
        try:
            sent = {"Content-Type": "application/json", **headers}
            connection.request("POST", f"/api/badges/v1{path}", json.dumps(body), sent)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), json.loads(answer.read())
        finally:
            connection.close()

    def at_once(self, number: int, ask: Callable[[int], Any]) -> list[Any]:
        """What came of so many requests that began at one moment."""
        start = Barrier(number)

        def begin(place: int) -> Any:
            start.wait()
            return ask(place)

        with ThreadPoolExecutor(number) as threads:
            return list(threads.map(begin, range(number)))


def key_of(site, *scopes: Scope) -> dict[str, str]:
    """The header of another system."""
    made = access.make(name="Student records", scopes=scopes, level=Level(site.here.pk), rate_limit=100_000)
    return {"Authorization": f"Bearer {made.shown}"}


def logged_in(learner: Any) -> dict[str, str]:
    """The headers of a learner's browser."""
    client = Client()
    client.force_login(learner)
    session = client.cookies["sessionid"].value
    return {"Cookie": f"sessionid={session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}


def issuing(site, **body: Any) -> tuple[str, Any, dict[str, str]]:
    """A request that issues a badge to a learner."""
    badge = site.badge_for_passing("course-v1:edX+First+2026")
    (learner,) = site.learners(1)
    return f"/badges/{badge.uuid}/awards", {"learner": learner.username, **body}, key_of(site, Scope.AWARDS_ISSUE)


def test_the_same_idempotency_key_from_twenty_threads_issues_one_badge_and_all_get_the_same_answer(site, api):
    path, body, key = issuing(site, narrative="Was at the workshop.")

    answers = api.at_once(20, lambda _place: api.post(path, body, {**key, "Idempotency-Key": "workshop-1"}))

    assert {status for status, _headers, _body in answers} == {201}
    assert len({json.dumps(said) for _status, _headers, said in answers}) == 1
    assert Counter("Idempotency-Replayed" in headers for _status, headers, _said in answers) == {True: 19, False: 1}
    assert answers[0][2]["id"] == str(BadgeAward.objects.get().uuid)
    assert OutboxMessage.objects.count() == IdempotentAnswer.objects.count() == 1
    assert AuditEntry.objects.filter(action="award.granted").count() == 1
    site.start_workers(1)
    site.sweep()
    site.wait_until("the badge is offered", lambda: offered() == 1)
    assert set(site.credly.counters().values()) == {1}


def test_twenty_different_idempotency_keys_issue_one_badge_and_nineteen_are_told_which(site, api):
    path, body, key = issuing(site)

    answers = api.at_once(20, lambda place: api.post(path, body, {**key, "Idempotency-Key": f"workshop-{place}"}))

    assert Counter(status for status, _headers, _said in answers) == {201: 1, 409: 19}
    (award,) = BadgeAward.objects.all()
    refusals = [said for status, _headers, said in answers if status == 409]
    assert {(said["error"], said["details"]["awardId"]) for said in refusals} == {("CONFLICT", str(award.uuid))}
    assert OutboxMessage.objects.count() == IdempotentAnswer.objects.count() == 1


def test_one_idempotency_key_for_two_different_requests_does_one_of_them(site, api):
    path, _body, key = issuing(site)
    learners = site.learners(2)

    def ask(place: int) -> Any:
        return api.post(path, {"learner": learners[place % 2].username}, {**key, "Idempotency-Key": "the-same"})

    answers = api.at_once(20, ask)

    assert Counter(status for status, _headers, _said in answers) == {201: 10, 409: 10}
    assert BadgeAward.objects.count() == 1


@pytest.mark.parametrize(("learners", "most"), [(50, 1), (200, 10)])
def test_a_code_is_claimed_by_as_many_as_it_is_for_however_many_try_at_once(site, api, learners, most):
    code = claims.make(site.badge_for_passing("course-v1:edX+First+2026"), by=None, most=most)
    browsers = [logged_in(learner) for learner in site.learners(learners)]

    answers = api.at_once(learners, lambda place: api.post("/codes/claim", {"code": code.code}, browsers[place]))

    assert Counter(status for status, _headers, _said in answers) == {201: most, 409: learners - most}
    refusals = {(said["error"], said["message"]) for status, _headers, said in answers if status == 409}
    assert refusals == {("CONFLICT", claims.NotClaimable().sentence)}
    code.refresh_from_db()
    assert code.claimed == CodeClaim.objects.filter(code=code).count() == most
    awarded = {said["learnerId"] for status, _headers, said in answers if status == 201}
    assert set(BadgeAward.objects.values_list("learner_id", flat=True)) == awarded
    assert BadgeAward.objects.count() == OutboxMessage.objects.count() == most


def test_one_learner_who_claims_a_code_from_twenty_devices_has_one_badge_and_uses_it_up_once(site, api):
    code = claims.make(site.badge_for_passing("course-v1:edX+First+2026"), by=None, most=20)
    (learner,) = site.learners(1)
    browsers = [logged_in(learner) for _ in range(20)]

    answers = api.at_once(20, lambda place: api.post("/codes/claim", {"code": code.code}, browsers[place]))

    assert Counter(status for status, _headers, _said in answers) == {201: 1, 200: 19}
    assert {said["id"] for _status, _headers, said in answers} == {str(BadgeAward.objects.get().uuid)}
    code.refresh_from_db()
    assert code.claimed == CodeClaim.objects.count() == 1


def test_two_codes_for_one_badge_bring_one_learner_one_badge(site, api):
    badge = site.badge_for_passing("course-v1:edX+First+2026")
    codes = [claims.make(badge, by=None).code for _ in range(20)]
    browser = logged_in(*site.learners(1))

    answers = api.at_once(20, lambda place: api.post("/codes/claim", {"code": codes[place]}, browser))

    assert Counter(status for status, _headers, _said in answers) == {201: 1, 200: 19}
    assert BadgeAward.objects.count() == CodeClaim.objects.count() == 1
    assert sorted(ClaimCode.objects.values_list("claimed", flat=True)) == [0] * 19 + [1]
