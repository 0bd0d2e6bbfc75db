"""What goes wrong, when it is told to."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
import requests

from credly_badges.testing.simulator import FaultError
from credly_badges.testing.simulator.faults import pattern
from tests.simulator.conftest import order

Lost = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.mark.parametrize(
    ("where", "request_line", "met"),
    [
        ("POST /badges", "POST /organizations/0a00/badges", True),
        ("POST /badges", "POST /organizations/0a00/badges/batch", False),
        ("POST /badges", "GET /organizations/0a00/badges", False),
        ("GET /badges/*", "GET /organizations/0a00/badges/5555", True),
        ("PUT /badges/*/revoke", "PUT /organizations/0a00/badges/5555/revoke", True),
        ("* /badge_templates/", "GET /organizations/0a00/badge_templates", True),
        ("GET *", "GET /organizations", True),
        ("*", "DELETE /organizations/0a00/badges/5555", True),
        ("/events", "GET /organizations/0a00/events", True),
        ("post", "POST /oauth/token", True),
    ],
)
def test_a_fault_is_met_by_the_requests_of_its_pattern(where, request_line, met):
    assert bool(pattern(where).fullmatch(request_line)) is met


@pytest.mark.parametrize(
    ("status", "headers"),
    [*((status, {}) for status in (400, 401, 403, 404, 409, 422, 429, 500, 502, 503)), (429, {"Retry-After": "7"})],
)
def test_before_acting_credly_answers_and_does_nothing(credly, api, template, status, headers):
    credly.before_acting("POST /badges", status=status, headers=headers)

    failed, next_one = api.issue(template), api.issue(template)

    assert (failed.status_code, next_one.status_code) == (status, 201)
    assert failed.headers.get("Retry-After") == headers.get("Retry-After")
    assert failed.json()["metadata"] is None
    assert credly.issued_count("ana@example.org", template.uuid) == 1


@pytest.mark.parametrize("body", ["<html>down</html>", {"data": {"message": "Down for an hour"}, "metadata": None}])
def test_a_failure_may_have_any_body(credly, api, body):
    credly.before_acting("GET *", status=503, body=body)

    answer = api.get()

    assert (answer.text == body) if isinstance(body, str) else (answer.json() == body)


@pytest.mark.parametrize("fault", [{"reset": True}, {"timeout_seconds": 0.05}])
def test_a_connection_lost_before_acting_leaves_nothing_behind(credly, api, template, fault):
    credly.before_acting("POST /badges", **fault)

    with pytest.raises(Lost):
        api.issue(template)

    assert credly.badges() == []
    assert api.issue(template).status_code == 201


@pytest.mark.parametrize(
    "fault",
    [
        {"lose_the_answer": True},
        {"lose_the_answer": "reset"},
        {"lose_the_answer": "timeout", "timeout_seconds": 0.05},
        {"truncate": True},
    ],
)
def test_an_answer_lost_after_acting_leaves_the_badge_behind(credly, api, template, fault):
    credly.after_acting("POST /badges", **fault)

    with pytest.raises(Lost):
        api.issue(template)

    assert credly.badges_of("ana@example.org") == [template.uuid]
    assert credly.requests("POST")[-1].status is None
    assert "already has this badge" in api.issue(template).text


def test_an_answer_may_be_no_json_at_all(credly, api, template):
    credly.after_acting("POST /badges", malformed=True)

    answer = api.issue(template)

    assert answer.status_code == 201
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert credly.badges_of("ana@example.org") == [template.uuid]


def test_a_client_that_waits_no_longer_does_not_undo_what_was_done(credly, api, template):
    credly.after_acting("POST /badges", lose_the_answer="timeout", timeout_seconds=0.5)

    with pytest.raises(requests.ReadTimeout):
        requests.post(api.url("badges"), json=order(template), auth=api.session.auth, timeout=0.1)

    assert credly.badges_of("ana@example.org") == [template.uuid]


def test_a_fault_happens_as_often_as_it_is_told(credly, api):
    credly.before_acting("GET *", status=500, times=2)
    credly.before_acting("GET *", status=503)

    assert [api.get().status_code for _ in range(4)] == [500, 500, 503, 200]


def test_a_fault_for_ever_ends_when_it_is_cleared(credly, api):
    credly.before_acting("*", times=None)
    during = {api.get().status_code for _ in range(5)}
    credly.clear_faults()

    assert (during, api.get().status_code) == ({503}, 200)


def test_one_request_may_be_late_and_still_be_answered(credly, api):
    credly.before_acting("GET *", status=None, latency=0.2)
    start = monotonic()

    assert api.get().status_code == 200
    assert monotonic() - start >= 0.2


def test_slow_requests_do_not_wait_for_each_other(credly, api):
    credly.always(latency=0.3)
    start = monotonic()

    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(lambda _: requests.get(api.url(), auth=api.session.auth, timeout=10), range(20))
        statuses = {answer.status_code for answer in answers}

    assert statuses == {200}
    assert 0.3 <= monotonic() - start < 3


def test_a_share_of_all_calls_fails_by_chance_and_the_same_way_every_time(credly, api):
    def run() -> list[int]:
        credly.fail_randomly(share=0.2, kinds=("500", "429", "429_without_retry_after"), seed=7)
        return [api.get().status_code for _ in range(200)]

    first, second = run(), run()

    failed = Counter(first)
    assert first == second
    assert 20 < failed[500] + failed[429] < 60
    assert min(failed[500], failed[429]) > 0
    assert sum(credly.faults_happened().values()) == 2 * (failed[500] + failed[429])


@pytest.mark.parametrize(
    ("kind", "issued"),
    [("timeout_before", 0), ("reset_before", 0), ("timeout_after", 1), ("reset_after", 1), ("truncate", 1)],
)
def test_chance_may_lose_the_connection_before_or_after_acting(credly, api, template, kind, issued):
    credly.fail_randomly(share=1, kinds=(kind,), timeout_seconds=0.05)

    with pytest.raises(Lost):
        api.issue(template)

    assert len(credly.badges()) == issued


def test_a_page_may_repeat_the_last_item_of_the_page_before(credly, api, at_credly):
    credly.add_templates(at_credly, 120)
    credly.repeat_page_item()

    pages = [[item["id"] for item in api.get("badge_templates", page=str(page)).json()["data"]] for page in (1, 2, 3)]

    assert pages[1][0] == pages[0][-1]
    assert [len(page) for page in pages] == [50, 51, 20]
    assert len({item for page in pages for item in page}) == 120


@pytest.mark.parametrize(
    "wrong",
    [
        lambda credly: credly.after_acting("POST /badges"),
        lambda credly: credly.after_acting("POST /badges", lose_the_answer=True, malformed=True),
        lambda credly: credly.after_acting("POST /badges", lose_the_answer="forever"),
        lambda credly: credly.before_acting("POST /badges", status=None),
        lambda credly: credly.before_acting("POST /badges", times=0),
        lambda credly: credly.fail_randomly(share=20),
        lambda credly: credly.fail_randomly(kinds=("explode",)),
        lambda credly: credly.fail_randomly(kinds=()),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_in_a_sentence(credly, wrong):
    with pytest.raises(FaultError, match=r"\w+ \w+"):
        wrong(credly)


def test_requests_are_remembered_without_their_credentials(credly, api):
    api.get("badges", filter="state::pending")

    record = credly.requests("GET", "badges")[0]

    assert (record.method, record.status, record.query) == ("GET", 200, "filter=state%3A%3Apending")
    assert api.organization.key not in repr(credly.requests()) + repr(api.organization)
